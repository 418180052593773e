// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keeper of descriptors in flight: when one guest sends another a file that
 * the host's kernel serves, the descriptor waits here until it is received
 * (simkernel/scm.c). A thread of the supervisor answers datagrams on a socket
 * with an abstract name of the host's own choice; only processes of this user
 * are listened to.
 *
 * Owns: the socket and the kept descriptors. Of the arena it reads single bytes
 * (whether a slot is still wanted), and writes the socket's address before any
 * guest runs. A byte read too early only keeps a descriptor a little longer.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "sim/fail.h"
#include "sim/sim.h"
#include "simkernel/net.h"

#define SWEEP_EVERY 64 /* messages */

static struct {
	struct sock_table *table;
	int sock;
	int fd[PARCELS]; /* kept descriptor plus one; 0: none */
	u32 messages;
	bool roomy; /* the limit on open files is raised */
} keeper;

static void drop(u32 slot)
{
	if (!keeper.fd[slot])
		return;
	close(keeper.fd[slot] - 1);
	keeper.fd[slot] = 0;
}

static void sweep(void)
{
	for (u32 i = 0; i < PARCELS; i++)
		if (READ_ONCE(keeper.table->parcel[i]) == PARCEL_DROPPED)
			drop(i);
}

static void answer(u32 slot, struct sockaddr_un *to, socklen_t tolen)
{
	char byte = 0;
	struct iovec iov = {&byte, 1};
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {.hdr = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct msghdr msg = {
		.msg_name = to, .msg_namelen = tolen, .msg_iov = &iov, .msg_iovlen = 1};
	int fd = keeper.fd[slot] - 1;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_LEN(sizeof(int));
	}
	/* Without the descriptor the answer says that there is none */
	sendmsg(keeper.sock, &msg, MSG_NOSIGNAL);
}

/* Guests have their limits from before, and must not inherit this one. */
static void make_room(void)
{
	struct rlimit limit;

	if (keeper.roomy || getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	keeper.roomy = true;
}

/* Who sent it, and the descriptor beside it, or -1. */
static void read_control(struct msghdr *msg, struct ucred *cred, int *fd)
{
	struct cmsghdr *c;

	cred->uid = -1;
	*fd = -1;
	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(cred, CMSG_DATA(c), sizeof(*cred));
		else if (c->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	}
}

static void handle(void)
{
	struct parcel_message m;
	struct iovec iov = {&m, sizeof(m)};
	struct sockaddr_un from;
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct ucred cred;
	ssize_t n = recvmsg(keeper.sock, &msg, MSG_CMSG_CLOEXEC);
	int fd;

	if (n < 0)
		return;
	read_control(&msg, &cred, &fd);
	if (n != sizeof(m) || m.slot >= PARCELS || cred.uid != geteuid()) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (m.op == PARCEL_PUT) {
		make_room();
		drop(m.slot);
		keeper.fd[m.slot] = fd + 1;
	} else if (m.op == PARCEL_GET) {
		answer(m.slot, &from, msg.msg_namelen);
	}
	if (++keeper.messages % SWEEP_EVERY == 0)
		sweep();
}

static void *keep(void *unused)
{
	for (;;)
		handle();
	return NULL;
}

void parcel_start(struct sim *s)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(name);
	sigset_t all, old;
	pthread_t thread;
	int on = 1, err;

	keeper.table = sock_table(s->host);
	if (!keeper.table)
		fail(EXIT_SUNDIAL, "the arena is too small for the table of sockets");
	keeper.sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* An address of two bytes asks the host's kernel for a free abstract name */
	if (keeper.sock < 0 || setsockopt(keeper.sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
	    bind(keeper.sock, (struct sockaddr *)&name, sizeof(name.sun_family)) ||
	    getsockname(keeper.sock, (struct sockaddr *)&name, &len))
		fail(EXIT_SUNDIAL, "cannot make the socket that keeps descriptors in flight: %s",
		     strerror(errno));
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, NULL, keep, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		fail(EXIT_SUNDIAL, "cannot start the thread that keeps descriptors in flight: %s",
		     strerror(err));
	pthread_detach(thread);
	memcpy(keeper.table->keeper, &name, len);
	keeper.table->keeper_len = len;
}
