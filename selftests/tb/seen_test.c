// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a TB set sees of the changes of an attached range, and what it does not: one
 * test for each row of the two lists in sundial_tb(4), over each kind of memory. A
 * test of the second list asserts that nothing was seen, so that the page stays true.
 */
#include <sys/ptrace.h>

#include "common.h"

#define PAGES 8
#define SLOT  1

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum kind { PRIVATE_FILE, SHARED_FILE, ANONYMOUS, SHMEM };

FIXTURE(memory)
{
	struct sundial_tb *tb;
	char *map; /* PAGES, all present; attached to SLOT */
	int fd;	   /* what is mapped, or -1 */
	bool shared;
	bool device;
	__u64 before;
};

FIXTURE_VARIANT(memory)
{
	unsigned int backing;
	enum kind kind;
};

#define KINDS(name, its_backing)                                                                  \
	FIXTURE_VARIANT_ADD(memory, name##_private_file){.backing = its_backing,                  \
							 .kind = PRIVATE_FILE};                   \
	FIXTURE_VARIANT_ADD(memory, name##_shared_file){.backing = its_backing,                   \
							.kind = SHARED_FILE};                     \
	FIXTURE_VARIANT_ADD(memory, name##_anonymous){.backing = its_backing, .kind = ANONYMOUS}; \
	FIXTURE_VARIANT_ADD(memory, name##_shmem){.backing = its_backing, .kind = SHMEM};

#ifndef SUNDIAL_TEST_MEMFD_ONLY
KINDS(device, SUNDIAL_BACKING_DEVICE)
#endif
KINDS(memfd, SUNDIAL_BACKING_MEMFD)

static int temporary_file(void)
{
	char path[] = "/tmp/sundial-tb-XXXXXX";
	char page[PAGE];
	int fd = mkstemp(path);
	int i;

	unlink(path);
	memset(page, 0x55, sizeof(page));
	for (i = 0; i < PAGES; i++)
		if (write(fd, page, sizeof(page)) != sizeof(page))
			return -1;
	return fd;
}

/* Makes every page present without writing to it. */
static int read_all(const char *map)
{
	int sum = 0;
	int i;

	for (i = 0; i < PAGES; i++)
		sum += ((volatile const char *)map)[i * PAGE];
	return sum;
}

static char *map_kind(enum kind kind, int *fd)
{
	int how = kind == PRIVATE_FILE || kind == ANONYMOUS ? MAP_PRIVATE : MAP_SHARED;
	char *map;

	*fd = -1;
	if (kind == PRIVATE_FILE || kind == SHARED_FILE) {
		*fd = temporary_file();
	} else if (kind == SHMEM) {
		*fd = memfd_create("shmem", 0);
		if (ftruncate(*fd, PAGES * PAGE))
			return MAP_FAILED;
	} else {
		how |= MAP_ANONYMOUS;
	}
	map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, how, *fd, 0);
	if (map == MAP_FAILED)
		return map;
	/* a private file's pages stay the file's own */
	if (kind != PRIVATE_FILE)
		memset(map, 0x55, PAGES * PAGE);
	read_all(map);
	return map;
}

FIXTURE_SETUP(memory)
{
	memset(self, 0, sizeof(*self));
	self->fd = -1;
	self->device = variant->backing == SUNDIAL_BACKING_DEVICE;
	if (self->device)
		SKIP_IF_DEVICE_REFUSES_USER();
	self->shared = variant->kind == SHARED_FILE || variant->kind == SHMEM;
	ASSERT_EQ(0, make_set(variant->backing, 2, 0, 64, &self->tb));
	self->map = map_kind(variant->kind, &self->fd);
	ASSERT_NE(MAP_FAILED, (void *)self->map);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, SLOT, self->map, PAGES * PAGE));
	self->before = generation(self->tb, SLOT);
}

FIXTURE_TEARDOWN(memory)
{
	sundial_tb_close(self->tb);
	munmap(self->map, PAGES * PAGE);
	close(self->fd);
}

/* The page tables of count pages from first on change in statement, which is seen. */
#define EXPECT_SEEN(first, count, its_reason, statement)                                         \
	do {                                                                                     \
		CHANGE(self->tb, self->map + (first)*PAGE, (count)*PAGE, its_reason, statement); \
		EXPECT_NE(self->before, generation(self->tb, SLOT));                             \
		EXPECT_EQ(0, generation(self->tb, SLOT) & 1);                                    \
		EXPECT_EQ(2, generation(self->tb, 0));                                           \
		expect_event(_metadata, self->tb, first, count, its_reason);                     \
		self->before = generation(self->tb, SLOT);                                       \
	} while (0)

