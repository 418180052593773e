// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timer_test.c - POSIX timers, interval timers and alarm: who is told, how
 * often, what is left, overruns, and what fork and bad arguments do.
 */
#include "check.h"

#include <pthread.h>
#include <sys/time.h>

#define MS	       1000000LL
#define kernel_timer_t int

/* The raw call: the kernel's timer id is an int, libc's a pointer. */
static long timer_new(clockid_t clock, struct sigevent *ev, kernel_timer_t *id)
{
	return sys(timer_create, clock, ev, id);
}

static struct itimerspec spec_ms(int first, int interval)
{
	return (struct itimerspec){.it_value = ms_to_ts(first), .it_interval = ms_to_ts(interval)};
}

static void wait_caught(int sig, int count)
{
	sigset_t none;

	sigemptyset(&none);
	while (caught[sig] < count)
		sigsuspend(&none);
}

TEST(timer_signals_on_every_clock, "timer_create timer_settime timer_delete")
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_TAI};

	block_signal(SIGUSR1);
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
		struct itimerspec its = spec_ms(20, 0);
		int64_t start = now_ns(CLOCK_MONOTONIC);
		kernel_timer_t id = -1;

		catch_signal(SIGUSR1, 0);
		ev.sigev_value.sival_int = 4711;
		CHECK_EQ(timer_new(clocks[i], &ev, &id), 0);
		CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
		wait_caught(SIGUSR1, 1);
		CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
		CHECK_EQ(caught_info.si_code, SI_TIMER);
		CHECK_EQ(caught_info.si_value.sival_int, 4711);
		CHECK_EQ(caught_info.si_overrun, 0);
		CHECK_EQ(sys(timer_delete, id), 0);
	}
}

