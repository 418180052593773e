// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What TB sets cost, each beside its peer in one run: an INVALIDATE against
 * getppid(2); one that waits for running vCPUs against a futex round trip between
 * the same CPUs; and what a process does whose memory has 10,000 attached ranges,
 * against another that has the same memory and no ranges. For a VM, where
 * everything is emulated: only the ratios mean something.
 *
 *	tb_bench [alone | memfd]
 *
 * alone leaves out what needs several CPUs at once. memfd measures SYNC over a memfd,
 * which needs no VM: it asks and waits as the module does, in user space. Prints TAP, with a
 *comment of JSON for each measure. selftests/bench/vm.sh runs it.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/sundial_tbset.h"
#include "pair.h"

#define PAGE	       4096UL
#define RANGES	       10000
#define WORKS	       22
#define SYNCS	       5
#define TRIPS	       20
#define COPIED_PAGES   64
#define MAPPINGS       64
#define MAPPED_PAGES   16
#define UNMAPPED_PAGES 256
#define UNMAPS	       50
#define COMPUTATIONS   200000

static struct sundial_tb *tb;

static void run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("cannot choose a CPU", errno);
}

static struct sundial_tb *make_set(unsigned int backing, __u32 slots, __u32 vcpus, __u32 events)
{
	struct sundial_tb_create how = {.slots = slots, .vcpus = vcpus, .events = events};
	struct sundial_tb *made;
	int ret = sundial_tb_create(&how, backing, &made);

	if (!ret)
		ret = sundial_tb_register(made);
	if (ret)
		fail("cannot make a set", -ret);
	return made;
}

static double invalidate_calls(void)
{
	__u64 start_ns = sundial_host_now();
	int i;

	for (i = 0; i < CALLS; i++)
		if (sundial_tb_invalidate(tb, i % 64, 1))
			fail("invalidate", EINVAL);
	return (double)(sundial_host_now() - start_ns) / CALLS;
}

