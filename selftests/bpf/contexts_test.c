// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Wherever a BPF program runs it sees the time that C readers see: between two
 * readings in C, made before and after the event, and at a given time of the host
 * exactly the same. By the functions of the module, where it is loaded and has
 * them, and by the page in a mappable array, on every kernel.
 */
#include "common.h"

#include <linux/membarrier.h>
#include <linux/perf_event.h>

FIXTURE(context)
{
	struct ask *skeleton;
	struct sundial_clock *array, *device; /* device: NULL without kfuncs */
	const struct sundial_clock_page *page;
	__u64 before_ns;
};

FIXTURE_VARIANT(context)
{
	__u32 mode;
};

FIXTURE_VARIANT_ADD(context, manual){.mode = SUNDIAL_MODE_MANUAL};
FIXTURE_VARIANT_ADD(context, scaled){.mode = SUNDIAL_MODE_SCALED};

#define MANUAL_NS 123456789012345ULL

/* Both pages show the same from now on: in mode SCALED one and a half times as fast as the host. */
static void set_alike(struct sundial_clock *clock, __u32 mode, __u64 host_ns)
{
	struct sundial_clock_page *page = sundial_clock_user_page(clock, 0);
	struct sundial_clock_rate rate = {
		.host_base_ns = host_ns, .base_ns = MANUAL_NS, .mult = 3, .shift = 1};

	if (mode == SUNDIAL_MODE_SCALED)
		sundial_rate_write(page, &rate);
	else
		sundial_page_set(page, MANUAL_NS);
}

FIXTURE_SETUP(context)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER, .mode = variant->mode, .count = 1};
	__u64 host_ns = sundial_host_now();

	self->skeleton = NULL;
	self->array = self->device = NULL;
	libbpf_set_print(silent);
	if (!has_bpf())
		SKIP_SETUP(NO_BPF);
	self->skeleton = open_ask(has_kfuncs());
	ASSERT_NE(NULL, self->skeleton);
	ASSERT_EQ(0, give_pages(self->skeleton, variant->mode, &self->array));
	set_alike(self->array, variant->mode, host_ns);
	self->page = sundial_clock_page(self->array, 0);
	if (!has_kfuncs())
		return;
	ASSERT_EQ(0, sundial_clock_create(&how, SUNDIAL_BACKING_DEVICE, &self->device));
	set_alike(self->device, variant->mode, host_ns);
}

FIXTURE_TEARDOWN(context)
{
	ask__destroy(self->skeleton);
	sundial_clock_close(self->device);
	sundial_clock_close(self->array);
	wait_for_module();
}

/* Puts a thread, 0 for the caller, in the device's domain, if there is one. */
static int bind_thread(struct sundial_clock *device, pid_t tid)
{
	struct sundial_clock_bind how = {.tid = tid};

	return device ? sundial_clock_call(device, SUNDIAL_CLOCK_BIND, &how) : 0;
}

/*
 * Loads one program beside ask and lets attach() attach it, whose event must be
 * rare or far: what counts is what it saw after begin().
 */
#define LOAD(program)                                                             \
	do {                                                                      \
		bpf_program__set_autoload(self->skeleton->progs.program, true);   \
		ASSERT_EQ(0, ask__load(self->skeleton));                          \
		ASSERT_EQ(0, bind_thread(self->device, 0));                       \
		self->before_ns = sundial_page_now(self->page, sundial_host_now); \
	} while (0)

#define ATTACH(program, call)                                   \
	do {                                                    \
		self->skeleton->links.program = (call);         \
		ASSERT_NE(NULL, self->skeleton->links.program); \
	} while (0)

/* The number of the first check that fails, 0 if what was seen is right. */
static int wrong(const struct seen *seen, const struct sundial_clock_page *page, __u64 before_ns,
		 struct sundial_clock *device)
{
	const struct answer *last = &seen->last;
	__u64 after_ns = sundial_page_now(page, sundial_host_now);
	__u64 at_ns = page->mode == SUNDIAL_MODE_MANUAL
			      ? MANUAL_NS
			      : sundial_rate_count(&page->rate[0], last->host_ns);

