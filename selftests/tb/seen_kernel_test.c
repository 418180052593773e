// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a TB set sees when the kernel changes page tables by itself or for others than
 * the calls of seen_test.c: userfaultfd, NUMA balancing, huge pages, merging, uprobes.
 * A test for each row of sundial_tb(4). The twin sees none of it, so device only.
 */
#include "common.h"

#include <linux/perf_event.h>
#include <linux/userfaultfd.h>

#define PAGES	  4
#define HUGE_PAGE (2UL << 20)

#ifndef UFFDIO_MOVE /* 6.8 */
#define UFFD_FEATURE_MOVE (1 << 16)
struct uffdio_move {
	__u64 dst, src, len, mode;
	__s64 move;
};
#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#endif

/* Takes all events out; a bit for each reason among them. */
static unsigned int reasons(struct sundial_tb *tb)
{
	struct sundial_tb_event event;
	unsigned int seen = 0;

	memset(&event, POISON, sizeof(event));
	while (sundial_tb_read(tb, &event, 1, 0) == 1)
		seen |= 1U << event.reason;
	return seen;
}

/* A set whose slot 0 has this range and nothing to tell yet. */
#define WATCH(address, length)                                                 \
	do {                                                                   \
		SET(1, 0, 64);                                                 \
		ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, address, length)); \
		reasons(self->tb);                                             \
	} while (0)

#define EXPECT_SEEN(its_reason, statement)                            \
	do {                                                          \
		__u64 before = generation(self->tb, 0);               \
                                                                      \
		statement;                                            \
		EXPECT_NE(before, generation(self->tb, 0));           \
		EXPECT_NE(0, reasons(self->tb) & 1U << (its_reason)); \
	} while (0)

#define EXPECT_NOT_SEEN(statement)                          \
	do {                                                \
		__u64 before = generation(self->tb, 0);     \
                                                            \
		statement;                                  \
		EXPECT_EQ(before, generation(self->tb, 0)); \
		EXPECT_EQ(0, reasons(self->tb));            \
	} while (0)

static bool has_file_value(const char *path, const char *value)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return !strncmp(text, value, strlen(value));
}

static int write_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	ssize_t written = write(fd, value, strlen(value));

	close(fd);
	return written == (ssize_t)strlen(value) ? 0 : -1;
}

/* A userfaultfd for this range, in mode; negative if the kernel has none such. */
static int user_faults(void *address, size_t length, __u64 mode, __u64 features)
{
	struct uffdio_api api = {.api = UFFD_API, .features = features};
	struct uffdio_register how = {
		.range = {(uintptr_t)address, length},
		.mode = mode,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	if (fd < 0)
		return -1;
	if (!ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &how))
		return fd;
	close(fd);
	return -1;
}