/* Until page is unmapped and, if it is attached to slot 0, that is at rest again. */
static double unmap_calls(char *page, bool attached)
{
	__u64 start_ns, took_ns = 0;
	int i;

	for (i = 0; i < UNMAPS; i++) {
		if (mmap(page, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page)
			fail("cannot map", errno);
		*page = 1;
		start_ns = sundial_host_now();
		munmap(page, PAGE);
		while (attached && sundial_tb_generation(sundial_tb_page(tb), 0) & 1)
			sched_yield();
		took_ns += sundial_host_now() - start_ns;
	}
	return (double)took_ns / UNMAPS;
}

/* Pages apart from any other. */
static char *lone_pages;

static double unmap_attached(void)
{
	return unmap_calls(lone_pages + 2 * PAGE, true);
}

static double unmap_other(void)
{
	return unmap_calls(lone_pages + 6 * PAGE, false);
}

static void measure_unmap(void)
{
	lone_pages = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (lone_pages == MAP_FAILED || sundial_tb_attach(tb, 0, lone_pages + 2 * PAGE, PAGE))
		fail("cannot attach", EINVAL);
	measure("munmap of an attached page until its slot is at rest", unmap_attached,
		"munmap of another", unmap_other);
}

/* A thread that is a vCPU of its own and runs until it must pause, again and again. */
struct runner {
	pthread_t thread;
	__u32 vcpu;
	int cpu;
	atomic_bool running, stop;
};

static void *run(void *arg)
{
	struct runner *runner = arg;
	struct sundial_tb_vcpu *words = sundial_tb_vcpu_words(tb, runner->vcpu);
	int ret = sundial_tb_vcpu(tb, runner->vcpu, 0);

	if (ret)
		fail("cannot be a vCPU", -ret);
	run_on(runner->cpu);
	while (!atomic_load_explicit(&runner->stop, memory_order_relaxed)) {
		sundial_vcpu_run(words);
		atomic_store_explicit(&runner->running, true, memory_order_relaxed);
		while (!sundial_vcpu_must_pause(words) &&
		       !atomic_load_explicit(&runner->stop, memory_order_relaxed))
			;
		if (sundial_vcpu_pause(words, sundial_tb_page(tb)))
			sundial_tb_quiescent(tb);
	}
	return NULL;
}

static void start(struct runner *runner, __u32 vcpu, int cpu)
{
	*runner = (struct runner){.vcpu = vcpu, .cpu = cpu};
	if (pthread_create(&runner->thread, NULL, run, runner))
		fail("cannot make a thread", errno);
	while (!atomic_load(&runner->running))
		sched_yield();
}

static void stop(struct runner *runner)
{
	atomic_store(&runner->stop, true);
	pthread_join(runner->thread, NULL);
}

static double sync_calls(void)
{
	__u64 start_ns = sundial_host_now();
	int i, ret;

	for (i = 0; i < SYNCS; i++) {
		ret = sundial_tb_sync(tb, 0, 1, SUNDIAL_TB_FOREVER, NULL);
		if (ret)
			fail("sync", -ret);
	}
	return (double)(sundial_host_now() - start_ns) / SYNCS;
}

/* The caller, on the first CPU, is one of two running vCPUs; the other has the second. */
static double sync_by_vcpu(void)
{
	struct sundial_tb_vcpu *words = sundial_tb_vcpu_words(tb, 0);
	struct runner other;
	double took_ns;

	run_on(0);
	if (sundial_tb_vcpu(tb, 0, 0))
		fail("cannot be a vCPU", EINVAL);
	start(&other, 1, 1);
	sundial_vcpu_run(words);
	took_ns = sync_calls();
	sundial_vcpu_pause(words, sundial_tb_page(tb));
	stop(&other);
	sundial_tb_vcpu(tb, 0, SUNDIAL_TB_VCPU_OFF);
	return took_ns;
}

/*
 * Two running vCPUs and the caller, each on a CPU: on one with a vCPU the caller would
 * wait for the scheduler, not for SYNC.
 */
static double sync_by_third(void)
{
	struct runner runners[2];
	double took_ns;

	run_on(0);
	start(&runners[0], 0, 1);
	start(&runners[1], 1, 2);
	took_ns = sync_calls();
	stop(&runners[0]);
	stop(&runners[1]);
	return took_ns;
}

/* Two words of a futex each: whose turn it is to wake. */
static unsigned int there, back;

static void post(unsigned int *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void take(unsigned int *word)
{
	while (!__atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void *answer(void *arg)
{
	int i;

	run_on(1);
	for (i = 0; i <= TRIPS; i++) {
		take(&there);
		post(&back);
	}
	return NULL;
}

static double futex_trips(void)
{
	pthread_t thread;
	__u64 start_ns;
	double took_ns;
	int i;

	run_on(0);
	if (pthread_create(&thread, NULL, answer, NULL))
		fail("cannot make a thread", errno);
	post(&there);
	take(&back);
	start_ns = sundial_host_now();
	for (i = 0; i < TRIPS; i++) {
		post(&there);
		take(&back);
	}
	took_ns = (double)(sundial_host_now() - start_ns) / TRIPS;
	pthread_join(thread, NULL);
	return took_ns;
}

static void compute(char *memory)
{
	__u64 x = 88172645463325252ULL;
	int i;

	for (i = 0; i < COMPUTATIONS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		KEEP(memory[x % (RANGES * PAGE)]);
	}
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		fail("a child failed", ECHILD);
}

/* The pages stay shared, and so must be copied, as long as the child waits. */
static void fork_copy_and_map(char *memory)
{
	int i, pipes[2];
	char *mapped;
	pid_t pid;

	if (pipe(pipes))
		fail("pipe", errno);
	pid = fork();
	if (!pid) {
		close(pipes[1]);
		_exit(read(pipes[0], &i, 1) != 0);
	}
	for (i = 0; i < COPIED_PAGES; i++)
		memory[(i * 97 % RANGES) * PAGE]++;
	for (i = 0; i < MAPPINGS; i++) {
		mapped = mmap(NULL, MAPPED_PAGES * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		munmap(mapped, MAPPED_PAGES * PAGE);
	}
	close(pipes[0]);
	close(pipes[1]);
	wait_for(pid);
}

/* The ranges stay attached: they are addresses. */
static void unmap_and_map(char *memory)
{
	char *page;
	int i;

	for (i = 0; i < UNMAPPED_PAGES; i++) {
		page = memory + (i * 97 % RANGES) * PAGE;
		munmap(page, PAGE);
		if (mmap(page, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page)
			fail("cannot map again", errno);
		*page = 1;
	}
}

/* One invalidation, of all ranges. The pages are made again in one write each. */
static void drop_all(char *memory)
{
	madvise(memory, RANGES * PAGE, MADV_DONTNEED);
	memset(memory, 1, RANGES * PAGE);
}

static void execute(char *const argv[])
{
	pid_t pid = fork();

	if (!pid) {
		execv("/bin/busybox", argv);
		_exit(127);
	}
	wait_for(pid);
}

/* As a shell does whose own memory has the ranges. */
static void fork_and_exec(char *memory)
{
	char *argv[] = {"busybox", "true", NULL};

	execute(argv);
}

static void shell(char *memory)
{
	char *argv[] = {"busybox", "sh", "-c",
			"for i in 1 2 3 4 5 6 7 8; do /bin/busybox true; done", NULL};

	execute(argv);
}

static void (*const works[])(char *memory) = {compute, fork_copy_and_map, fork_and_exec,
					      shell,   unmap_and_map,	  drop_all};

/*
 * What the caller and those children that it has waited for took of the CPUs. That is
 * without the time of the module's worker, and without any that they waited.
 */
static __u64 cpu_time(void)
{
	struct timespec own;
	struct rusage children;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return (own.tv_sec + children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000000ULL +
	       (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000ULL + own.tv_nsec;
}

struct times {
	__u64 cpu_ns, elapsed_ns;
};

/* A process that does works on command and answers with the struct times of each. */
struct worker {
	int commands, answers;
	pid_t pid;
};

static char *make_memory(void)
{
	char *memory = mmap(NULL, RANGES * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("cannot map memory", errno);
	/* A huge page would be split in one process earlier than in another. */
	madvise(memory, RANGES * PAGE, MADV_NOHUGEPAGE);
	return memset(memory, 1, RANGES * PAGE);
}

static void work(int commands, int answers, bool attached)
{
	char *memory = make_memory();
	unsigned char what;
	struct times start, took;
	int i, ret = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(0);
	if (attached) {
		tb = make_set(SUNDIAL_BACKING_DEVICE, SUNDIAL_TB_MAX_SLOTS, 1, 4096);
		for (i = 0; !ret && i < RANGES; i++)
			ret = sundial_tb_attach(tb, i, memory + i * PAGE, PAGE);
		if (ret)
			fail("cannot attach", -ret);
	}
	while (read(commands, &what, 1) == 1) {
		start = (struct times){.cpu_ns = cpu_time(), .elapsed_ns = sundial_host_now()};
		works[what](memory);
		took.elapsed_ns = sundial_host_now() - start.elapsed_ns;
		took.cpu_ns = cpu_time() - start.cpu_ns;
		if (write(answers, &took, sizeof(took)) != sizeof(took))
			break;
	}
	_exit(0);
}

static struct worker make_worker(bool attached)
{
	int commands[2], answers[2];
	pid_t pid;

	if (pipe(commands) || pipe(answers))
		fail("pipe", errno);
	pid = fork();
	if (pid < 0)
		fail("fork", errno);
	if (!pid) {
		close(commands[1]);
		work(commands[0], answers[1], attached);
	}
	close(commands[0]);
	close(answers[1]);
	return (struct worker){.commands = commands[1], .answers = answers[0], .pid = pid};
}

static void worked(const struct worker *worker, unsigned char what, double *cpu_ns,
		   double *elapsed_ns)
{
	struct times took;

	if (write(worker->commands, &what, 1) != 1 ||
	    read(worker->answers, &took, sizeof(took)) != sizeof(took))
		fail("a worker is gone", ECHILD);
	*cpu_ns = (double)took.cpu_ns;
	*elapsed_ns = (double)took.elapsed_ns;
}

static void measure_work(const char *name, unsigned char what, const struct worker *ours,
			 const struct worker *theirs)
{
	double cpu_ns[2][WORKS], elapsed_ns[2][WORKS];
	const struct worker *workers[] = {ours, theirs};
	char elapsed[100];
	int i, turn, who;

	/* Each is first as often as the other; the first round only warms caches. */
	for (i = -1; i < WORKS; i++) {
		for (turn = 0; turn < 2; turn++) {
			who = turn ^ (i & 1);
			worked(workers[who], what, &cpu_ns[who][i < 0 ? 0 : i],
			       &elapsed_ns[who][i < 0 ? 0 : i]);
		}
	}
	report(name, median(cpu_ns[0], WORKS), "the same without ranges", median(cpu_ns[1], WORKS));
	snprintf(elapsed, sizeof(elapsed), "%s: elapsed", name);
	report(elapsed, median(elapsed_ns[0], WORKS), "the same without ranges",
	       median(elapsed_ns[1], WORKS));
}

static void measure_ranges(void)
{
	struct worker with = make_worker(true), without = make_worker(false);
	struct worker again = make_worker(false);

	measure_work("a computation with 10,000 ranges", 0, &with, &without);
	measure_work("fork, copy on write, mmap and munmap with 10,000 ranges", 1, &with, &without);
	measure_work("fork, copy on write, mmap and munmap without, again", 1, &again, &without);
	measure_work("forking true with 10,000 ranges", 2, &with, &without);
	measure_work("a shell that forks true, started with 10,000 ranges", 3, &with, &without);
	measure_work("munmap and mmap of pages among 10,000 ranges", 4, &with, &without);
	measure_work("MADV_DONTNEED of 10,000 ranges at once, and writing them", 5, &with,
		     &without);
}

static void measure_sync(unsigned int backing)
{
	tb = make_set(backing, 64, 2, 0);
	measure("SYNC by one of 2 running vCPUs", sync_by_vcpu, "a futex round trip", futex_trips);
	if (sysconf(_SC_NPROCESSORS_ONLN) >= 3)
		measure("SYNC beside 2 running vCPUs", sync_by_third, "a futex round trip",
			futex_trips);
	else
		printf("# SYNC beside 2 running vCPUs needs three CPUs\n");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	printf("TAP version 13\n");
	fflush(stdout);
	if (!strcmp(what, "memfd")) {
		measure_sync(SUNDIAL_BACKING_MEMFD);
	} else {
		measure_ranges();
		tb = make_set(SUNDIAL_BACKING_DEVICE, 64, 0, 0);
		measure("SUNDIAL_TB_INVALIDATE without SYNC", invalidate_calls, "getppid",
			getppid_calls);
		measure_unmap();
		if (strcmp(what, "alone"))
			measure_sync(SUNDIAL_BACKING_DEVICE);
	}
	finish();
	return 0;
}
