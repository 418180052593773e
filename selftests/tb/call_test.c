// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each call on a TB set: what it does, every error that its page lists, and what
 * the set's mappings allow.
 */
#include "common.h"

#define SLOTS 600 /* more than fit into one page with the header */

static struct sundial_tb_create small_set(void)
{
	struct sundial_tb_create how = {.slots = 4, .vcpus = 2, .events = 8};

	return how;
}

TEST_F(tb, a_new_set_shows_what_was_asked_for_and_generations_of_2)
{
	const struct sundial_tb_page *page;
	struct sundial_tb_info info;
	__u32 i;

	SET(SLOTS, 3, 5);
	page = sundial_tb_page(self->tb);
	EXPECT_EQ(SUNDIAL_TB_MAGIC, page->magic);
	EXPECT_EQ(sizeof(*page), page->size);
	EXPECT_EQ(SLOTS, page->slots);
	EXPECT_EQ(3, page->vcpus);
	EXPECT_EQ(5, page->events);
	EXPECT_EQ(0, page->sleepers);
	EXPECT_EQ(0, page->reserved);
	EXPECT_EQ(0, page->queued);
	EXPECT_EQ(0, page->pad[0] | page->pad[1] | page->pad[2]);
	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(2, generation(self->tb, i));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, sundial_tb_vcpu_words(self->tb, i)->state);
		EXPECT_EQ(0, sundial_tb_vcpu_words(self->tb, i)->exit);
	}
	memset(&info, POISON, sizeof(info));
	ASSERT_EQ(0, sundial_tb_info(self->tb, &info));
	EXPECT_EQ(SLOTS, info.slots);
	EXPECT_EQ(3, info.vcpus);
	EXPECT_EQ(5, info.events);
	EXPECT_EQ(1, info.spaces);
	EXPECT_EQ(0, info.ranges);
	EXPECT_EQ(0, info.attached);
	EXPECT_EQ(0, info.pad[0] | info.pad[1]);
}

TEST_F(tb, create_refuses_what_the_specification_does_not_describe)
{
	struct sundial_tb_create how = small_set();

	how.slots = 0;
	EXPECT_EQ(-EINVAL, sundial_tb_create(&how, self->backing, &self->tb));
	how = small_set();
	how.flags = 1;
	EXPECT_EQ(-EINVAL, sundial_tb_create(&how, self->backing, &self->tb));
	how = small_set();
	how.pad[1] = 1;
	EXPECT_EQ(-EINVAL, sundial_tb_create(&how, self->backing, &self->tb));
	how = small_set();
	how.slots = SUNDIAL_TB_MAX_SLOTS + 1;
	EXPECT_EQ(-E2BIG, sundial_tb_create(&how, self->backing, &self->tb));
	how = small_set();
	how.vcpus = SUNDIAL_TB_MAX_VCPUS + 1;
	EXPECT_EQ(-E2BIG, sundial_tb_create(&how, self->backing, &self->tb));
	how = small_set();
	how.events = SUNDIAL_TB_MAX_EVENTS + 1;
	EXPECT_EQ(-E2BIG, sundial_tb_create(&how, self->backing, &self->tb));
	EXPECT_EQ(NULL, self->tb);
}

TEST_F(tb, the_greatest_set_is_made)
{
	SET(SUNDIAL_TB_MAX_SLOTS, SUNDIAL_TB_MAX_VCPUS, SUNDIAL_TB_MAX_EVENTS);
	EXPECT_EQ(2, generation(self->tb, SUNDIAL_TB_MAX_SLOTS - 1));
	EXPECT_EQ(0, sundial_tb_invalidate(self->tb, 0, SUNDIAL_TB_MAX_SLOTS));
	EXPECT_EQ(4, generation(self->tb, SUNDIAL_TB_MAX_SLOTS - 1));
}

