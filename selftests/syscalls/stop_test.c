// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stop_test.c - being stopped and continued inside a blocking call, without any
 * handler: signal(7) lists which calls go on and which end with EINTR.
 *
 * Another process stops and continues this one again and again, so that it hits
 * however late the call begins to block, and from the third time on lets the
 * call complete.
 */
#include "check.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>

static pid_t pulse_pid;

static void pulses(pid_t target, void (*wake)(void))
{
	for (int i = 0;; i++) {
		sleep_ms(5);
		kill(target, SIGSTOP);
		sleep_ms(5);
		kill(target, SIGCONT);
		/* A futex must be waited for before it is woken: give it time to. */
		sleep_ms(5);
		if (i >= 2 && wake)
			wake();
	}
}

static void pulse_start(void (*wake)(void))
{
	pid_t target = getpid();

	pulse_pid = fork();
	REQUIRE(pulse_pid >= 0);
	if (!pulse_pid)
		pulses(target, wake);
}

static void pulse_stop(void)
{
	kill(pulse_pid, SIGKILL);
	CHECK_EQ(waitpid(pulse_pid, NULL, 0), pulse_pid);
}

#define CHECK_GOES_ON(expr, want, wake) \
	do {                            \
		pulse_start(wake);      \
		CHECK_EQ(expr, want);   \
		pulse_stop();           \
	} while (0)

#define CHECK_ENDS(expr)                  \
	do {                              \
		pulse_start(NULL);        \
		CHECK_ERRNO(expr, EINTR); \
		pulse_stop();             \
	} while (0)

static int fds[2], sv[2], queue, sem;
static uint32_t *word;

static void wake_pipe(void)
{
	CHECK(write(fds[1], "x", 1) == 1);
}

static void wake_socket(void)
{
	CHECK(send(sv[1], "x", 1, 0) == 1);
}

static void wake_futex(void)
{
	sys(futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void wake_queue(void)
{
	struct {
		long type;
		char c;
	} m = {1, 'x'};

	CHECK(msgsnd(queue, &m, 1, IPC_NOWAIT) == 0);
}

TEST(reads_and_polls_go_on, "read poll pselect6 recvfrom")
{
	struct pollfd pfd = {.events = POLLIN};
	struct timeval tv = {100, 0};
	fd_set set;
	char c;

	REQUIRE(pipe(fds) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	CHECK_GOES_ON(read(fds[0], &c, 1), 1, wake_pipe);
	while (fcntl(fds[0], F_SETFL, O_NONBLOCK) || read(fds[0], &c, 1) == 1)
		;
	pfd.fd = fds[0];
	CHECK_GOES_ON(poll(&pfd, 1, -1), 1, wake_pipe);
	while (read(fds[0], &c, 1) == 1)
		;
	CHECK_GOES_ON(poll(&pfd, 1, 100000), 1, wake_pipe);
	while (read(fds[0], &c, 1) == 1)
		;
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	CHECK_GOES_ON(select(fds[0] + 1, &set, NULL, NULL, &tv), 1, wake_pipe);
	CHECK_GOES_ON(recv(sv[0], &c, 1, 0), 1, wake_socket);
}

TEST(futex_wait_goes_on, "futex")
{
	struct timespec ts = {100, 0};

	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(word != MAP_FAILED);
	CHECK_GOES_ON(sys(futex, word, FUTEX_WAIT, 0, NULL, NULL, 0), 0, wake_futex);
	CHECK_GOES_ON(sys(futex, word, FUTEX_WAIT, 0, &ts, NULL, 0), 0, wake_futex);
}

TEST(timed_calls_keep_their_time, "nanosleep poll futex")
{
	struct timespec ts = ms_to_ts(80);
	uint32_t value = 0;
	int64_t start = now_ns(CLOCK_MONOTONIC);

	pulse_start(NULL);
	CHECK_EQ(sys(nanosleep, &ts, NULL), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 80000000);
	start = now_ns(CLOCK_MONOTONIC);
	CHECK_EQ(poll(NULL, 0, 80), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 80000000);
	start = now_ns(CLOCK_MONOTONIC);
	CHECK_ERRNO(sys(futex, &value, FUTEX_WAIT, 0, &ts, NULL, 0), ETIMEDOUT);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 80000000);
	pulse_stop();
}

TEST(message_queue_goes_on, "msgrcv")
{
	char buf[32];

	queue = msgget(IPC_PRIVATE, 0600);
	if (queue == -1 && errno == ENOSYS)
		skip("no System V IPC here");
	CHECK_GOES_ON(msgrcv(queue, buf, 1, 0, 0), 1, wake_queue);
	CHECK_OK(msgctl(queue, IPC_RMID, NULL));
}

TEST(epoll_wait_ends, "epoll_wait epoll_pwait")
{
	struct epoll_event ev;
	int ep = epoll_create1(0);

	CHECK_ENDS(epoll_wait(ep, &ev, 1, -1));
	CHECK_ENDS(epoll_pwait(ep, &ev, 1, 100000, NULL));
}

TEST(semop_ends, "semtimedop")
{
	struct sembuf down = {0, -1, 0};

	sem = semget(IPC_PRIVATE, 1, 0600);
	if (sem == -1 && errno == ENOSYS)
		skip("no System V IPC here");
	CHECK_ENDS(semop(sem, &down, 1));
	CHECK_OK(semctl(sem, 0, IPC_RMID));
}

TEST(sigtimedwait_ends, "rt_sigtimedwait")
{
	struct timespec ts = {100, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_ENDS(sigwaitinfo(&set, NULL));
	CHECK_ENDS(sigtimedwait(&set, NULL, &ts));
}

static void end_child(void *arg)
{
	for (;;)
		pause();
}

static pid_t victim;

static void wake_wait(void)
{
	kill(victim, SIGKILL);
}

static int lock_fd;

static void hold_lock(void *arg)
{
	int fd = open("file", O_RDWR);

	CHECK_OK(flock(fd, LOCK_EX));
	CHECK_EQ(write(fds[1], "r", 1), 1);
	end_child(NULL);
}

TEST(wait_and_locks_go_on, "wait4 flock fcntl")
{
	char c;

	victim = spawn(end_child, NULL);
	CHECK_GOES_ON(waitpid(victim, NULL, 0), victim, wake_wait);
	make_file("file", "x", 0644);
	lock_fd = open("file", O_RDWR);
	REQUIRE(pipe(fds) == 0);
	victim = spawn(hold_lock, NULL);
	REQUIRE(read(fds[0], &c, 1) == 1);
	CHECK_GOES_ON(flock(lock_fd, LOCK_EX), 0, wake_wait);
	CHECK_EQ(waitpid(victim, NULL, 0), victim);
}

TEST(stopped_process_does_not_run, "kill wait4")
{
	volatile int *count =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, seen;
	pid_t pid = fork();

	if (!pid)
		for (;;) {
			++*count;
			sleep_ms(1);
		}
	sleep_ms(20);
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	seen = *count;
	CHECK(seen > 0);
	sleep_ms(50);
	CHECK_EQ(*count, seen);
	CHECK_OK(kill(pid, SIGCONT));
	while (*count == seen)
		sleep_ms(1);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
}
