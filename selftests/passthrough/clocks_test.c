// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every way to wait, measured on the waiter's own clock: whatever the speed of
 * that clock, a wait of d must show at least d on it. Knows nothing of Sundial:
 * natively it must pass as well. How long it took outside is its caller's to ask.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>

#define MS   1000000LL
#define WAIT (200 * MS)

static int count;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	fflush(stdout);
}

static struct timespec ts_of(int64_t ns)
{
	return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static int64_t now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int64_t now_by_call(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int64_t began;

static void start(void)
{
	began = now(CLOCK_MONOTONIC);
}

/* result was as wanted, and at least ns have passed since start(). */
static void waited(bool good, int64_t ns, const char *name)
{
	int64_t took = now(CLOCK_MONOTONIC) - began;

	if (!good)
		printf("# %s: wrong result (%s)\n", name, strerror(errno));
	if (took < ns)
		printf("# %s: took %lld ns, wanted at least %lld\n", name, (long long)took,
		       (long long)ns);
	ok(good && took >= ns, name);
}

/* The page, a call, the page again: in that order on every clock. */
static void test_reads(void)
{
	static const clockid_t ids[] = {CLOCK_REALTIME,
					CLOCK_MONOTONIC,
					CLOCK_MONOTONIC_RAW,
					CLOCK_REALTIME_COARSE,
					CLOCK_MONOTONIC_COARSE,
					CLOCK_BOOTTIME,
					CLOCK_TAI};
	char name[80];
	size_t i;
	int n;

	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		bool good = true;

		for (n = 0; n < 1000; n++) {
			int64_t a = now(ids[i]), b = now_by_call(ids[i]), c = now(ids[i]);

			good &= a <= b && b <= c && a > 0;
		}
		snprintf(name, sizeof(name), "clock %d: vDSO and system call agree", ids[i]);
		ok(good, name);
	}
	ok(now(CLOCK_PROCESS_CPUTIME_ID) > 0 && now(CLOCK_THREAD_CPUTIME_ID) > 0,
	   "CPU-time clocks are there");
}

static void test_dates(void)
{
	struct timeval tv;
	int64_t before = now(CLOCK_REALTIME), after;
	time_t t;

	gettimeofday(&tv, NULL);
	after = now(CLOCK_REALTIME);
	ok(tv.tv_sec * 1000000000LL + tv.tv_usec * 1000 + 999 >= before &&
		   tv.tv_sec * 1000000000LL + tv.tv_usec * 1000 <= after,
	   "gettimeofday lies between two reads of CLOCK_REALTIME");
	before = now(CLOCK_REALTIME_COARSE) / 1000000000;
	t = time(NULL);
	ok(t >= before && t <= now(CLOCK_REALTIME) / 1000000000, "so does time");
}

static void test_sleeps(void)
{
	static const clockid_t ids[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI};
	struct timespec ts = ts_of(WAIT);
	char name[80];
	size_t i;

	start();
	waited(!nanosleep(&ts, NULL), WAIT, "nanosleep");
	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		int64_t until;

		ts = ts_of(WAIT);
		start();
		snprintf(name, sizeof(name), "clock_nanosleep on clock %d", ids[i]);
		waited(!clock_nanosleep(ids[i], 0, &ts, NULL), WAIT, name);
		until = now(ids[i]) + WAIT;
		ts = ts_of(until);
		snprintf(name, sizeof(name), "clock_nanosleep until a date of clock %d", ids[i]);
		ok(!clock_nanosleep(ids[i], TIMER_ABSTIME, &ts, NULL) && now(ids[i]) >= until,
		   name);
	}
	ts = ts_of(now(CLOCK_REALTIME) - 1000 * 1000 * MS);
	ok(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL), "a date that is past");
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	signals++;
}

static void catch (int sig)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(sig, &sa, NULL);
}

static void set_itimer(int64_t ns, int64_t interval_ns)
{
	struct itimerval it = {{interval_ns / 1000000000, interval_ns % 1000000000 / 1000},
			       {ns / 1000000000, ns % 1000000000 / 1000}};

	setitimer(ITIMER_REAL, &it, NULL);
}