TEST_F(tb, a_call_from_memory_that_is_not_registered_is_stale)
{
	struct sundial_tb_create how = small_set();

	ASSERT_EQ(0, sundial_tb_create(&how, self->backing, &self->tb));
	EXPECT_EQ(-ESTALE, sundial_tb_attach(self->tb, 0, (void *)PAGE, PAGE));
	EXPECT_EQ(-ESTALE, sundial_tb_detach(self->tb, 0));
	EXPECT_EQ(-ESTALE, sundial_tb_invalidate(self->tb, 0, 1));
	EXPECT_EQ(-ESTALE, sundial_tb_vcpu(self->tb, 0, 0));
	EXPECT_EQ(0, sundial_tb_quiescent(self->tb));
	EXPECT_EQ(0, sundial_tb_register(self->tb));
	EXPECT_EQ(0, sundial_tb_register(self->tb));
	EXPECT_EQ(0, sundial_tb_invalidate(self->tb, 0, 1));
}

TEST_F(tb, attach_and_detach_change_the_generation_and_count)
{
	struct sundial_tb_info info;
	char *memory = map_anonymous(4);

	SET(4, 0, 0);
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 1, memory, 4 * PAGE));
	EXPECT_EQ(4, generation(self->tb, 1));
	EXPECT_EQ(-EBUSY, sundial_tb_attach(self->tb, 1, memory, PAGE));
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 2, memory, PAGE));
	ASSERT_EQ(0, sundial_tb_info(self->tb, &info));
	EXPECT_EQ(2, info.ranges);
	EXPECT_EQ(2, info.attached);
	EXPECT_EQ(0, sundial_tb_detach(self->tb, 1));
	EXPECT_EQ(6, generation(self->tb, 1));
	EXPECT_EQ(-ENOENT, sundial_tb_detach(self->tb, 1));
	EXPECT_EQ(6, generation(self->tb, 1));
	EXPECT_EQ(2, generation(self->tb, 0));
	ASSERT_EQ(0, sundial_tb_info(self->tb, &info));
	EXPECT_EQ(1, info.ranges);
}

TEST_F(tb, attach_refuses_what_is_no_range_of_a_process)
{
	struct sundial_tb_attach attach = {.address = PAGE, .length = PAGE, .flags = 1};

	SET(4, 0, 0);
	EXPECT_EQ(-EINVAL, sundial_tb_attach(self->tb, 4, (void *)PAGE, PAGE));
	EXPECT_EQ(-EINVAL, sundial_tb_attach(self->tb, 0, (void *)PAGE, 0));
	EXPECT_EQ(-EINVAL, sundial_tb_attach(self->tb, 0, (void *)(PAGE + 8), PAGE));
	EXPECT_EQ(-EINVAL, sundial_tb_attach(self->tb, 0, (void *)PAGE, PAGE + 8));
	EXPECT_EQ(-EINVAL, sundial_tb_attach(self->tb, 0, (void *)PAGE, -PAGE));
	EXPECT_EQ(-EINVAL, sundial_tb_attach(self->tb, 0, (void *)(1UL << 63), PAGE));
	EXPECT_EQ(-EINVAL, sundial_tb_attach(self->tb, 0, (void *)-PAGE, PAGE));
	EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_ATTACH, &attach));
	attach.flags = 0;
	attach.pad = 1;
	EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_ATTACH, &attach));
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 0, NULL, PAGE));
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 1, (void *)PAGE, (1UL << 46)));
}