	if (!seen->count)
		return 1;
	if (last->page_ns < before_ns || last->page_ns > after_ns)
		return 2;
	if (last->page_at_ns != at_ns)
		return 3;
	if (!device)
		return 0;
	if (last->now_ns < before_ns || last->now_ns > after_ns)
		return 4;
	if (last->virtual_ns != at_ns)
		return 5;
	return last->domain == sundial_clock_page(device, 0)->domain ? 0 : 6;
}

#define EXPECT_SEEN(source)                                                                 \
	EXPECT_EQ(0, wrong(&self->skeleton->bss->seen[source], self->page, self->before_ns, \
			   self->device))

TEST_F(context, a_program_that_is_called_sees_the_time)
{
	struct seen seen = {.count = 1};
	int i;

	ASSERT_EQ(0, ask__load(self->skeleton));
	ASSERT_EQ(0, bind_thread(self->device, 0));
	for (i = 0; i < 1000; i++) {
		self->before_ns = sundial_page_now(self->page, sundial_host_now);
		ASSERT_EQ(0, ask_at(bpf_program__fd(self->skeleton->progs.ask), 0, &seen.last));
		ASSERT_EQ(0, wrong(&seen, self->page, self->before_ns, self->device));
	}
}

/* Times far from now, and rates whose product needs all 128 bits. */
TEST_F(context, every_rate_gives_what_c_computes)
{
	static const struct {
		__u64 mult;
		__u32 shift;
	} rates[] = {{0, 0},	       {1, 0},
		     {~0ULL, 63},      {~0ULL, 0},
		     {1ULL << 63, 63}, {0x123456789abcdefULL, 31},
		     {1ULL << 32, 32}, {0xffffffffULL, 33},
		     {5, 1},	       {~0ULL, 32}};
	static const __u64 hosts[] = {1,	  1ULL << 32,	 ~0ULL >> 1,
				      1ULL << 62, 0xffffffffULL, 5000000000ULL};
	struct answer answer;
	size_t i, j;

	if (variant->mode == SUNDIAL_MODE_MANUAL)
		SKIP(return, "mode MANUAL has no rate");
	ASSERT_EQ(0, ask__load(self->skeleton));
	ASSERT_EQ(0, bind_thread(self->device, 0));
	for (i = 0; i < ARRAY_SIZE(rates) * ARRAY_SIZE(hosts); i++) {
		struct sundial_clock_rate rate = {.host_base_ns = 77,
						  .base_ns = ~0ULL - 1000,
						  .mult = rates[i % ARRAY_SIZE(rates)].mult,
						  .shift = rates[i % ARRAY_SIZE(rates)].shift};
		__u64 host_ns = hosts[i / ARRAY_SIZE(rates)];

		for (j = 0; j < 3; j++) { /* leaves seq on both parities' copies */
			sundial_rate_write(sundial_clock_user_page(self->array, 0), &rate);
			if (self->device)
				sundial_rate_write(sundial_clock_user_page(self->device, 0), &rate);
		}
		ASSERT_EQ(0, ask_at(bpf_program__fd(self->skeleton->progs.ask), host_ns, &answer));
		EXPECT_EQ(sundial_rate_count(&rate, host_ns), answer.page_at_ns);
		if (self->device)
			EXPECT_EQ(sundial_rate_count(&rate, host_ns), answer.virtual_ns);
	}
}

TEST_F(context, a_system_call_is_seen)
{
	LOAD(on_sys_enter);
	ATTACH(on_sys_enter, bpf_program__attach(self->skeleton->progs.on_sys_enter));
	syscall(SYS_getppid);
	ask__detach(self->skeleton);
	EXPECT_SEEN(SOURCE_SYS_ENTER);
}

/* Not inlined, and not empty, or it would not be called. */
static __attribute__((noinline)) int probed(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value + 1;
}

/* Where in this program's file the function is; it may have lost its symbols. */
static long offset_of(const void *function)
{
	unsigned long start, end, base, address = (unsigned long)function;
	FILE *maps = fopen("/proc/self/maps", "r");
	char permissions[8], line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s %lx", &start, &end, permissions, &base) == 4 &&
		    permissions[2] == 'x' && start <= address && address < end) {
			fclose(maps);
			return (long)(address - start + base);
		}
	}
	if (maps)
		fclose(maps);
	return -1;
}

