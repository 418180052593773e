// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mixed PEER: starts PEER, this program built for the same or another machine, and
 * works with it through all that two processes can share: a futex in shared memory, a
 * pipe, a UNIX socket and the descriptor sent through it, queued signals, an exit status.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS	  200
#define MEMORY_FD 10
#define SOCKET_FD 11
#define PIPE_FD	  12

extern char **environ;

struct shared {
	atomic_uint turn; /* even: the parent's */
};

static void wait_for_turn(struct shared *s, unsigned int turn)
{
	unsigned int seen;

	while ((seen = atomic_load(&s->turn)) != turn)
		syscall(SYS_futex, &s->turn, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void pass_turn(struct shared *s)
{
	atomic_fetch_add(&s->turn, 1);
	syscall(SYS_futex, &s->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static struct shared *map_shared(int fd)
{
	struct shared *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (s == MAP_FAILED)
		err(1, "mmap");
	return s;
}

/* One byte, and a descriptor with it. */
static void send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'f';
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		err(1, "sendmsg");
}

static int receive_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		err(1, "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static volatile sig_atomic_t got_value;

static void take_value(int sig, siginfo_t *info, void *context)
{
	got_value = info->si_value.sival_int;
}

static int child(void)
{
	struct sigaction act = {.sa_sigaction = take_value, .sa_flags = SA_SIGINFO};
	struct shared *s = map_shared(MEMORY_FD);
	sigset_t mask, old;
	struct utsname u;
	unsigned int i;

	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &mask, &old);
	sigaction(SIGRTMIN, &act, NULL);
	for (i = 0; i < ROUNDS; i++) {
		wait_for_turn(s, 2 * i + 1);
		pass_turn(s);
	}
	uname(&u);
	dprintf(PIPE_FD, "%s\n", u.machine);
	dprintf(receive_fd(SOCKET_FD), "through the socket's pipe\n");
	while (!got_value)
		sigsuspend(&old);
	return got_value;
}

static void expect_line(int fd, const char *what)
{
	char line[100];
	ssize_t n = read(fd, line, sizeof(line));

	if (n < 0)
		err(1, "read");
	printf("%s: %.*s", what, (int)n, line);
}

static void start(const char *peer, int memory, int sock, int out, pid_t *pid)
{
	char *argv[] = {(char *)peer, (char *)"child", NULL};
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, memory, MEMORY_FD);
	posix_spawn_file_actions_adddup2(&actions, sock, SOCKET_FD);
	posix_spawn_file_actions_adddup2(&actions, out, PIPE_FD);
	error = posix_spawn(pid, peer, &actions, NULL, argv, environ);
	if (error)
		errx(1, "%s: %s", peer, strerror(error));
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	int memory, sockets[2], out[2], sent[2], status;
	union sigval value = {.sival_int = 77};
	struct shared *s;
	unsigned int i;
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], "child"))
		return child();
	if (argc != 2)
		errx(2, "usage: mixed PEER");
	setvbuf(stdout, NULL, _IOLBF, 0);
	memory = memfd_create("shared", MFD_CLOEXEC);
	if (memory < 0 || ftruncate(memory, 4096) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) || pipe2(out, O_CLOEXEC) ||
	    pipe2(sent, O_CLOEXEC))
		err(1, "descriptors");
	s = map_shared(memory);
	start(argv[1], memory, sockets[1], out[1], &pid);
	for (i = 0; i < ROUNDS; i++) {
		wait_for_turn(s, 2 * i);
		pass_turn(s);
	}
	wait_for_turn(s, 2 * ROUNDS);
	printf("futex: %u turns\n", atomic_load(&s->turn));
	expect_line(out[0], "pipe");
	send_fd(sockets[0], sent[1]);
	expect_line(sent[0], "socket");
	sigqueue(pid, SIGRTMIN, value);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		err(1, "waitpid");
	printf("signal: %d\n", WEXITSTATUS(status));
	return 0;
}
