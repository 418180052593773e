// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest vectors of buffers (uaccess.h). */
#include <errno.h>
#include <limits.h>
#include "simkernel/arena.h"
#include "simkernel/sched.h"
#include "simkernel/uaccess.h"

#define MAX_RW_COUNT 0x7ffff000UL

long iov_from_user(struct thread *th, u64 uiov, u64 n, struct iovec *local, struct iovec **iov)
{
	size_t total = 0;
	u64 i;

	if (n > IOV_MAX)
		return -EINVAL;
	*iov = local;
	if (n > IOV_KERNEL_MAX) {
		*iov = arena_alloc(th->host, n * sizeof(**iov));
		if (!*iov)
			return -ENOMEM;
		arena_free(th->host, th->task->scratch);
		th->task->scratch = *iov;
	}
	if (copy_from_user(*iov, uiov, n * sizeof(**iov)))
		return -EFAULT;
	for (i = 0; i < n; i++) {
		if ((ssize_t)(*iov)[i].iov_len < 0)
			return -EINVAL;
		(*iov)[i].iov_len = min((*iov)[i].iov_len, MAX_RW_COUNT - total);
		total += (*iov)[i].iov_len;
	}
	return n;
}

size_t iov_total(const struct iovec *iov, u32 n)
{
	size_t total = 0;

	while (n--)
		total += iov++->iov_len;
	return total;
}

/* Walks an iovec from byte skip on; one copy per piece. */
static long iov_walk(const struct iovec *iov, u32 n, size_t skip, char *mem, size_t len, bool to)
{
	size_t done = 0;

	for (; n && done < len; n--, iov++) {
		u64 base = (u64)iov->iov_base + skip;
		size_t piece;

		if (skip >= iov->iov_len) {
			skip -= iov->iov_len;
			continue;
		}
		piece = min(iov->iov_len - skip, len - done);
		skip = 0;
		if (to ? copy_to_user(base, mem + done, piece)
		       : copy_from_user(mem + done, base, piece))
			return done ? (long)done : -EFAULT;
		done += piece;
	}
	return done;
}

long iov_copy_to(const struct iovec *iov, u32 n, size_t skip, const void *src, size_t len)
{
	return iov_walk(iov, n, skip, (char *)src, len, true);
}

long iov_copy_from(void *dst, const struct iovec *iov, u32 n, size_t skip, size_t len)
{
	return iov_walk(iov, n, skip, dst, len, false);
}
