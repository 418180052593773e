/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer of /dev/sundial: what its files share.
 *
 * A struct fuzz is one thread's run: its stream of random numbers, its arena of
 * addresses, its last calls. Every choice is drawn from that stream and never from
 * an outcome, so a seed names one sequence of calls. The pool of descriptors is
 * shared by all threads under its mutex; all else belongs to one thread.
 *
 * A run in which other threads close and replace descriptors at the same moment
 * is "lenient": a call may reach another object than was chosen, so the outcomes
 * that only tell the chosen one are not judged.
 */
#ifndef SELFTESTS_FUZZ_FUZZ_H
#define SELFTESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/sundial.h>

#define PAGE	      SUNDIAL_CLOCK_PAGE_SIZE
#define POISON	      0xcc
#define POOL_SLOTS    40
#define ARENA_PAGES   256
#define SCRATCH_PAGES 16 /* behind the arena, for looks at what was just made */
#define LOG_LINES     32
#define LOG_LENGTH    224
#define MAX_ERRNO     134
#define MAX_CALLS     32
#define DOMAINS	      256

enum object_type { OBJECT_NONE, OBJECT_DEVICE, OBJECT_CLOCK, OBJECT_TB, OBJECT_OTHER };

/* What a slot of the pool holds: a descriptor, and what it was made to be. */
struct object {
	int fd;
	enum object_type type;
	bool reader;
	__u32 kind, mode, flags, count; /* clock */
	__u32 slots, vcpus, events;	/* TB set */
};

/* What a page of the arena shows. From TAG_KERNEL to TAG_SHOWN it must never be writable. */
enum page_tag {
	TAG_RESERVED, /* no access: nothing */
	TAG_ANY,      /* other memory, or unknown */
	TAG_KERNEL,   /* a clock of kind KERNEL */
	TAG_TB,	      /* generations */
	TAG_SHOWN,    /* a clock of kind USER, through a reader */
	TAG_USER,     /* the same, through a writable descriptor */
	TAG_VCPU,     /* words of vCPUs */
};

/* A clock when it was last looked at. */
struct seen {
	__u64 domain, count;
	__u32 seq;
	bool gentle;
};

struct stats {
	unsigned long calls, succeeded, failed[MAX_ERRNO];
};

struct fuzz {
	__u64 random;
	bool lenient;
	bool child;  /* forked: its memory is registered nowhere */
	bool puppet; /* calls while another thread does: leaves the pool alone */
	bool verbose;
	bool failed;
	unsigned int thread;
	unsigned long call, last_call;
	const char *mode;
	__u64 seed;

	unsigned char *arena;
	enum page_tag tags[ARENA_PAGES];
	__u64 generation[ARENA_PAGES]; /* of the first slot shown there; 0: not looked yet */
	struct seen seen[DOMAINS];

	unsigned char *edge; /* a page to write to, followed by one without access */
	unsigned char *read_only;
	struct stats stats[MAX_CALLS];
	char log[LOG_LINES][LOG_LENGTH];
	unsigned long log_next;
};

/* random.c: the stream. */
__u64 draw(struct fuzz *f);
static inline __u64 below(struct fuzz *f, __u64 n)
{
	return draw(f) % n;
}
static inline bool one_in(struct fuzz *f, unsigned int n)
{
	return below(f, n) == 0;
}
__u64 number(struct fuzz *f);  /* all sizes, edges often */
__u64 time_ns(struct fuzz *f); /* mostly small: a count does not go back */

/* report.c: what was called last, and how it went wrong. */
void __attribute__((format(printf, 2, 3))) note(struct fuzz *f, const char *format, ...);
void __attribute__((format(printf, 2, 3))) fail(struct fuzz *f, const char *format, ...);

/* pool.c: descriptors. */
void pool_open(int device);
void pool_close(void);
/* A copy of a slot, and its number, preferably of that type. OBJECT_NONE: any slot. */
struct object pool_pick(struct fuzz *f, enum object_type type, unsigned int *slot);
/* Puts an object in a slot drawn by the caller; what was there is closed. */
void pool_put(unsigned int slot, const struct object *object);
void pool_before_fork(void);
void pool_after_fork(void);
void do_close(struct fuzz *f);
void do_dup(struct fuzz *f);
void do_pass(struct fuzz *f);
void do_other(struct fuzz *f);

/* calls.c: the ioctls. */
unsigned int call_count(void);
const char *call_name(unsigned int call);
bool call_missing(unsigned int call);
unsigned int calls_missing(int device);
void do_ioctl(struct fuzz *f);
void do_make(struct fuzz *f);
void do_read(struct fuzz *f);
void do_wait(struct fuzz *f);
/* One call of each that a process with no registered memory must be refused. */
void do_stale_calls(struct fuzz *f, int fd, const struct object *object);

/* memory.c: mappings. */
void arena_make(struct fuzz *f);
void do_map(struct fuzz *f);
void do_map_other(struct fuzz *f);
void do_change_mapping(struct fuzz *f);
void do_advise(struct fuzz *f);
void do_scribble(struct fuzz *f);
void do_attack(struct fuzz *f);
void do_look(struct fuzz *f);
void do_look_at_maps(struct fuzz *f);
/* An object nobody has had before: its pages hold what the header says and no other byte. */
void look_at_new(struct fuzz *f, const struct object *object);
/* A number that no call returns: of a pointer of the kernel, or of memory that was not set. */
bool looks_leaked(__u64 value);

/* tasks.c: processes, threads and signals. */
void tasks_start(struct fuzz *f);
void tasks_stop(struct fuzz *f);
void signals_set(void);
void interrupt_later(struct fuzz *f);
void interrupt_no_more(struct fuzz *f);
void do_fork(struct fuzz *f);
void do_kill(struct fuzz *f);
void do_exec(struct fuzz *f);
/* What a program does with the descriptor it was started with; its exit status. */
int after_exec(char **args);
void do_in_thread(struct fuzz *f);
pid_t some_thread(struct fuzz *f);

/* ops.c: which of all these. */
void do_something(struct fuzz *f);

#endif /* SELFTESTS_FUZZ_FUZZ_H */
