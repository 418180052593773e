// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open files that the host itself reads and writes: regular files, harmless
 * devices, standard input and output, and descriptors opened with O_PATH.
 * Data goes straight between the host and the guest's buffers. Input from a
 * terminal or a pipe of the outside may block here: virtual time stands still
 * meanwhile, as it does for any work of the outside world.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/random.h"
#include "simkernel/vfs.h"

#define POLL_ALWAYS (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

static long host_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	int fd = file_fd(th, f);

	if (n == 1)
		return pass(th, SYS_read, fd, iov->iov_base, iov->iov_len);
	return pass(th, SYS_readv, fd, iov, n);
}

/*
 * The host's RLIMIT_FSIZE is not the guest's: its signal would be a host signal.
 * Returns how many bytes may be written, or -EFBIG.
 */
static long within_limit(struct thread *th, int fd, size_t len)
{
	u64 limit = th->task->process->rlimit[RLIMIT_FSIZE].rlim_cur;
	struct stat st;
	s64 at;

	if (likely(limit == RLIM_INFINITY))
		return len;
	if (hostcall(SYS_fstat, fd, &st) || !S_ISREG(st.st_mode))
		return len;
	at = hostcall(SYS_fcntl, fd, F_GETFL) & O_APPEND ? st.st_size
							 : hostcall(SYS_lseek, fd, 0, SEEK_CUR);
	if (at < 0 || at + len <= limit)
		return len;
	if ((u64)at < limit)
		return limit - at;
	signal_task(th->task, SIGXFSZ, NULL);
	return -EFBIG;
}

static long host_write(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	int fd = file_fd(th, f);
	size_t len = n == 1 ? iov->iov_len : iov_total(iov, n);
	long room = within_limit(th, fd, len), ret;

	if (room < 0)
		return room;
	if (n == 1 || (size_t)room < len)
		ret = pass(th, SYS_write, fd, iov->iov_base, min((size_t)room, iov->iov_len));
	else
		ret = pass(th, SYS_writev, fd, iov, n);
	if (ret > 0)
		inode_touched(th->host, f);
	if (ret == -EPIPE)
		signal_task(th->task, SIGPIPE, NULL);
	return ret;
}

static u32 host_poll(struct thread *th, struct file *f)
{
	return POLL_ALWAYS;
}

/* Pipes of the outside have file systems of their own; how full they are is chance. */
static void fill_outside(struct thread *th, struct file *f, struct stat *st)
{
	inode_fill(th->host, st);
	if (!S_ISFIFO(st->st_mode) && !S_ISSOCK(st->st_mode))
		return;
	st->st_dev = S_ISFIFO(st->st_mode) ? 0xd : 0x8;
	st->st_size = 0;
	st->st_blocks = 0;
}

static long host_stat(struct thread *th, struct file *f, struct stat *st)
{
	long ret = pass(th, SYS_fstat, file_fd(th, f), st);

	if (ret < 0)
		return ret;
	if (S_ISREG(st->st_mode))
		inode_attach(th->host, f, st);
	fill_outside(th, f, st);
	return 0;
}

static long host_lseek(struct thread *th, struct file *f, s64 off, int whence)
{
	return pass(th, SYS_lseek, file_fd(th, f), off, whence);
}

/* Terminal questions and answers, and what regular files know. */
static bool ioctl_allowed(u64 cmd)
{
	switch ((u32)cmd) {
	case TCGETS:
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCGETA:
	case TCSBRK:
	case TCXONC:
	case TCFLSH:
	case TIOCGWINSZ:
	case TIOCSWINSZ:
	case TIOCOUTQ:
	case FIONREAD:
	case 0x80086601: /* FS_IOC_GETFLAGS */
	case 0x40086602: /* FS_IOC_SETFLAGS */
	case 0x40049409: /* FICLONE */
	case 0x4020940d: /* FICLONERANGE */
	case 0xc020660b: /* FS_IOC_FIEMAP */
		return true;
	}
	return false;
}

static long host_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	struct process *p = th->task->process;
	int fd = file_fd(th, f);
	s32 pgrp;
	u8 termios[64];

	if (ioctl_allowed(cmd))
		return pass(th, SYS_ioctl, fd, (u32)cmd, arg);
	switch ((u32)cmd) {
	case TIOCGPGRP:
	case TIOCGSID:
		if (hostcall(SYS_ioctl, fd, TCGETS, termios))
			return -ENOTTY;
		pgrp = cmd == TIOCGSID ? p->sid : p->pgid;
		return put_user(pgrp, arg);
	case TIOCSPGRP:
	case TIOCNOTTY:
		return hostcall(SYS_ioctl, fd, TCGETS, termios) ? -ENOTTY : 0;
	}
	return -ENOTTY;
}

static void host_release(struct host *h, struct file *f)
{
	lock_file_released(h, f);
	inode_detach(h, f);
}

const struct file_ops host_file_ops = {
	.read = host_read,
	.write = host_write,
	.poll = host_poll,
	.ioctl = host_ioctl,
	.stat = host_stat,
	.lseek = host_lseek,
	.release = host_release,
};

const struct file_ops stdin_file_ops = {
	.read = host_read,
	.write = host_write,
	.poll = host_poll,
	.ioctl = host_ioctl,
	.stat = host_stat,
	.lseek = host_lseek,
	.release = host_release,
};

static long path_badf(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	return -EBADF;
}

static long path_lseek(struct thread *th, struct file *f, s64 off, int whence)
{
	return -EBADF;
}

static long path_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	return -EBADF;
}

static long path_stat(struct thread *th, struct file *f, struct stat *st)
{
	struct vnode v;
	long ret;

	if (f->path && path_is_virtual(f->path)) {
		ret = vnode_lookup(th, f->path, &v);
		if (ret < 0)
			return ret;
		vnode_stat(th, f->path, &v, st);
		return 0;
	}
	ret = pass(th, SYS_fstat, file_fd(th, f), st);
	if (!ret)
		inode_fill(th->host, st);
	return ret;
}

static u32 path_poll(struct thread *th, struct file *f)
{
	return POLLNVAL;
}

const struct file_ops path_file_ops = {
	.read = path_badf,
	.write = path_badf,
	.poll = path_poll,
	.ioctl = path_ioctl,
	.stat = path_stat,
	.lseek = path_lseek,
};

static long random_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	size_t len = min(iov_total(iov, n), (size_t)(1UL << 25) - 1), done = 0, step;
	u8 block[256];
	long ret;

	while (done < len) {
		step = min(len - done, sizeof(block));
		random_fill(th->host, block, step);
		ret = iov_copy_to(iov, n, done, block, step);
		if (ret < 0)
			return done ? (long)done : ret;
		done += step;
	}
	return done;
}

/* Contributions to the entropy pool change nothing: the seed alone decides. */
static long random_write(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	return iov_total(iov, n);
}

static long random_lseek(struct thread *th, struct file *f, s64 off, int whence)
{
	return 0;
}

static long random_stat(struct thread *th, struct file *f, struct stat *st)
{
	long ret = pass(th, SYS_stat, "/dev/urandom", st);

	if (!ret)
		inode_fill(th->host, st);
	return ret;
}

static long random_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	s32 bits = 256;

	if ((u32)cmd == 0x80045200) /* RNDGETENTCNT */
		return put_user(bits, arg);
	return -EINVAL;
}

static void random_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "/dev/urandom", size);
}

const struct file_ops random_file_ops = {
	.read = random_read,
	.write = random_write,
	.poll = host_poll,
	.ioctl = random_ioctl,
	.stat = random_stat,
	.lseek = random_lseek,
	.name = random_name,
};
