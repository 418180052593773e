// SPDX-License-Identifier: GPL-2.0-or-later
/* Which system calls have paths and addresses, and in which arguments. */
#include "record/shapes.h"
#include <string.h>
#include <sys/syscall.h>

static const struct {
	int number;
	struct record_shape shape;
} known[] = {
	{SYS_open, {.paths = {1}}},
	{SYS_creat, {.paths = {1}}},
	{SYS_openat, {.paths = {2}}},
	{SYS_openat2, {.paths = {2}}},
	{SYS_stat, {.paths = {1}}},
	{SYS_lstat, {.paths = {1}}},
	{SYS_newfstatat, {.paths = {2}}},
	{SYS_statx, {.paths = {2}}},
	{SYS_access, {.paths = {1}}},
	{SYS_faccessat, {.paths = {2}}},
	{SYS_faccessat2, {.paths = {2}}},
	{SYS_truncate, {.paths = {1}}},
	{SYS_chdir, {.paths = {1}}},
	{SYS_chroot, {.paths = {1}}},
	{SYS_mkdir, {.paths = {1}}},
	{SYS_mkdirat, {.paths = {2}}},
	{SYS_rmdir, {.paths = {1}}},
	{SYS_mknod, {.paths = {1}}},
	{SYS_mknodat, {.paths = {2}}},
	{SYS_unlink, {.paths = {1}}},
	{SYS_unlinkat, {.paths = {2}}},
	{SYS_readlink, {.paths = {1}}},
	{SYS_readlinkat, {.paths = {2}}},
	{SYS_chmod, {.paths = {1}}},
	{SYS_fchmodat, {.paths = {2}}},
	{SYS_chown, {.paths = {1}}},
	{SYS_lchown, {.paths = {1}}},
	{SYS_fchownat, {.paths = {2}}},
	{SYS_utime, {.paths = {1}}},
	{SYS_utimes, {.paths = {1}}},
	{SYS_utimensat, {.paths = {2}}},
	{SYS_statfs, {.paths = {1}}},
	{SYS_setxattr, {.paths = {1}}},
	{SYS_getxattr, {.paths = {1}}},
	{SYS_inotify_add_watch, {.paths = {2}}},
	{SYS_umount2, {.paths = {1}}},
	{SYS_execve, {.paths = {1}}},
	{SYS_execveat, {.paths = {2}}},
	{SYS_rename, {.paths = {1, 2}}},
	{SYS_renameat, {.paths = {2, 4}}},
	{SYS_renameat2, {.paths = {2, 4}}},
	{SYS_link, {.paths = {1, 2}}},
	{SYS_linkat, {.paths = {2, 4}}},
	{SYS_symlink, {.paths = {1, 2}}},
	{SYS_symlinkat, {.paths = {1, 3}}},
	{SYS_mount, {.paths = {1, 2}}},
	{SYS_connect, {.address = 2}},
	{SYS_bind, {.address = 2}},
	{SYS_sendto, {.address = 5}},
	{SYS_sendmsg, {.address = RECORD_MESSAGE}},
	{SYS_accept, {.answered = 2}},
	{SYS_accept4, {.answered = 2}},
	{SYS_getsockname, {.answered = 2}},
	{SYS_getpeername, {.answered = 2}},
	{SYS_recvfrom, {.answered = 5}},
	{SYS_recvmsg, {.answered = RECORD_MESSAGE}},
};

void shapes_fill(struct record_shape *shapes)
{
	memset(shapes, 0, RECORD_SHAPES * sizeof(*shapes));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		shapes[known[i].number] = known[i].shape;
}