#define EXPECT_NOT_SEEN(statement)                                   \
	do {                                                         \
		self->before = generation(self->tb, SLOT);           \
		statement;                                           \
		EXPECT_EQ(self->before, generation(self->tb, SLOT)); \
	} while (0)

/* Among the events is one that tells of at least these pages, for this reason. */
static void expect_event(struct __test_metadata *_metadata, struct sundial_tb *tb, int first,
			 int count, __u32 reason)
{
	struct sundial_tb_event event;
	bool found = false;

	memset(&event, POISON, sizeof(event));
	while (sundial_tb_read(tb, &event, 1, 0) == 1) {
		EXPECT_TRUE(event.slot == SLOT);
		EXPECT_LE(event.end, PAGES * PAGE);
		found |= event.reason == reason && event.start <= first * PAGE &&
			 event.end >= (first + count) * PAGE;
	}
	EXPECT_TRUE(found);
}

TEST_F(memory, munmap_is_seen)
{
	EXPECT_SEEN(2, 1, SUNDIAL_TB_UNMAPPED, munmap(self->map + 2 * PAGE, PAGE));
}

TEST_F(memory, mapping_over_it_is_seen)
{
	EXPECT_SEEN(2, 2, SUNDIAL_TB_UNMAPPED,
		    mmap(self->map + 2 * PAGE, 2 * PAGE, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

TEST_F(memory, mprotect_is_seen_each_time)
{
	EXPECT_SEEN(0, PAGES, SUNDIAL_TB_PROTECTED, mprotect(self->map, PAGES * PAGE, PROT_READ));
	EXPECT_SEEN(1, 1, SUNDIAL_TB_PROTECTED, mprotect(self->map + PAGE, PAGE, PROT_NONE));
}

TEST_F(memory, mremap_is_seen)
{
	char *there = NULL;

	EXPECT_SEEN(0, PAGES, SUNDIAL_TB_UNMAPPED,
		    there = mremap(self->map, PAGES * PAGE, PAGES * PAGE,
				   MREMAP_MAYMOVE | MREMAP_FIXED,
				   mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
					-1, 0)));
	EXPECT_EQ(0x55, there[0]);
	munmap(there, PAGES * PAGE);
}

TEST_F(memory, madv_dontneed_is_seen)
{
	EXPECT_SEEN(3, 2, SUNDIAL_TB_CLEARED,
		    madvise(self->map + 3 * PAGE, 2 * PAGE, MADV_DONTNEED));
}

TEST_F(memory, truncation_is_seen)
{
	if (self->fd < 0)
		SKIP(return, "there is no file to truncate");
	EXPECT_SEEN(4, 4, SUNDIAL_TB_CLEARED, EXPECT_EQ(0, ftruncate(self->fd, 4 * PAGE)));
}

TEST_F(memory, a_hole_punched_into_the_file_is_seen)
{
	if (self->fd < 0)
		SKIP(return, "there is no file to punch");
	EXPECT_SEEN(
		4, 1, SUNDIAL_TB_CLEARED,
		EXPECT_EQ(0, fallocate(self->fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, 4 * PAGE, PAGE)));
}

/* The rest of the first list, which nobody but the kernel can see. */
static int force_write(char *address)
{
	int memory = open("/proc/self/mem", O_RDWR);
	int ret = pwrite(memory, "x", 1, (off_t)address) == 1 ? 0 : -1;

	close(memory);
	return ret;
}

#define DEVICE_ALONE()                                                        \
	do {                                                                  \
		if (!self->device)                                            \
			SKIP(return, "the twin is told by its engine alone"); \
	} while (0)

TEST_F(memory, a_forced_write_that_copies_is_seen_and_a_second_one_is_not)
{
	DEVICE_ALONE();
	if (variant->kind != PRIVATE_FILE)
		SKIP(return, "only the pages of a private file are copied for it");
	mprotect(self->map, PAGES * PAGE, PROT_READ);
	while (sundial_tb_read(self->tb, &(struct sundial_tb_event){}, 1, 0) == 1)
		;
	read_all(self->map);
	EXPECT_SEEN(2, 1, SUNDIAL_TB_CLEARED, EXPECT_EQ(0, force_write(self->map + 2 * PAGE)));
	EXPECT_EQ('x', self->map[2 * PAGE]);
	EXPECT_NOT_SEEN(EXPECT_EQ(0, force_write(self->map + 2 * PAGE + 1)));
	EXPECT_EQ('x', self->map[2 * PAGE + 1]);
}

TEST_F(memory, a_debugger_that_pokes_is_seen_the_first_time_only)
{
	int go[2], done[2];
	pid_t pid;

	DEVICE_ALONE();
	if (variant->kind != PRIVATE_FILE)
		SKIP(return, "only the pages of a private file are copied for it");
	mprotect(self->map, PAGES * PAGE, PROT_READ);
	ASSERT_EQ(0, pipe(go) | pipe(done));
	pid = fork_child();
	if (!pid) {
		if (sundial_tb_register(self->tb) ||
		    sundial_tb_attach(self->tb, 0, self->map, PAGES * PAGE))
			_exit(1);
		read_all(self->map);
		pipe_put(done[1]);
		pipe_get(go[0]);
		_exit(0);
	}
	pipe_get(done[0]);
	EXPECT_EQ(4, generation(self->tb, 0));
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, pid, self->map, 1L));
	EXPECT_EQ(6, generation(self->tb, 0));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, pid, self->map + 8, 2L));
	EXPECT_EQ(6, generation(self->tb, 0));
	ptrace(PTRACE_DETACH, pid, 0, 0);
	pipe_put(go[1]);
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(memory, exit_of_a_process_that_shares_the_set_is_seen)
{
	struct sundial_tb_info info;
	pid_t pid;

	DEVICE_ALONE();
	pid = fork_child();
	if (!pid) {
		if (sundial_tb_register(self->tb) ||
		    sundial_tb_attach(self->tb, 0, self->map, PAGES * PAGE))
			_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(6, generation(self->tb, 0));
	EXPECT_EQ(self->before, generation(self->tb, SLOT));
	do {
		ASSERT_EQ(0, sundial_tb_info(self->tb, &info));
	} while (info.spaces > 1 && !usleep(1000));
	EXPECT_EQ(1, info.ranges);
}

TEST_F(memory, exec_of_a_process_that_shares_the_set_is_seen)
{
	struct sundial_tb_event event;
	int done[2], go[2];
	pid_t pid;

	DEVICE_ALONE();
	ASSERT_EQ(0, pipe(done) | pipe(go));
	while (sundial_tb_read(self->tb, &event, 1, 0) == 1)
		;
	pid = fork_child();
	if (!pid) {
		if (sundial_tb_register(self->tb) ||
		    sundial_tb_attach(self->tb, 0, self->map, PAGES * PAGE))
			_exit(1);
		dup2(go[0], 0);
		close(go[1]);
		pipe_put(done[1]);
		execl("/bin/cat", "cat", NULL);
		_exit(2);
	}
	close(go[0]);
	pipe_get(done[0]);
	ASSERT_EQ(1, sundial_tb_read(self->tb, &event, 1, SUNDIAL_TB_FOREVER));
	EXPECT_EQ(SUNDIAL_TB_ATTACHED, event.reason);
	memset(&event, POISON, sizeof(event));
	ASSERT_EQ(1, sundial_tb_read(self->tb, &event, 1, SUNDIAL_TB_FOREVER));
	EXPECT_EQ(SUNDIAL_TB_ENDED, event.reason);
	EXPECT_EQ(0, event.slot);
	EXPECT_EQ(0, event.start);
	EXPECT_EQ(PAGES * PAGE, event.end);
	EXPECT_EQ(0, kill(pid, 0));
	close(go[1]);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(6, generation(self->tb, 0));
}

TEST_F(memory, fork_alone_changes_nothing_and_a_copy_on_write_after_it_is_seen)
{
	int go[2];
	pid_t pid;

	DEVICE_ALONE();
	ASSERT_EQ(0, pipe(go));
	EXPECT_NOT_SEEN({
		pid = fork_child();
		if (!pid) {
			pipe_get(go[0]);
			_exit(self->map[0] == 0x55 || self->shared ? 0 : 1);
		}
	});
	while (sundial_tb_read(self->tb, &(struct sundial_tb_event){}, 1, 0) == 1)
		;
	if (self->shared)
		EXPECT_NOT_SEEN(self->map[0] = 1);
	else
		EXPECT_SEEN(0, 1, SUNDIAL_TB_CLEARED, self->map[0] = 1);
	pipe_put(go[1]);
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(memory, soft_dirty_tracking_changes_nothing)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	DEVICE_ALONE();
	EXPECT_NOT_SEEN(if (write(fd, "4", 1) != 1) SKIP(return, "no soft-dirty tracking"));
	close(fd);
}

TEST_F(memory, migration_to_another_node_is_seen)
{
	void *page = self->map;
	int node, status = -1;

	DEVICE_ALONE();
	if (access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "there is one node");
	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) || status < 0)
		SKIP(return, "the page's node is not known");
	node = status == 1 ? 0 : 1;
	while (sundial_tb_read(self->tb, &(struct sundial_tb_event){}, 1, 0) == 1)
		;
	EXPECT_SEEN(0, 1, SUNDIAL_TB_CLEARED,
		    EXPECT_EQ(0, syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, 2)));
	EXPECT_EQ(node, status);
}

