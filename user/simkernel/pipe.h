/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pipes and FIFOs, for those who splice, open FIFOs or answer fcntl. */
#ifndef SUNDIAL_SIMKERNEL_PIPE_H
#define SUNDIAL_SIMKERNEL_PIPE_H

#include "simkernel/file.h"

struct pipe;

/* A FILE_PIPE's pipe; NULL for any other kind. */
struct pipe *file_pipe(struct file *f);
/* A pipe with a name: the host has its inode, under f's number too (O_PATH). */
bool pipe_is_fifo(struct file *f);
/*
 * Opens the FIFO that the host knows as (dev, ino); waits for the other side as
 * open(2) says. flags: O_ACCMODE, O_NONBLOCK, O_DIRECT. NULL: *err is -ENXIO,
 * -ERESTARTSYS, -ENFILE, -ENOMEM.
 */
struct file *fifo_open(struct thread *th, u64 dev, u64 ino, u32 flags, long *err);
/* Opens the pipe behind f once more, as opening /proc/self/fd/N does. */
struct file *pipe_reopen(struct thread *th, struct file *f, u32 flags, long *err);
/* F_GETPIPE_SZ, F_SETPIPE_SZ; -EBADF when f is no pipe. */
long pipe_fcntl(struct thread *th, struct file *f, u64 cmd, u64 arg);

/* splice.c: data as it lies in the pipe, and room; none of these sleeps. */
u32 pipe_buffers(struct pipe *p);			  /* number of filled buffers */
size_t pipe_peek(struct pipe *p, u32 i, const u8 **data); /* the i-th filled buffer */
void pipe_consume(struct pipe *p, size_t n);
bool pipe_full(struct pipe *p);
size_t pipe_room(struct pipe *p); /* bytes that fit in the free buffers */
bool pipe_has_writers(struct pipe *p);
bool pipe_has_readers(struct pipe *p);
/* Appends without waiting: bytes, 0 when full, -ENOMEM, -EFAULT. */
long pipe_append(struct pipe *p, const struct iovec *iov, u32 n, size_t skip, bool packet);
/* SIGPIPE for the caller; returns -EPIPE. */
long pipe_broken(struct thread *th);

#endif
