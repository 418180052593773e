// SPDX-License-Identifier: GPL-2.0-or-later
/* eventfd: a counter that can be waited for. Belongs to the holder of the run token. */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"
#include "simkernel/poll.h"
#include "simkernel/procfs.h"
#include "simkernel/syscall.h"

#define COUNT_MAX (~0UL - 1) /* the largest value that write(2) can reach */

struct eventfd {
	u64 count;
	bool semaphore;
};

static long take_count(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct eventfd *e = f->object;
	u64 value;

	if (iov_total(iov, n) < sizeof(value))
		return -EINVAL;
	if (!e->count) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (WAIT_ON(th, &f->wait, e->count, TIME_NEVER))
			return -ERESTARTSYS;
	}
	value = e->semaphore ? 1 : e->count;
	e->count -= value;
	file_wake(f, POLLOUT);
	if (iov_copy_to(iov, n, 0, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	return sizeof(value);
}

static long add_count(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct eventfd *e = f->object;
	u64 value;

	if (iov_total(iov, n) < sizeof(value))
		return -EINVAL;
	if (iov_copy_from(&value, iov, n, 0, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == ~0UL)
		return -EINVAL;
	if (value > COUNT_MAX - e->count) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (WAIT_ON(th, &f->wait, value <= COUNT_MAX - e->count, TIME_NEVER))
			return -ERESTARTSYS;
	}
	e->count += value;
	file_wake(f, POLLIN);
	return sizeof(value);
}

static u32 eventfd_poll(struct thread *th, struct file *f)
{
	struct eventfd *e = f->object;

	return (e->count ? POLLIN : 0) | (e->count < COUNT_MAX ? POLLOUT : 0);
}

static long eventfd_stat(struct thread *th, struct file *f, struct stat *st)
{
	anon_stat(th->host, st);
	return 0;
}

static void eventfd_release(struct host *h, struct file *f)
{
	arena_free(h, f->object);
}

static void eventfd_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "anon_inode:[eventfd]", size);
}

void eventfd_fdinfo(struct file *f, struct text_out *o)
{
	struct eventfd *e = f->object;

	text_format(o, "eventfd-count: %16lx\neventfd-semaphore: %d\n", e->count, e->semaphore);
}

const struct file_ops eventfd_file_ops = {
	.read = take_count,
	.write = add_count,
	.poll = eventfd_poll,
	.stat = eventfd_stat,
	.release = eventfd_release,
	.name = eventfd_name,
};

static long make_eventfd(struct thread *th, u32 count, u32 flags)
{
	struct eventfd *e;
	struct file *f;

	if (flags & ~(u32)(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	e = arena_alloc(th->host, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	f = file_create(th->host, FILE_EVENTFD, O_RDWR | (flags & O_NONBLOCK), e);
	if (!f) {
		arena_free(th->host, e);
		return -ENFILE;
	}
	return fd_install(th, f, flags & O_CLOEXEC);
}

SYSCALL_DEFINE(eventfd)
{
	return make_eventfd(th, a[0], 0);
}

SYSCALL_DEFINE(eventfd2)
{
	return make_eventfd(th, a[0], a[1]);
}
