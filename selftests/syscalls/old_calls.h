/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that newer architectures leave out, made of those that they have, as their C
 * libraries make them. OLD(name, replacement, its arguments); BY_LIBC(name, what libc
 * says), where more than the number differs. a, b, c, d are the old call's arguments.
 */
#ifndef SYSCALLS_OLD_CALLS_H
#define SYSCALLS_OLD_CALLS_H

#define OLD_CALLS                                                              \
	OLD(access, faccessat, AT_FDCWD, a, b)                                 \
	OLD(chmod, fchmodat, AT_FDCWD, a, b)                                   \
	OLD(chown, fchownat, AT_FDCWD, a, b, c, 0)                             \
	OLD(creat, openat, AT_FDCWD, a, O_CREAT | O_WRONLY | O_TRUNC, b)       \
	OLD(dup2, dup3, a, b, 0)                                               \
	BY_LIBC(epoll_create, epoll_create(a))                                 \
	OLD(epoll_wait, epoll_pwait, a, b, c, d, 0, 8)                         \
	OLD(eventfd, eventfd2, a, 0)                                           \
	OLD(fork, clone, SIGCHLD, 0, 0, 0, 0)                                  \
	OLD(inotify_init, inotify_init1, 0)                                    \
	OLD(lchown, fchownat, AT_FDCWD, a, b, c, AT_SYMLINK_NOFOLLOW)          \
	OLD(link, linkat, AT_FDCWD, a, AT_FDCWD, b, 0)                         \
	OLD(lstat, newfstatat, AT_FDCWD, a, b, AT_SYMLINK_NOFOLLOW)            \
	OLD(mkdir, mkdirat, AT_FDCWD, a, b)                                    \
	OLD(mknod, mknodat, AT_FDCWD, a, b, c)                                 \
	OLD(open, openat, AT_FDCWD, a, b, c)                                   \
	OLD(pipe, pipe2, a, 0)                                                 \
	OLD(readlink, readlinkat, AT_FDCWD, a, b, c)                           \
	OLD(rename, renameat2, AT_FDCWD, a, AT_FDCWD, b, 0)                    \
	OLD(rmdir, unlinkat, AT_FDCWD, a, AT_REMOVEDIR)                        \
	OLD(signalfd, signalfd4, a, b, c, 0)                                   \
	OLD(stat, newfstatat, AT_FDCWD, a, b, 0)                               \
	OLD(symlink, symlinkat, a, AT_FDCWD, b)                                \
	OLD(unlink, unlinkat, AT_FDCWD, a, 0)                                  \
	BY_LIBC(alarm, alarm(a))                                               \
	BY_LIBC(futimesat, futimesat(a, (char *)b, (void *)c))                 \
	BY_LIBC(getpgrp, getpgrp())                                            \
	BY_LIBC(pause, pause())                                                \
	BY_LIBC(poll, poll((void *)a, b, c))                                   \
	BY_LIBC(select, select(a, (void *)b, (void *)c, (void *)d, (void *)e)) \
	BY_LIBC(time, time((void *)a))                                         \
	BY_LIBC(utime, utime((char *)a, (void *)b))                            \
	BY_LIBC(utimes, utimes((char *)a, (void *)b))

/* Numbers that no call has, for sys() to know them by. */
enum {
	SYS_before_old = 1000000,
#define OLD(name, replacement, ...) SYS_##name,
#define BY_LIBC(name, call)	    SYS_##name,
	OLD_CALLS
#undef OLD
#undef BY_LIBC
};

#endif