/* The second list. */
TEST_F(memory, a_store_through_a_writable_entry_is_not_seen)
{
	self->map[0] = 1; /* a private file's page is copied by this one */
	EXPECT_NOT_SEEN(self->map[1] = 2);
}

TEST_F(memory, process_vm_writev_to_a_writable_entry_is_not_seen)
{
	char value = 7;
	struct iovec from = {&value, 1}, to = {self->map + 9, 1};

	self->map[0] = 1;
	EXPECT_NOT_SEEN(EXPECT_EQ(1, process_vm_writev(getpid(), &from, 1, &to, 1, 0)));
	EXPECT_EQ(7, self->map[9]);
}

TEST_F(memory, a_store_through_another_mapping_is_not_seen)
{
	char *other;

	if (self->fd < 0)
		SKIP(return, "there is no other mapping of it");
	other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)other);
	EXPECT_NOT_SEEN(other[0] = 99);
	EXPECT_EQ(99, self->map[0]);
	munmap(other, PAGE);
}

TEST_F(memory, write_to_the_file_is_not_seen)
{
	if (self->fd < 0)
		SKIP(return, "there is no file");
	EXPECT_NOT_SEEN(EXPECT_EQ(1, pwrite(self->fd, "w", 1, 0)));
	EXPECT_EQ('w', self->map[0]);
}

