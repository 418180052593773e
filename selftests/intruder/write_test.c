// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ways in to a page that is shown read-only: whatever call a process makes, its
 * mapping does not become writable and the page does not change; neither from a
 * debugger, nor as root. Each way is first tried on ordinary memory that is mapped
 * in the same manner but may be written, where it must work: a way that cannot work
 * at all shows nothing.
 */
#include "common.h"

#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/user.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct prey {
	unsigned char *page; /* mapped read-only */
	int fd;
	off_t offset;
};

/* A way: true if it wrote EVIL at TARGET, or made the page writable. */
typedef bool way(const struct prey *prey);

static __u64 *target(const struct prey *prey)
{
	return (__u64 *)(prey->page + TARGET);
}

static bool by_mprotect(const struct prey *prey)
{
	if (mprotect(prey->page, PAGE, RW))
		return false;
	*target(prey) = EVIL;
	return true;
}

static bool by_mprotect_write_only(const struct prey *prey)
{
	if (mprotect(prey->page, PAGE, PROT_WRITE))
		return false;
	*target(prey) = EVIL;
	return true;
}

static bool by_pkey(const struct prey *prey)
{
	int key = syscall(SYS_pkey_alloc, 0, 0);
	bool done = !syscall(SYS_pkey_mprotect, prey->page, PAGE, RW, key < 0 ? -1 : key);

	if (done)
		*target(prey) = EVIL;
	if (key >= 0)
		syscall(SYS_pkey_free, key);
	return done;
}

static bool by_mapping_over_it(const struct prey *prey)
{
	return mmap(prey->page, PAGE, RW, MAP_SHARED | MAP_FIXED, prey->fd, prey->offset) !=
	       MAP_FAILED;
}

static bool by_mapping_write_only(const struct prey *prey)
{
	return mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED_VALIDATE, prey->fd, prey->offset) !=
	       MAP_FAILED;
}

/* A private copy would be no harm, but there is none to be had either. */
static bool by_private_mapping(const struct prey *prey)
{
	return mmap(NULL, PAGE, RW, MAP_PRIVATE, prey->fd, prey->offset) != MAP_FAILED;
}

static bool by_mremap(const struct prey *prey)
{
	void *moved = mremap(prey->page, 0, PAGE, MREMAP_MAYMOVE);

	return moved != MAP_FAILED && !mprotect(moved, PAGE, RW);
}

static bool by_remap_file_pages(const struct prey *prey)
{
	syscall(SYS_remap_file_pages, prey->page, PAGE, 0, 0, 0);
	return by_mprotect(prey);
}

static bool by_fork(const struct prey *prey)
{
	pid_t pid = fork_child();

	if (!pid)
		_exit(by_mprotect(prey));
	return child_status(pid);
}

static bool by_mem_file(const struct prey *prey)
{
	__u64 evil = EVIL;
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	bool done = mem >= 0 &&
		    pwrite(mem, &evil, sizeof(evil), (uintptr_t)target(prey)) == sizeof(evil);

	close(mem);
	return done;
}

static bool by_process_vm_writev(const struct prey *prey)
{
	__u64 evil = EVIL;
	struct iovec local = {&evil, sizeof(evil)}, remote = {target(prey), sizeof(evil)};

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == sizeof(evil);
}

static bool by_read(const struct prey *prey)
{
	__u64 evil = EVIL;
	int fds[2];
	bool done = !pipe(fds) && write(fds[1], &evil, sizeof(evil)) == sizeof(evil) &&
		    read(fds[0], target(prey), sizeof(evil)) == sizeof(evil);

	close(fds[0]);
	close(fds[1]);
	return done;
}

static bool by_recv(const struct prey *prey)
{
	__u64 evil = EVIL;
	int fds[2];
	bool done = !socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) &&
		    send(fds[1], &evil, sizeof(evil), 0) == sizeof(evil) &&
		    recv(fds[0], target(prey), sizeof(evil), 0) == sizeof(evil);

	close(fds[0]);
	close(fds[1]);
	return done;
}

static bool by_getrandom(const struct prey *prey)
{
	return syscall(SYS_getrandom, target(prey), 8, 0) == 8;
}