TEST_F(tb, flags_and_padding_that_are_not_zero_are_refused)
{
	struct sundial_tb_register registers[2] = {{.flags = 1}, {.pad = 1}};
	struct sundial_tb_detach detach = {.flags = 1};
	struct sundial_tb_vcpu_call vcpu = {.flags = 2};
	struct sundial_tb_quiescent quiescents[2] = {{.flags = 1}, {.pad = 1}};
	struct sundial_tb_invalidate invalidate = {.count = 1, .flags = 2};
	int i;

	SET(4, 1, 0);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_REGISTER, &registers[i]));
		EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_QUIESCENT, &quiescents[i]));
	}
	EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_DETACH, &detach));
	EXPECT_EQ(-EINVAL, sundial_tb_detach(self->tb, 4));
	EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_VCPU, &vcpu));
	EXPECT_EQ(-EINVAL, sundial_tb_vcpu(self->tb, 1, 0));
	EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_INVALIDATE, &invalidate));
	invalidate.flags = 0;
	invalidate.pad = 1;
	EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_INVALIDATE, &invalidate));
	invalidate.pad = 0;
	invalidate.timeout_ns = 1;
	EXPECT_EQ(-EINVAL, sundial_tb_call(self->tb, SUNDIAL_TB_INVALIDATE, &invalidate));
	EXPECT_EQ(-EINVAL, sundial_tb_invalidate(self->tb, 0, 0));
	EXPECT_EQ(-EINVAL, sundial_tb_invalidate(self->tb, 0, 5));
	EXPECT_EQ(-EINVAL, sundial_tb_invalidate(self->tb, 4, 1));
	EXPECT_EQ(-EINVAL, sundial_tb_invalidate(self->tb, 1, ~0U));
	EXPECT_EQ(-ENOTTY, sundial_tb_call(self->tb, SUNDIAL_CLOCK_INFO, &invalidate));
	EXPECT_EQ(2, generation(self->tb, 0));
}

TEST_F(tb, invalidate_changes_the_named_slots_and_no_other)
{
	SET(SLOTS, 0, 0);
	EXPECT_EQ(0, sundial_tb_invalidate(self->tb, 10, 500));
	EXPECT_EQ(2, generation(self->tb, 9));
	EXPECT_EQ(4, generation(self->tb, 10));
	EXPECT_EQ(4, generation(self->tb, 509));
	EXPECT_EQ(2, generation(self->tb, 510));
}

TEST_F(tb, ranges_of_different_slots_overlap)
{
	char *memory = map_anonymous(4);

	SET(3, 0, 0);
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 0, memory, 3 * PAGE));
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 1, memory + PAGE, 3 * PAGE));
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 2, memory + 3 * PAGE, PAGE));
	CHANGE(self->tb, memory + 2 * PAGE, PAGE, SUNDIAL_TB_UNMAPPED,
	       munmap(memory + 2 * PAGE, PAGE));
	EXPECT_EQ(6, generation(self->tb, 0));
	EXPECT_EQ(6, generation(self->tb, 1));
	EXPECT_EQ(4, generation(self->tb, 2));
}

TEST_F(tb, a_process_attaches_no_more_than_the_limit_over_all_sets)
{
	struct sundial_tb *other = NULL;
	int ret = 0;
	__u32 i;

	if (self->backing == SUNDIAL_BACKING_MEMFD)
		SKIP(return, "the twin counts each set for itself");
	SET(SUNDIAL_TB_MAX_SLOTS, 0, 0);
	ASSERT_EQ(0, make_set(self->backing, 1, 0, 0, &other));
	for (i = 0; i < SUNDIAL_TB_MAX_RANGES && !ret; i++)
		ret = sundial_tb_attach(self->tb, i, (void *)(PAGE * (i + 16)), PAGE);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(-ENOSPC, sundial_tb_attach(other, 0, (void *)PAGE, PAGE));
	EXPECT_EQ(0, sundial_tb_detach(self->tb, 7));
	EXPECT_EQ(0, sundial_tb_attach(other, 0, (void *)PAGE, PAGE));
	sundial_tb_close(other);
}

