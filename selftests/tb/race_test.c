// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many calls and page-table changes beside each other, bounded by counts: nothing
 * crashes or leaks, each generation comes to rest even, and nothing stale is used.
 */
#include "common.h"

#define PAGES 16

/* Threads that do one thing until they are told to stop. */
struct worker {
	struct sundial_tb *tb;
	char *memory;
	pthread_t thread;
	bool *stop;
	__u64 count;
	__u64 bad;
};

static bool stopped(struct worker *worker)
{
	return __atomic_load_n(worker->stop, __ATOMIC_ACQUIRE);
}

static void start(struct worker *worker, struct sundial_tb *tb, char *memory, bool *stop,
		  void *(*function)(void *))
{
	*worker = (struct worker){.tb = tb, .memory = memory, .stop = stop};
	pthread_create(&worker->thread, NULL, function, worker);
}

static void join(struct worker *workers, int count)
{
	int i;

	for (i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
}

static char *map_at(char *address)
{
	return mmap(address, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0);
}

static void *remap(void *argument)
{
	struct worker *worker = argument;
	char *page;

	while (!stopped(worker)) {
		page = worker->memory + worker->count++ % PAGES * PAGE;
		CHANGE(worker->tb, page, PAGE, SUNDIAL_TB_UNMAPPED, map_at(page));
		page[0] = 1;
	}
	return NULL;
}

static void *attach_and_detach(void *argument)
{
	struct worker *worker = argument;
	__u32 slot;

	while (!stopped(worker)) {
		slot = 1 + worker->count++ % 3;
		sundial_tb_attach(worker->tb, slot, worker->memory, PAGES * PAGE);
		sundial_tb_detach(worker->tb, slot);
	}
	return NULL;
}

static void *invalidate(void *argument)
{
	struct worker *worker = argument;

	while (!stopped(worker)) {
		worker->bad += sundial_tb_invalidate(worker->tb, 0, 4) != 0;
		worker->count++;
	}
	return NULL;
}

TEST_F(tb, munmap_attach_detach_and_invalidate_at_once_leave_all_even)
{
	struct worker workers[4];
	char *memory = map_anonymous(PAGES);
	bool stop = false;
	__u32 slot;
	int i;

	SET(4, 0, 16);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, memory, PAGES * PAGE));
	start(&workers[0], self->tb, memory, &stop, remap);
	start(&workers[1], self->tb, memory, &stop, remap);
	start(&workers[2], self->tb, memory, &stop, attach_and_detach);
	start(&workers[3], self->tb, memory, &stop, invalidate);
	for (i = 0; i < 20000 && __atomic_load_n(&workers[0].count, __ATOMIC_RELAXED) < 20000; i++)
		EXPECT_EQ(0, sundial_tb_invalidate(self->tb, 0, 1));
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	join(workers, 4);
	EXPECT_EQ(0, workers[3].bad);
	for (slot = 0; slot < 4; slot++)
		EXPECT_EQ(0, generation(self->tb, slot) & 1);
}

/*
 * A page of "code" that one thread replaces again and again by another of the same
 * number in all its words, while others translate it to that number and use it. The
 * number counts up, so whoever uses a smaller one than the replacer had finished to
 * put there uses something stale.
 */
#define WORDS	(PAGE / sizeof(__u64))
#define CHANGES 1000

struct code {
	struct sundial_tb *tb;
	__u64 *page;
	__u64 current; /* in place for sure */
	bool stop;
	__u64 stale;
	__u64 translated;
	__u64 torn;
};

static __u64 translate(struct code *code, __u64 *made_under)
{
	const struct sundial_tb_page *page = sundial_tb_page(code->tb);
	__u64 under, sum;
	size_t i;

	do {
		under = sundial_tb_begin(page, 0);
		sum = 0;
		for (i = 0; i < WORDS; i++)
			sum += __atomic_load_n(&code->page[i], __ATOMIC_RELAXED);
	} while (sundial_tb_retry(page, 0, under));
	*made_under = under;
	return sum;
}

