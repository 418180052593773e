// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program to be recorded is forked first and executes when everything is in place,
 * so that nothing of it is missed. It gets this process's terminal and descriptors.
 */
#include "record/target.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "record/injected.h"

#define NOT_RUNNABLE 126
#define NOT_FOUND    127

/* The library is beside this program. */
static int library_path(char *path, size_t bytes)
{
	ssize_t n = readlink("/proc/self/exe", path, bytes - sizeof(INJECT_LIBRARY));

	if (n < 0)
		return -errno;
	path[n] = 0;
	strcpy(strrchr(path, '/') + 1, INJECT_LIBRARY);
	return access(path, R_OK) ? -errno : 0;
}

static void become(int wait, char **argv, const struct injected *injected)
{
	char byte, library[4096];
	int ret;

	if (read(wait, &byte, 1) != 1)
		_exit(NOT_RUNNABLE); /* the recorder could not start */
	close(wait);
	if (injected->region) {
		ret = library_path(library, sizeof(library));
		if (!ret)
			ret = injected_prepare(injected, getppid(), library);
		if (ret)
			fprintf(stderr, "sundial: %s cannot be injected: %s\n", INJECT_LIBRARY,
				strerror(-ret));
	}
	execvp(argv[0], argv);
	fprintf(stderr, "sundial: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? NOT_FOUND : NOT_RUNNABLE);
}

int target_start(struct target *t, char **argv, const struct injected *injected)
{
	int ends[2];

	if (pipe(ends))
		return -errno;
	t->own = true;
	t->pid = fork();
	if (t->pid < 0)
		return -errno;
	if (!t->pid) {
		close(ends[1]);
		become(ends[0], argv, injected);
	}
	close(ends[0]);
	t->go = ends[1];
	t->pidfd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	return t->pidfd < 0 ? -errno : 0;
}

int target_attach(struct target *t, pid_t pid)
{
	t->own = false;
	t->pid = pid;
	t->go = -1;
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return t->pidfd < 0 ? -errno : 0;
}

void target_go(struct target *t)
{
	if (t->go >= 0 && write(t->go, "", 1) != 1)
		fprintf(stderr, "sundial: the program did not start\n");
	if (t->go >= 0)
		close(t->go);
	t->go = -1;
}

int target_status(struct target *t)
{
	int status;

	if (!t->own || waitpid(t->pid, &status, 0) != t->pid)
		return 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