TEST(timer_default_event_is_sigalrm, "timer_create")
{
	struct itimerspec its = spec_ms(5, 0);
	kernel_timer_t id = -1;

	block_signal(SIGALRM);
	catch_signal(SIGALRM, 0);
	CHECK_EQ(timer_new(CLOCK_MONOTONIC, NULL, &id), 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
	wait_caught(SIGALRM, 1);
	CHECK_EQ(caught_info.si_value.sival_int, id);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(timer_interval_and_gettime, "timer_gettime timer_settime")
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec its = spec_ms(10, 10), now, old;
	kernel_timer_t id;

	block_signal(SIGUSR1);
	catch_signal(SIGUSR1, 0);
	REQUIRE(timer_new(CLOCK_MONOTONIC, &ev, &id) == 0);
	CHECK_EQ(sys(timer_gettime, id, &now), 0);
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
	wait_caught(SIGUSR1, 3);
	CHECK_EQ(sys(timer_gettime, id, &now), 0);
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec <= 10 * MS);
	CHECK(now.it_interval.tv_nsec == 10 * MS);

	its = spec_ms(0, 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, &old), 0);
	CHECK(old.it_interval.tv_nsec == 10 * MS);
	CHECK_EQ(sys(timer_gettime, id, &now), 0);
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(timer_absolute, "timer_settime")
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	int64_t until = now_ns(CLOCK_REALTIME) + 20 * MS;
	struct itimerspec its = {.it_value = {until / 1000000000, until % 1000000000}};
	kernel_timer_t id;

	block_signal(SIGUSR1);
	catch_signal(SIGUSR1, 0);
	REQUIRE(timer_new(CLOCK_REALTIME, &ev, &id) == 0);
	CHECK_EQ(sys(timer_settime, id, TIMER_ABSTIME, &its, NULL), 0);
	wait_caught(SIGUSR1, 1);
	CHECK(now_ns(CLOCK_REALTIME) >= until);
	/* In the past: due at once. */
	its.it_value = (struct timespec){1, 0};
	CHECK_EQ(sys(timer_settime, id, TIMER_ABSTIME, &its, NULL), 0);
	wait_caught(SIGUSR1, 2);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(timer_overrun_counts_missed_expiries, "timer_getoverrun")
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec its = spec_ms(1, 1);
	kernel_timer_t id;

	block_signal(SIGUSR1);
	catch_signal(SIGUSR1, 0);
	REQUIRE(timer_new(CLOCK_MONOTONIC, &ev, &id) == 0);
	CHECK_EQ(sys(timer_getoverrun, id), 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
	sleep_ms(50);
	wait_caught(SIGUSR1, 1);
	/* One is delivered, those that came due while it was blocked are counted. */
	CHECK(caught_info.si_overrun >= 40);
	CHECK(sys(timer_getoverrun, id) >= 40);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(timer_sigev_none_only_counts_down, "timer_create timer_gettime")
{
	struct sigevent ev = {.sigev_notify = SIGEV_NONE};
	struct itimerspec its = spec_ms(1000000, 0), now;
	kernel_timer_t id;

	REQUIRE(timer_new(CLOCK_MONOTONIC, &ev, &id) == 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
	sleep_ms(20);
	CHECK_EQ(sys(timer_gettime, id, &now), 0);
	CHECK(now.it_value.tv_sec < 1000 && now.it_value.tv_sec > 0);
	its = spec_ms(5, 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
	sleep_ms(10);
	CHECK_EQ(sys(timer_gettime, id, &now), 0);
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
}

struct thread_timer {
	kernel_timer_t id;
	pid_t notified;
};

static volatile pid_t notified_tid;

static void note_thread(int sig)
{
	notified_tid = gettid();
}

static void *thread_with_timer(void *arg)
{
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
	struct itimerspec its = spec_ms(5, 0);
	sigset_t none;
	kernel_timer_t id;

	sigemptyset(&none);
	ev._sigev_un._tid = gettid();
	CHECK_EQ(timer_new(CLOCK_MONOTONIC, &ev, &id), 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
	while (!notified_tid)
		sigsuspend(&none);
	CHECK_EQ(notified_tid, gettid());
	CHECK_EQ(sys(timer_delete, id), 0);
	return NULL;
}

TEST(timer_tells_one_thread, "timer_create gettid")
{
	struct sigaction sa = {.sa_handler = note_thread};
	pthread_t thread;

	block_signal(SIGUSR2);
	REQUIRE(sigaction(SIGUSR2, &sa, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, thread_with_timer, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
}

TEST(timer_create_errors, "timer_create timer_settime timer_gettime timer_delete")
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec its = spec_ms(5, 0);
	kernel_timer_t id = -1;

	CHECK_ERRNO(timer_new(99, &ev, &id), EINVAL);
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC_RAW, &ev, &id), EOPNOTSUPP);
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC_COARSE, &ev, &id), EOPNOTSUPP);
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC, bad, &id), EFAULT);
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC, &ev, bad), EFAULT);
	ev.sigev_signo = 65;
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC, &ev, &id), EINVAL);
	ev.sigev_signo = 0;
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC, &ev, &id), EINVAL);
	ev = (struct sigevent){.sigev_notify = 77, .sigev_signo = SIGUSR1};
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC, &ev, &id), EINVAL);
	ev = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	ev._sigev_un._tid = 1 << 29;
	CHECK_ERRNO(timer_new(CLOCK_MONOTONIC, &ev, &id), EINVAL);

	CHECK_ERRNO(sys(timer_settime, 12345, 0, &its, NULL), EINVAL);
	CHECK_ERRNO(sys(timer_gettime, 12345, &its), EINVAL);
	CHECK_ERRNO(sys(timer_getoverrun, 12345), EINVAL);
	CHECK_ERRNO(sys(timer_delete, 12345), EINVAL);
	CHECK_ERRNO(sys(timer_delete, -1), EINVAL);

	REQUIRE(timer_new(CLOCK_MONOTONIC, NULL, &id) == 0);
	CHECK_ERRNO(sys(timer_settime, id, 0, NULL, NULL), EINVAL);
	CHECK_ERRNO(sys(timer_settime, id, 0, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(timer_gettime, id, bad), EFAULT);
	its.it_value.tv_nsec = 1000000000;
	CHECK_ERRNO(sys(timer_settime, id, 0, &its, NULL), EINVAL);
	its.it_value = (struct timespec){-1, 0};
	CHECK_ERRNO(sys(timer_settime, id, 0, &its, NULL), EINVAL);
	CHECK_EQ(sys(timer_delete, id), 0);
	CHECK_ERRNO(sys(timer_delete, id), EINVAL);
}

static void timer_is_gone(void *arg)
{
	struct itimerspec its;

	CHECK_ERRNO(sys(timer_gettime, *(kernel_timer_t *)arg, &its), EINVAL);
}

