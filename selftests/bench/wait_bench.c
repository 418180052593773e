// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's half of clocks costs, each beside its peer in one run: a SET
 * that nobody waits for against getppid(2), and as much of it as is the way to the
 * module and back; waking many waiters by one SET against one FUTEX_WAKE; a reading of
 * the device's page against one of a memfd's. For a VM, where everything is emulated:
 * only the ratios mean something.
 *
 *	wait_bench [alone]
 *
 * alone leaves out what is about many threads. Prints TAP, with a comment of JSON for each measure.
 *selftests/bench/vm.sh runs it.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../clock/asleep.h"
#include "pair.h"

#define READS 10000
#define WAKES 7

static struct sundial_clock *device, *memfd;

static struct sundial_clock *make(unsigned int backing)
{
	struct sundial_clock_create how = {.kind = SUNDIAL_KIND_KERNEL, .count = 1};
	struct sundial_clock *clock;
	int ret = sundial_clock_create(&how, backing, &clock);

	if (ret)
		fail("cannot make a clock", -ret);
	return clock;
}

/* By syscall(2), as getppid: the C library's wrapper is not what is measured. */
static double set_calls(void)
{
	static struct sundial_clock_set set = {.now_ns = 1ULL << 40};
	int fd = sundial_clock_fd(device), i;
	__u64 start_ns = sundial_host_now();

	for (i = 0; i < CALLS; i++) {
		set.now_ns++;
		if (syscall(SYS_ioctl, fd, SUNDIAL_CLOCK_SET, &set))
			fail("set", errno);
	}
	return (double)(sundial_host_now() - start_ns) / CALLS;
}

/* The way to the module and back, which SET has to go as well. */
static double unknown_calls(void)
{
	int fd = sundial_clock_fd(device), i;
	__u64 start_ns = sundial_host_now();

	for (i = 0; i < CALLS; i++)
		if (!syscall(SYS_ioctl, fd, _IO(SUNDIAL_IOC_MAGIC, 0x7f)))
			fail("an unknown ioctl", EINVAL);
	return (double)(sundial_host_now() - start_ns) / CALLS;
}

static double read_page(struct sundial_clock *clock)
{
	const struct sundial_clock_page *page = sundial_clock_page(clock, 0);
	__u64 start_ns = sundial_host_now();
	int i;

	for (i = 0; i < READS; i++)
		KEEP(sundial_manual_now(page));
	return (double)(sundial_host_now() - start_ns) / READS;
}

static double read_device(void)
{
	return read_page(device);
}

static double read_memfd(void)
{
	return read_page(memfd);
}

/* Threads that wait, all for the same thing, and say when they have been woken. */
struct crowd {
	struct sundial_clock *clock; /* NULL: they wait for word */
	__u64 deadline_ns;
	unsigned int word;
	atomic_int *tids;
	atomic_int started, woken;
};

static void *one_of_crowd(void *arg)
{
	struct crowd *crowd = arg;

	atomic_store(&crowd->tids[atomic_fetch_add(&crowd->started, 1)], (int)syscall(SYS_gettid));
	if (crowd->clock)
		sundial_clock_wait(crowd->clock, 0, crowd->deadline_ns, NULL);
	else
		syscall(SYS_futex, &crowd->word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	atomic_fetch_add(&crowd->woken, 1);
	return NULL;
}

/* From the call that wakes them until the last has run. */
static double wake_crowd(bool by_clock, int size)
{
	static __u64 deadline_ns = 1ULL << 50;
	struct crowd crowd = {.clock = by_clock ? device : NULL, .deadline_ns = ++deadline_ns};
	pthread_t *threads = calloc(size, sizeof(*threads));
	pthread_attr_t attr;
	__u64 start_ns;
	double took_ns;
	int i;

	crowd.tids = calloc(size, sizeof(*crowd.tids));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (i = 0; i < size; i++)
		if (pthread_create(&threads[i], &attr, one_of_crowd, &crowd))
			fail("cannot make a thread", errno);
	for (i = 0; i < size; i++)
		until_asleep(&crowd.tids[i]);
	start_ns = sundial_host_now();
	if (by_clock)
		sundial_clock_set(device, deadline_ns);
	else
		syscall(SYS_futex, &crowd.word, FUTEX_WAKE_PRIVATE, size, NULL, NULL, 0);
	while (atomic_load(&crowd.woken) < size)
		sched_yield();
	took_ns = (double)(sundial_host_now() - start_ns);
	for (i = 0; i < size; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	free(crowd.tids);
	return took_ns / size;
}

static void measure_wakes(int size)
{
	double values[WAKES], peers[WAKES];
	char name[80];
	int i;

	for (i = 0; i < WAKES; i++) {
		values[i] = wake_crowd(true, size);
		peers[i] = wake_crowd(false, size);
	}
	snprintf(name, sizeof(name), "one of %d waiters woken by a SET", size);
	report(name, median(values, WAKES), "one of as many woken by a FUTEX_WAKE",
	       median(peers, WAKES));
}

int main(int argc, char **argv)
{
	bool alone = argc > 1 && !strcmp(argv[1], "alone");

	printf("TAP version 13\n");
	device = make(SUNDIAL_BACKING_DEVICE);
	memfd = make(SUNDIAL_BACKING_MEMFD);
	measure("SUNDIAL_CLOCK_SET that nobody waits for", set_calls, "getppid", getppid_calls);
	measure("an ioctl that the device does not know", unknown_calls, "getppid", getppid_calls);
	measure("reading the device's page", read_device, "reading a memfd's", read_memfd);
	if (!alone) {
		measure_wakes(100);
		measure_wakes(1000);
		measure_wakes(4000);
	}
	finish();
	return 0;
}
