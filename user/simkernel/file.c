// SPDX-License-Identifier: GPL-2.0-or-later
/* Open file descriptions and what each kind can do. Belongs to the holder of the run token. */
#include <errno.h>
#include <unistd.h>
#include "base/hostcall.h"
#include "simkernel/arena.h"
#include "simkernel/file.h"
#include "simkernel/poll.h"

#define FILE_OPS(X)                         \
	X(FILE_HOST, host_file_ops)         \
	X(FILE_DIR, dir_file_ops)           \
	X(FILE_PATH, path_file_ops)         \
	X(FILE_STDIN, stdin_file_ops)       \
	X(FILE_TEXT, text_file_ops)         \
	X(FILE_PROCDIR, procdir_file_ops)   \
	X(FILE_RANDOM, random_file_ops)     \
	X(FILE_PIPE, pipe_file_ops)         \
	X(FILE_EVENTFD, eventfd_file_ops)   \
	X(FILE_TIMERFD, timerfd_file_ops)   \
	X(FILE_SIGNALFD, signalfd_file_ops) \
	X(FILE_EPOLL, epoll_file_ops)       \
	X(FILE_SOCKET, socket_file_ops)     \
	X(FILE_NETLINK, netlink_file_ops)   \
	X(FILE_PIDFD, pidfd_file_ops)       \
	X(FILE_INOTIFY, inotify_file_ops)   \
	X(FILE_PTMX, ptmx_file_ops)         \
	X(FILE_TTY, tty_file_ops)

#define DECLARE(kind, ops) extern const struct file_ops ops;
FILE_OPS(DECLARE)

const struct file_ops *const file_ops[FILE_KINDS] = {
#define ENTRY(kind, ops) [kind] = &ops,
	FILE_OPS(ENTRY)};

struct file *file_create(struct host *h, enum file_kind kind, u32 flags, void *object)
{
	struct file *f = arena_alloc(h, sizeof(*f));

	if (!f)
		return NULL;
	f->refs = 1;
	f->kind = kind;
	f->flags = flags;
	f->host = h;
	f->object = object;
	waitq_init(&f->wait);
	list_init(&f->epitems);
	return f;
}

void file_get(struct file *f)
{
	f->refs++;
}

void file_put(struct file *f)
{
	struct host *h = f->host;

	if (--f->refs)
		return;
	if (!list_empty(&f->epitems))
		epoll_file_gone(f);
	if (file_ops[f->kind] && file_ops[f->kind]->release)
		file_ops[f->kind]->release(h, f);
	arena_free(h, f->path);
	arena_free(h, f);
}

void file_identify(struct file *f, int fd)
{
	struct stat st;

	if (f->ino || hostcall(SYS_fstat, fd, &st))
		return;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->mode = st.st_mode;
}

long file_seek_position(struct thread *th, struct file *f, s64 off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->position;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	f->position = off;
	return off;
}
