// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SUNDIAL_CLOCK_BIND: who may bind what, when a binding ends, and what BPF
 * programs see of it.
 */
#include "common.h"

#include "../device.h"

#define OTHER_USER 65534
#define PAGES	   512
#define MANY	   SUNDIAL_CLOCK_MAX_BINDINGS

FIXTURE(bind)
{
	struct ask *skeleton; /* NULL where the module has no kfuncs */
	struct sundial_clock *clock;
	int fd, program;
	__u64 domain; /* of page 0 */
};

FIXTURE_SETUP(bind)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER, .mode = SUNDIAL_MODE_MANUAL, .count = PAGES};
	__u32 i;

	SKIP_IF_DEVICE_REFUSES_USER();
	self->skeleton = NULL;
	self->clock = NULL;
	SKIP_IF_DEVICE_REFUSES_USER();
	ASSERT_EQ(0, sundial_clock_create(&how, SUNDIAL_BACKING_DEVICE, &self->clock));
	self->fd = sundial_clock_fd(self->clock);
	self->domain = sundial_clock_page(self->clock, 0)->domain;
	for (i = 0; i < PAGES; i++)
		sundial_page_set(sundial_clock_user_page(self->clock, i), 1000 + i);
	if (!has_kfuncs())
		return;
	self->skeleton = open_ask(true);
	ASSERT_NE(NULL, self->skeleton);
	ASSERT_EQ(0, ask__load(self->skeleton));
	self->program = bpf_program__fd(self->skeleton->progs.ask);
}

FIXTURE_TEARDOWN(bind)
{
	ask__destroy(self->skeleton);
	sundial_clock_close(self->clock);
	wait_for_module();
}

#define TRACE_AT "/sys/kernel/tracing/instances/sundial_bind"

static int write_number(const char *path, int number)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	fprintf(file, "%d\n", number);
	return fclose(file) ? -errno : 0;
}

#define NEED_KFUNCS()                            \
	do {                                     \
		if (!self->skeleton)             \
			SKIP(return, NO_KFUNCS); \
	} while (0)

static int bind_call(int fd, __s32 tid, __u32 index, const void *word, __u32 flags)
{
	struct sundial_clock_bind how = {
		.tid = tid, .index = index, .word = (__u64)(unsigned long)word, .flags = flags};

	return ioctl(fd, SUNDIAL_CLOCK_BIND, &how) ? -errno : 0;
}

/* The page in which the caller is: its domain and its count must say the same; -1 for none. */
static int asked_page(int program, __u64 domain)
{
	struct answer answer;

	if (ask_at(program, 0, &answer))
		return -2;
	if (!answer.domain)
		return answer.now_ns >= answer.host_ns ? -1 : -3;
	if (answer.now_ns != 1000 + answer.domain - domain || answer.virtual_ns != answer.now_ns)
		return -4;
	return (int)(answer.domain - domain);
}

#define EXPECT_PAGE(index) EXPECT_EQ(index, asked_page(self->program, self->domain))

/* A child of that user that has stopped. */
static pid_t stopped_child(uid_t uid)
{
	pid_t pid = fork_child();

	if (!pid) {
		if (uid && (setgid(uid) || setuid(uid)))
			_exit(1);
		for (;;)
			raise(SIGSTOP);
	}
	waitpid(pid, NULL, WUNTRACED);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(bind, what_is_not_described_is_refused)
{
	__u32 words[2] = {0};
	struct sundial_clock_bind how = {.pad = 1};

	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 0, NULL, 2));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 0, NULL, ~0U));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, PAGES, NULL, 0));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, ~0U, NULL, 0));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 1, NULL, SUNDIAL_BIND_OFF));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 0, words, SUNDIAL_BIND_OFF));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 1, words, 0));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 0, (char *)words + 1, 0));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 0, (void *)0xffff888000000000UL, 0));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, 0, 0, (void *)~3UL, 0));
	EXPECT_EQ(-EINVAL, bind_call(self->fd, getppid(), 0, words, 0));
	EXPECT_EQ(-EINVAL, ioctl(self->fd, SUNDIAL_CLOCK_BIND, &how) ? -errno : 0);
	EXPECT_EQ(-EFAULT, ioctl(self->fd, SUNDIAL_CLOCK_BIND, 8) ? -errno : 0);
	EXPECT_EQ(-ENOENT, bind_call(self->fd, 0, 0, NULL, SUNDIAL_BIND_OFF));
}

