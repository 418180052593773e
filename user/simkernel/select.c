// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * select and pselect6. Sleeps as poll does (poll_table.h). Belongs to the
 * holder of the run token.
 */
#include <errno.h>
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/clocks.h"
#include "simkernel/poll.h"
#include "simkernel/poll_table.h"
#include "simkernel/syscall.h"

#define SELECT_IN  (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL)
#define SELECT_OUT (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR | POLLNVAL)
#define SELECT_EX  POLLPRI

#define WORDS_ON_STACK 16 /* 1024 descriptors */

/* Three sets asked for and three to answer, of so many words each. */
struct fd_sets {
	u32 n, words;
	u64 *in[3], *out[3];
};

static const u32 set_events[3] = {SELECT_IN, SELECT_OUT, SELECT_EX};

/* Events asked for fd, by all three sets. */
static u32 events_asked(const struct fd_sets *s, u32 fd)
{
	u32 events = 0, k;

	for (k = 0; k < 3; k++)
		if (s->in[k][fd / 64] & 1UL << fd % 64)
			events |= set_events[k];
	return events;
}

/* Calls visit for each descriptor asked for; skips empty words. */
static long for_each_asked(struct thread *th, struct fd_sets *s,
			   long (*visit)(struct thread *th, struct fd_sets *s, u32 fd))
{
	long total = 0;
	u32 w;

	for (w = 0; w < s->words; w++) {
		u64 bits = s->in[0][w] | s->in[1][w] | s->in[2][w];

		for (; bits; bits &= bits - 1) {
			long ret = visit(th, s, w * 64 + __builtin_ctzl(bits));

			if (ret < 0)
				return ret;
			total += ret;
		}
	}
	return total;
}

static long visit_look(struct thread *th, struct fd_sets *s, u32 fd)
{
	struct file *f = poll_file(th, fd);
	/* One that was closed while we slept counts as ready, as in Linux. */
	u32 events = f ? file_poll(th, f) : POLLNVAL;
	long found = 0;
	u32 k;

	for (k = 0; k < 3; k++) {
		if (!(s->in[k][fd / 64] & 1UL << fd % 64) || !(events & set_events[k]))
			continue;
		s->out[k][fd / 64] |= 1UL << fd % 64;
		found++;
	}
	return found;
}

static long visit_check(struct thread *th, struct fd_sets *s, u32 fd)
{
	return poll_file(th, fd) ? 1 : -EBADF;
}

static long visit_queue(struct thread *th, struct fd_sets *s, u32 fd)
{
	poll_table_add(th, poll_file(th, fd), events_asked(s, fd));
	return 0;
}

static long wait_for_sets(struct thread *th, struct fd_sets *s, u64 deadline_ns)
{
	long asked, ready, ret = 0;

	asked = for_each_asked(th, s, visit_check);
	if (asked < 0)
		return asked;
	ready = for_each_asked(th, s, visit_look);
	if (ready || deadline_ns <= host_now(th->host))
		return ready;
	if (asked) {
		if (!poll_table_begin(th, asked))
			return -ENOMEM;
		for_each_asked(th, s, visit_queue);
	}
	while (!ret && !ready) {
		ret = task_sleep(th, deadline_ns);
		ready = for_each_asked(th, s, visit_look);
	}
	poll_table_release(th->task);
	if (ready || ret == -ETIMEDOUT)
		return ready;
	return -ERESTARTNOHAND;
}

static long read_sets(struct fd_sets *s, const u64 *addr)
{
	size_t bytes = ((size_t)s->n + 63) / 64 * 8;
	u32 k;

	for (k = 0; k < 3; k++) {
		if (!addr[k])
			continue;
		if (copy_from_user(s->in[k], addr[k], bytes))
			return -EFAULT;
		if (s->n % 64)
			s->in[k][s->words - 1] &= (1UL << s->n % 64) - 1;
	}
	return 0;
}

static long do_select(struct thread *th, s32 n, const u64 *addr, u64 deadline_ns)
{
	u32 limit = ALIGN_UP(max(th->task->process->files->size, 64U), 64U);
	u64 few[6 * WORDS_ON_STACK];
	bool may_sleep = deadline_ns > host_now(th->host);
	struct fd_sets s;
	u64 *words = few;
	long ret;
	u32 k;

	if (n < 0)
		return -EINVAL;
	/* Bits beyond the table are not looked at. */
	s.n = min((u32)n, limit);
	s.words = (s.n + 63) / 64;
	if (s.words > WORDS_ON_STACK) {
		words = th->task->scratch = arena_alloc(th->host, 6 * s.words * sizeof(u64));
		if (!words)
			return -ENOMEM;
	} else {
		memset(words, 0, 6 * s.words * sizeof(u64));
	}
	for (k = 0; k < 3; k++) {
		s.in[k] = words + k * s.words;
		s.out[k] = words + (3 + k) * s.words;
	}
	ret = read_sets(&s, addr);
	if (ret)
		return ret;
	ret = wait_for_sets(th, &s, deadline_ns);
	if (ret < 0)
		return ret;
	for (k = 0; k < 3; k++)
		if (addr[k] && copy_to_user(addr[k], s.out[k], s.words * sizeof(u64)))
			return -EFAULT;
	if (!ret && !may_sleep)
		sched_asked_in_vain(th);
	return ret;
}

static long put_remaining_timeval(struct thread *th, u64 addr, u64 deadline_ns, long ret)
{
	u64 now = host_now(th->host);
	u64 left = deadline_ns > now ? deadline_ns - now : 0;
	struct timeval tv = {
		.tv_sec = left / NSEC_PER_SEC,
		.tv_usec = left % NSEC_PER_SEC / NSEC_PER_USEC,
	};

	if (!addr || deadline_ns == TIME_NEVER)
		return ret;
	if (put_user(tv, addr) && ret == -ERESTARTNOHAND)
		return -EINTR;
	return ret;
}

SYSCALL_DEFINE(select)
{
	u64 deadline_ns = TIME_NEVER;
	struct timeval tv;
	long ret;

	if (a[4]) {
		if (get_user(tv, a[4]))
			return -EFAULT;
		/* A field of a million microseconds and more is carried over, as in Linux. */
		tv.tv_sec += tv.tv_usec / 1000000;
		tv.tv_usec %= 1000000;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		if ((u64)tv.tv_sec < INT64_MAX / NSEC_PER_SEC)
			deadline_ns = deadline_after(th->host, tv.tv_sec * NSEC_PER_SEC +
								       tv.tv_usec * NSEC_PER_USEC);
	}
	ret = do_select(th, a[0], &a[1], deadline_ns);
	return put_remaining_timeval(th, a[4], deadline_ns, ret);
}

SYSCALL_DEFINE(pselect6)
{
	struct {
		u64 mask, size;
	} sig = {0};
	u64 deadline_ns;
	long ret;

	if (a[5] && get_user(sig, a[5]))
		return -EFAULT;
	ret = deadline_from_timespec(th, a[4], &deadline_ns);
	if (ret)
		return ret;
	ret = poll_mask_begin(th, sig.mask, sig.size);
	if (ret)
		return ret;
	ret = do_select(th, a[0], &a[1], deadline_ns);
	return poll_finish_timespec(th, a[4], deadline_ns, ret);
}