TEST_F(device, write_protection_by_userfaultfd_is_seen_and_so_is_its_end)
{
	char *memory = map_anonymous(PAGES);
	struct uffdio_writeprotect protect = {
		.range = {(uintptr_t)memory + PAGE, PAGE},
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = user_faults(memory, PAGES * PAGE, UFFDIO_REGISTER_MODE_WP,
			     UFFD_FEATURE_PAGEFAULT_FLAG_WP);

	if (fd < 0)
		SKIP(return, "no userfaultfd that write-protects");
	WATCH(memory, PAGES * PAGE);
	EXPECT_SEEN(SUNDIAL_TB_PROTECTED, EXPECT_EQ(0, ioctl(fd, UFFDIO_WRITEPROTECT, &protect)));
	protect.mode = 0;
	EXPECT_SEEN(SUNDIAL_TB_PROTECTED, EXPECT_EQ(0, ioctl(fd, UFFDIO_WRITEPROTECT, &protect)));
	close(fd);
}

TEST_F(device, a_page_that_userfaultfd_moves_away_is_seen)
{
	char *memory = map_anonymous(PAGES);
	char *there = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_move move = {(uintptr_t)there, (uintptr_t)memory + PAGE, PAGE, 0, 0};
	int fd = user_faults(there, PAGE, UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_MOVE);

	if (fd < 0)
		SKIP(return, "no userfaultfd that moves pages");
	WATCH(memory, PAGES * PAGE);
	EXPECT_SEEN(SUNDIAL_TB_CLEARED, EXPECT_EQ(0, ioctl(fd, UFFDIO_MOVE, &move)));
	EXPECT_EQ(0x55, there[0]);
	EXPECT_EQ(0, memory[PAGE]);
	close(fd);
}

/* Nobody has read a page that is missing. How it came to be missing was seen. */
TEST_F(device, a_missing_page_that_userfaultfd_fills_is_not_seen)
{
	char *from = map_anonymous(1);
	char *memory = map_anonymous(PAGES);
	struct uffdio_copy copy = {
		.dst = (uintptr_t)memory + PAGE,
		.src = (uintptr_t)from,
		.len = PAGE,
	};
	int fd = user_faults(memory, PAGES * PAGE, UFFDIO_REGISTER_MODE_MISSING, 0);

	if (fd < 0)
		SKIP(return, "no userfaultfd");
	WATCH(memory, PAGES * PAGE);
	EXPECT_SEEN(SUNDIAL_TB_CLEARED, EXPECT_EQ(0, madvise(memory + PAGE, PAGE, MADV_DONTNEED)));
	EXPECT_NOT_SEEN(EXPECT_EQ(0, ioctl(fd, UFFDIO_COPY, &copy)));
	EXPECT_EQ(0x55, memory[PAGE]);
	close(fd);
}

/* It looks at a process that uses its CPU, after a second of that. */
TEST_F_TIMEOUT(device, numa_balancing_is_seen, 300)
{
	char *memory = map_anonymous(PAGES);
	__u64 before;

	if (access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "there is one node");
	if (!has_file_value("/proc/sys/kernel/numa_balancing", "1"))
		SKIP(return, "the kernel does not balance");
	WATCH(memory, PAGES * PAGE);
	before = generation(self->tb, 0);
	while (generation_now(self->tb, 0) == before)
		((volatile char *)memory)[0]++;
	EXPECT_EQ(0, generation(self->tb, 0) & 1);
	EXPECT_NE(0, reasons(self->tb) & 1U << SUNDIAL_TB_PROTECTED);
}

#define HUGE_PAGES "/proc/sys/vm/nr_hugepages"

/* They are copied or protected at fork, which the kernel tells as if they were taken. */
TEST_F(device, fork_of_private_huge_pages_of_hugetlbfs_is_seen)
{
	char *memory;
	pid_t pid;

	if (geteuid())
		SKIP(return, "needs root");
	if (write_file(HUGE_PAGES, "2"))
		SKIP(return, "the kernel has no huge pages");
	memory = mmap(NULL, HUGE_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1, 0);
	if (memory == MAP_FAILED) {
		write_file(HUGE_PAGES, "0");
		SKIP(return, "there is no memory for a huge page");
	}
	memset(memory, 0x55, HUGE_PAGE);
	WATCH(memory, HUGE_PAGE);
	EXPECT_SEEN(SUNDIAL_TB_CLEARED, {
		pid = fork_child();
		if (!pid)
			_exit(memory[PAGE] == 0x55 ? 0 : 1);
		EXPECT_EQ(0, child_status(pid));
	});
	EXPECT_EQ(0x55, memory[0]);
	munmap(memory, HUGE_PAGE);
	EXPECT_EQ(0, write_file(HUGE_PAGES, "0"));
}

#define KSM "/sys/kernel/mm/ksm/"

TEST_F_TIMEOUT(device, pages_that_are_merged_and_parted_again_are_seen, 300)
{
	char *memory = map_anonymous(PAGES);
	__u64 before;

	if (geteuid())
		SKIP(return, "needs root");
	if (write_file(KSM "run", "1") || madvise(memory, PAGES * PAGE, MADV_MERGEABLE))
		SKIP(return, "the kernel merges no pages");
	write_file(KSM "sleep_millisecs", "1");
	WATCH(memory, PAGES * PAGE);
	before = generation(self->tb, 0);
	while (has_file_value(KSM "pages_sharing", "0\n"))
		usleep(1000);
	EXPECT_NE(before, generation(self->tb, 0));
	EXPECT_NE(0, reasons(self->tb) & 1U << SUNDIAL_TB_CLEARED);
	EXPECT_SEEN(SUNDIAL_TB_CLEARED, EXPECT_EQ(0, write_file(KSM "run", "2")));
	EXPECT_EQ(0x55, memory[PAGE]);
	EXPECT_EQ(0, write_file(KSM "run", "0"));
}

TEST_F(device, the_breakpoint_of_a_uprobe_is_seen)
{
	char path[] = "/tmp/sundial-tb-XXXXXX", code[PAGE], type[16] = "";
	struct perf_event_attr attr = {.size = sizeof(attr), .config1 = (uintptr_t)path};
	int fd = mkstemp(path), types, probe;
	char *memory;

	if (geteuid())
		SKIP(return, "needs root");
	types = open("/sys/bus/event_source/devices/uprobe/type", O_RDONLY);
	if (read(types, type, sizeof(type) - 1) <= 0)
		SKIP(return, "the kernel has no uprobes");
	close(types);
	attr.type = atoi(type);
	memset(code, 0x90, sizeof(code)); /* nop */
	ASSERT_EQ(PAGE, write(fd, code, sizeof(code)));
	memory = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_EQ(0x90, *(volatile unsigned char *)memory);
	WATCH(memory, PAGE);
	EXPECT_SEEN(SUNDIAL_TB_CLEARED, {
		probe = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
		ASSERT_LE(0, probe);
	});
	EXPECT_EQ(0xcc, *(volatile unsigned char *)memory);
	EXPECT_SEEN(SUNDIAL_TB_CLEARED, EXPECT_EQ(0, close(probe)));
	EXPECT_EQ(0x90, *(volatile unsigned char *)memory);
	unlink(path);
	close(fd);
}

TEST_HARNESS_MAIN