TEST_F(bind, a_thread_that_is_not_there_is_not_found)
{
	pid_t pid = fork_child();

	if (!pid)
		_exit(0);
	ASSERT_EQ(0, child_status(pid));
	EXPECT_EQ(-ESRCH, bind_call(self->fd, pid, 0, NULL, 0));
	EXPECT_EQ(-ESRCH, bind_call(self->fd, pid, 0, NULL, SUNDIAL_BIND_OFF));
	EXPECT_EQ(-ESRCH, bind_call(self->fd, -1, 0, NULL, 0));
	EXPECT_EQ(-ESRCH, bind_call(self->fd, 0x7fffffff, 0, NULL, 0));
}

TEST_F(bind, a_user_binds_his_own_threads_only_and_root_any)
{
	pid_t other = stopped_child(OTHER_USER), roots = stopped_child(0), pid;

	EXPECT_EQ(0, bind_call(self->fd, other, 0, NULL, 0));
	EXPECT_EQ(0, bind_call(self->fd, other, 0, NULL, SUNDIAL_BIND_OFF));
	pid = fork_child();
	if (!pid) {
		if (setgid(OTHER_USER) || setuid(OTHER_USER))
			_exit(1);
		if (bind_call(self->fd, roots, 0, NULL, 0) != -EPERM)
			_exit(2);
		if (bind_call(self->fd, 1, 0, NULL, 0) != -EPERM)
			_exit(3);
		if (bind_call(self->fd, other, 0, NULL, 0))
			_exit(4);
		_exit(bind_call(self->fd, 0, 0, NULL, 0) ? 5 : 0);
	}
	EXPECT_EQ(0, child_status(pid));
	end_child(other);
	end_child(roots);
}

TEST_F(bind, another_descriptor_neither_takes_nor_ends_a_binding)
{
	int reader = sundial_clock_reader(self->clock);

	ASSERT_LE(0, reader);
	EXPECT_EQ(0, bind_call(reader, 0, 3, NULL, 0));
	EXPECT_EQ(-EBUSY, bind_call(self->fd, 0, 4, NULL, 0));
	EXPECT_EQ(-EBUSY, bind_call(self->fd, gettid_raw(), 4, NULL, 0));
	EXPECT_EQ(-ENOENT, bind_call(self->fd, 0, 0, NULL, SUNDIAL_BIND_OFF));
	if (self->skeleton)
		EXPECT_PAGE(3);
	EXPECT_EQ(0, bind_call(reader, 0, 5, NULL, 0));
	if (self->skeleton)
		EXPECT_PAGE(5);
	EXPECT_EQ(0, close(reader));
	if (self->skeleton)
		EXPECT_PAGE(-1);
	EXPECT_EQ(0, bind_call(self->fd, 0, 4, NULL, 0));
	EXPECT_EQ(0, bind_call(self->fd, gettid_raw(), 0, NULL, SUNDIAL_BIND_OFF));
	EXPECT_EQ(-ENOENT, bind_call(self->fd, 0, 0, NULL, SUNDIAL_BIND_OFF));
}

/* Whether the trace has the event with this domain for this thread. */
static bool was_traced(const char *event, __u64 domain, pid_t tid)
{
	FILE *file = fopen(TRACE_AT "/trace", "r");
	char line[512], wanted[128];
	bool found = false;

	snprintf(wanted, sizeof(wanted), "%s: domain=%llu tid=%d\n", event, domain, tid);
	while (file && fgets(line, sizeof(line), file))
		found |= !!strstr(line, wanted);
	if (file)
		fclose(file);
	return found;
}

