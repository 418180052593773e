/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that wait for a clock, as the tests of waiting start, watch and end them.
 */
#ifndef SELFTESTS_CLOCK_WAITERS_H
#define SELFTESTS_CLOCK_WAITERS_H

#include "asleep.h"
#include "common.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

struct waiter {
	pthread_t thread;
	struct sundial_clock *clock;
	__u32 index;
	__u64 deadline_ns;
	int priority;	    /* of SCHED_FIFO; 0 keeps that of the starter */
	atomic_uint *turns; /* counts those who were woken; may be NULL */
	/* what came of it */
	atomic_int tid;
	atomic_bool ended;
	unsigned int turn;
	int ret;
	__u64 now_ns;
};

/* For the page that a thread scribbles on. */
struct scribbler {
	struct sundial_clock *clock;
	struct sundial_clock_page *page;
	atomic_bool done;
};

static inline void *wait_for_count(void *arg)
{
	struct waiter *waiter = arg;
	struct sundial_clock_wait wait = {
		.deadline_ns = waiter->deadline_ns,
		.index = waiter->index,
		.now_ns = POISON64,
	};

	atomic_store(&waiter->tid, (int)syscall(SYS_gettid));
	waiter->ret = sundial_clock_call(waiter->clock, SUNDIAL_CLOCK_WAIT, &wait);
	if (waiter->turns)
		waiter->turn = atomic_fetch_add(waiter->turns, 1);
	waiter->now_ns = wait.now_ns;
	atomic_store(&waiter->ended, true);
	return NULL;
}

/* Starts a thread that waits; does not wait for it to sleep. */
static inline void start_waiter_now(struct waiter *waiter, struct sundial_clock *clock, __u32 index,
				    __u64 deadline_ns)
{
	struct sched_param param = {.sched_priority = waiter->priority};
	pthread_attr_t attr;

	waiter->clock = clock;
	waiter->index = index;
	waiter->deadline_ns = deadline_ns;
	atomic_store(&waiter->tid, 0);
	atomic_store(&waiter->ended, false);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	if (waiter->priority) {
		pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
		pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
		pthread_attr_setschedparam(&attr, &param);
	}
	if (pthread_create(&waiter->thread, &attr, wait_for_count, waiter))
		abort();
	pthread_attr_destroy(&attr);
}

/* Starts a thread that waits, and returns when it sleeps. */
static inline void start_waiter(struct waiter *waiter, struct sundial_clock *clock, __u32 index,
				__u64 deadline_ns)
{
	start_waiter_now(waiter, clock, index, deadline_ns);
	until_asleep(&waiter->tid);
}

/* Whether the waiter has not been woken, now that it could have run. */
static inline bool sleeps_on(struct waiter *waiter)
{
	while (!atomic_load(&waiter->ended) && !is_asleep(atomic_load(&waiter->tid)))
		usleep(50);
	return !atomic_load(&waiter->ended);
}

/* Until the wait has ended. Returns what it returned. */
static inline int end_waiter(struct waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	return waiter->ret;
}

static inline __u64 count_of(struct sundial_clock *clock)
{
	return sundial_page_now(sundial_clock_page(clock, 0), sundial_host_now);
}

/* How often SIGUSR1 came since handle_signal(). */
static atomic_uint handled;

static inline void count_signal(int signal)
{
	atomic_fetch_add(&handled, 1);
}

static inline void handle_signal(int flags)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};

	atomic_store(&handled, 0);
	sigaction(SIGUSR1, &action, NULL);
}

static inline void until_handled(unsigned int count)
{
	while (atomic_load(&handled) < count)
		usleep(100);
}

static inline bool no_robust_futexes(void)
{
	void *head;
	size_t length;

	return syscall(SYS_get_robust_list, 0, &head, &length) != 0;
}

#endif /* SELFTESTS_CLOCK_WAITERS_H */