TEST(timers_are_not_inherited, "timer_create timer_gettime clone")
{
	kernel_timer_t id;

	REQUIRE(timer_new(CLOCK_MONOTONIC, NULL, &id) == 0);
	JOIN(spawn(timer_is_gone, &id));
}

static volatile int thread_notified;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void notify(union sigval v)
{
	pthread_mutex_lock(&lock);
	thread_notified = v.sival_int;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
}

TEST(libc_sigev_thread_calls_back, "timer_create")
{
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = notify};
	struct itimerspec its = spec_ms(5, 0);
	timer_t id;

	ev.sigev_value.sival_int = 42;
	REQUIRE(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0);
	CHECK_OK(timer_settime(id, 0, &its, NULL));
	pthread_mutex_lock(&lock);
	while (!thread_notified)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	CHECK_EQ(thread_notified, 42);
	CHECK_OK(timer_delete(id));
}

TEST(setitimer_real_repeats, "setitimer getitimer")
{
	struct itimerval it = {{0, 10000}, {0, 20000}}, now, old;
	int64_t start = now_ns(CLOCK_MONOTONIC);

	block_signal(SIGALRM);
	catch_signal(SIGALRM, 0);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &it, &old), 0);
	CHECK(old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
	wait_caught(SIGALRM, 3);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 40 * MS);
	CHECK_EQ(sys(getitimer, ITIMER_REAL, &now), 0);
	CHECK(now.it_interval.tv_usec == 10000 && now.it_value.tv_usec <= 11000);
	memset(&it, 0, sizeof(it));
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &it, &old), 0);
	CHECK(old.it_interval.tv_usec == 10000);
	CHECK_EQ(sys(getitimer, ITIMER_REAL, &now), 0);
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_usec == 0);
}

TEST(setitimer_errors, "setitimer getitimer")
{
	struct itimerval it = {{0, 0}, {1, 1000000}};

	CHECK_ERRNO(sys(setitimer, ITIMER_REAL, &it, NULL), EINVAL);
	it = (struct itimerval){{0, 0}, {-1, 0}};
	CHECK_ERRNO(sys(setitimer, ITIMER_REAL, &it, NULL), EINVAL);
	CHECK_ERRNO(sys(setitimer, 3, &it, NULL), EINVAL);
	CHECK_ERRNO(sys(getitimer, 3, &it), EINVAL);
	CHECK_ERRNO(sys(setitimer, ITIMER_REAL, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(getitimer, ITIMER_REAL, bad), EFAULT);
}

TEST(cpu_itimers_fire_with_work, "setitimer")
{
	static const struct {
		int which, sig;
	} kinds[] = {{ITIMER_VIRTUAL, SIGVTALRM}, {ITIMER_PROF, SIGPROF}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct itimerval it = {{0, 0}, {0, 10000}};
		volatile double x = 1;

		catch_signal(kinds[i].sig, 0);
		CHECK_EQ(sys(setitimer, kinds[i].which, &it, NULL), 0);
		/* User work with calls in it, so that every kind of accounting sees it. */
		for (long n = 0; n < 2000000000 && !caught[kinds[i].sig]; n++) {
			x *= 1.0000001;
			if (n % 1000 == 0)
				sys(getppid);
		}
		CHECK_EQ(caught[kinds[i].sig], 1);
	}
}

TEST(alarm_and_what_was_left, "alarm")
{
	CHECK_EQ(sys(alarm, 100), 0);
	long left = sys(alarm, 50);
	CHECK(left >= 99 && left <= 100);
	left = sys(alarm, 0);
	CHECK(left >= 49 && left <= 50);
	CHECK_EQ(sys(alarm, 0), 0);
}

TEST(alarm_fires_once, "alarm")
{
	int64_t start = now_ns(CLOCK_MONOTONIC);

	block_signal(SIGALRM);
	catch_signal(SIGALRM, 0);
	CHECK_EQ(alarm(1), 0);
	wait_caught(SIGALRM, 1);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 1000 * MS);
	CHECK_EQ(alarm(0), 0);
}

static void no_alarm_left(void *arg)
{
	struct itimerval it;

	CHECK_OK(getitimer(ITIMER_REAL, &it));
	CHECK(it.it_value.tv_sec == 0 && it.it_value.tv_usec == 0);
}

TEST(alarm_is_not_inherited_by_fork, "alarm clone")
{
	alarm(100);
	JOIN(spawn(no_alarm_left, NULL));
	CHECK(alarm(0) >= 98);
}