TEST_F(bind, each_binding_and_its_end_is_traced)
{
	pid_t tid = gettid_raw();

	if (mkdir(TRACE_AT, 0700) && errno == ENOENT)
		SKIP(return, "no tracefs");
	ASSERT_EQ(0, write_number(TRACE_AT "/events/sundial/sundial_clock_bind/enable", 1));
	ASSERT_EQ(0, write_number(TRACE_AT "/events/sundial/sundial_clock_unbind/enable", 1));
	EXPECT_EQ(0, bind_call(self->fd, 0, 7, NULL, 0));
	EXPECT_TRUE(was_traced("sundial_clock_bind", self->domain + 7, tid));
	EXPECT_FALSE(was_traced("sundial_clock_unbind", self->domain + 7, tid));
	EXPECT_EQ(0, bind_call(self->fd, 0, 8, NULL, 0));
	EXPECT_TRUE(was_traced("sundial_clock_bind", self->domain + 8, tid));
	EXPECT_TRUE(was_traced("sundial_clock_unbind", self->domain + 7, tid));
	EXPECT_EQ(0, bind_call(self->fd, 0, 0, NULL, SUNDIAL_BIND_OFF));
	EXPECT_TRUE(was_traced("sundial_clock_unbind", self->domain + 8, tid));
	EXPECT_EQ(0, rmdir(TRACE_AT));
}

