/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests with BPF programs share: loading ask.bpf.c, and asking.
 */
#ifndef SELFTESTS_BPF_COMMON_H
#define SELFTESTS_BPF_COMMON_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "ask.skel.h"
#include "kselftest_harness.h"
#include "../device.h"
#include "lib/sundial.h"

#define SECOND_NS 1000000000ULL
#define NO_BPF	  "bpf(2) is refused here, or the kernel has no BTF"
#define NO_KFUNCS "the module has no BTF here, so no functions for BPF programs"

static inline bool has_module(void)
{
	return !access("/dev/sundial", F_OK);
}

/* Whether this process may make maps and load programs that name the kernel's types. */
static inline bool has_bpf(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 4096, 1, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0 && !geteuid() && !access("/sys/kernel/btf/vmlinux", R_OK);
}

static inline bool has_kfuncs(void)
{
	return !access("/sys/kernel/btf/sundial", F_OK);
}

static inline int silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

/* Opens the object with no program to be loaded but ask and hammer; NULL and errno if that fails.
 */
static inline struct ask *open_ask(bool kfuncs)
{
	struct ask *skeleton = ask__open();
	struct bpf_program *program;

	if (!skeleton)
		return NULL;
	bpf_object__for_each_program (program, skeleton->obj)
		bpf_program__set_autoload(program, program == skeleton->progs.ask ||
							   program == skeleton->progs.hammer);
	skeleton->rodata->has_kfuncs = kfuncs;
	skeleton->rodata->watched_tgid = getpid();
	return skeleton;
}

/* A page array that skeleton reads, for USER clocks in that mode. Before ask__load(). */
static inline int give_pages(struct ask *skeleton, __u32 mode, struct sundial_clock **out)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER, .mode = mode, .count = 1, .now_ns = 1000};
	int ret = sundial_clock_create(&how, SUNDIAL_BACKING_BPF, out);

	return ret ? ret : bpf_map__reuse_fd(skeleton->maps.pages, sundial_clock_fd(*out));
}

/* Asks for the calling thread, at host_ns or now. Returns 0 or a negative errno. */
static inline int ask_at(int program_fd, __u64 host_ns, struct answer *answer)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = answer, .ctx_size_in = sizeof(*answer));

	memset(answer, 0xcc, sizeof(*answer));
	answer->host_ns = host_ns;
	return bpf_prog_test_run_opts(program_fd, &options);
}

static inline pid_t gettid_raw(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/*
 * A program that calls the module holds it until after a grace period, longer than
 * its descriptors: waits, bounded, until nobody does, for what comes next.
 */
static inline void wait_for_module(void)
{
	char text[16];
	int tries, fd;

	for (tries = 0; tries < 500; tries++) {
		fd = open("/sys/module/sundial/refcnt", O_RDONLY);
		if (fd < 0)
			return;
		memset(text, 0, sizeof(text));
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
		if (!atoi(text))
			return;
		usleep(10000);
	}
}

/* fork(), but the child does not outlive a test that was given up. */
static inline pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* The child's exit status, or 256 and the signal that ended it. */
static inline int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

#endif /* SELFTESTS_BPF_COMMON_H */
