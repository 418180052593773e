// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's folder (--dir): guests get /tmp, /var/tmp, /run and /dev/shm of
 * their own, kept in that folder, by a mount namespace that the supervisor
 * enters before it starts anything. Only root may make one; others get one
 * together with a user namespace, where that is permitted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sim/fail.h"
#include "sim/sim.h"

static const struct {
	const char *path, *inside;
	mode_t mode;
} private_dirs[] = {
	{"/tmp", "tmp", 01777},
	{"/var/tmp", "var/tmp", 01777},
	{"/run", "run", 0755},
	{"/dev/shm", "dev/shm", 01777},
};

static void write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* Kernels before 3.19 have no setgroups file, and nothing to be denied. */
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(EXIT_SUNDIAL, "--dir: %s: %s", path, strerror(errno));
	close(fd);
}

/*
 * Gives up what the user namespace gave: guests do not have it, and the kernel
 * lets nobody open the /proc/PID/fd of a process that can do more than he.
 */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	if (syscall(SYS_capset, &head, none) || prctl(PR_SET_DUMPABLE, 1))
		fail(EXIT_SUNDIAL, "--dir: cannot give up capabilities: %s", strerror(errno));
}

/* Returns true when it took a user namespace. */
static bool enter_namespace(void)
{
	bool user = false;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWNS)) {
		user = true;
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
			fail(EXIT_SUNDIAL,
			     "--dir needs a mount namespace, which is not permitted here: %s; run "
			     "as root, or allow user namespaces (sysctl kernel."
			     "unprivileged_userns_clone=1, user.max_user_namespaces > 0)",
			     strerror(errno));
		write_map("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "%u %u 1", uid, uid);
		write_map("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "%u %u 1", gid, gid);
		write_map("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fail(EXIT_SUNDIAL, "--dir: cannot make the mounts private: %s", strerror(errno));
	return user;
}

static int make_dir(int dir_fd, const char *path, mode_t mode)
{
	char part[PATH_MAX];
	int fd;

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdirat(dir_fd, part, 0755);
	}
	if (!mkdirat(dir_fd, path, 0755))
		fchmodat(dir_fd, path, mode, 0);
	fd = openat(dir_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail(EXIT_SUNDIAL, "--dir: %s: %s", path, strerror(errno));
	return fd;
}

void hostdir_enter(const char *dir, char real[PATH_MAX])
{
	int fd[ARRAY_SIZE(private_dirs)], dir_fd;
	char source[64];
	bool user;

	if ((mkdir(dir, 0755) && errno != EEXIST) || !realpath(dir, real))
		fail(EXIT_SUNDIAL, "--dir %s: %s", dir, strerror(errno));
	user = enter_namespace();
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		fail(EXIT_SUNDIAL, "--dir %s: %s", dir, strerror(errno));
	/* All are opened before any is mounted: the folder may lie in /tmp itself. */
	for (size_t i = 0; i < ARRAY_SIZE(private_dirs); i++)
		fd[i] = make_dir(dir_fd, private_dirs[i].inside, private_dirs[i].mode);
	for (size_t i = 0; i < ARRAY_SIZE(private_dirs); i++) {
		snprintf(source, sizeof(source), "/proc/self/fd/%d", fd[i]);
		if (mount(source, private_dirs[i].path, NULL, MS_BIND, NULL) && errno != ENOENT)
			fail(EXIT_SUNDIAL, "--dir: cannot mount %s/%s on %s: %s", dir,
			     private_dirs[i].inside, private_dirs[i].path, strerror(errno));
		close(fd[i]);
	}
	close(dir_fd);
	if (user)
		drop_capabilities();
}
