// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * limits_test.c - resource limits and what they refuse, priorities, scheduling
 * policies and affinity.
 */
#include "check.h"

#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

TEST(getrlimit_and_prlimit_agree, "getrlimit setrlimit prlimit64")
{
	struct rlimit a, b;

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		memset(&a, 0xcc, sizeof(a));
		CHECK_EQ(sys(getrlimit, i, &a), 0);
		CHECK_EQ(sys(prlimit64, 0, i, NULL, &b), 0);
		CHECK(a.rlim_cur == b.rlim_cur && a.rlim_max == b.rlim_max);
		CHECK(a.rlim_cur <= a.rlim_max);
	}
	CHECK_ERRNO(sys(getrlimit, 99, &a), EINVAL);
	CHECK_ERRNO(sys(setrlimit, 99, &a), EINVAL);
	CHECK_ERRNO(sys(getrlimit, RLIMIT_CORE, bad), EFAULT);
	CHECK_ERRNO(sys(setrlimit, RLIMIT_CORE, bad), EFAULT);
	CHECK_ERRNO(sys(prlimit64, 1 << 29, RLIMIT_CORE, NULL, &a), ESRCH);
	CHECK_ERRNO(sys(prlimit64, 0, 99, NULL, &a), EINVAL);
	CHECK_ERRNO(sys(prlimit64, 0, RLIMIT_CORE, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(prlimit64, 0, RLIMIT_CORE, NULL, bad), EFAULT);
	a = (struct rlimit){10, 5};
	CHECK_ERRNO(sys(setrlimit, RLIMIT_CORE, &a), EINVAL);
}

TEST(hard_limit_can_only_be_lowered, "setrlimit prlimit64")
{
	struct rlimit rl = {50, 100}, old;

	drop_root();
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	rl.rlim_max = 101;
	CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &rl), EPERM);
	rl = (struct rlimit){100, 100};
	CHECK_EQ(sys(prlimit64, getpid(), RLIMIT_NOFILE, &rl, &old), 0);
	CHECK(old.rlim_cur == 50 && old.rlim_max == 100);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	CHECK_EQ(rl.rlim_cur, 100);
}

TEST(limit_of_open_files, "setrlimit openat dup pipe2 socket fcntl")
{
	struct rlimit rl;
	int fds[2], fd, next = dup(0);

	close(next);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	rl.rlim_cur = next + 1;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	CHECK_ERRNO(pipe(fds), EMFILE);
	CHECK_EQ(fd = dup(0), next);
	CHECK_ERRNO(dup(0), EMFILE);
	CHECK_ERRNO(open("/dev/null", O_RDONLY), EMFILE);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 0), EMFILE);
	CHECK_ERRNO(sys(epoll_create1, 0), EMFILE);
	CHECK_ERRNO(sys(eventfd2, 0, 0), EMFILE);
	CHECK_ERRNO(sys(timerfd_create, CLOCK_MONOTONIC, 0), EMFILE);
	CHECK_ERRNO(sys(memfd_create, "x", 0), EMFILE);
	CHECK_ERRNO(fcntl(0, F_DUPFD, 0), EMFILE);
	CHECK_ERRNO(fcntl(0, F_DUPFD, next + 1), EINVAL);
	CHECK_ERRNO(dup2(0, next + 1), EBADF);
	/* What is already open above the limit stays. */
	rl.rlim_cur = 1;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	CHECK_OK(fcntl(fd, F_GETFD));
}

TEST(limit_of_file_size, "setrlimit write ftruncate")
{
	struct rlimit rl = {1000, 1000};
	static char buf[2000];
	int fd = open("file", O_RDWR | O_CREAT, 0600);

	catch_signal(SIGXFSZ, 0);
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &rl));
	CHECK_EQ(write(fd, buf, sizeof(buf)), 1000);
	CHECK_EQ(caught[SIGXFSZ], 0);
	CHECK_ERRNO(write(fd, buf, 1), EFBIG);
	CHECK_EQ(caught[SIGXFSZ], 1);
	CHECK_ERRNO(ftruncate(fd, 1001), EFBIG);
	CHECK_EQ(caught[SIGXFSZ], 2);
}

TEST(limit_of_address_space, "setrlimit mmap brk")
{
	struct rlimit rl = {64 << 20, RLIM_INFINITY};
	size_t size = 128 << 20;

	CHECK_OK(setrlimit(RLIMIT_AS, &rl));
	CHECK_ERRNO(mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
}

TEST(priority, "getpriority setpriority")
{
	/* The raw call returns 20 - nice, which is never negative. */
	long raw = sys(getpriority, PRIO_PROCESS, 0);

	CHECK(raw >= 1 && raw <= 40);
	errno = 0;
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 20 - raw);
	drop_root();
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 19));
	CHECK_EQ(getpriority(PRIO_PROCESS, getpid()), 19);
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 100));
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 19);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, 0, -5), EACCES);
	CHECK_ERRNO(getpriority(9, 0), EINVAL);
	CHECK_ERRNO(setpriority(9, 0, 0), EINVAL);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, 1 << 29), ESRCH);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, 1 << 29, 0), ESRCH);
}

