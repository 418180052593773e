// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptors of all kinds in play. Slot 0 is always the device; the others hold
 * whatever was put there last.
 *
 * Locking: pool_lock guards the slots, not what is done with a descriptor that
 * was picked: it may be closed, and its number used again, in the middle of a call.
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct object pool[POOL_SLOTS];

void pool_open(int device)
{
	int i;

	for (i = 0; i < POOL_SLOTS; i++)
		pool[i] = (struct object){.fd = -1};
	pool[0] = (struct object){.fd = device, .type = OBJECT_DEVICE};
}

void pool_close(void)
{
	int i;

	for (i = 0; i < POOL_SLOTS; i++)
		if (pool[i].fd >= 0)
			close(pool[i].fd);
}

void pool_before_fork(void)
{
	pthread_mutex_lock(&pool_lock);
}

void pool_after_fork(void)
{
	pthread_mutex_unlock(&pool_lock);
}

struct object pool_pick(struct fuzz *f, enum object_type type, unsigned int *slot)
{
	unsigned int start = below(f, POOL_SLOTS), i, at = start;
	struct object object;

	pthread_mutex_lock(&pool_lock);
	for (i = 0; type != OBJECT_NONE && i < POOL_SLOTS; i++) {
		at = (start + i) % POOL_SLOTS;
		if (pool[at].type == type)
			break;
	}
	object = pool[at];
	pthread_mutex_unlock(&pool_lock);
	*slot = at;
	return object;
}

void pool_put(unsigned int slot, const struct object *object)
{
	int old;

	pthread_mutex_lock(&pool_lock);
	old = pool[slot].fd;
	pool[slot] = *object;
	pthread_mutex_unlock(&pool_lock);
	if (old >= 0)
		close(old);
}

static unsigned int place(struct fuzz *f)
{
	return 1 + below(f, POOL_SLOTS - 1);
}

void do_close(struct fuzz *f)
{
	struct object closed = {.fd = -1};
	unsigned int slot = place(f);

	note(f, "close slot %u", slot);
	pool_put(slot, &closed);
}

void do_dup(struct fuzz *f)
{
	unsigned int from, to = place(f);
	struct object object = pool_pick(f, OBJECT_NONE, &from);

	note(f, "dup slot %u to %u", from, to);
	object.fd = fcntl(object.fd, F_DUPFD_CLOEXEC, 0);
	if (object.fd < 0)
		object.type = OBJECT_NONE;
	pool_put(to, &object);
}

/* Sends a descriptor to ourselves; now and then it is still on its way when all is closed. */
void do_pass(struct fuzz *f)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = (struct cmsghdr *)control;
	unsigned int from, to = place(f);
	struct object object = pool_pick(f, OBJECT_NONE, &from);
	bool lost = one_in(f, 4);
	int sockets[2];

	note(f, "pass slot %u to %u%s", from, to, lost ? ", lost on the way" : "");
	if (object.fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets))
		return;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &object.fd, sizeof(int));
	if (sendmsg(sockets[0], &message, MSG_DONTWAIT) == 1 && !lost &&
	    recvmsg(sockets[1], &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == 1) {
		memcpy(&object.fd, CMSG_DATA(header), sizeof(int));
		pool_put(to, &object);
	}
	close(sockets[0]);
	close(sockets[1]);
}

/* A descriptor that is none of the module's. */
void do_other(struct fuzz *f)
{
	struct object object = {.type = OBJECT_OTHER};
	unsigned int kind = below(f, 5), slot = place(f);

	note(f, "other descriptor %u in slot %u", kind, slot);
	switch (kind) {
	case 0:
		object.fd = memfd_create("fuzz", MFD_CLOEXEC);
		if (ftruncate(object.fd, 16 * PAGE))
			note(f, "no memory for a memfd");
		break;
	case 1:
		object.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		break;
	case 2:
		object.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		break;
	case 3:
		object.fd = epoll_create1(EPOLL_CLOEXEC);
		break;
	default:
		object.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	}
	if (object.fd < 0)
		object.type = OBJECT_NONE;
	pool_put(slot, &object);
}
