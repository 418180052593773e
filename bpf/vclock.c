// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vclock: what a process opens and executes, when it goes off its CPU and when it
 * ends, in its own time and the host's. An example of a BPF program that asks for
 * virtual time; a line for each event:
 *
 *	HOST VIRTUAL DOMAIN TID COMM EVENT [TEXT]
 *
 * with times in seconds. The process's time is its domain's if sundial.ko has
 * functions for BPF programs, else that of a pinned array's page (--map).
 */
#include <argp.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vclock.h"
#include "vclock.skel.h"

struct options {
	pid_t pid;
	const char *map;
	unsigned int page;
	bool switches;
	char **command;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = 1;
}

static int print_event(void *context, void *data, size_t size)
{
	static const char *const names[] = {"openat", "exec", "exit", "off-cpu"};
	const struct vclock_event *event = data;

	if (size < sizeof(*event) || event->kind > VCLOCK_OFF_CPU)
		return 0;
	printf("%llu.%09llu %llu.%09llu %llu %u %s %s", event->host_ns / 1000000000,
	       event->host_ns % 1000000000, event->virtual_ns / 1000000000,
	       event->virtual_ns % 1000000000, event->domain, event->tid, event->comm,
	       names[event->kind]);
	if (event->kind == VCLOCK_EXIT)
		printf(" %d", event->value >> 8);
	printf(event->text[0] ? " %s\n" : "\n", event->text);
	return 0;
}

/* A child that waits until a byte comes through *go, and then becomes the command. */
static pid_t start(char **command, int *go)
{
	int pipes[2];
	char byte;
	pid_t pid;

	if (pipe(pipes))
		return -1;
	pid = fork();
	if (!pid) {
		close(pipes[1]);
		if (read(pipes[0], &byte, 1) != 1)
			_exit(127);
		close(pipes[0]);
		execvp(command[0], command);
		fprintf(stderr, "vclock: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	close(pipes[0]);
	*go = pipes[1];
	return pid;
}

static struct vclock *load(const struct options *options, pid_t pid)
{
	struct vclock *skeleton = vclock__open();
	int map = -1;

	if (!skeleton)
		return NULL;
	skeleton->rodata->target_tgid = (__u32)pid;
	skeleton->rodata->openat_number = SYS_openat;
	skeleton->rodata->page_index = options->page;
	skeleton->rodata->has_kfuncs = !options->map && !access("/sys/kernel/btf/sundial", F_OK);
	bpf_program__set_autoload(skeleton->progs.on_switch, options->switches);
	if (options->map) {
		map = bpf_obj_get(options->map);
		if (map < 0 || bpf_map__reuse_fd(skeleton->maps.pages, map)) {
			fprintf(stderr, "vclock: no map of clock pages at %s: %s\n", options->map,
				strerror(errno));
			goto out_destroy;
		}
		skeleton->rodata->has_page = true;
		close(map);
	}
	if (vclock__load(skeleton) || vclock__attach(skeleton)) {
		fprintf(stderr, "vclock: the kernel refuses its BPF programs: %s\n",
			strerror(errno));
		goto out_destroy;
	}
	return skeleton;

out_destroy:
	vclock__destroy(skeleton);
	return NULL;
}

static bool has_ended(const struct options *options, pid_t pid)
{
	if (options->command)
		return waitpid(pid, NULL, WNOHANG) == pid;
	return kill(pid, 0) && errno == ESRCH;
}

static int watch(const struct options *options, pid_t pid, int go)
{
	struct vclock *skeleton = load(options, pid);
	struct ring_buffer *ring = NULL;
	bool ended = false;
	int ret = 1;

	if (!skeleton)
		return 1;
	ring = ring_buffer__new(bpf_map__fd(skeleton->maps.events), print_event, NULL, NULL);
	if (!ring)
		goto out;
	if (go >= 0 && write(go, "", 1) != 1)
		goto out;
	while (!interrupted && !ended) {
		ended = has_ended(options, pid); /* before the last look at the events */
		if (ring_buffer__poll(ring, ended ? 0 : 100) < 0 && errno != EINTR)
			goto out;
		fflush(stdout);
	}
	if (skeleton->bss->lost)
		fprintf(stderr, "vclock: %llu events were lost\n", skeleton->bss->lost);
	ret = 0;
out:
	ring_buffer__free(ring);
	vclock__destroy(skeleton);
	return ret;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'p':
		options->pid = atoi(arg);
		return 0;
	case 'm':
		options->map = arg;
		return 0;
	case 'i':
		options->page = (unsigned int)strtoul(arg, NULL, 0);
		return 0;
	case 's':
		options->switches = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->command = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if ((options->pid > 0) == !!options->command)
			argp_error(state, "one process: -p PID, or a program to start");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"pid", 'p', "PID", 0, "Watch this process"},
		{"map", 'm', "FILE", 0, "Take the time from this pinned map of clock pages"},
		{"page", 'i', "INDEX", 0, "and from this page of it (0)"},
		{"switches", 's', NULL, 0, "Show when threads leave their CPU too"},
		{0},
	};
	static const struct argp argp = {
		table, parse, "-p PID | [--] PROGRAM [ARGUMENT...]",
		"What a process opens and executes, in its own virtual time and the host's."};
	struct options options = {0};
	struct sigaction action = {.sa_handler = on_signal};
	int go = -1, ret;
	pid_t pid;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	pid = options.command ? start(options.command, &go) : options.pid;
	if (pid < 0) {
		fprintf(stderr, "vclock: %s\n", strerror(errno));
		return 1;
	}
	ret = watch(&options, pid, go);
	if (go >= 0)
		close(go); /* a child that was not let go ends */
	return ret;
}
