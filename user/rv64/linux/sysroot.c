// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -L: absolute paths are looked up below a folder first. What is there wins, except
 * for folders of the running machine that a sysroot has only as empty shells.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "rv64/linux/linux.h"

static bool of_machine(const char *path)
{
	static const char *const own[] = {"/dev",  "/proc", "/sys",	"/tmp", "/run",
					  "/home", "/root", "/var/tmp", "/mnt"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		size_t n = strlen(own[i]);

		if (!strncmp(path, own[i], n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return !path[strspn(path, "/")]; /* the root itself */
}

const char *rv64_sysroot_path(const char *path, char *buf)
{
	const char *root = rv64_run_options.sysroot;
	size_t n = strlen(root);

	if (!n || path[0] != '/' || of_machine(path) || n + strlen(path) >= PATH_MAX)
		return path;
	if (!strncmp(path, root, n) && (!path[n] || path[n] == '/'))
		return path;
	memcpy(buf, root, n);
	strcpy(buf + n, path);
	return faccessat(AT_FDCWD, buf, F_OK, AT_SYMLINK_NOFOLLOW) ? path : buf;
}

u64 rv64_sysroot_user(u64 user, char *buf)
{
	char path[PATH_MAX];

	if (!rv64_run_options.sysroot[0] || !user ||
	    string_from_user(path, user, sizeof(path)) <= 0)
		return user;
	return rv64_sysroot_path(path, buf) == path ? user : (u64)buf;
}