static bool by_futex(const struct prey *prey)
{
	static int other;

	return syscall(SYS_futex, &other, FUTEX_WAKE_OP, 0, 0, target(prey),
		       FUTEX_OP(FUTEX_OP_SET, 0x41, FUTEX_OP_CMP_EQ, 0)) >= 0;
}

static bool by_populate(const struct prey *prey)
{
	return !madvise(prey->page, PAGE, MADV_POPULATE_WRITE);
}

/* The kernel reads a file into the mapping, from a thread of its own. */
static bool by_aio(const struct prey *prey)
{
	struct iocb block = {.aio_lio_opcode = IOCB_CMD_PREAD,
			     .aio_nbytes = 8,
			     .aio_buf = (uintptr_t)target(prey)};
	struct iocb *blocks[] = {&block};
	struct io_event event = {.res = -1};
	aio_context_t context = 0;
	__u64 evil = EVIL;

	block.aio_fildes = syscall(SYS_memfd_create, "intruder", 0);
	if (pwrite(block.aio_fildes, &evil, sizeof(evil), 0) != sizeof(evil) ||
	    syscall(SYS_io_setup, 1, &context))
		return false;
	if (syscall(SYS_io_submit, context, 1, blocks) == 1)
		syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
	syscall(SYS_io_destroy, context);
	close(block.aio_fildes);
	return event.res == 8;
}

/* A debugger, in each of its ways; the child is the reader. */
static bool by_debugger(const struct prey *prey, bool (*poke)(pid_t pid, const struct prey *prey))
{
	pid_t pid = fork_child();
	bool done;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	done = poke(pid, prey);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return done;
}

static bool poke_data(pid_t pid, const struct prey *prey)
{
	return !ptrace(PTRACE_POKEDATA, pid, target(prey), EVIL);
}

static bool poke_mem_file(pid_t pid, const struct prey *prey)
{
	char path[40];
	__u64 evil = EVIL;
	int mem;
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	done = mem >= 0 &&
	       pwrite(mem, &evil, sizeof(evil), (uintptr_t)target(prey)) == sizeof(evil);
	close(mem);
	return done;
}

static bool poke_process_vm(pid_t pid, const struct prey *prey)
{
	__u64 evil = EVIL;
	struct iovec local = {&evil, sizeof(evil)}, remote = {target(prey), sizeof(evil)};

	return process_vm_writev(pid, &local, 1, &remote, 1, 0) == sizeof(evil);
}

static bool by_ptrace(const struct prey *prey)
{
	return by_debugger(prey, poke_data);
}

static bool by_debuggers_mem_file(const struct prey *prey)
{
	return by_debugger(prey, poke_mem_file);
}

static bool by_debuggers_process_vm(const struct prey *prey)
{
	return by_debugger(prey, poke_process_vm);
}

/* Fills a page of its own, dropped before, with what the intruder likes. */
static bool by_userfaultfd(const struct prey *prey)
{
	static unsigned char evil[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.range = {(uintptr_t)prey->page, PAGE},
					.mode = UFFDIO_REGISTER_MODE_MISSING};
	struct uffdio_copy copy = {
		.dst = (uintptr_t)prey->page, .src = (uintptr_t)evil, .len = PAGE};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1 /* UFFD_USER_MODE_ONLY */);
	bool done;

	memset(evil, 0x41, sizeof(evil));
	madvise(prey->page, PAGE, MADV_REMOVE);
	madvise(prey->page, PAGE, MADV_DONTNEED);
	done = fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &range) &&
	       !ioctl(fd, UFFDIO_COPY, &copy);
	close(fd);
	return done;
}

static bool by_write(const struct prey *prey)
{
	__u64 evil = EVIL;

	return pwrite(prey->fd, &evil, sizeof(evil), prey->offset + TARGET) == sizeof(evil);
}

static bool by_truncation(const struct prey *prey)
{
	return !ftruncate(prey->fd, 0);
}

static bool by_hole(const struct prey *prey)
{
	return !fallocate(prey->fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, 0, PAGE);
}