/* Programs of this type call the module from Linux 6.10 on; where it has functions it is newer
 * here. */
TEST_F(context, a_uprobe_is_seen)
{
	long offset = offset_of(probed);

	ASSERT_LT(0, offset);
	LOAD(on_uprobe);
	ATTACH(on_uprobe, bpf_program__attach_uprobe(self->skeleton->progs.on_uprobe, false,
						     getpid(), "/proc/self/exe", (size_t)offset));
	EXPECT_EQ(2, probed(1));
	ask__detach(self->skeleton);
	EXPECT_SEEN(SOURCE_UPROBE);
}

TEST_F(context, a_kprobe_is_seen)
{
	if (access("/sys/bus/event_source/devices/kprobe", F_OK))
		SKIP(return, "a kernel without kprobes");
	LOAD(on_kprobe);
	ATTACH(on_kprobe, bpf_program__attach_kprobe(self->skeleton->progs.on_kprobe, false,
						     "__x64_sys_getppid"));
	syscall(SYS_getppid);
	ask__detach(self->skeleton);
	EXPECT_SEEN(SOURCE_KPROBE);
}

TEST_F(context, a_tracepoint_is_seen)
{
	if (access("/sys/kernel/tracing/events/syscalls", F_OK) &&
	    access("/sys/kernel/debug/tracing/events/syscalls", F_OK))
		SKIP(return, "no tracefs with system calls");
	LOAD(on_tracepoint);
	ATTACH(on_tracepoint, bpf_program__attach(self->skeleton->progs.on_tracepoint));
	syscall(SYS_getppid);
	ask__detach(self->skeleton);
	EXPECT_SEEN(SOURCE_TRACEPOINT);
}

TEST_F(context, a_switch_of_threads_is_seen)
{
	int i;

	LOAD(on_switch);
	ATTACH(on_switch, bpf_program__attach(self->skeleton->progs.on_switch));
	/* One sleep may be over before it begins, on a machine that stands still in between. */
	for (i = 0; i < 1000 && !self->skeleton->bss->seen[SOURCE_SWITCH].count; i++)
		usleep(1000);
	ask__detach(self->skeleton);
	EXPECT_SEEN(SOURCE_SWITCH);
}

/* The kernel's own threads have no memory; this one runs for every grace period. */
static pid_t kernel_thread(void)
{
	char path[32], name[32];
	FILE *file;
	pid_t pid;

	for (pid = 2; pid < 100; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (!fgets(name, sizeof(name), file))
			*name = 0;
		fclose(file);
		if (!strcmp(name, "rcu_preempt\n") || !strcmp(name, "rcu_sched\n"))
			return pid;
	}
	return 0;
}

TEST_F(context, a_kernel_thread_is_seen)
{
	volatile __u64 *count = &self->skeleton->bss->seen[SOURCE_KTHREAD].count;
	pid_t tid = kernel_thread();
	int tries;

	if (!tid)
		SKIP(return, "the thread of RCU is not in /proc");
	self->skeleton->bss->watched_tid = tid;
	LOAD(on_switch);
	ASSERT_EQ(0, bind_thread(self->device, tid));
	ATTACH(on_switch, bpf_program__attach(self->skeleton->progs.on_switch));
	for (tries = 0; tries < 1000 && !*count; tries++)
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	ask__detach(self->skeleton);
	EXPECT_EQ(tid, self->skeleton->bss->seen[SOURCE_KTHREAD].tid);
	EXPECT_SEEN(SOURCE_KTHREAD);
}

struct leaver {
	struct sundial_clock *device;
	pid_t tid;
	int bound;
};

static void *bind_and_leave(void *argument)
{
	struct leaver *leaver = argument;

	leaver->tid = gettid_raw();
	leaver->bound = bind_thread(leaver->device, 0);
	return NULL;
}

