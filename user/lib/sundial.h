/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libsundial: clock domains over /dev/sundial, or over a memfd where the module
 * is not loaded. The same calls, the same page, the same errors.
 *
 * Reading the time does not need the library's code: sundial_page.h, included
 * here, reads a page inline. The functions below make, share and change domains.
 *
 * Conventions
 *   Times are nanoseconds. A function that returns int returns 0 (or a
 *   descriptor) or a negative errno number, and never prints. <linux/sundial.h>
 *   lists the errors of each call; those of the library itself are given here.
 *   A struct sundial_clock belongs to who made it, until sundial_clock_close().
 *   Every function may be called by any thread, several at once on one clock,
 *   except sundial_clock_close(), which must be the last. None is
 *   async-signal-safe, except those of sundial_page.h. Only
 *   sundial_clock_wait() and sundial_clock_read() wait for virtual time. After fork() both
 * processes may use the clock. Outputs are written only on success.
 */
#ifndef SUNDIAL_H
#define SUNDIAL_H

#include <time.h>

#include "sundial_page.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sundial_clock;

/* Where a domain's pages live. */
enum sundial_backing {
	SUNDIAL_BACKING_ANY = 0, /* the device where it can be opened, else a memfd */
	SUNDIAL_BACKING_DEVICE = 1,
	SUNDIAL_BACKING_MEMFD = 2,
	SUNDIAL_BACKING_BPF = 3, /* a BPF_F_MMAPABLE array, for kind USER: BPF programs read it */
};

/*
 * The host's CLOCK_MONOTONIC through the real vDSO, about 20 ns. The function
 * to hand to the SCALED readers of sundial_page.h. In a thread that had its
 * counter taken away with PR_SET_TSC the vDSO faults, and so does this.
 */
SUNDIAL_INLINE __u64 sundial_host_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000000ULL + (__u64)ts.tv_nsec;
}

/*
 * Makes the domain or array that how describes (SUNDIAL_CLOCK_CREATE), maps it
 * and stores a new clock in *out. Over a memfd the process that creates a
 * domain of kind KERNEL, and children that it forks, take the kernel's part:
 * only they can change it, whoever is given the descriptor.
 * Over a BPF array whoever holds the descriptor, a BPF map's, can write; SCALED
 * pages are right for BPF programs if they are made in the initial time namespace.
 * -ENOENT, -EACCES, ... from opening /dev/sundial (BACKING_DEVICE)
 * -EPERM, -ENOSYS, ...  from bpf(2) (BACKING_BPF)
 * -EOPNOTSUPP  BACKING_BPF, and how is of kind KERNEL
 * -EINVAL  backing is none of the above, or as SUNDIAL_CLOCK_CREATE
 */
int sundial_clock_create(const struct sundial_clock_create *how, unsigned int backing,
			 struct sundial_clock **out);

/*
 * Makes a clock from a descriptor that was made elsewhere and received here:
 * over SCM_RIGHTS, over exec. fd stays the caller's. The new clock may change
 * the domain if fd may (device), or map the pages writable if fd was opened so
 * (memfd of kind USER).
 * -EBADF   fd is not open
 * -EINVAL  fd is no clock, or a memfd that could still shrink
 */
int sundial_clock_attach(int fd, struct sundial_clock **out);

/*
 * Unmaps the pages and frees the clock; pointers to its pages are dead. The
 * domain lives until every descriptor and mapping of it is gone. NULL is fine.
 */
void sundial_clock_close(struct sundial_clock *clock);

/*
 * The clock's descriptor, to pass on; it stays the clock's. Use
 * sundial_clock_reader() for what is given to somebody less trusted.
 */
int sundial_clock_fd(const struct sundial_clock *clock);

/* SUNDIAL_BACKING_DEVICE, SUNDIAL_BACKING_MEMFD or SUNDIAL_BACKING_BPF. */
unsigned int sundial_clock_backing(const struct sundial_clock *clock);

/* Pages in the clock: 1, or as many as an array of kind USER has. */
__u32 sundial_clock_count(const struct sundial_clock *clock);