static bool by_opening_again(const struct prey *prey)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", prey->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static const struct {
	const char *name;
	way *run;
	bool needs_write; /* to work anywhere, PROT_WRITE must be there from the beginning */
} ways[] = {
	{"mprotect", by_mprotect},
	{"mprotect, write only", by_mprotect_write_only},
	{"pkey_mprotect", by_pkey},
	{"mmap over it", by_mapping_over_it},
	{"mmap, write only", by_mapping_write_only},
	{"mmap, private", by_private_mapping},
	{"mremap, doubled", by_mremap},
	{"remap_file_pages", by_remap_file_pages},
	{"fork, then mprotect", by_fork},
	{"/proc/self/mem", by_mem_file, true},
	{"process_vm_writev", by_process_vm_writev, true},
	{"read", by_read, true},
	{"recv", by_recv, true},
	{"getrandom", by_getrandom, true},
	{"FUTEX_WAKE_OP", by_futex, true},
	{"MADV_POPULATE_WRITE", by_populate, true},
	{"io_submit", by_aio, true},
	{"PTRACE_POKEDATA", by_ptrace, true},
	{"a debugger's /proc/PID/mem", by_debuggers_mem_file, true},
	{"a debugger's process_vm_writev", by_debuggers_process_vm, true},
	{"userfaultfd", by_userfaultfd},
	{"write", by_write},
	{"ftruncate", by_truncation},
	{"fallocate", by_hole},
	{"open again through /proc", by_opening_again},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

FIXTURE(write)
{
	struct prey prey;
};

FIXTURE_VARIANT(write)
{
	enum view view;
};

FIXTURE_VARIANT_ADD(write, kernel){.view = VIEW_KERNEL};
FIXTURE_VARIANT_ADD(write, kernel_reader){.view = VIEW_KERNEL_READER};
FIXTURE_VARIANT_ADD(write, user_reader){.view = VIEW_USER_READER};
FIXTURE_VARIANT_ADD(write, generations){.view = VIEW_GENERATIONS};

FIXTURE_SETUP(write)
{
	SKIP_IF_DEVICE_REFUSES_USER();
	self->prey.fd = make_view(variant->view);
	ASSERT_LE(0, self->prey.fd);
	self->prey.page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->prey.fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->prey.page);
}

FIXTURE_TEARDOWN(write)
{
	close(self->prey.fd);
}

/* In a child each: one that got in must not help the next. */
static bool got_in(const struct prey *prey, unsigned int which)
{
	pid_t pid = fork_child();

	if (!pid) {
		/* a reader's mapping may not be inherited: its own, then, at the same place */
		if (madvise(prey->page, PAGE, MADV_WILLNEED) && errno == ENOMEM &&
		    mmap(prey->page, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, prey->fd,
			 prey->offset) == MAP_FAILED)
			_exit(77);
		_exit(ways[which].run(prey));
	}
	return child_status(pid);
}

TEST_F_TIMEOUT(write, no_call_writes_to_a_page_that_is_shown_read_only, 90)
{
	unsigned char before[PAGE], after[PAGE];
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		memcpy(before, self->prey.page, PAGE);
		EXPECT_FALSE(got_in(&self->prey, i))
		{
			TH_LOG("%s got in", ways[i].name);
		}
		memcpy(after, self->prey.page, PAGE);
		EXPECT_EQ(0, memcmp(before, after, PAGE))
		{
			TH_LOG("%s changed the page", ways[i].name);
		}
	}
	TH_LOG("%zu ways were tried", WAYS);
}

/* The same ways, on a memfd that may be written and whose mapping is writable or can become so. */
TEST(each_of_these_ways_works_where_it_may)
{
	struct prey prey = {.fd = syscall(SYS_memfd_create, "intruder", MFD_CLOEXEC)};
	unsigned int i;

	ASSERT_EQ(0, ftruncate(prey.fd, PAGE));
	for (i = 0; i < WAYS; i++) {
		prey.page = mmap(NULL, PAGE, ways[i].needs_write ? RW : PROT_READ, MAP_SHARED,
				 prey.fd, 0);
		ASSERT_NE(MAP_FAILED, (void *)prey.page);
		EXPECT_TRUE(got_in(&prey, i))
		{
			TH_LOG("%s does not work at all", ways[i].name);
		}
		munmap(prey.page, PAGE);
		ASSERT_EQ(0, ftruncate(prey.fd, PAGE));
	}
}

TEST_HARNESS_MAIN