TEST_F(bind, only_the_bound_thread_is_in_the_domain)
{
	pid_t pid;

	NEED_KFUNCS();
	EXPECT_PAGE(-1);
	ASSERT_EQ(0, bind_call(self->fd, 0, 7, NULL, 0));
	EXPECT_PAGE(7);
	sundial_page_set(sundial_clock_user_page(self->clock, 7), 1007);
	pid = fork_child();
	if (!pid) { /* does not inherit it, and is bound from outside */
		if (asked_page(self->program, self->domain) != -1)
			_exit(1);
		kill(getpid(), SIGSTOP);
		_exit(asked_page(self->program, self->domain) == 9 ? 0 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	EXPECT_EQ(0, bind_call(self->fd, pid, 9, NULL, 0));
	kill(pid, SIGCONT);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_PAGE(7);
	EXPECT_EQ(0, bind_call(self->fd, 0, 0, NULL, SUNDIAL_BIND_OFF));
	EXPECT_PAGE(-1);
}

TEST_F(bind, a_word_says_in_which_page_its_thread_is)
{
	__u32 *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	NEED_KFUNCS();
	ASSERT_NE(MAP_FAILED, word);
	*word = 3;
	ASSERT_EQ(0, bind_call(self->fd, gettid_raw(), 0, word, 0));
	EXPECT_PAGE(3);
	*word = PAGES - 1;
	EXPECT_PAGE(PAGES - 1);
	*word = PAGES;
	EXPECT_PAGE(-1);
	*word = ~0U;
	EXPECT_PAGE(-1);
	*word = 0;
	EXPECT_PAGE(0);
	pid = fork_child();
	if (!pid)
		_exit(asked_page(self->program, self->domain) == -1 ? 0 : 1);
	EXPECT_EQ(0, child_status(pid));
	ASSERT_EQ(0, mprotect(word, 4096, PROT_NONE));
	EXPECT_PAGE(-1);
	ASSERT_EQ(0, mprotect(word, 4096, PROT_READ));
	EXPECT_PAGE(0);
	ASSERT_EQ(0, munmap(word, 4096));
	EXPECT_PAGE(-1);
	/* a binding without a word takes its place, and the other way round */
	EXPECT_EQ(0, bind_call(self->fd, 0, 2, NULL, 0));
	EXPECT_PAGE(2);
}

#define NEW_PROGRAM "SUNDIAL_NEW_PROGRAM"

/*
 * What a program does instead of the tests that a bound thread has executed: asks in
 * which page it is. Its status is 100 more than that.
 */
__attribute__((constructor)) static void in_new_program(void)
{
	const char *text = getenv(NEW_PROGRAM);
	unsigned long word;
	__u64 domain;
	int program;

	if (!text || sscanf(text, "%d %llu %lx", &program, &domain, &word) != 3)
		return;
	if (word) {
		if (mmap((void *)word, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)word)
			_exit(1);
		*(__u32 *)word = 4;
	}
	_exit(100 + asked_page(program, domain));
}

/* A child that is bound, by a word or without, and then executes a program that asks. */
static int page_after_exec(FIXTURE_DATA(bind) * self, bool by_word)
{
	char text[80], *argv[] = {"new program", NULL}, *envp[] = {text, NULL};
	pid_t pid = fork_child();
	__u32 *word = NULL;

	if (pid)
		return child_status(pid) - 100;
	if (by_word) {
		word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		*word = 4;
	}
	if (bind_call(self->fd, 0, by_word ? 0 : 4, word, 0) ||
	    asked_page(self->program, self->domain) != 4)
		_exit(1);
	snprintf(text, sizeof(text), NEW_PROGRAM "=%d %llu %lx", self->program, self->domain,
		 (unsigned long)word);
	fcntl(self->program, F_SETFD, 0);
	execve("/proc/self/exe", argv, envp);
	_exit(2);
}

TEST_F(bind, a_thread_stays_bound_over_exec_but_a_word_goes_with_its_memory)
{
	NEED_KFUNCS();
	EXPECT_EQ(4, page_after_exec(self, false));
	EXPECT_EQ(-1, page_after_exec(self, true));
}

struct flipper {
	__u32 *word;
	atomic_bool done;
};

/* Every byte changes between the two, so that a mixture is neither. */
#define FLIP_ONE 0x00ffU
#define FLIP_TWO 0x0100U

static void *flip(void *argument)
{
	struct flipper *flipper = argument;

	while (!atomic_load(&flipper->done)) {
		__atomic_store_n(flipper->word, FLIP_TWO, __ATOMIC_RELAXED);
		__atomic_store_n(flipper->word, FLIP_ONE, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(bind, a_word_that_changes_while_it_is_read_is_one_of_its_values)
{
	__u32 word = FLIP_ONE;
	struct flipper flipper = {.word = &word};
	int i, page, seen_one = 0, seen_two = 0, bad = 0;
	pthread_t thread;

	NEED_KFUNCS();
	ASSERT_EQ(0, bind_call(self->fd, 0, 0, &word, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &flipper));
	for (i = 0; i < 20000; i++) {
		struct answer answer;

		ASSERT_EQ(0, ask_at(self->program, 0, &answer));
		page = (int)(answer.domain - self->domain);
		seen_one += page == FLIP_ONE;
		seen_two += page == FLIP_TWO;
		bad += page != FLIP_ONE && page != FLIP_TWO;
		bad += answer.now_ns != 1000 + FLIP_ONE && answer.now_ns != 1000 + FLIP_TWO;
	}
	atomic_store(&flipper.done, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, bad);
	EXPECT_LT(0, seen_one);
	EXPECT_LT(0, seen_two);
}

struct thread_ask {
	int fd, program, page;
	__u64 domain;
	pid_t tid;
	int before, after;
};

static void *bind_self_and_ask(void *argument)
{
	struct thread_ask *how = argument;

	how->tid = gettid_raw();
	how->before = asked_page(how->program, how->domain);
	if (how->page >= 0 && bind_call(how->fd, 0, how->page, NULL, 0))
		return NULL;
	how->after = asked_page(how->program, how->domain);
	return NULL;
}

TEST_F(bind, a_binding_ends_with_its_thread)
{
	struct thread_ask how = {self->fd, self->program, 5, self->domain, 0, 9, 9};
	pthread_t thread;
	int i;

	NEED_KFUNCS();
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, bind_self_and_ask, &how));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		ASSERT_EQ(-1, how.before);
		ASSERT_EQ(5, how.after);
	}
	how.page = -1;
	ASSERT_EQ(0, pthread_create(&thread, NULL, bind_self_and_ask, &how));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-1, how.after);
}

/* A child that the kernel gives this very number. */
static pid_t child_with_number(pid_t wanted)
{
	int tries, fd;
	char text[16];
	pid_t pid;

	for (tries = 0; tries < 100; tries++) {
		fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
		snprintf(text, sizeof(text), "%d", wanted - 1);
		if (fd < 0 || write(fd, text, strlen(text)) < 0)
			return -1;
		close(fd);
		pid = fork_child();
		if (!pid)
			raise(SIGSTOP);
		if (pid == wanted || pid <= 0)
			return pid;
		end_child(pid);
	}
	return -1;
}

TEST_F(bind, a_number_that_is_used_again_is_not_bound)
{
	pid_t pid = stopped_child(0), again;
	int reader = sundial_clock_reader(self->clock);

	NEED_KFUNCS();
	if (access("/proc/sys/kernel/ns_last_pid", W_OK)) {
		end_child(pid);
		SKIP(return, "no ns_last_pid: the kernel has no CONFIG_CHECKPOINT_RESTORE");
	}
	ASSERT_EQ(0, bind_call(self->fd, pid, 6, NULL, 0));
	end_child(pid);
	again = child_with_number(pid);
	if (!again)
		_exit(asked_page(self->program, self->domain) == -1 ? 0 : 1);
	ASSERT_EQ(pid, again);
	ASSERT_EQ(again, waitpid(again, NULL, WUNTRACED));
	/* nobody's: another descriptor may have it */
	EXPECT_EQ(-ENOENT, bind_call(self->fd, again, 0, NULL, SUNDIAL_BIND_OFF));
	EXPECT_EQ(0, bind_call(reader, again, 6, NULL, 0));
	EXPECT_EQ(0, bind_call(reader, again, 0, NULL, SUNDIAL_BIND_OFF));
	kill(again, SIGCONT);
	EXPECT_EQ(0, child_status(again));
	close(reader);
}

TEST_F(bind, a_killed_binder_leaves_nobody_bound)
{
	pid_t parent = gettid_raw(), pid;
	int i;

	for (i = 0; i < 20; i++) {
		int pipes[2];
		char byte;

		ASSERT_EQ(0, pipe(pipes));
		pid = fork_child();
		if (!pid) {
			int reader = sundial_clock_reader(self->clock);

			close(pipes[0]);
			if (bind_call(reader, parent, 8, NULL, 0))
				_exit(1);
			(void)!write(pipes[1], "", 1);
			for (;;)
				pause();
		}
		close(pipes[1]);
		EXPECT_EQ(1, read(pipes[0], &byte, 1));
		close(pipes[0]);
		if (self->skeleton)
			EXPECT_PAGE(8);
		EXPECT_EQ(-EBUSY, bind_call(self->fd, 0, 0, NULL, 0));
		end_child(pid);
		if (self->skeleton)
			EXPECT_PAGE(-1);
		EXPECT_EQ(0, bind_call(self->fd, 0, 0, NULL, 0));
		EXPECT_EQ(0, bind_call(self->fd, 0, 0, NULL, SUNDIAL_BIND_OFF));
	}
}

/* A child that has ended but is not waited for: the cheapest thread there is. */
static __attribute__((noinline)) pid_t zombie(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	return pid;
}

TEST_F_TIMEOUT(bind, a_descriptor_binds_so_many_threads_and_ended_ones_make_room, 300)
{
	struct thread_ask how[16];
	pthread_t threads[16];
	pid_t *pids = calloc(MANY + 1, sizeof(*pids));
	int i, bound = 0;

	ASSERT_NE(NULL, pids);
	/* the machine derives its own limit from its memory */
	ASSERT_EQ(0, write_number("/proc/sys/kernel/threads-max", 2 * MANY));
	for (i = 0; i <= MANY; i++) {
		pids[i] = zombie();
		ASSERT_LT(0, pids[i]);
		bound += !bind_call(self->fd, pids[i], i % PAGES, NULL, 0);
	}
	EXPECT_EQ(MANY, bound);
	EXPECT_EQ(-ENOSPC, bind_call(self->fd, 0, 0, NULL, 0));
	EXPECT_EQ(-ENOSPC, bind_call(self->fd, pids[MANY], 0, NULL, 0));
	/* one that is bound already needs no room */
	EXPECT_EQ(0, bind_call(self->fd, pids[0], 1, NULL, 0));
	for (i = 0; i <= MANY; i++)
		waitpid(pids[i], NULL, 0);
	for (i = 0; i < 16; i++) {
		how[i] = (struct thread_ask){self->fd, self->program, i, self->domain, 0, 9, 9};
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, bind_self_and_ask, &how[i]));
	}
	for (i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		if (!self->skeleton)
			continue;
		EXPECT_EQ(-1, how[i].before);
		EXPECT_EQ(i, how[i].after);
	}
	EXPECT_EQ(0, bind_call(self->fd, 0, 0, NULL, 0));
	free(pids);
}

TEST_HARNESS_MAIN
