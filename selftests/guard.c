// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guard: run one test so that nothing of it outlives it.
 *
 *	guard SECONDS PROG [ARG...]
 *
 * A test that starts simulations starts whole trees of processes, some of which
 * leave their session or lose their parent. guard makes itself the reaper of all
 * of them, gives the test a session of its own, ends it when its time is up, and
 * afterwards looks for descendants that are still there: a test that leaves any
 * behind has found a bug, and gets one more "not ok" line.
 *
 * Owns: the child and every orphan of it. Single-threaded, no locks; SIGCHLD and
 * the terminating signals are blocked and fetched with sigtimedwait().
 *
 * Exit status: the test's own, 128 + N if signal N ended it, 124 on time-out, 125
 * if guard itself failed.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a test's last processes may take to notice that it is over. */
#define GRACE_MS 3000

struct survivor {
	pid_t pid;
	char state;
	char comm[32];
};

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Fills @s with the next child of ours found in @proc; false at its end. */
static int next_child(DIR *proc, struct survivor *s)
{
	struct dirent *entry;
	char path[64], line[512], *close;
	int ppid;

	while ((entry = readdir(proc))) {
		FILE *stat;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/stat", entry->d_name);
		stat = fopen(path, "r");
		if (!stat)
			continue;
		if (!fgets(line, sizeof(line), stat))
			line[0] = 0;
		fclose(stat);
		close = strrchr(line, ')');
		if (!close || sscanf(close + 1, " %c %d", &s->state, &ppid) != 2)
			continue;
		if (ppid != getpid())
			continue;
		*close = 0;
		s->pid = atoi(entry->d_name);
		snprintf(s->comm, sizeof(s->comm), "%.30s", strchr(line, '(') + 1);
		return 1;
	}
	return 0;
}

static void reap_all(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/*
 * Kills every living child of ours; with @report, names each. Grandchildren
 * become children once their parents are dead, so callers repeat it until none is left.
 */
static int kill_children(int report)
{
	struct survivor s;
	DIR *proc = opendir("/proc");
	int count = 0;

	if (!proc)
		return 0;
	while (next_child(proc, &s)) {
		if (s.state == 'Z')
			continue;
		if (report)
			printf("# left behind: %s (pid %d, state %c)\n", s.comm, s.pid, s.state);
		kill(s.pid, SIGKILL);
		count++;
	}
	closedir(proc);
	return count;
}

static int any_child_lives(void)
{
	struct survivor s;
	DIR *proc = opendir("/proc");
	int lives = 0;

	if (!proc)
		return 0;
	while (!lives && next_child(proc, &s))
		lives = s.state != 'Z';
	closedir(proc);
	return lives;
}

/* Ends what the test left; returns how many processes had to be killed. */
static int sweep(int graceful)
{
	const struct timespec pause = {0, 20 * 1000 * 1000};
	long long deadline = now_ms() + (graceful ? GRACE_MS : 0);
	int killed = 0;

	reap_all();
	while (any_child_lives() && now_ms() < deadline) {
		nanosleep(&pause, NULL);
		reap_all();
	}
	for (int round = 0; round < 500 && any_child_lives(); round++) {
		killed += kill_children(graceful && round == 0);
		nanosleep(&pause, NULL);
		reap_all();
	}
	return killed;
}

static pid_t start(char **argv, const sigset_t *unblocked)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	signal(SIGINT, SIG_DFL); /* a shell has its background ignore them */
	signal(SIGQUIT, SIG_DFL);
	sigprocmask(SIG_SETMASK, unblocked, NULL);
	execvp(argv[0], argv);
	printf("# cannot run %s: %s\n", argv[0], strerror(errno));
	fflush(stdout);
	_exit(127);
}

/* Waits for @pid until @deadline; returns 0 with its wait status, or the exit code to give. */
static int await(pid_t pid, const sigset_t *set, long long deadline, int *wstatus)
{
	for (;;) {
		long long left = deadline - now_ms();
		struct timespec timeout = {left / 1000, left % 1000 * 1000000};
		int sig = left > 0 ? sigtimedwait(set, NULL, &timeout) : -1;
		pid_t reaped;

		if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP)
			return 128 + sig;
		while ((reaped = waitpid(-1, wstatus, WNOHANG)) > 0)
			if (reaped == pid)
				return 0;
		if (left <= 0)
			return 124;
	}
}

int main(int argc, char **argv)
{
	int wstatus = 0, code, killed;
	sigset_t set, old;
	long seconds;
	pid_t pid;

	seconds = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	if (seconds <= 0) {
		fprintf(stderr, "usage: guard SECONDS PROG [ARG...]\n");
		return 125;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);

	pid = start(argv + 2, &old);
	if (pid < 0) {
		perror("guard: fork");
		return 125;
	}
	code = await(pid, &set, now_ms() + seconds * 1000, &wstatus);
	if (code == 124)
		printf("not ok - ended within %ld s\n", seconds);
	if (code) {
		kill(-pid, SIGKILL);
		sweep(0);
		return code;
	}
	killed = sweep(1);
	if (killed)
		printf("not ok - left no process behind (%d killed)\n", killed);
	if (WIFSIGNALED(wstatus))
		return 128 + WTERMSIG(wstatus);
	return WEXITSTATUS(wstatus);
}
