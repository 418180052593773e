// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -L: absolute paths are looked up below a folder first, as if it were the root: its
 * absolute symbolic links lead back into it. What is there wins, except for folders of
 * the running machine that a sysroot has only as empty shells.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <unistd.h>
#include "base/string.h"
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

/* The path of the file open as fd. */
static bool path_of(int fd, char *buf)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, PATH_MAX - 1);
	if (n > 0)
		buf[n] = 0;
	return n > 0;
}

/* Where path is with dir as the root; false when nothing is there. */
static bool find_below(const char *dir, const char *path, bool follow, char *buf)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool found = false;
	long fd;

	if (root < 0)
		return false;
	fd = hostcall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd >= 0) {
		found = path_of(fd, buf);
		close(fd);
	}
	close(root);
	return found;
}

const char *rv64_sysroot_look(const char *path, bool follow, char *buf)
{
	const char *dir = rv64_run_options.sysroot;
	size_t n = strlen(dir);

	if (!n || path[0] != '/')
		return path;
	/* By its full name, too, a file of the sysroot is below that root. */
	if (!strncmp(path, dir, n) && path[n] == '/')
		return find_below(dir, path + n, follow, buf) ? buf : path;
	return !of_machine(path) && find_below(dir, path, follow, buf) ? buf : path;
}

const char *rv64_sysroot_path(const char *path, char *buf)
{
	return rv64_sysroot_look(path, true, buf);
}

u64 rv64_sysroot_user(u64 user, bool follow, char *buf)
{
	char path[PATH_MAX];

	if (!rv64_run_options.sysroot[0] || !user ||
	    string_from_user(path, user, sizeof(path)) <= 0)
		return user;
	return rv64_sysroot_look(path, follow, buf) == path ? user : (u64)buf;
}