TEST_F(context, a_thread_that_ends_is_seen)
{
	struct leaver leaver = {.device = self->device, .bound = -1};
	pthread_t thread;

	LOAD(on_exit);
	ATTACH(on_exit, bpf_program__attach(self->skeleton->progs.on_exit));
	ASSERT_EQ(0, pthread_create(&thread, NULL, bind_and_leave, &leaver));
	pthread_join(thread, NULL);
	while (!syscall(SYS_tgkill, getpid(), leaver.tid,
			0)) /* it is joined before its last event */
		sched_yield();
	ask__detach(self->skeleton);
	EXPECT_EQ(0, leaver.bound);
	EXPECT_EQ(leaver.tid, self->skeleton->bss->seen[SOURCE_EXIT].tid);
	EXPECT_SEEN(SOURCE_EXIT);
}

struct spinner {
	struct sundial_clock *device;
	atomic_int bound; /* 1: not yet */
	atomic_bool done;
	atomic_ulong turns;
};

static void *spin(void *argument)
{
	struct spinner *spinner = argument;

	atomic_store(&spinner->bound, bind_thread(spinner->device, 0));
	while (!atomic_load(&spinner->done))
		atomic_fetch_add(&spinner->turns, 1);
	return NULL;
}

/* Asks the kernel for the stacks of all CPUs: it sends NMIs to the others. */
static void send_nmis(void)
{
	int quiet = open("/proc/sys/kernel/printk", O_WRONLY);
	int trigger = open("/proc/sysrq-trigger", O_WRONLY);

	/* or the stacks would be on the console, where they look like an accident */
	if (trigger >= 0 && quiet >= 0 && write(quiet, "1", 1) == 1) {
		(void)!write(trigger, "l", 1);
		(void)!pwrite(quiet, "5", 1, 0); /* elsewhere than at 0 it is ignored */
	}
	close(trigger);
	close(quiet);
}

TEST_F(context, a_non_maskable_interrupt_is_seen)
{
	volatile __u64 *count = &self->skeleton->bss->seen[SOURCE_NMI].count;
	struct spinner spinner = {.device = self->device, .bound = 1};
	pthread_t threads[2];
	int i, tries;

	if (!has_module())
		SKIP(return, "NMIs are sent in the VM only: the stacks of all CPUs fill a log");
	if (access("/proc/sysrq-trigger", W_OK))
		SKIP(return, "no CONFIG_MAGIC_SYSRQ");
	LOAD(on_nmi);
	for (i = 0; i < 2; i++) { /* one of them is on a CPU that does not send */
		spinner.bound = 1;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, spin, &spinner));
		while (spinner.bound == 1)
			sched_yield();
		ASSERT_EQ(0, spinner.bound);
	}
	ATTACH(on_nmi, bpf_program__attach(self->skeleton->progs.on_nmi));
	for (tries = 0; tries < 50 && !*count; tries++)
		send_nmis();
	ask__detach(self->skeleton);
	EXPECT_SEEN(SOURCE_NMI);
	atomic_store(&spinner.done, true);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void see_perf_event(struct __test_metadata *_metadata, FIXTURE_DATA(context) * self,
			   __u32 type, __u64 config, const char *missing)
{
	struct perf_event_attr attr = {
		.type = type, .size = sizeof(attr), .config = config, .sample_period = 100000};
	volatile __u64 *count = &self->skeleton->bss->seen[SOURCE_PERF].count;
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	unsigned long turns;

	if (fd < 0)
		SKIP(return, "%s: %s", missing, strerror(errno));
	LOAD(on_perf_event);
	ATTACH(on_perf_event,
	       bpf_program__attach_perf_event(self->skeleton->progs.on_perf_event, fd));
	for (turns = 0; turns < 10000000000UL && !*count; turns++)
		__asm__ volatile("");
	ask__detach(self->skeleton);
	EXPECT_SEEN(SOURCE_PERF);
}

TEST_F(context, a_perf_event_of_a_timer_is_seen)
{
	see_perf_event(_metadata, self, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK,
		       "perf_event_open(2) is refused");
}

TEST_F(context, a_perf_event_that_comes_as_an_nmi_is_seen)
{
	see_perf_event(_metadata, self, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES,
		       "no performance counters here");
}

TEST_HARNESS_MAIN
