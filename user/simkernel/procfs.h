/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generated trees /proc and /sys. A node is found by its absolute path each
 * time it is needed; the arena remembers only that path.
 */
#ifndef SUNDIAL_SIMKERNEL_PROCFS_H
#define SUNDIAL_SIMKERNEL_PROCFS_H

#include "simkernel/file.h"
#include "simkernel/host.h"

enum vnode_type {
	VNODE_NONE,
	VNODE_DIR,
	VNODE_TEXT,
	VNODE_LINK,
	VNODE_TTY, /* /dev/pts/N of a simulated pseudo-terminal; fd holds N */
	VNODE_FD,  /* a link that opens the file itself: /proc/PID/fd/N */
};

struct proc_node;

struct vnode {
	u8 type;
	u16 mode; /* permission bits */
	s32 pid, tid, fd, cpu;
	const struct proc_node *node;
};

/* Text under construction; grows in the arena. */
struct text {
	size_t len, size;
	char data[];
};

struct text_out {
	struct host *h;
	struct text *text;
	bool failed; /* the arena is full */
};

void text_put(struct text_out *o, const char *data, size_t len);
void text_format(struct text_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What an entry of the tables is. Functions are of this image; the arena never holds one. */
struct proc_node {
	const char *name;
	u8 type;
	u16 mode;
	/* VNODE_TEXT: writes the text; 0 or a negative errno. */
	long (*text)(struct thread *th, const struct vnode *v, struct text_out *o);
	/* VNODE_TEXT that can be written: data ends in NUL. Bytes taken or a negative errno. */
	long (*write)(struct thread *th, const struct vnode *v, const char *data, size_t len);
	/* VNODE_LINK: its target, at most size bytes; length or a negative errno. */
	long (*link)(struct thread *th, const struct vnode *v, char *buf, size_t size);
	/* VNODE_DIR with fixed entries; ends with a NULL name. */
	const struct proc_node *children;
	/* VNODE_DIR with entries of its own: the i-th name, or false; and look-up by name. */
	bool (*entry)(struct thread *th, const struct vnode *v, u64 *cursor, struct vnode *child,
		      char *name);
	bool (*lookup)(struct thread *th, const struct vnode *v, const char *name,
		       struct vnode *child);
	const char *fixed; /* VNODE_TEXT: the text itself */
};

#define PROC_NAME_BYTES 64

/* 0, or -ENOENT, -ENOTDIR. full is absolute and has no links in it but at its end. */
long vnode_lookup(struct thread *th, const char *full, struct vnode *v);
/* Length, not terminated; or a negative errno. */
long vnode_readlink(struct thread *th, const struct vnode *v, char *buf, size_t size);
void vnode_stat(struct thread *th, const char *full, const struct vnode *v, struct stat *st);
/* The file behind /proc/PID/fd/N; NULL when it has gone. */
struct file *vnode_file(struct thread *th, const struct vnode *v);
/* Opens a text or directory node. */
struct file *vnode_open(struct thread *th, const char *full, const struct vnode *v, u32 flags,
			long *err);

extern const struct proc_node proc_root, sys_root, proc_pid_dir;
extern const struct proc_node proc_net_nodes[];

/* A snapshot of what f, a FILE_PROCDIR, lists now. NULL and *err. */
struct listing *procdir_listing(struct thread *th, struct file *f, long *err);

/* A write that is taken and changes nothing. */
long proc_ignore_write(struct thread *th, const struct vnode *v, const char *data, size_t len);

/* What other files contribute. */
long proc_maps_text(struct thread *th, const struct vnode *v, struct text_out *o);
long proc_locks_text(struct thread *th, const struct vnode *v, struct text_out *o);
long proc_smaps_text(struct thread *th, const struct vnode *v, struct text_out *o);
/* What a kind adds to its fdinfo, as epoll's tfd lines. */
void epoll_fdinfo(struct file *f, struct text_out *o);
void pidfd_fdinfo(struct file *f, struct text_out *o);
void eventfd_fdinfo(struct file *f, struct text_out *o);
void timerfd_fdinfo(struct file *f, struct text_out *o);
/* Sizes of a process's own mappings, from its maps. */
struct map_sums {
	u64 total, resident, text, data, stack, exec, locked;
};
void proc_map_sums(struct thread *th, struct process *p, struct map_sums *s);

#define SIM_MEMORY_KIB 16777216UL
#define SIM_BOOT_ID    "5d1a1000-0000-4000-8000-000000000001"

#endif
