// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random calls of everything that <linux/sundial.h> offers, in the middle of the
 * mapping, forking, passing and killing that processes do. Prints TAP. Two runs:
 * one thread, and several that get in each other's way. An ordinary user's locked
 * memory is made short.
 *
 *	SUNDIAL_FUZZ_SEED     names the sequence of calls; a new one each time otherwise
 *	SUNDIAL_FUZZ_CALLS    of each run
 *	SUNDIAL_FUZZ_MODE     makes only that run: one, threads
 *	SUNDIAL_FUZZ_VERBOSE  prints each call before it is made
 *
 * Each run is a process of its own, so that it ends with nothing left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define THREADS 4
#define CALLS	6000
#define LOCKED	(64 * PAGE)

struct run {
	const char *mode, *says;
	bool threads;
};

static const struct run runs[] = {
	{"one", "one thread finds nothing", false},
	{"threads", "threads find nothing", true},
};

static struct fuzz threads[THREADS];

static __u64 setting(const char *name, __u64 otherwise)
{
	const char *given = getenv(name);

	return given && *given ? strtoull(given, NULL, 0) : otherwise;
}

static __u64 choose_seed(void)
{
	__u64 seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = getpid();
	return setting("SUNDIAL_FUZZ_SEED", seed);
}

static void *fuzz_main(void *arg)
{
	struct fuzz *f = arg;

	for (; f->call < f->last_call && !f->failed; f->call++)
		do_something(f);
	return NULL;
}

static void prepare(struct fuzz *f, const struct run *run, unsigned int thread, __u64 seed)
{
	f->mode = run->mode;
	f->seed = seed;
	f->random = seed + thread;
	f->thread = thread;
	f->lenient = run->threads;
	f->verbose = setting("SUNDIAL_FUZZ_VERBOSE", 0);
	f->last_call = setting("SUNDIAL_FUZZ_CALLS", CALLS) / (run->threads ? THREADS : 1);
	arena_make(f);
}

/* How often each call ended how. Returns false if one never succeeded: a fuzzer that only collects
 * refusals. */
static bool print_stats(unsigned int count)
{
	unsigned int call, thread, error;
	struct stats sum;
	bool all = true;

	for (call = 0; call < call_count(); call++) {
		memset(&sum, 0, sizeof(sum));
		for (thread = 0; thread < count; thread++) {
			const struct stats *stats = &threads[thread].stats[call];

			sum.calls += stats->calls;
			sum.succeeded += stats->succeeded;
			for (error = 0; error < MAX_ERRNO; error++)
				sum.failed[error] += stats->failed[error];
		}
		printf("# %-18s %5lu calls, %5lu succeeded", call_name(call), sum.calls,
		       sum.succeeded);
		for (error = 0; error < MAX_ERRNO; error++)
			if (sum.failed[error])
				printf(", %lu %s", sum.failed[error], strerrorname_np(error));
		printf("\n");
		all &= sum.succeeded || sum.calls < 100 || call_missing(call);
	}
	return all;
}

/* Exit status: 0 nothing found, 1 found something, 2 cannot run. */
static int run_here(const struct run *run, __u64 seed, int device)
{
	unsigned int count = run->threads ? THREADS : 1, i;
	struct rlimit locked = {LOCKED, LOCKED};
	pthread_t ids[THREADS];
	bool failed = false;

	/* All memory that malloc takes comes from brk, never from a hole in an arena. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	if (geteuid() && setrlimit(RLIMIT_MEMLOCK, &locked))
		return 2;
	signals_set();
	pool_open(device);
	for (i = 0; i < count; i++)
		prepare(&threads[i], run, i, seed);
	if (run->threads) {
		for (i = 0; i < count; i++)
			if (pthread_create(&ids[i], NULL, fuzz_main, &threads[i]))
				return 2;
		for (i = 0; i < count; i++)
			pthread_join(ids[i], NULL);
	} else {
		tasks_start(&threads[0]);
		fuzz_main(&threads[0]);
		tasks_stop(&threads[0]);
	}
	for (i = 0; i < count; i++)
		failed |= threads[i].failed;
	pool_close();
	if (!print_stats(count)) {
		printf("# a call never succeeded\n");
		failed = true;
	}
	fflush(stdout);
	return failed;
}

static int run_in_child(const struct run *run, __u64 seed, int device)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(run_here(run, seed, device));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	if (!WIFEXITED(status))
		printf("# the run ended with signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	const char *only = getenv("SUNDIAL_FUZZ_MODE");
	unsigned int i, number = 0;
	int device, status, bad = 0;
	__u64 seed;

	if (argc == 4 && !strcmp(argv[1], "--after-exec"))
		return after_exec(argv + 2);
	printf("TAP version 13\n");
	device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	if (device < 0) {
		printf("1..0 # SKIP /dev/sundial %s\n",
		       errno == EACCES ? "refuses this user" : strerror(errno));
		return 4;
	}
	bad = calls_missing(device) != 0;
	printf("%s %u the module has every call of the header\n", bad ? "not ok" : "ok", ++number);
	seed = choose_seed();
	printf("# SUNDIAL_FUZZ_SEED=%llu\n", (unsigned long long)seed);
	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		if (only && *only && strcmp(only, runs[i].mode))
			continue;
		status = run_in_child(&runs[i], seed, device);
		printf("%s %u %s\n", status ? "not ok" : "ok", ++number, runs[i].says);
		bad |= status;
	}
	printf("1..%u\n", number);
	return !!bad;
}