static void test_remainder(void)
{
	struct timespec ts = ts_of(1000000 * MS), left = {0};
	int64_t rest;

	catch (SIGALRM);
	start();
	set_itimer(WAIT, 0);
	waited(nanosleep(&ts, &left) == -1 && errno == EINTR, WAIT, "a signal ends a sleep");
	rest = left.tv_sec * 1000000000LL + left.tv_nsec;
	/* What remains and what has passed make the whole, or more on a busy machine. */
	ok(rest > 0 && rest < 1000000 * MS && rest + (now(CLOCK_MONOTONIC) - began) >= 1000000 * MS,
	   "and gives the remainder");
}

static void test_futex(void)
{
	struct timespec ts = ts_of(WAIT);
	uint32_t word = 0;

	start();
	waited(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &ts) == -1 && errno == ETIMEDOUT, WAIT,
	       "FUTEX_WAIT");
	start();
	ts = ts_of(began + WAIT);
	waited(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &ts, NULL, ~0) == -1 &&
		       errno == ETIMEDOUT,
	       WAIT, "FUTEX_WAIT_BITSET until CLOCK_MONOTONIC");
	start();
	ts = ts_of(now(CLOCK_REALTIME) + WAIT);
	waited(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &ts, NULL,
		       ~0) == -1 &&
		       errno == ETIMEDOUT,
	       WAIT, "FUTEX_WAIT_BITSET until CLOCK_REALTIME");
	word = 1; /* somebody else's: init holds it */
	start();
	ts = ts_of(now(CLOCK_REALTIME) + WAIT);
	waited(syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, &ts) == -1 &&
		       (errno == ETIMEDOUT || errno == EPERM),
	       errno == EPERM ? 0 : WAIT, "FUTEX_LOCK_PI until CLOCK_REALTIME");
}

static void test_pthread(clockid_t id, const char *name)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_condattr_t attr;
	struct timespec ts;
	pthread_cond_t cond;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, id);
	pthread_cond_init(&cond, &attr);
	pthread_mutex_lock(&mutex);
	start();
	ts = ts_of(now(id) + WAIT);
	waited(pthread_cond_timedwait(&cond, &mutex, &ts) == ETIMEDOUT, WAIT, name);
}

static void test_semaphore(void)
{
	struct timespec ts = ts_of(now(CLOCK_REALTIME) + WAIT);
	sem_t sem;

	sem_init(&sem, 0, 0);
	start();
	waited(sem_timedwait(&sem, &ts) == -1 && errno == ETIMEDOUT, WAIT - 1 * MS,
	       "sem_timedwait");
}

static void test_polls(void)
{
	struct timespec ts = ts_of(WAIT);
	struct timeval tv = {0, WAIT / 1000};
	struct epoll_event ev;
	int ep = epoll_create1(0), fds[2];
	struct pollfd pfd;
	fd_set set;

	if (pipe(fds))
		abort();
	pfd = (struct pollfd){fds[0], POLLIN, 0};
	start();
	waited(!poll(&pfd, 1, WAIT / MS), WAIT, "poll");
	start();
	waited(!ppoll(&pfd, 1, &ts, NULL), WAIT, "ppoll");
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	start();
	waited(!select(fds[0] + 1, &set, NULL, NULL, &tv), WAIT, "select");
	ok(!tv.tv_sec && !tv.tv_usec, "select says that nothing is left");
	FD_SET(fds[0], &set);
	start();
	waited(!pselect(fds[0] + 1, &set, NULL, NULL, &ts, NULL), WAIT, "pselect");
	start();
	waited(!epoll_wait(ep, &ev, 1, WAIT / MS), WAIT, "epoll_wait");
	start();
	waited(!syscall(SYS_epoll_pwait2, ep, &ev, 1, &ts, NULL, 0), WAIT, "epoll_pwait2");
}