TEST_F(memory, a_forced_write_to_a_page_of_its_own_is_not_seen)
{
	if (variant->kind != ANONYMOUS)
		SKIP(return, "only anonymous pages are the process's own");
	CHANGE(self->tb, self->map, PAGES * PAGE, SUNDIAL_TB_PROTECTED,
	       mprotect(self->map, PAGES * PAGE, PROT_READ));
	EXPECT_NOT_SEEN(EXPECT_EQ(0, force_write(self->map)));
	EXPECT_EQ('x', self->map[0]);
}

TEST_F(memory, a_change_beside_the_range_is_not_seen)
{
	char *beside = map_anonymous(2);

	EXPECT_NOT_SEEN(
		CHANGE(self->tb, beside, 2 * PAGE, SUNDIAL_TB_UNMAPPED, munmap(beside, 2 * PAGE)));
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY

#define HUGE (2UL << 20)

TEST_F(device, a_huge_page_that_is_made_or_split_is_seen)
{
	char *map =
		mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge = (char *)(((uintptr_t)map + HUGE - 1) & ~(HUGE - 1));
	__u64 before;

	SET(1, 0, 0);
	memset(huge, 1, HUGE);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, huge, PAGE));
	before = generation(self->tb, 0);
	if (madvise(huge, HUGE, MADV_COLLAPSE))
		SKIP(return, "no huge page could be made");
	EXPECT_NE(before, generation(self->tb, 0));
	before = generation(self->tb, 0);
	EXPECT_EQ(0, munmap(huge + HUGE / 2, PAGE));
	EXPECT_NE(before, generation(self->tb, 0));
	EXPECT_EQ(0, generation(self->tb, 0) & 1);
}

TEST_F(device, reclaim_is_seen)
{
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, temporary_file(), 0);
	__u64 before;

	SET(1, 0, 0);
	ASSERT_NE(MAP_FAILED, (void *)map);
	EXPECT_EQ(0x55, map[0]);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, map, PAGE));
	before = generation(self->tb, 0);
	if (madvise(map, PAGE, MADV_PAGEOUT))
		SKIP(return, "this kernel cannot be asked to reclaim");
	if (before == generation(self->tb, 0))
		SKIP(return, "the page was not reclaimed: its file is in memory only");
	EXPECT_EQ(0, generation(self->tb, 0) & 1);
}

#endif

TEST_HARNESS_MAIN