static void *translator(void *argument)
{
	struct code *code = argument;
	__u64 under = 0, sum = 0, current;

	while (!__atomic_load_n(&code->stop, __ATOMIC_ACQUIRE)) {
		current = __atomic_load_n(&code->current, __ATOMIC_SEQ_CST);
		if (!sundial_tb_valid(sundial_tb_page(code->tb), 0, under)) {
			sum = translate(code, &under);
			__atomic_add_fetch(&code->translated, 1, __ATOMIC_RELAXED);
			/* while it changed it may have been new already, never a mix */
			if (sum % WORDS)
				__atomic_add_fetch(&code->torn, 1, __ATOMIC_RELAXED);
		}
		if (sum / WORDS < current)
			__atomic_add_fetch(&code->stale, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static __u64 *page_of(__u64 number)
{
	__u64 *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	for (i = 0; i < WORDS; i++)
		page[i] = number;
	return page;
}

TEST_F_TIMEOUT(tb, nothing_stale_is_used_under_a_generation_that_is_valid, 150)
{
	struct code code = {.page = page_of(1)};
	pthread_t threads[2];
	__u64 number, *next;
	int i;

	SET(1, 0, 0);
	code.tb = self->tb;
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, code.page, PAGE));
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, translator, &code);
	for (number = 2; number < CHANGES; number++) {
		next = page_of(number);
		CHANGE(self->tb, code.page, PAGE, SUNDIAL_TB_UNMAPPED,
		       mremap(next, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, code.page));
		__atomic_store_n(&code.current, number, __ATOMIC_SEQ_CST);
		if (number % 16 == 0)
			sched_yield();
	}
	__atomic_store_n(&code.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, code.stale);
	EXPECT_EQ(0, code.torn);
	EXPECT_LT(2, code.translated);
	EXPECT_EQ(0, generation(self->tb, 0) & 1);
}

/* Of the device, since the twin's dead leave their slots as they are. */
#ifndef SUNDIAL_TEST_MEMFD_ONLY

static void *churn_and_die(void *argument)
{
	struct worker *worker = argument;

	for (;;) {
		sundial_tb_attach(worker->tb, 2, worker->memory, PAGES * PAGE);
		madvise(worker->memory, PAGE, MADV_DONTNEED);
		sundial_tb_detach(worker->tb, 2);
	}
	return NULL;
}

static bool alone(struct sundial_tb *tb)
{
	struct sundial_tb_info info;

	do {
		if (sundial_tb_info(tb, &info))
			return false;
	} while (info.spaces > 1 && !usleep(1000));
	return info.ranges == info.attached;
}

TEST_F(device, processes_killed_at_any_moment_leave_nothing_behind)
{
	char *memory = map_anonymous(PAGES);
	int round;

	SET(3, 1, 8);
	for (round = 0; round < 100; round++) {
		pid_t pid = fork_child();

		if (!pid) {
			struct worker workers[2];
			bool stop = false;

			if (sundial_tb_register(self->tb))
				_exit(1);
			sundial_tb_attach(self->tb, 0, memory, PAGES * PAGE);
			start(&workers[0], self->tb, memory, &stop, churn_and_die);
			start(&workers[1], self->tb, memory, &stop, remap);
			for (;;)
				sundial_tb_sync(self->tb, 0, 3, 0, NULL);
		}
		usleep(round * 37 % 3000);
		kill(pid, SIGKILL);
		ASSERT_EQ(256 + SIGKILL, child_status(pid));
	}
	EXPECT_TRUE(alone(self->tb));
	EXPECT_EQ(0, generation(self->tb, 0) & 1);
	EXPECT_EQ(0, generation(self->tb, 2) & 1);
	EXPECT_EQ(0, sundial_tb_page(self->tb)->sleepers);
}