static void test_timerfd(clockid_t id)
{
	int fd = timerfd_create(id, 0);
	struct itimerspec it = {.it_value = ts_of(WAIT), .it_interval = ts_of(WAIT)}, left;
	uint64_t n;
	char name[80];
	int64_t rest, until;

	start();
	timerfd_settime(fd, 0, &it, NULL);
	timerfd_gettime(fd, &left);
	rest = left.it_value.tv_sec * 1000000000LL + left.it_value.tv_nsec;
	ok(rest <= WAIT && rest + (now(CLOCK_MONOTONIC) - began) >= WAIT - 2 &&
		   left.it_interval.tv_nsec / MS == WAIT / MS,
	   "timerfd_gettime");
	snprintf(name, sizeof(name), "timerfd on clock %d", id);
	waited(read(fd, &n, 8) == 8, WAIT, name);
	waited(read(fd, &n, 8) == 8, 2 * WAIT, "and its interval");
	until = now(id) + WAIT;
	it = (struct itimerspec){.it_value = ts_of(until)};
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL);
	snprintf(name, sizeof(name), "timerfd at a date of clock %d", id);
	ok(read(fd, &n, 8) == 8 && now(id) >= until, name);
	close(fd);
}

static void test_timer(clockid_t id)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec it = {.it_value = ts_of(WAIT)};
	sigset_t set;
	timer_t timer;
	char name[80];
	int64_t until;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	timer_create(id, &ev, &timer);
	start();
	timer_settime(timer, 0, &it, NULL);
	snprintf(name, sizeof(name), "POSIX timer on clock %d", id);
	waited(sigwaitinfo(&set, NULL) == SIGUSR1, WAIT, name);
	until = now(id) + WAIT;
	it.it_value = ts_of(until);
	timer_settime(timer, TIMER_ABSTIME, &it, NULL);
	snprintf(name, sizeof(name), "POSIX timer at a date of clock %d", id);
	ok(sigwaitinfo(&set, NULL) == SIGUSR1 && now(id) >= until, name);
	timer_delete(timer);
}

static void test_itimers(void)
{
	struct itimerval it;
	sigset_t none, set;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	catch (SIGALRM);
	start();
	set_itimer(WAIT, WAIT);
	sigsuspend(&none);
	waited(signals > 0, WAIT, "setitimer");
	sigsuspend(&none);
	waited(signals > 1, 2 * WAIT, "and its interval");
	getitimer(ITIMER_REAL, &it);
	ok(!it.it_interval.tv_sec && it.it_interval.tv_usec / 1000 == WAIT / MS,
	   "getitimer gives the interval back");
	set_itimer(0, 0);
	start();
	alarm(1);
	sigsuspend(&none);
	waited(true, 1000 * MS, "alarm");
	alarm(1000);
	ok(alarm(0) == 1000, "alarm gives the rest in seconds");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void test_others(void)
{
	struct timespec ts = ts_of(WAIT);
	struct timeval tv = {0, WAIT / 1000}, back = {0};
	socklen_t size = sizeof(back);
	sigset_t set;
	int pair[2];
	char c;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	start();
	waited(sigtimedwait(&set, NULL, &ts) == -1 && errno == EAGAIN, WAIT, "sigtimedwait");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &back, &size);
	/* Linux keeps it in ticks, of up to 10 ms; at the highest speed tested a tick is 100 ms. */
	ok(!back.tv_sec && back.tv_usec >= WAIT / 1000 - 1000 &&
		   back.tv_usec <= WAIT / 1000 + 100000,
	   "getsockopt gives SO_RCVTIMEO back");
	start();
	waited(recv(pair[0], &c, 1, 0) == -1 && errno == EAGAIN, WAIT / 2, "SO_RCVTIMEO");
}

int main(void)
{
	test_reads();
	test_dates();
	test_sleeps();
	test_remainder();
	test_futex();
	test_pthread(CLOCK_MONOTONIC, "pthread_cond_timedwait on CLOCK_MONOTONIC");
	test_pthread(CLOCK_REALTIME, "pthread_cond_timedwait on CLOCK_REALTIME");
	test_semaphore();
	test_polls();
	test_timerfd(CLOCK_MONOTONIC);
	test_timerfd(CLOCK_REALTIME);
	test_timerfd(CLOCK_BOOTTIME);
	test_timer(CLOCK_MONOTONIC);
	test_timer(CLOCK_REALTIME);
	test_timer(CLOCK_BOOTTIME);
	test_itimers();
	test_others();
	printf("1..%d\n", count);
	return 0;
}
