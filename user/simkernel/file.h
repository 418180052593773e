/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open files and descriptor tables.
 *
 * The host's table hands out the numbers: every open file of a guest, emulated
 * or not, occupies its number in the host's table too (an emulated one by an
 * O_PATH placeholder), so lowest-number rules, dup2, fork and exec hold and a
 * passed call needs no translation. The arena's table mirrors it and says what
 * each number really is.
 */
#ifndef SUNDIAL_SIMKERNEL_FILE_H
#define SUNDIAL_SIMKERNEL_FILE_H

#include <sys/stat.h>
#include <sys/types.h>
#include "simkernel/thread.h"
#include "simkernel/wait.h"

struct files;
struct iovec;
struct process;

enum file_kind {
	FILE_HOST,    /* regular file or harmless device: the host's own descriptor */
	FILE_DIR,     /* host directory; entries sorted, inode numbers virtual (dir.c) */
	FILE_PATH,    /* opened with O_PATH */
	FILE_STDIN,   /* blocking host input: taken as always ready, time stands still meanwhile */
	FILE_TEXT,    /* generated /proc or /sys file: text in the arena (procfs.c) */
	FILE_PROCDIR, /* directory under /proc or /sys (procfs.c) */
	FILE_RANDOM,  /* /dev/random, /dev/urandom */
	FILE_PIPE,
	FILE_EVENTFD,
	FILE_TIMERFD,
	FILE_SIGNALFD,
	FILE_EPOLL,
	FILE_SOCKET, /* UNIX and INET, socket.c */
	FILE_NETLINK,
	FILE_PIDFD,
	FILE_INOTIFY,
	FILE_PTMX, /* a pseudo-terminal's master, pty.c */
	FILE_TTY,  /* and its slave */
	FILE_KINDS,
};

struct file { /* an open file description */
	u32 refs;
	u32 kind;
	u32 flags; /* O_ACCMODE, O_NONBLOCK, O_APPEND... of emulated kinds; the host has its own */
	struct host *host;
	void *object;	     /* of that kind: struct pipe, struct socket... */
	u64 position;	     /* FILE_TEXT, FILE_DIR, FILE_PROCDIR */
	struct waitq wait;   /* pollers and blocked calls; emulated kinds wake it */
	struct list epitems; /* epoll items that watch this description */
	u64 dev, ino;	     /* the host's, for FILE_HOST, FILE_DIR (0: not asked yet) */
	u32 mode;	     /* st_mode, likewise */
	s32 fd_hint;	     /* a number that some process has for it; file_fd() checks */
	char *path;	     /* absolute guest path where known: folders, generated files, O_PATH */
	s32 owner_pid, owner_signal; /* F_SETOWN, F_SETSIG */
	s32 async_fd;		     /* the descriptor that O_ASYNC was set by: si_fd */
};

struct fdent {
	struct file *file;
	bool cloexec;
};

/*
 * What a kind can do; NULL means the Linux default error (EINVAL, ESPIPE,
 * ENOTTY). Functions sit in a table per image (file.c), indexed by kind: the
 * arena holds no code pointers. Buffers are guest addresses in guest iovecs
 * already copied to kernel memory; use the uaccess.h helpers on iov_base.
 */
struct file_ops {
	/* Returns bytes, 0 at the end, -EAGAIN when nonblocking, -ERESTARTSYS when interrupted. */
	long (*read)(struct thread *th, struct file *f, const struct iovec *iov, u32 n);
	long (*write)(struct thread *th, struct file *f, const struct iovec *iov, u32 n);
	/* Ready events as in poll(2). */
	u32 (*poll)(struct thread *th, struct file *f);
	long (*ioctl)(struct thread *th, struct file *f, u64 cmd, u64 arg);
	long (*stat)(struct thread *th, struct file *f, struct stat *st);
	long (*lseek)(struct thread *th, struct file *f, s64 off, int whence);
	/* The last reference is gone; th is NULL when a supervisor buries a process. */
	void (*release)(struct host *h, struct file *f);
	/* The link text of /proc/PID/fd/N, as "pipe:[123]". */
	void (*name)(struct file *f, char *buf, size_t size);
};
extern const struct file_ops *const file_ops[FILE_KINDS];

struct file *file_create(struct host *h, enum file_kind kind, u32 flags, void *object);
void file_get(struct file *f);
void file_put(struct file *f);

/* The open file behind fd, held until the call ends, or NULL (EBADF). */
struct file *fd_file(struct thread *th, int fd);
/* The same without a hold, for looks that do not sleep. */
struct file *fd_peek(struct process *p, int fd);
/*
 * Gives an emulated file a number: makes the placeholder in the host's table,
 * enters it. Consumes the reference, also on error. flags: O_CLOEXEC or 0.
 */
long fd_install(struct thread *th, struct file *f, u32 flags);
/* Enters f under a number that the host's table already has. Consumes the reference. */
long fd_install_at(struct thread *th, struct file *f, int fd, bool cloexec);
/* Tells the arena about a descriptor that a passed call has just made: finds out what it is. */
long fd_adopt(struct thread *th, int fd, bool cloexec, const char *path);
long fd_close(struct thread *th, int fd);
/* lseek of kinds that use f->position and know no end: any offset from 0 up is good. */
long file_seek_position(struct thread *th, struct file *f, s64 off, int whence);
/* Asks the host once for dev, ino and mode of a host-backed file that is open as fd. */
void file_identify(struct file *f, int fd);
/* Tables at fork, exec and exit. */
struct files *files_copy(struct host *h, struct files *old);
void files_put(struct host *h, struct files *files);
void files_close_on_exec(struct host *h, struct process *p);

/* poll.c: wakes whoever polls f or sleeps on f->wait with these events. */
void file_wake(struct file *f, u32 events);

#endif
