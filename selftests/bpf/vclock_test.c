// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bpf/vclock shows the events of a process in its own time: a pinned array's, on
 * every kernel; its domain's, where the module has functions for BPF programs.
 *
 * The program is beside this one in the VM, and in build/bpf elsewhere.
 */
#include "common.h"

#include <stdio.h>
#include <sys/mount.h>

#define PIN_FOLDER "/tmp/vclock_test.bpf"
#define OPENED	   "/dev/null"
#define NOW_NS	   1234567890123ULL
#define NOW_TEXT   "1234.567890123"

static const char *vclock_path(void)
{
	return access("./vclock", X_OK) ? "build/bpf/vclock" : "./vclock";
}

/* Runs vclock with these arguments; its output to read, and its pid. */
static FILE *start_vclock(pid_t *pid, char *const arguments[])
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return NULL;
	*pid = fork_child();
	if (!*pid) {
		dup2(pipes[1], 1);
		execv(vclock_path(), arguments);
		_exit(126);
	}
	close(pipes[1]);
	return fdopen(pipes[0], "r");
}

struct line {
	unsigned long long host_s, domain;
	char virtual_s[32], event[16], text[256];
	int tid;
};

/* The next line; false at the end. */
static bool next_line(FILE *file, struct line *line)
{
	char text[1024], comm[32];

	while (fgets(text, sizeof(text), file)) {
		line->text[0] = 0;
		if (sscanf(text, "%llu.%*u %31s %llu %d %31s %15s %255s", &line->host_s,
			   line->virtual_s, &line->domain, &line->tid, comm, line->event,
			   line->text) >= 6)
			return true;
	}
	return false;
}

TEST(vclock_shows_the_time_of_a_pinned_array)
{
	struct sundial_clock_create how = {.kind = SUNDIAL_KIND_USER, .count = 3, .now_ns = NOW_NS};
	char *arguments[] = {"vclock", "--map", PIN_FOLDER "/pages",   "--page",
			     "2",      "--",	(char *)vclock_path(), "--usage",
			     NULL};
	int execs = 0, opens = 0, exits = 0, lines = 0, status;
	__u64 before_s = sundial_host_now() / SECOND_NS;
	struct sundial_clock *clock;
	struct line line;
	FILE *output;
	pid_t pid;

	if (!has_bpf())
		SKIP(return, NO_BPF);
	if (access(vclock_path(), X_OK))
		SKIP(return, "no %s here", vclock_path());
	mkdir(PIN_FOLDER, 0700);
	if (mount("bpf", PIN_FOLDER, "bpf", 0, NULL))
		SKIP(return, "bpffs cannot be mounted: %s", strerror(errno));
	status = sundial_clock_create(&how, SUNDIAL_BACKING_BPF, &clock);
	if (!status)
		status = bpf_obj_pin(sundial_clock_fd(clock), PIN_FOLDER "/pages");
	output = status ? NULL : start_vclock(&pid, arguments);
	while (output && next_line(output, &line)) {
		lines++;
		execs += !strcmp(line.event, "exec") && !strcmp(line.text, vclock_path());
		opens += !strcmp(line.event, "openat");
		exits += !strcmp(line.event, "exit") && !strcmp(line.text, "0");
		EXPECT_STREQ(NOW_TEXT, line.virtual_s);
		EXPECT_EQ(sundial_clock_page(clock, 2)->domain, line.domain);
		EXPECT_LE(before_s, line.host_s);
		EXPECT_GE(sundial_host_now() / SECOND_NS, line.host_s);
	}
	umount2(PIN_FOLDER, MNT_DETACH);
	rmdir(PIN_FOLDER);
	ASSERT_EQ(0, status);
	ASSERT_NE(NULL, output);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(1, execs);
	EXPECT_EQ(1, exits);
	EXPECT_EQ(lines, execs + exits + opens);
	fclose(output);
	sundial_clock_close(clock);
}

/* Bound to a domain, opens a file again and again until a signal ends it. */
static pid_t bound_child(int fd)
{
	struct sundial_clock_bind bind = {0};
	pid_t pid = fork_child();

	if (pid)
		return pid;
	if (ioctl(fd, SUNDIAL_CLOCK_BIND, &bind))
		_exit(1);
	for (;;) {
		close(open(OPENED, O_RDONLY));
		usleep(1000);
	}
}

TEST(vclock_shows_the_time_of_a_processs_domain)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_KERNEL, .count = 1, .now_ns = NOW_NS};
	char number[16], *arguments[] = {"vclock", "--pid", number, NULL};
	struct sundial_clock *clock;
	struct line line;
	pid_t pid, child;
	int opens = 0;
	FILE *output;

	if (!has_kfuncs())
		SKIP(return, "%s", has_module() ? NO_KFUNCS : "the module is not loaded");
	ASSERT_EQ(0, sundial_clock_create(&how, SUNDIAL_BACKING_DEVICE, &clock));
	child = bound_child(sundial_clock_fd(clock));
	snprintf(number, sizeof(number), "%d", child);
	output = start_vclock(&pid, arguments);
	ASSERT_NE(NULL, output);
	while (opens < 3 && next_line(output, &line)) {
		if (line.domain == 0) /* not bound yet */
			continue;
		EXPECT_STREQ("openat", line.event);
		EXPECT_STREQ(OPENED, line.text);
		EXPECT_STREQ(NOW_TEXT, line.virtual_s);
		EXPECT_EQ(sundial_clock_page(clock, 0)->domain, line.domain);
		EXPECT_EQ(child, line.tid);
		opens++;
	}
	EXPECT_EQ(3, opens);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	while (next_line(output, &line)) /* and it ends with the process */
		;
	EXPECT_EQ(0, child_status(pid));
	fclose(output);
	sundial_clock_close(clock);
	wait_for_module();
}

TEST_HARNESS_MAIN
