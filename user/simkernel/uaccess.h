/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory. A bad pointer gives -EFAULT: the copy loops lie between two
 * symbols, and an engine's fault handler that finds the instruction pointer
 * there continues at user_copy_fault (uaccess.S).
 */
#ifndef SUNDIAL_SIMKERNEL_UACCESS_H
#define SUNDIAL_SIMKERNEL_UACCESS_H

#include <sys/uio.h>
#include "base/types.h"

/* The first address that no guest has; a program whose guests have fewer defines it anew. */
extern const u64 user_memory_end;

/* 0 or -EFAULT; a partial copy may have happened. */
long copy_from_user(void *dst, u64 src, size_t n);
long copy_to_user(u64 dst, const void *src, size_t n);
long clear_user(u64 dst, size_t n);
/* Length without the NUL, -EFAULT, or -ENAMETOOLONG when size bytes hold no NUL. */
long string_from_user(char *dst, u64 src, size_t size);

#define get_user(var, addr) copy_from_user(&(var), (addr), sizeof(var))
#define put_user(var, addr) copy_to_user((addr), &(var), sizeof(var))

#define IOV_KERNEL_MAX 64
/*
 * Copies a guest iovec array; at most IOV_MAX entries, total at most
 * MAX_RW_COUNT. Up to IOV_KERNEL_MAX entries use the caller's array, more go to
 * th->task->scratch. Returns the number of entries or a negative errno.
 */
struct thread;
long iov_from_user(struct thread *th, u64 uiov, u64 n, struct iovec *local, struct iovec **iov);
size_t iov_total(const struct iovec *iov, u32 n);
/* Copies between flat memory and a guest iovec from byte `skip` on; bytes copied or -EFAULT. */
long iov_copy_to(const struct iovec *iov, u32 n, size_t skip, const void *src, size_t len);
long iov_copy_from(void *dst, const struct iovec *iov, u32 n, size_t skip, size_t len);

#endif
