// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attacks on the mapping: whoever was not given the right to change a domain
 * must not get it by mprotect, mremap, fork, /proc, ptrace's ways into memory,
 * or by passing the descriptor on; and only the sizes and offsets that
 * <linux/sundial.h> names can be mapped at all.
 */
#include "common.h"

#include <sys/socket.h>
#include <sys/uio.h>

#define RW (PROT_READ | PROT_WRITE)

static void *map(int fd, size_t bytes, int prot, off_t offset)
{
	return mmap(NULL, bytes, prot, MAP_SHARED, fd, offset);
}

/* Everything that might write through a read-only mapping at page. Returns how many did. */
static int write_attacks(void *page)
{
	struct sundial_clock_page *victim = page;
	__u64 before = sundial_manual_now(victim);
	__u64 evil = before + 12345;
	struct iovec local = {&evil, sizeof(evil)};
	struct iovec remote = {&victim->now_ns, sizeof(evil)};
	int fds[2], mem, succeeded = 0;

	if (!mprotect(page, PAGE, RW))
		succeeded++;
	if (!mprotect(page, PAGE, PROT_WRITE))
		succeeded++;
	if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) > 0)
		succeeded++;
	mem = open("/proc/self/mem", O_RDWR);
	if (mem >= 0 && pwrite(mem, &evil, sizeof(evil), (off_t)(uintptr_t)&victim->now_ns) > 0)
		succeeded++;
	if (mem >= 0)
		close(mem);
	if (!pipe(fds)) {
		if (write(fds[1], &evil, sizeof(evil)) == sizeof(evil) &&
		    read(fds[0], &victim->now_ns, sizeof(evil)) > 0)
			succeeded++;
		close(fds[0]);
		close(fds[1]);
	}
	if (sundial_manual_now(victim) != before)
		succeeded++;
	return succeeded;
}

TEST_F(clock, a_kernel_written_page_is_never_mapped_writable)
{
	struct sundial_clock_create how = kernel_manual();
	int fd, reader;
	void *page;

	CREATE(how);
	fd = sundial_clock_fd(self->clock);
	reader = sundial_clock_reader(self->clock);
	ASSERT_LE(0, reader);
	EXPECT_ERRNO(EACCES, map(fd, PAGE, RW, 0));
	EXPECT_ERRNO(EACCES, map(fd, PAGE, PROT_WRITE, 0));
	EXPECT_ERRNO(EACCES, map(reader, PAGE, RW, 0));
	page = map(fd, PAGE, PROT_READ, 0);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(0, write_attacks(page));
	EXPECT_ERRNO(EACCES, mprotect(page, PAGE, RW));
	munmap(page, PAGE);
	page = map(reader, PAGE, PROT_READ, 0);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(0, write_attacks(page));
	EXPECT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(5000, sundial_manual_now(page));
}

TEST_F(clock, nor_by_a_mapping_without_access_first)
{
	struct sundial_clock_create how = kernel_manual();
	void *page;

	CREATE(how);
	page = map(sundial_clock_fd(self->clock), PAGE, PROT_NONE, 0);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_ERRNO(EACCES, mprotect(page, PAGE, RW));
	EXPECT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_EQ(1000, sundial_manual_now(page));
}

TEST_F(clock, nor_after_it_was_moved_or_doubled)
{
	struct sundial_clock_create how = kernel_manual();
	void *page, *moved, *doubled, *place;

	CREATE(how);
	page = map(sundial_clock_fd(self->clock), PAGE, PROT_READ, 0);
	ASSERT_NE(MAP_FAILED, page);
	place = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, place);
	moved = mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
	ASSERT_EQ(place, moved);
	EXPECT_EQ(1000, sundial_manual_now(moved));
	EXPECT_EQ(0, write_attacks(moved));
	doubled = mremap(moved, 0, PAGE, MREMAP_MAYMOVE);
	if (doubled != MAP_FAILED) {
		EXPECT_EQ(1000, sundial_manual_now(doubled));
		EXPECT_EQ(0, write_attacks(doubled));
	}
	EXPECT_EQ(0, madvise(moved, PAGE, MADV_DONTNEED));
	EXPECT_EQ(1000, sundial_manual_now(moved));
	EXPECT_EQ(0, write_attacks(moved));
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
TEST_F(device, a_mapping_cannot_grow)
{
	struct sundial_clock_create how = user_manual(2);
	void *page;

	CREATE(how);
	page = map(sundial_clock_fd(self->clock), PAGE, PROT_READ, 0);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_ERRNO(EFAULT, mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}
#endif

TEST_F(clock, nor_in_a_child)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_page *page;
	int go[2];
	char byte;
	pid_t pid;

	CREATE(how);
	page = map(sundial_clock_fd(self->clock), PAGE, PROT_READ, 0);
	ASSERT_NE(MAP_FAILED, (void *)page);
	ASSERT_EQ(0, pipe(go));
	pid = fork_child();
	if (!pid) {
		if (read(go[0], &byte, 1) != 1 || sundial_manual_now(page) != 5000)
			_exit(100);
		_exit(write_attacks(page));
	}
	EXPECT_EQ(0, sundial_clock_set(self->clock, 5000));
	ASSERT_EQ(1, write(go[1], "g", 1));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(5000, sundial_manual_now(page));
}

