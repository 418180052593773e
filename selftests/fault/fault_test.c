// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every call with every allocation and every copy in it failing, one at a time: it
 * succeeds, or says ENOMEM or EFAULT, and leaves nothing behind. The kernel's fault
 * injection does it (Documentation/fault-injection, "fail-nth"): the nth of them in
 * this thread's next call fails; n grows until the call has no nth.
 *
 * A call is made on objects made for it, so that each attempt begins alike.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "device.h"
#include <linux/sundial.h>

#define PAGE	  4096
#define MOST	  500
#define DEBUG_DIR "/sys/kernel/debug/"

/* A set is in whatever state its calls need: registered, slot 0 attached, slot 1 not. */
struct objects {
	int device, kernel, scaled, user, set;
	void *memory;
};

static int answer(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

static int call(int fd, unsigned long command, void *argument)
{
	return answer(syscall(SYS_ioctl, fd, command, argument));
}

/* For calls that return a descriptor. */
static int call_fd(int fd, unsigned long command, void *argument)
{
	int made = call(fd, command, argument);

	return made < 0 ? made : -close(made);
}

static int map(int fd, size_t bytes, int prot, off_t offset)
{
	void *page = mmap(NULL, bytes, prot, MAP_SHARED | MAP_POPULATE, fd, offset);

	return page == MAP_FAILED ? -errno : munmap(page, bytes);
}

static int open_device(struct objects *o)
{
	int fd = open("/dev/sundial", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : -close(fd);
}

static int create_kernel(struct objects *o)
{
	struct sundial_clock_create how = {.count = 1};

	return call_fd(o->device, SUNDIAL_CLOCK_CREATE, &how);
}

static int create_user(struct objects *o)
{
	struct sundial_clock_create how = {.kind = SUNDIAL_KIND_USER, .count = 5};

	return call_fd(o->device, SUNDIAL_CLOCK_CREATE, &how);
}

static int info(struct objects *o)
{
	struct sundial_clock_info info;

	return call(o->kernel, SUNDIAL_CLOCK_INFO, &info);
}

static int set(struct objects *o)
{
	struct sundial_clock_set set = {.now_ns = 10};

	return call(o->kernel, SUNDIAL_CLOCK_SET, &set);
}

static int advance(struct objects *o)
{
	struct sundial_clock_advance advance = {.delta_ns = 10};

	return call(o->kernel, SUNDIAL_CLOCK_ADVANCE, &advance);
}

static int set_rate(struct objects *o)
{
	struct sundial_clock_set_rate rate = {.mult = 2};

	return call(o->scaled, SUNDIAL_CLOCK_SET_RATE, &rate);
}

static int set_offsets(struct objects *o)
{
	struct sundial_clock_set_offsets offsets = {.raw_ns = 2};

	return call(o->kernel, SUNDIAL_CLOCK_SET_OFFSETS, &offsets);
}

static int make_reader(struct objects *o)
{
	struct sundial_clock_reader reader = {0};

	return call_fd(o->kernel, SUNDIAL_CLOCK_READER, &reader);
}

static int wait_for_past(struct objects *o)
{
	struct sundial_clock_wait wait = {.deadline_ns = 0};

	return call(o->kernel, SUNDIAL_CLOCK_WAIT, &wait);
}

static int wait_for_a_moment(struct objects *o)
{
	struct sundial_clock_wait wait = {.deadline_ns = 200000};

	return call(o->scaled, SUNDIAL_CLOCK_WAIT, &wait);
}

static int set_alarm(struct objects *o)
{
	struct sundial_clock_alarm alarm = {.deadline_ns = 0};
	struct pollfd polled = {.fd = o->user, .events = POLLIN};
	__u64 count;
	int ret = call(o->user, SUNDIAL_CLOCK_ALARM, &alarm);

	if (!ret)
		ret = answer(poll(&polled, 1, 0));
	return ret < 0 ? ret : answer(read(o->user, &count, sizeof(count)));
}

static int kick(struct objects *o)
{
	struct sundial_clock_kick kick = {0};

	return call(o->user, SUNDIAL_CLOCK_KICK, &kick);
}

static int bind_and_unbind(struct objects *o)
{
	struct sundial_clock_bind bind = {0}, unbind = {.flags = SUNDIAL_BIND_OFF};
	int ret = call(o->kernel, SUNDIAL_CLOCK_BIND, &bind);

	return ret ? ret : call(o->kernel, SUNDIAL_CLOCK_BIND, &unbind);
}

static int map_kernel(struct objects *o)
{
	return map(o->kernel, PAGE, PROT_READ, 0);
}

static int map_user(struct objects *o)
{
	return map(o->user, 3 * PAGE, PROT_READ | PROT_WRITE, 0);
}

static int create_set(struct objects *o)
{
	struct sundial_tb_create how = {.slots = 600, .vcpus = 70, .events = 300};

	return call_fd(o->device, SUNDIAL_TB_CREATE, &how);
}

static int set_info(struct objects *o)
{
	struct sundial_tb_info info;

	return call(o->set, SUNDIAL_TB_INFO, &info);
}

static int map_set(struct objects *o)
{
	return map(o->set, PAGE, PROT_READ, 0);
}

static int map_vcpus(struct objects *o)
{
	return map(o->set, PAGE, PROT_READ | PROT_WRITE, SUNDIAL_TB_VCPU_OFFSET);
}

static int use_new_set(struct objects *o)
{
	struct sundial_tb_create how = {.slots = 2, .vcpus = 2};
	struct sundial_tb_register registration = {0};
	struct sundial_tb_attach attach = {.address = (uintptr_t)o->memory, .length = PAGE};
	int fd = call(o->device, SUNDIAL_TB_CREATE, &how), ret;

	if (fd < 0)
		return fd;
	ret = call(fd, SUNDIAL_TB_REGISTER, &registration);
	if (!ret)
		ret = call(fd, SUNDIAL_TB_ATTACH, &attach);
	close(fd);
	return ret;
}

static int attach(struct objects *o)
{
	struct sundial_tb_attach attach = {
		.address = (uintptr_t)o->memory, .length = PAGE, .slot = 1};

	return call(o->set, SUNDIAL_TB_ATTACH, &attach);
}

static int detach(struct objects *o)
{
	struct sundial_tb_detach detach = {.slot = 0};

	return call(o->set, SUNDIAL_TB_DETACH, &detach);
}

static int invalidate(struct objects *o)
{
	struct sundial_tb_invalidate invalidate = {.count = 2, .flags = SUNDIAL_TB_SYNC};
	struct sundial_tb_event event;
	int ret = call(o->set, SUNDIAL_TB_INVALIDATE, &invalidate);

	return ret ? ret : answer(read(o->set, &event, sizeof(event)));
}

static int become_vcpu(struct objects *o)
{
	struct sundial_tb_vcpu_call vcpu = {.vcpu = 1};
	struct sundial_tb_vcpu_call leave = {.vcpu = 1, .flags = SUNDIAL_TB_VCPU_OFF};
	int ret = call(o->set, SUNDIAL_TB_VCPU, &vcpu);

	return ret ? ret : call(o->set, SUNDIAL_TB_VCPU, &leave);
}

static int quiescent(struct objects *o)
{
	struct sundial_tb_quiescent quiescent = {0};

	return call(o->set, SUNDIAL_TB_QUIESCENT, &quiescent);
}

/* The notifier's way: it may not fail, whatever does. */
static int change_watched_memory(struct objects *o)
{
	if (mprotect(o->memory, PAGE, PROT_READ) || madvise(o->memory, PAGE, MADV_DONTNEED))
		return -errno;
	return answer(munmap(o->memory, PAGE));
}

static const struct {
	const char *name;
	int (*run)(struct objects *o);
} calls[] = {
	{"open", open_device},
	{"CLOCK_CREATE, kind KERNEL", create_kernel},
	{"CLOCK_CREATE, kind USER", create_user},
	{"CLOCK_INFO", info},
	{"CLOCK_SET", set},
	{"CLOCK_ADVANCE", advance},
	{"CLOCK_SET_RATE", set_rate},
	{"CLOCK_SET_OFFSETS", set_offsets},
	{"CLOCK_READER", make_reader},
	{"CLOCK_WAIT, reached", wait_for_past},
	{"CLOCK_WAIT, asleep", wait_for_a_moment},
	{"CLOCK_ALARM, poll, read", set_alarm},
	{"CLOCK_KICK", kick},
	{"CLOCK_BIND", bind_and_unbind},
	{"mmap, kind KERNEL", map_kernel},
	{"mmap, kind USER", map_user},
	{"TB_CREATE", create_set},
	{"TB_INFO", set_info},
	{"mmap, generations", map_set},
	{"mmap, vCPUs", map_vcpus},
	{"TB_REGISTER, TB_ATTACH", use_new_set},
	{"TB_ATTACH", attach},
	{"TB_DETACH", detach},
	{"TB_INVALIDATE, read", invalidate},
	{"TB_VCPU", become_vcpu},
	{"TB_QUIESCENT", quiescent},
	{"a change of watched memory", change_watched_memory},
};

/* Returns 0, or the errno of what the module refused without any fault. */
static int make(struct objects *o)
{
	struct sundial_clock_create kernel = {.count = 1},
				    user = {.kind = SUNDIAL_KIND_USER, .count = 3};
	struct sundial_clock_create scaled = {.mode = SUNDIAL_MODE_SCALED, .count = 1};
	struct sundial_tb_create how = {.slots = 2, .vcpus = 2, .events = 8};
	struct sundial_tb_register registration = {0};
	struct sundial_tb_attach attach = {.length = PAGE};

	o->device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	o->kernel = call(o->device, SUNDIAL_CLOCK_CREATE, &kernel);
	o->scaled = call(o->device, SUNDIAL_CLOCK_CREATE, &scaled);
	o->user = call(o->device, SUNDIAL_CLOCK_CREATE, &user);
	o->set = call(o->device, SUNDIAL_TB_CREATE, &how);
	o->memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (o->device < 0 || o->kernel < 0 || o->scaled < 0 || o->user < 0 ||
	    o->memory == MAP_FAILED)
		return EIO;
	if (o->set < 0)
		return -o->set;
	attach.address = (uintptr_t)o->memory;
	if (call(o->set, SUNDIAL_TB_REGISTER, &registration) ||
	    call(o->set, SUNDIAL_TB_ATTACH, &attach))
		return EIO;
	return 0;
}

static void unmake(struct objects *o)
{
	close(o->device);
	close(o->kernel);
	close(o->scaled);
	close(o->user);
	if (o->set >= 0)
		close(o->set);
	munmap(o->memory, PAGE);
}

static bool write_file(const char *directory, const char *file, const char *text)
{
	char path[128];
	int fd;
	bool written;

	snprintf(path, sizeof(path), DEBUG_DIR "%s/%s", directory, file);
	fd = open(path, O_WRONLY);
	written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return written;
}

/* By default these spare what may wait for memory, which is nearly everything. */
static bool set_up_injection(void)
{
	write_file("fail_usercopy", "verbose", "0");
	return write_file("failslab", "ignore-gfp-wait", "N") &&
	       write_file("failslab", "verbose", "0") &&
	       write_file("fail_page_alloc", "ignore-gfp-wait", "N") &&
	       write_file("fail_page_alloc", "ignore-gfp-highmem", "N") &&
	       write_file("fail_page_alloc", "min-order", "0") &&
	       write_file("fail_page_alloc", "verbose", "0");
}

static int open_descriptors(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 200; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

FIXTURE(fault)
{
	int nth;
};

FIXTURE_SETUP(fault)
{
	SKIP_IF_DEVICE_REFUSES_USER();
	if (geteuid())
		SKIP_SETUP("needs root, for the knobs of fault injection");
	self->nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (self->nth < 0 || !set_up_injection())
		SKIP_SETUP("this kernel has no fault injection");
}

FIXTURE_TEARDOWN(fault)
{
	close(self->nth);
}

/*
 * One attempt. Returns whether a fault was injected; *result is what the call said.
 * Reading the counter back copies to user space, too: what is injected there was not
 * in the call.
 */
static bool attempt(int nth_file, int nth, int (*run)(struct objects *o), struct objects *o,
		    int *result)
{
	char text[16];
	ssize_t got;

	snprintf(text, sizeof(text), "%d", nth);
	if (write(nth_file, text, strlen(text)) < 0)
		return false;
	*result = run(o);
	memset(text, 0, sizeof(text));
	got = pread(nth_file, text, sizeof(text) - 1, 0);
	if (got < 0)
		return false;
	if (!atoi(text))
		return true;
	if (write(nth_file, "0", 1) < 0)
		perror("fail-nth");
	return false;
}

/* All attempts at one call. */
static void attempts(struct __test_metadata *_metadata, int nth_file, unsigned int which)
{
	int before = open_descriptors(), nth, result = 0;
	const char *name = calls[which].name;
	struct objects o;
	bool injected = true;

	for (nth = 1; injected && nth < MOST; nth++) {
		ASSERT_EQ(0, make(&o));
		injected = attempt(nth_file, nth, calls[which].run, &o, &result);
		EXPECT_TRUE(result >= 0 || (injected && (result == -ENOMEM || result == -EFAULT)))
		{
			TH_LOG("%s, fault %d: error %d", name, nth, -result);
		}
		unmake(&o);
		EXPECT_EQ(before, open_descriptors())
		{
			TH_LOG("%s, fault %d left a descriptor", name, nth);
		}
	}
	EXPECT_FALSE(injected);
	TH_LOG("%s: %d faults", name, nth - 2);
}

TEST_F_TIMEOUT(fault, every_call_survives_the_failure_of_each_of_its_parts, 900)
{
	unsigned int i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		attempts(_metadata, self->nth, i);
}

TEST_HARNESS_MAIN