TEST_F(device, fork_and_exec_amid_attaching_and_unmapping)
{
	struct worker workers[2];
	char *memory = map_anonymous(PAGES);
	bool stop = false;
	int round;

	SET(4, 0, 8);
	start(&workers[0], self->tb, memory, &stop, attach_and_detach);
	start(&workers[1], self->tb, memory, &stop, remap);
	for (round = 0; round < 60; round++) {
		pid_t pid = fork_child();

		if (!pid) {
			struct sundial_tb_attach attach = {.address = (uintptr_t)memory,
							   .length = PAGE};
			struct sundial_tb_register how = {};
			int fd = sundial_tb_fd(self->tb);

			/* plain calls: the heap's locks are as the other threads left them */
			if (ioctl(fd, SUNDIAL_TB_ATTACH, &attach) != -1 || errno != ESTALE)
				_exit(1);
			if (ioctl(fd, SUNDIAL_TB_REGISTER, &how) ||
			    ioctl(fd, SUNDIAL_TB_ATTACH, &attach))
				_exit(2);
			if (round % 2)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		EXPECT_EQ(0, child_status(pid));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	join(workers, 2);
	EXPECT_TRUE(alone(self->tb));
	for (round = 0; round < 4; round++)
		EXPECT_EQ(0, generation(self->tb, round) & 1);
}

static void *close_it(void *argument)
{
	close((int)(intptr_t)argument);
	return NULL;
}

static void *call_it(void *argument)
{
	struct sundial_tb_attach attach = {.address = PAGE, .length = PAGE};
	struct sundial_tb_invalidate invalidate = {.count = 1};
	struct sundial_tb_register how = {};
	int fd = (int)(intptr_t)argument;

	ioctl(fd, SUNDIAL_TB_REGISTER, &how);
	ioctl(fd, SUNDIAL_TB_ATTACH, &attach);
	ioctl(fd, SUNDIAL_TB_INVALIDATE, &invalidate);
	return NULL;
}

TEST_F(device, the_last_close_races_with_calls_and_with_another_close)
{
	struct sundial_tb_create how = {.slots = 2, .vcpus = 1, .events = 2};
	int device = open("/dev/sundial", O_RDWR);
	pthread_t threads[3];
	int round, i, fd;

	for (round = 0; round < 500; round++) {
		fd = ioctl(device, SUNDIAL_TB_CREATE, &how);
		ASSERT_LE(0, fd);
		pthread_create(&threads[0], NULL, call_it, (void *)(intptr_t)fd);
		pthread_create(&threads[1], NULL, close_it, (void *)(intptr_t)fd);
		pthread_create(&threads[2], NULL, close_it, (void *)(intptr_t)fd);
		for (i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		EXPECT_ERRNO(EBADF, fcntl(fd, F_GETFD));
	}
	close(device);
}

static int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

TEST_F(device, a_set_passed_over_a_socket_outlives_its_maker)
{
	int sockets[2], round, status;
	struct sundial_tb *tb;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	for (round = 0; round < 50; round++) {
		pid_t pid = fork_child();

		if (!pid) {
			if (make_set(self->backing, 2, 0, 0, &tb) ||
			    sundial_tb_attach(tb, 0, (void *)PAGE, PAGE) ||
			    send_fd(sockets[1], sundial_tb_fd(tb)))
				_exit(1);
			_exit(0);
		}
		status = receive_fd(sockets[0]);
		ASSERT_LE(0, status);
		ASSERT_EQ(0, sundial_tb_open(status, &tb));
		close(status);
		EXPECT_EQ(-ESTALE, sundial_tb_attach(tb, 1, (void *)PAGE, PAGE));
		EXPECT_EQ(0, sundial_tb_register(tb));
		EXPECT_EQ(0, sundial_tb_attach(tb, 1, (void *)PAGE, PAGE));
		EXPECT_EQ(0, child_status(pid));
		EXPECT_TRUE(alone(tb));
		EXPECT_EQ(6, generation(tb, 0));
		sundial_tb_close(tb);
	}
}

#endif

TEST_HARNESS_MAIN