TEST_F(clock, the_descriptor_cannot_be_written_cut_or_opened_anew)
{
	struct sundial_clock_create how = kernel_manual();
	char path[40], zeroes[64] = {0};
	int fd, again;

	CREATE(how);
	fd = sundial_clock_fd(self->clock);
	EXPECT_EQ(-1, write(fd, zeroes, sizeof(zeroes)));
	EXPECT_EQ(-1, pwrite(fd, zeroes, sizeof(zeroes), 0));
	EXPECT_EQ(-1, ftruncate(fd, 0));
	EXPECT_EQ(-1, fallocate(fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, 0, PAGE));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR);
	if (again >= 0) {
		EXPECT_EQ(-1, write(again, zeroes, sizeof(zeroes)));
		EXPECT_EQ(-1, ftruncate(again, 0));
		EXPECT_EQ(-1, fallocate(again, 3, 0, PAGE));
		EXPECT_EQ(MAP_FAILED, map(again, PAGE, RW, 0));
	}
	if (self->backing == SUNDIAL_BACKING_DEVICE)
		EXPECT_EQ(-1, again);
	EXPECT_EQ(SUNDIAL_CLOCK_MAGIC, sundial_clock_page(self->clock, 0)->magic);
	EXPECT_EQ(1000, sundial_manual_now(sundial_clock_page(self->clock, 0)));
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
TEST_F(device, only_the_named_sizes_and_offsets_are_mapped)
{
	struct sundial_clock_create one = kernel_manual(), three = user_manual(3);
	struct sundial_clock *array;
	struct sundial_clock_page *page;
	int fd;

	CREATE(one);
	fd = sundial_clock_fd(self->clock);
	EXPECT_ERRNO(EINVAL, map(fd, 2 * PAGE, PROT_READ, 0));
	EXPECT_ERRNO(EINVAL, map(fd, PAGE, PROT_READ, PAGE));
	EXPECT_ERRNO(EINVAL, map(fd, PAGE, PROT_READ, 1LL << 40));
	EXPECT_ERRNO(EINVAL, map(fd, 0, PROT_READ, 0));
	EXPECT_ERRNO(EINVAL, map(fd, 1ULL << 40, PROT_READ, 0));
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0));
	ASSERT_EQ(0, sundial_clock_create(&three, self->backing, &array));
	fd = sundial_clock_fd(array);
	EXPECT_ERRNO(EINVAL, map(fd, 2 * PAGE, RW, 0));
	EXPECT_ERRNO(EINVAL, map(fd, 4 * PAGE, RW, 0));
	EXPECT_ERRNO(EINVAL, map(fd, 3 * PAGE, RW, PAGE));
	EXPECT_ERRNO(EINVAL, map(fd, PAGE, RW, 3 * PAGE));
	EXPECT_ERRNO(EINVAL, map(fd, PAGE, RW, (off_t)1 << 62));
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0));
	page = map(fd, PAGE, RW, 2 * PAGE);
	ASSERT_NE(MAP_FAILED, (void *)page);
	EXPECT_EQ(sundial_clock_page(array, 2)->domain, page->domain);
	sundial_page_set(page, 31);
	EXPECT_EQ(31, sundial_manual_now(sundial_clock_page(array, 2)));
	sundial_clock_close(array);
	EXPECT_EQ(31, sundial_manual_now(page));
}
#endif

/* What a process of another user can do with a descriptor that it was sent. */
static int other_user(unsigned int backing, int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sundial_clock *clock;
	void *page;
	int fd;

	if (setgid(OTHER_USER) || setuid(OTHER_USER))
		return 1;
	if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		return 2;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	if (sundial_clock_attach(fd, &clock))
		return 3;
	if (sundial_clock_backing(clock) != backing ||
	    sundial_manual_now(sundial_clock_page(clock, 0)) != 1000)
		return 4;
	if (sundial_clock_set(clock, 2000) != -EPERM)
		return 5;
	if (map(fd, PAGE, RW, 0) != MAP_FAILED)
		return 6;
	page = map(fd, PAGE, PROT_READ, 0);
	if (page == MAP_FAILED)
		return 7;
	if (write_attacks(page))
		return 8;
	return 0;
}

TEST_F(clock, another_user_who_is_sent_a_reader_only_reads)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sundial_clock_create how = kernel_manual();
	struct cmsghdr *header = (struct cmsghdr *)control;
	int sockets[2], fd;
	pid_t pid;

	if (geteuid())
		SKIP(return, "needs root, to become another user");
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	pid = fork_child();
	if (!pid) {
		close(fd);
		sundial_clock_close(self->clock);
		_exit(other_user(self->backing, sockets[1]));
	}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	ASSERT_EQ(1, sendmsg(sockets[0], &message, 0));
	close(sockets[1]);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(1000, sundial_manual_now(sundial_clock_page(self->clock, 0)));
}

TEST_HARNESS_MAIN
