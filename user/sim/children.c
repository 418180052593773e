// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ending all children. Guests make siblings (CLONE_PARENT), so one that is still
 * alive can make another while they are being killed: the list is read again
 * until no child is left. Children are found in /proc, not in the arena, which
 * may be damaged by then.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sim/children.h"

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512], *close;
	size_t n = 0;
	int ppid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	close = strrchr(text, ')'); /* a name may contain anything */
	if (!close || sscanf(close + 1, " %*c %d", &ppid) != 1)
		return 0;
	return ppid;
}

bool children_has(pid_t pid)
{
	return parent_of(pid) == getpid();
}

void children_signal(int sig)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;

	if (!proc)
		return;
	while ((e = readdir(proc)))
		if (isdigit((unsigned char)e->d_name[0]) && children_has(atoi(e->d_name)))
			kill(atoi(e->d_name), sig);
	closedir(proc);
}

void children_kill_all(pid_t first)
{
	int status;

	if (first) {
		kill(first, SIGKILL);
		waitpid(first, &status, 0);
	}
	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return;
		if (pid > 0)
			continue;
		children_signal(SIGKILL);
		/* All that were there die now; wait for one before looking again. */
		pid = waitpid(-1, &status, 0);
		if (pid < 0 && errno == ECHILD)
			return;
	}
}
