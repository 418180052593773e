// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A simulation in a child process, its output read through pipes as long as
 * anybody holds their other end, so that both runs of a verification see the
 * same kind of standard output. Owns the child; a death of this process reaches
 * it as SIGTERM, which ends its guests too.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sim/capture.h"
#include "sim/fail.h"
#include "sim/sim.h"

struct stream {
	int pipe[2];
	int file;
	int copy_to; /* or -1 */
};

static volatile sig_atomic_t child_pid;

static void forward(int sig)
{
	if (child_pid > 0)
		kill(child_pid, sig);
}

static void open_stream(struct stream *s, const char *path, int copy_to)
{
	s->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (s->file < 0 || pipe2(s->pipe, O_CLOEXEC))
		fail(EXIT_SUNDIAL, "%s: %s", path, strerror(errno));
	s->copy_to = copy_to;
}

static void write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t done = write(fd, data, n);

		if (done < 0 && errno != EINTR)
			return; /* the reader is gone; the files still get everything */
		if (done > 0) {
			data += done;
			n -= done;
		}
	}
}

/* Moves what is there; false at the end. */
static bool pump(struct stream *s)
{
	char data[65536];
	ssize_t n = read(s->pipe[0], data, sizeof(data));

	if (n < 0)
		return errno == EINTR;
	write_all(s->file, data, n);
	if (s->copy_to >= 0)
		write_all(s->copy_to, data, n);
	return n > 0;
}

static void pump_all(struct stream *s, int n)
{
	struct pollfd pfd[2];
	int open = n;

	for (int i = 0; i < n; i++)
		pfd[i] = (struct pollfd){.fd = s[i].pipe[0], .events = POLLIN};
	while (open) {
		if (poll(pfd, n, -1) < 0)
			continue;
		for (int i = 0; i < n; i++)
			if (pfd[i].fd >= 0 && pfd[i].revents && !pump(&s[i])) {
				pfd[i].fd = -1;
				open--;
			}
	}
}

static void run_child(const struct sim_options *o, int input_fd, struct stream *s, bool pass_on,
		      pid_t parent)
{
	int messages;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_SUNDIAL);
	messages = pass_on ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100)
			   : open("/dev/null", O_WRONLY | O_CLOEXEC);
	say_to(messages);
	dup2(input_fd, STDIN_FILENO);
	dup2(s[0].pipe[1], STDOUT_FILENO);
	dup2(s[1].pipe[1], STDERR_FILENO);
	exit(simulate(o));
}

int capture_run(const struct sim_options *o, int input_fd, const char *out, const char *err,
		bool pass_on)
{
	struct sigaction sa = {.sa_handler = forward};
	pid_t self = getpid(), pid;
	struct stream s[2];
	int status;

	open_stream(&s[0], out, pass_on ? STDOUT_FILENO : -1);
	open_stream(&s[1], err, pass_on ? STDERR_FILENO : -1);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail(EXIT_SUNDIAL, "cannot start a process: %s", strerror(errno));
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		run_child(o, input_fd, s, pass_on, self);
	}
	child_pid = pid;
	for (int i = 0; i < 2; i++)
		close(s[i].pipe[1]);
	pump_all(s, 2);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	child_pid = 0;
	for (int i = 0; i < 2; i++) {
		close(s[i].pipe[0]);
		close(s[i].file);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool skipped(const char *line, const char *const *skip)
{
	line += strspn(line, " \"");
	for (; skip && *skip; skip++)
		if (!strncmp(line, *skip, strlen(*skip)))
			return true;
	return false;
}

bool capture_same(const char *first, const char *second, const char *what, const char *const *skip)
{
	FILE *a = fopen(first, "re"), *b = fopen(second, "re");
	char *x = NULL, *y = NULL;
	size_t x_size = 0, y_size = 0;
	unsigned long line = 0;
	bool same = true;

	if (!a != !b)
		say("%s: is there in only one of the two runs", what);
	if (!a || !b)
		same = !a && !b;
	while (same && a) {
		ssize_t n = getline(&x, &x_size, a), m = getline(&y, &y_size, b);

		line++;
		if (n < 0 && m < 0)
			break;
		if (n == m && !memcmp(x, y, n))
			continue;
		if (n > 0 && m > 0 && skipped(x, skip) && skipped(y, skip))
			continue;
		same = false;
		say("%s: differs in line %lu", what, line);
		say("  first run:  %.*s", n < 0 ? 13 : (int)strcspn(x, "\n"),
		    n < 0 ? "(ends before)" : x);
		say("  second run: %.*s", m < 0 ? 13 : (int)strcspn(y, "\n"),
		    m < 0 ? "(ends before)" : y);
	}
	free(x);
	free(y);
	if (a)
		fclose(a);
	if (b)
		fclose(b);
	return same;
}