/* Slots, not addresses: they mean the same in every process. */
TEST_F(tb, processes_attach_different_addresses_to_one_slot_and_see_each_other)
{
	char *ours = map_anonymous(2), *theirs;
	int go[2], done[2];
	pid_t pid;

	SET(2, 0, 0);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, ours, 2 * PAGE));
	ASSERT_EQ(0, pipe(go) | pipe(done));
	pid = fork_child();
	if (!pid) {
		theirs = map_anonymous(2);
		if (sundial_tb_register(self->tb) ||
		    sundial_tb_attach(self->tb, 0, theirs, 2 * PAGE))
			_exit(1);
		pipe_put(done[1]);
		pipe_get(go[0]);
		if (generation(self->tb, 0) != 8 || sundial_tb_invalidate(self->tb, 0, 1))
			_exit(2);
		CHANGE(self->tb, theirs, PAGE, SUNDIAL_TB_UNMAPPED, munmap(theirs, PAGE));
		pipe_put(done[1]);
		pipe_get(go[0]);
		_exit(0);
	}
	pipe_get(done[0]);
	EXPECT_EQ(6, generation(self->tb, 0));
	EXPECT_EQ(0, sundial_tb_invalidate(self->tb, 0, 1));
	pipe_put(go[1]);
	pipe_get(done[0]);
	EXPECT_EQ(12, generation(self->tb, 0));
	pipe_put(go[1]);
	EXPECT_EQ(0, child_status(pid));
}

static bool is_mapped(const void *address)
{
	unsigned char resident;

	return !mincore((void *)address, PAGE, &resident);
}

TEST_F(tb, a_child_has_no_mapping_is_stale_and_registers_again)
{
	char *memory = map_anonymous(2);
	const void *page, *words;
	struct sundial_tb_info info;
	pid_t pid;

	SET(2, 1, 0);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, memory, 2 * PAGE));
	page = sundial_tb_page(self->tb);
	words = sundial_tb_vcpu_words(self->tb, 0);
	EXPECT_TRUE(is_mapped(page));
	pid = fork_child();
	if (!pid) {
		if (is_mapped(page) || is_mapped(words) || sundial_tb_page(self->tb))
			_exit(1);
		if (sundial_tb_attach(self->tb, 1, memory, PAGE) != -ESTALE ||
		    sundial_tb_detach(self->tb, 0) != -ESTALE ||
		    sundial_tb_invalidate(self->tb, 0, 1) != -ESTALE ||
		    sundial_tb_vcpu(self->tb, 0, 0) != -ESTALE)
			_exit(2);
		if (sundial_tb_register(self->tb) || !sundial_tb_page(self->tb))
			_exit(3);
		if (sundial_tb_detach(self->tb, 0) != -ENOENT ||
		    sundial_tb_attach(self->tb, 0, memory, PAGE) ||
		    sundial_tb_info(self->tb, &info) || info.spaces != 2 || info.ranges != 2 ||
		    info.attached != 1)
			_exit(4);
		CHANGE(self->tb, memory, PAGE, SUNDIAL_TB_UNMAPPED, munmap(memory, PAGE));
		_exit(generation(self->tb, 0) == 8 ? 0 : 5);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(0x55, memory[0]);
}