/*
 * Page number index, for the readers of sundial_page.h; valid until the clock
 * is closed. NULL if there is no such page.
 */
const struct sundial_clock_page *sundial_clock_page(const struct sundial_clock *clock, __u32 index);

/*
 * The same to write to: NULL too if the domain is of kind KERNEL or the clock
 * was attached from a read-only descriptor.
 */
struct sundial_clock_page *sundial_clock_user_page(const struct sundial_clock *clock, __u32 index);

/*
 * One of the SUNDIAL_CLOCK_* calls with its structure, as ioctl(2) would do it;
 * over a memfd the library does it. What the functions below are made of, for
 * callers that want the structures.
 */
int sundial_clock_call(struct sundial_clock *clock, unsigned long command, void *argument);

int sundial_clock_info(struct sundial_clock *clock, struct sundial_clock_info *info);
int sundial_clock_set(struct sundial_clock *clock, __u64 now_ns);
int sundial_clock_advance(struct sundial_clock *clock, __u64 delta_ns, __u64 *now_ns);
int sundial_clock_set_rate(struct sundial_clock *clock, __u64 mult, __u32 shift);
int sundial_clock_set_offsets(struct sundial_clock *clock, __s64 realtime_ns, __s64 boottime_ns,
			      __s64 tai_ns, __s64 raw_ns);

/*
 * A new read-only, close-on-exec descriptor of the same domain, the caller's to
 * close. Over the device it can never become more. Over a memfd of kind KERNEL
 * neither, by its seals; one of kind USER can be opened again for writing
 * through /proc by the same user, so it is a courtesy there and no protection.
 * -ENOENT      memfd: /proc is not mounted
 * -EOPNOTSUPP  BPF array: it has no such descriptor
 */
int sundial_clock_reader(struct sundial_clock *clock);

/*
 * Sleeps until the count of page index is deadline_ns or more (SUNDIAL_CLOCK_WAIT),
 * and stores a count that was reached in *now_ns, unless that is NULL. Any number
 * of threads and processes may wait at once.
 * Over a memfd only the process that created the clock, and children that it forks,
 * can wait, with
 * -EOPNOTSUPP  also for a clock from sundial_clock_attach()
 * -ENOMEM      16384 threads wait for this clock
 * -EINTR       mode SCALED: also after a signal handler with SA_RESTART
 */
int sundial_clock_wait(struct sundial_clock *clock, __u32 index, __u64 deadline_ns, __u64 *now_ns);

/*
 * For the writer of a page of kind USER, when sundial_page_set_due() says so
 * (SUNDIAL_CLOCK_KICK). *woken, unless NULL, is how many were woken.
 * -EOPNOTSUPP  also over a memfd, for a clock from sundial_clock_attach()
 */
int sundial_clock_kick(struct sundial_clock *clock, __u32 index, __u32 *woken);

/*
 * The alarm of the clock's descriptor (SUNDIAL_CLOCK_ALARM), for those who wait for
 * more than one thing: poll sundial_clock_fd() for POLLIN. sundial_clock_read()
 * waits until the alarm is due, switches it off, and stores the count in *now_ns.
 * -EOPNOTSUPP  also over a memfd, which cannot be polled
 */
int sundial_clock_alarm(struct sundial_clock *clock, __u32 index, __u64 deadline_ns);
int sundial_clock_alarm_off(struct sundial_clock *clock);
int sundial_clock_read(struct sundial_clock *clock, __u64 *now_ns);

/*
 * Reads clock id of page index as clock_gettime(2) would, in *ts, with tv_nsec
 * from 0 to 999999999 also before the epoch.
 * -EOPNOTSUPP  a CPU-time clock: no page holds it
 * -EINVAL      no such clock id, or no such page
 */
int sundial_clock_gettime(const struct sundial_clock *clock, __u32 index, clockid_t id,
			  struct timespec *ts);

#ifdef __cplusplus
}
#endif

#endif /* SUNDIAL_H */
