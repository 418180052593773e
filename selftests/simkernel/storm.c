// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * storm.c ROUNDS SEED - children of three threads each do whatever can sleep
 * on pipes, FIFOs, eventfds, timerfds and epolls that all of them share, and
 * are killed in the middle of it. Ends well when no kill has left behind a
 * waiter, a reference or a lock that somebody else trips over. A guest for
 * storm.sh.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SETS = 4, CHILDREN = 8, THREADS = 3, BYTES = 70000 };

static struct set {
	int pipe[2], event, timer, epoll;
} sets[SETS];

static void move_bytes(struct set *s, unsigned int *seed)
{
	static char buf[BYTES];
	size_t n = rand_r(seed) % BYTES;

	if (rand_r(seed) % 2)
		(void)!read(s->pipe[0], buf, n);
	else
		(void)!write(s->pipe[1], buf, n);
}

static void count(struct set *s, unsigned int *seed)
{
	uint64_t one = 1;

	if (rand_r(seed) % 2)
		(void)!read(s->event, &one, sizeof(one));
	else
		(void)!write(s->event, &one, sizeof(one));
}

static void wait_for_one(struct set *s, unsigned int *seed)
{
	struct pollfd pfd[3] = {{.fd = s->pipe[0], .events = POLLIN},
				{.fd = s->event, .events = POLLIN},
				{.fd = s->timer, .events = POLLIN}};
	struct timeval tv = {.tv_usec = rand_r(seed) % 20000};
	struct epoll_event ev[5];
	fd_set in;

	switch (rand_r(seed) % 3) {
	case 0:
		epoll_wait(s->epoll, ev, 5, rand_r(seed) % 20);
		break;
	case 1:
		poll(pfd, 3, rand_r(seed) % 20);
		break;
	default:
		FD_ZERO(&in);
		FD_SET(s->pipe[0], &in);
		select(s->pipe[0] + 1, &in, NULL, NULL, &tv);
	}
}

static void change_interest(struct set *s, unsigned int *seed)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int fds[] = {s->pipe[0], s->event, s->timer};
	int fd = fds[rand_r(seed) % 3];

	if (rand_r(seed) % 2)
		ev.events |= EPOLLET;
	if (rand_r(seed) % 3 == 0)
		ev.events |= EPOLLONESHOT;
	epoll_ctl(s->epoll, rand_r(seed) % 2 ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &ev);
}

static void watch_something_short_lived(struct set *s, unsigned int *seed)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int fds[2];

	fds[0] = syscall(SYS_pidfd_open, getppid(), 0);
	epoll_ctl(s->epoll, EPOLL_CTL_ADD, fds[0], &ev);
	close(fds[0]);
	if (pipe(fds))
		return;
	epoll_ctl(s->epoll, EPOLL_CTL_ADD, fds[0], &ev);
	splice(s->pipe[0], NULL, fds[1], NULL, 4096, 0);
	close(fds[0]);
	close(fds[1]);
}

static void meet_at_the_fifo(unsigned int *seed)
{
	static const int how[] = {O_RDONLY, O_WRONLY, O_RDWR};
	int fd = open("fifo", how[rand_r(seed) % 3]);

	if (fd >= 0)
		close(fd);
}

static void tick(struct set *s)
{
	struct itimerspec it = {.it_value.tv_nsec = 1000000, .it_interval.tv_nsec = 1000000};
	uint64_t ticks;

	timerfd_settime(s->timer, 0, &it, NULL);
	(void)!read(s->timer, &ticks, sizeof(ticks));
}

static void *work(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	for (;;) {
		struct set *s = &sets[rand_r(&seed) % SETS];

		switch (rand_r(&seed) % 7) {
		case 0:
			move_bytes(s, &seed);
			break;
		case 1:
			count(s, &seed);
			break;
		case 2:
			wait_for_one(s, &seed);
			break;
		case 3:
			change_interest(s, &seed);
			break;
		case 4:
			watch_something_short_lived(s, &seed);
			break;
		case 5:
			meet_at_the_fifo(&seed);
			break;
		default:
			tick(s);
		}
	}
	return NULL;
}

static pid_t start_child(unsigned int seed)
{
	pid_t pid = fork();
	pthread_t thread;
	int i;

	if (pid)
		return pid;
	for (i = 1; i < THREADS; i++)
		pthread_create(&thread, NULL, work, (void *)(uintptr_t)(seed + i));
	work((void *)(uintptr_t)seed);
	return 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	unsigned int seed = argc > 2 ? atoi(argv[2]) : 1;
	pid_t child[CHILDREN] = {0};
	int i, k;

	if (mkfifo("fifo", 0600))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < SETS; i++) {
		struct set *s = &sets[i];

		s->event = eventfd(0, 0);
		s->timer = timerfd_create(CLOCK_MONOTONIC, 0);
		s->epoll = epoll_create1(0);
		if (pipe(s->pipe) || s->event < 0 || s->timer < 0 || s->epoll < 0)
			return 1;
	}
	for (i = 0; i < rounds + CHILDREN; i++) {
		k = i < rounds ? rand_r(&seed) % CHILDREN : i - rounds;
		if (child[k] > 0) {
			kill(child[k], rand_r(&seed) % 2 ? SIGKILL : SIGTERM);
			if (waitpid(child[k], NULL, 0) != child[k])
				return 1;
		}
		child[k] = i < rounds ? start_child(rand_r(&seed)) : 0;
		usleep(rand_r(&seed) % 8000);
	}
	unlink("fifo");
	puts("the storm is over");
	return 0;
}