TEST_F(tb, a_set_is_opened_from_its_descriptor_and_nothing_else_is_one)
{
	struct sundial_tb_create how = small_set();
	struct sundial_tb *second = NULL;
	int null = open("/dev/null", O_RDWR), memfd = memfd_create("x", MFD_ALLOW_SEALING);

	SET(4, 1, 4);
	ASSERT_EQ(0, sundial_tb_open(sundial_tb_fd(self->tb), &second));
	EXPECT_EQ(self->backing, sundial_tb_backing(second));
	EXPECT_EQ(0, sundial_tb_register(second));
	EXPECT_EQ(0, sundial_tb_invalidate(second, 3, 1));
	EXPECT_EQ(4, generation(self->tb, 3));
	sundial_tb_close(second);
	EXPECT_EQ(-EINVAL, sundial_tb_open(null, &second));
	EXPECT_EQ(-EINVAL, sundial_tb_open(memfd, &second));
	EXPECT_EQ(-EBADF, sundial_tb_open(-1, &second));
	EXPECT_EQ(-EINVAL, sundial_tb_create(&how, 3, &second));
	sundial_tb_close(NULL);
	close(null);
	close(memfd);
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY

TEST_F(device, no_structure_is_read_or_written_where_none_is)
{
	static const unsigned long commands[] = {
		SUNDIAL_TB_INFO,       SUNDIAL_TB_REGISTER, SUNDIAL_TB_ATTACH,	  SUNDIAL_TB_DETACH,
		SUNDIAL_TB_INVALIDATE, SUNDIAL_TB_VCPU,	    SUNDIAL_TB_QUIESCENT,
	};
	struct sundial_tb_invalidate *readonly;
	int device = open("/dev/sundial", O_RDWR);
	unsigned int i;

	SET(4, 1, 0);
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		EXPECT_ERRNO(EFAULT, ioctl(sundial_tb_fd(self->tb), commands[i], NULL));
	EXPECT_ERRNO(EFAULT, ioctl(device, SUNDIAL_TB_CREATE, NULL));
	EXPECT_ERRNO(ENOTTY, ioctl(device, SUNDIAL_TB_INFO, NULL));
	readonly = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	readonly->count = 1;
	mprotect(readonly, PAGE, PROT_READ);
	EXPECT_ERRNO(EFAULT, ioctl(sundial_tb_fd(self->tb), SUNDIAL_TB_INVALIDATE, readonly));
	close(device);
}

TEST_F(device, a_set_beyond_the_users_locked_memory_or_descriptors_is_not_made)
{
	struct rlimit none = {0, 0}, few = {3, 3};
	struct sundial_tb_create how = small_set();
	pid_t pid = fork_child();

	if (!pid) {
		int device = open("/dev/sundial", O_RDWR);

		if (geteuid() == 0 && setresuid(65534, 65534, 65534))
			_exit(1);
		setrlimit(RLIMIT_MEMLOCK, &none);
		if (ioctl(device, SUNDIAL_TB_CREATE, &how) >= 0 || errno != ENOMEM)
			_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, child_status(pid));
	pid = fork_child();
	if (!pid) {
		int device = open("/dev/sundial", O_RDWR);

		few.rlim_cur = few.rlim_max = device + 1;
		setrlimit(RLIMIT_NOFILE, &few);
		while (dup(0) >= 0)
			;
		_exit(ioctl(device, SUNDIAL_TB_CREATE, &how) < 0 && errno == EMFILE ? 0 : 1);
	}
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(device, the_generations_can_never_be_mapped_writable)
{
	int fd;
	void *map;

	SET(4, 1, 0);
	fd = sundial_tb_fd(self->tb);
	EXPECT_ERRNO(EACCES, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_ERRNO(EACCES, mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_ERRNO(EFAULT, mremap(map, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	munmap(map, PAGE);
}

TEST_F(device, a_child_that_was_given_the_mappings_is_stale_all_the_same)
{
	const void *page, *words;
	pid_t pid;

	SET(4, 1, 0);
	page = sundial_tb_page(self->tb);
	words = sundial_tb_vcpu_words(self->tb, 0);
	ASSERT_EQ(0, madvise((void *)page, PAGE, MADV_DOFORK));
	ASSERT_EQ(0, madvise((void *)words, PAGE, MADV_DOFORK));
	pid = fork_child();
	if (!pid) {
		if (!is_mapped(page) || !is_mapped(words))
			_exit(1);
		if (sundial_tb_attach(self->tb, 0, map_anonymous(1), PAGE) != -ESTALE ||
		    sundial_tb_invalidate(self->tb, 0, 1) != -ESTALE)
			_exit(2);
		_exit(sundial_tb_vcpu(self->tb, 0, 0) == -ESTALE ? 0 : 3);
	}
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(device, exactly_two_mappings_are_accepted)
{
	int fd;
	void *map;

	SET(SLOTS, 65, 0); /* two pages each */
	fd = sundial_tb_fd(self->tb);
	EXPECT_ERRNO(EINVAL, mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_ERRNO(EINVAL, mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE));
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, SUNDIAL_TB_VCPU_OFFSET));
	EXPECT_ERRNO(EINVAL, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd,
				  SUNDIAL_TB_VCPU_OFFSET + PAGE));
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, SUNDIAL_TB_VCPU_OFFSET);
	EXPECT_NE(MAP_FAILED, map);
	munmap(map, 2 * PAGE);
	map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	EXPECT_NE(MAP_FAILED, map);
	munmap(map, 2 * PAGE);
}

TEST_F(device, a_set_without_vcpus_has_no_second_part)
{
	SET(1, 0, 0);
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, sundial_tb_fd(self->tb),
				  SUNDIAL_TB_VCPU_OFFSET));
	EXPECT_EQ(-EINVAL, sundial_tb_vcpu(self->tb, 0, 0));
	EXPECT_EQ(0, sundial_tb_sync(self->tb, 0, 1, 0, NULL));
}

TEST_F(device, no_more_processes_than_the_limit_are_registered)
{
	struct sundial_tb_info info;
	int i, ready[2], stop[2], refused = 0, failed = 0;
	char answer;

	if (geteuid())
		SKIP(return, "needs root: more processes than a user may have");
	SET(1, 0, 0);
	ASSERT_EQ(0, pipe(ready) | pipe(stop));
	for (i = 0; i < SUNDIAL_TB_MAX_SPACES && !failed; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			failed = errno;
		} else if (!pid) {
			struct sundial_tb_register how = {};

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			answer = ioctl(sundial_tb_fd(self->tb), SUNDIAL_TB_REGISTER, &how) ? errno
											   : 0;
			if (write(ready[1], &answer, 1) != 1)
				_exit(1);
			close(stop[1]);
			while (read(stop[0], &answer, 1) > 0)
				;
			_exit(0);
		} else {
			pipe_get(ready[0]);
		}
	}
	if (failed)
		SKIP(goto out, "cannot fork so many processes");
	ASSERT_EQ(0, sundial_tb_info(self->tb, &info));
	EXPECT_EQ(SUNDIAL_TB_MAX_SPACES, info.spaces);
	refused = fork();
	if (!refused) {
		struct sundial_tb_register how = {};

		_exit(ioctl(sundial_tb_fd(self->tb), SUNDIAL_TB_REGISTER, &how) ? errno : 0);
	}
	EXPECT_EQ(ENOSPC, child_status(refused));
out:
	close(stop[1]);
	while (wait(NULL) > 0)
		;
}

static void ignore_signal(int signal)
{
}

TEST_F(device, a_signal_that_is_pending_interrupts_registering)
{
	struct sundial_tb_create how = small_set();
	struct sundial_tb_register registering = {};
	int ret = 0, tries;

	/* A signal that arrives between the entry to the call and its look at signals. */
	ASSERT_EQ(0, sundial_tb_create(&how, self->backing, &self->tb));
	for (tries = 0; tries < 1000 && !ret; tries++) {
		pid_t pid = fork_child();

		if (!pid) {
			struct itimerval soon = {.it_value = {.tv_usec = 1 + tries % 200},
						 .it_interval = {.tv_usec = 20}};

			signal(SIGALRM, ignore_signal);
			setitimer(ITIMER_REAL, &soon, NULL);
			ret = ioctl(sundial_tb_fd(self->tb), SUNDIAL_TB_REGISTER, &registering);
			_exit(ret && errno == EINTR ? 42 : 0);
		}
		ret = child_status(pid) == 42;
	}
	if (!ret)
		SKIP(return, "the signal never came at the right moment");
}

#endif

TEST_HARNESS_MAIN
