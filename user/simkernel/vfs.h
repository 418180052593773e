/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the file-side calls share: virtual inodes (inode.c) and path arguments
 * (walk.c).
 *
 * The folders are the host's: a guest's working directory and umask are its
 * host process's own, and a path is passed as it was given. Only /proc, /sys
 * and a few devices are Sundial's. A path is walked component by component when
 * its text names one of those trees, or when the host's answer shows that a
 * symbolic link led there; every other path costs one look at its text.
 */
#ifndef SUNDIAL_SIMKERNEL_VFS_H
#define SUNDIAL_SIMKERNEL_VFS_H

#include "simkernel/lock.h"
#include "simkernel/procfs.h"
#include "simkernel/syscall.h"

/* st_dev as guests see it. All host file systems are one: inode numbers are unique over them. */
#define DEV_DISK 0x801
#define DEV_PROC 0x16
#define DEV_SYS	 0x17
#define DEV_PTS	 0x18

enum inode_time {
	TIME_ACCESS = 1,
	TIME_MODIFY = 2,
	TIME_CHANGE = 4,
	TIME_BIRTH = 8,
	TIME_ALL = 15,
};

/* A file of the host as the simulation knows it; exists from first sight on. */
struct inode {
	struct inode *next;			    /* hash chain */
	u64 dev, ino;				    /* the host's */
	u64 number;				    /* the guest's */
	s64 atime_ns, mtime_ns, ctime_ns, btime_ns; /* since 1970; valid where have says so */
	u32 have;				    /* enum inode_time */
	u32 opens;				    /* open files that point here */
	bool unlinked;	   /* no name is left: goes with its last open file */
	bool placed;	   /* inode_place() has looked where it lies */
	bool outside;	   /* not in the folder of the simulation: its own times show */
	struct list locks; /* lock.c */
	struct waitq lock_wait;
};

struct path_buffers {
	char name[PATH_MAX]; /* as the guest gave it */
	char full[PATH_MAX]; /* walked */
	char rest[2 * PATH_MAX];
	char link[PATH_MAX];
};

#define LISTING_BUFFER_BYTES 32768

/* Root of this part in the arena. Buffers are valid until the next sleep. */
struct vfs {
	struct inode **hash;
	u32 hash_size, count;
	char start_dir[PATH_MAX]; /* the first program's working directory */
	u64 next_number;
	u64 host_proc_dev, host_sys_dev;
	u64 host_dev_dev; /* of /dev; ~0: a folder like any other */
	struct path_buffers path[2];
	struct pty *ptys[64];  /* pty.c, by number */
	struct cwd_text *cwds; /* path.c */
	char text[PATH_MAX];
	char listing[LISTING_BUFFER_BYTES];
};

/* NULL when the arena is full. */
struct vfs *vfs_get(struct host *h);

/* inode.c. NULL when the arena is full. */
struct inode *inode_get(struct host *h, u64 dev, u64 ino);
/* The inode behind an open FILE_HOST or FILE_DIR; fd is a number that it has now. */
struct inode *inode_of_file(struct host *h, struct file *f, int fd);
/* Points f at the inode that st (the host's) names. */
void inode_attach(struct host *h, struct file *f, const struct stat *st);
/* f's last reference goes. */
void inode_detach(struct host *h, struct file *f);
/* A new host file: whatever is remembered of this (dev, ino) was another file. */
struct inode *inode_created(struct host *h, u64 dev, u64 ino);
/* The last name of a file has gone. */
void inode_unlinked(struct host *h, u64 dev, u64 ino);
/* Stamps the named times with now. */
void inode_stamp(struct host *h, struct inode *inode, u32 times);
/* An entry of the folder that holds p was made or removed. */
struct path;
void inode_stamp_parent(struct thread *th, const struct path *p);
/* A FILE_HOST was written to. */
void inode_touched(struct host *h, struct file *f);
/* Turns a host's struct stat into the guest's; inode may be NULL (looked up). */
/*
 * Notes at first sight whether a file lies in the folder that the simulation was
 * started in, by the name that the host was given; "": dirfd itself.
 */
void inode_place(struct host *h, const struct stat *st, s32 dirfd, const char *name);
void inode_fill(struct host *h, struct stat *st);
s64 vfs_realtime(struct host *h);

/* A path argument after path_get(). */
struct path {
	bool virtual;	  /* under /proc or /sys: full and node hold, else dirfd and name */
	bool empty;	  /* AT_EMPTY_PATH: file holds, NULL for the working directory */
	bool must_be_dir; /* ended in a slash */
	bool follow;
	u32 links; /* symbolic links met on a walk */
	u32 which;
	int dirfd;
	u64 user; /* the guest's pointer */
	const char *name;
	char *full;
	struct file *file;
	struct vnode node;
};

#define PATH_FOLLOW 1 /* the last component may be a symbolic link to be followed */
#define PATH_EMPTY  2 /* an empty path means dirfd itself */

/*
 * Reads a path argument and decides whose it is. which: 0 or 1, the buffers to
 * use. A virtual path that does not exist has node.type VNODE_NONE. Returns 0
 * or a negative errno (EFAULT, ENAMETOOLONG, ENOENT, EBADF, ENOTDIR, ELOOP).
 */
long path_get(struct thread *th, u32 which, s32 dirfd, u64 user, u32 flags, struct path *p);
/*
 * Walks a path that path_get() took for the host's: a link may lead to /proc.
 * For use after the host said ENOENT, or showed a device number of procfs.
 */
long path_walk(struct thread *th, struct path *p);
/*
 * Lets a virtual /proc/PID/fd/N that is to be followed to a file of the host
 * stand for the host's own link. False: p is not such a path.
 */
bool path_through_fd(struct thread *th, struct path *p);
/* Whether a host's answer asks for path_walk(): st is valid when ret is 0. */
bool path_suspicious(struct thread *th, struct path *p, long ret, const struct stat *st);
/* The path that execve should open, at most PATH_MAX bytes, through /proc/self/exe and the like. */
long path_for_exec(struct thread *th, s32 dirfd, u64 user, u32 atflags, char *out);
/* Absolute path of a directory file or the working directory. 0 or a negative errno. */
long path_of_dir(struct thread *th, s32 dirfd, char *out);
bool path_is_virtual(const char *full);

/* A number that the calling process has for f, or -EBADF. */
int file_fd(struct thread *th, struct file *f);

/* open.c: a terminal that the process has from whoever started us; st: only that one. */
bool has_terminal(struct thread *th, const struct stat *st);
/* open.c: the file_kind that a device opens as, or a negative errno. */
long device_kind(struct thread *th, const struct stat *st);

/* stat.c: the guest's view of a path, of a descriptor. */
long vfs_stat(struct thread *th, s32 dirfd, u64 user, u32 atflags, struct stat *st);
long vfs_fstat(struct thread *th, struct file *f, int fd, struct stat *st);

/* dir.c: directory snapshots. */
struct listing;
struct listing *listing_create(struct host *h);
/* False when the arena is full. */
bool listing_add(struct host *h, struct listing **l, const char *name, u8 type, u64 number);
void listing_free(struct host *h, struct listing *l);

/* Host directories and files hold these behind file->object. */
struct dir {
	struct inode *inode;
	struct listing *listing;
};

/* The last reference to f is gone: flock and OFD locks go. */
void lock_file_released(struct host *h, struct file *f);

#endif