TEST(scheduling_policy, "sched_getscheduler sched_setscheduler sched_getparam sched_setparam "
			"sched_get_priority_max sched_get_priority_min sched_rr_get_interval")
{
	struct sched_param p = {.sched_priority = 0};
	struct timespec ts;

	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	CHECK_OK(sched_getparam(0, &p));
	CHECK_EQ(p.sched_priority, 0);
	CHECK_OK(sched_setparam(0, &p));
	CHECK_OK(sched_setscheduler(0, SCHED_BATCH, &p));
	CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
	CHECK_ERRNO(sched_get_priority_max(77), EINVAL);
	CHECK_ERRNO(sched_get_priority_min(-1), EINVAL);
	CHECK_OK(sched_rr_get_interval(0, &ts));
	CHECK_ERRNO(sys(sched_rr_get_interval, 0, bad), EFAULT);
	CHECK_ERRNO(sched_rr_get_interval(-1, &ts), EINVAL);
	CHECK_ERRNO(sched_getscheduler(-1), EINVAL);
	CHECK_ERRNO(sched_getscheduler(1 << 29), ESRCH);
	CHECK_ERRNO(sched_setscheduler(0, 77, &p), EINVAL);
	CHECK_ERRNO(sys(sched_setscheduler, 0, SCHED_OTHER, bad), EFAULT);
	CHECK_ERRNO(sys(sched_getparam, 0, NULL), EINVAL);
	CHECK_ERRNO(sched_getparam(1 << 29, &p), ESRCH);
	p.sched_priority = 5;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_OTHER, &p), EINVAL);
	p.sched_priority = 100;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &p), EINVAL);
	drop_root();
	p.sched_priority = 5;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &p), EPERM);
}

TEST(affinity, "sched_getaffinity sched_setaffinity getcpu")
{
	unsigned long mask[128] = {0}, none[128] = {0};
	unsigned int cpu = -1, node = -1;
	long size = CHECK_OK(sys(sched_getaffinity, 0, sizeof(mask), mask));
	cpu_set_t set;
	int first = 0;

	CHECK(size > 0 && size % 8 == 0);
	CHECK_EQ(sys(getcpu, &cpu, &node, NULL), 0);
	CHECK(mask[cpu / 64] & 1ul << cpu % 64);
	CHECK_ERRNO(sys(getcpu, bad, NULL, NULL), EFAULT);
	CHECK_EQ(sys(getcpu, NULL, NULL, NULL), 0);
	CHECK(sched_getcpu() >= 0);
	while (!(mask[first / 64] & 1ul << first % 64))
		first++;
	CPU_ZERO(&set);
	CPU_SET(first, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
	CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
	CHECK_EQ(CPU_COUNT(&set), 1);
	CHECK_EQ(sched_getcpu(), first);
	CHECK_ERRNO(sys(sched_setaffinity, 0, sizeof(none), none), EINVAL);
	CHECK_ERRNO(sys(sched_setaffinity, 0, sizeof(none), bad), EFAULT);
	CHECK_ERRNO(sys(sched_getaffinity, 0, sizeof(mask), bad), EFAULT);
	CHECK_ERRNO(sys(sched_getaffinity, 0, 3, mask), EINVAL);
	CHECK_ERRNO(sys(sched_getaffinity, 1 << 29, sizeof(mask), mask), ESRCH);
	CHECK_ERRNO(sys(sched_setaffinity, 1 << 29, sizeof(mask), mask), ESRCH);
}

TEST(yielding_lets_others_run, "sched_yield")
{
	volatile int *p =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();

	if (!pid) {
		*p = 1;
		_exit(0);
	}
	do
		CHECK_EQ(sys(sched_yield), 0);
	while (!*p);
	JOIN(pid);
}

struct sched_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

TEST(sched_attr, "sched_getattr sched_setattr")
{
	struct sched_attributes a;

	memset(&a, 0xcc, sizeof(a));
	CHECK_EQ(sys(sched_getattr, 0, &a, sizeof(a), 0), 0);
	CHECK_EQ(a.policy, SCHED_OTHER);
	CHECK_ERRNO(sys(sched_getattr, 0, &a, 8, 0), EINVAL);
	CHECK_ERRNO(sys(sched_getattr, 0, bad, sizeof(a), 0), EFAULT);
	CHECK_ERRNO(sys(sched_getattr, 0, &a, sizeof(a), 1), EINVAL);
	CHECK_ERRNO(sys(sched_getattr, 1 << 29, &a, sizeof(a), 0), ESRCH);
	memset(&a, 0, sizeof(a));
	a.size = sizeof(a);
	a.nice = 10;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 10);
	a.policy = 77;
	CHECK_ERRNO(sys(sched_setattr, 0, &a, 0), EINVAL);
	CHECK_ERRNO(sys(sched_setattr, 0, bad, 0), EFAULT);
}
