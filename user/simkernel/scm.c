// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What travels beside the bytes of a UNIX socket: credentials, with simulated
 * pids, and open files.
 *
 * An emulated file is a pointer in the arena and needs nothing else. A file
 * that the host's kernel serves must reach another process of the host, and its
 * sender may close it, or be dead, before anybody receives it. The supervisor
 * keeps it meanwhile: the sender puts it, by a real SCM_RIGHTS datagram, into a
 * numbered slot (sock_table.parcel); a receiver asks for the slot and gets a
 * descriptor of its own, under the lowest free number of its own table. The
 * datagrams of one host are in order, since only the run token's holder sends.
 * A slot that nobody wants any more is only marked: whoever uses it next
 * replaces what it holds, and the supervisor, which only reads the marks, sweeps
 * now and then. Belongs to the holder of the run token.
 */
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/net.h"

static long parcel_socket(struct host *h, struct sockaddr_un *name, u32 *len)
{
	struct sock_table *t = sock_table(h);

	if (!t->keeper_len)
		return -EOPNOTSUPP; /* nobody keeps parcels for this host */
	memcpy(name, t->keeper, t->keeper_len);
	*len = t->keeper_len;
	return hostcall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* Sends a request to the parcel keeper, with descriptor fd unless it is -1. */
static long parcel_ask(struct host *h, long sock, const struct sockaddr_un *name, u32 namelen,
		       u32 op, u32 slot, int fd)
{
	struct parcel_message msg = {op, slot};
	struct iovec iov = {&msg, sizeof(msg)};
	union {
		struct cmsghdr hdr;
		u8 buf[CMSG_SPACE(sizeof(int))];
	} control = {.hdr = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct msghdr hdr = {
		.msg_name = (void *)name, .msg_namelen = namelen, .msg_iov = &iov, .msg_iovlen = 1};
	long ret;

	if (fd >= 0) {
		memcpy(control.buf + CMSG_LEN(0), &fd, sizeof(fd));
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_LEN(sizeof(int));
	}
	h->call_used_host = true;
	do {
		ret = hostcall(SYS_sendmsg, sock, &hdr, MSG_NOSIGNAL);
	} while (ret == -EINTR);
	return ret;
}

/* Gives a copy of the caller's descriptor into keeping: its slot, or an error. */
static long parcel_put(struct host *h, int fd)
{
	struct sock_table *t = sock_table(h);
	struct sockaddr_un name;
	u32 namelen, i, slot = 0;
	long sock, ret;

	for (i = 0; i < PARCELS; i++) {
		slot = (t->next_parcel + i) % PARCELS;
		if (t->parcel[slot] != PARCEL_HELD)
			break;
	}
	if (i == PARCELS)
		return -ETOOMANYREFS;
	sock = parcel_socket(h, &name, &namelen);
	if (sock < 0)
		return sock;
	/* Held before it is sent: a sweep in between must not take it for dropped */
	t->parcel[slot] = PARCEL_HELD;
	ret = parcel_ask(h, sock, &name, namelen, PARCEL_PUT, slot, fd);
	hostcall(SYS_close, sock);
	if (ret < 0) {
		t->parcel[slot] = PARCEL_DROPPED;
		return ret;
	}
	t->next_parcel = slot + 1;
	return slot;
}

static long parcel_answer(long sock)
{
	union {
		struct cmsghdr hdr;
		u8 buf[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr hdr = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	long ret;
	int fd;

	do {
		ret = hostcall(SYS_recvmsg, sock, &hdr, 0);
	} while (ret == -EINTR);
	if (ret < 0)
		return ret;
	if (hdr.msg_controllen < CMSG_LEN(sizeof(int)) || (hdr.msg_flags & MSG_CTRUNC))
		return -EMFILE;
	memcpy(&fd, control.buf + CMSG_LEN(0), sizeof(fd));
	return fd;
}

/* Receives a kept descriptor under the caller's lowest free number. */
static long parcel_get(struct host *h, u32 slot, bool cloexec)
{
	struct sockaddr_un name, own = {.sun_family = AF_UNIX};
	u32 namelen;
	long sock = parcel_socket(h, &name, &namelen), fd, ret;

	if (sock < 0)
		return sock;
	ret = hostcall(SYS_bind, sock, &own, sizeof(own.sun_family));
	if (ret >= 0)
		ret = parcel_ask(h, sock, &name, namelen, PARCEL_GET, slot, -1);
	fd = ret < 0 ? ret : parcel_answer(sock);
	if (fd < 0) {
		hostcall(SYS_close, sock);
		return fd;
	}
	/* The question's own socket had the lowest number: the file takes its place */
	ret = hostcall(SYS_dup3, fd, sock, cloexec ? O_CLOEXEC : 0);
	hostcall(SYS_close, fd);
	return ret;
}

static bool host_served(const struct file *f)
{
	switch ((enum file_kind)f->kind) {
	case FILE_HOST:
	case FILE_DIR:
	case FILE_PATH:
	case FILE_STDIN:
	case FILE_TEXT:
	case FILE_PROCDIR:
	case FILE_RANDOM:
	case FILE_INOTIFY:
		return true;
	default:
		return false;
	}
}

void scm_of_caller(struct thread *th, struct scm *scm)
{
	struct process *p = th->task->process;

	scm->pid = p->pid;
	scm->uid = p->uid;
	scm->gid = p->gid;
	scm->fds = NULL;
}

void scm_drop(struct host *h, struct scm_fds *fds)
{
	struct sock_table *t = sock_table(h);
	u32 i;

	if (!fds)
		return;
	for (i = 0; i < fds->n; i++) {
		if (fds->ent[i].parcel >= 0)
			t->parcel[fds->ent[i].parcel] = PARCEL_DROPPED;
		unix_gc_count(h, fds->ent[i].file, -1);
		file_put(fds->ent[i].file);
	}
	arena_free(h, fds);
}

static long take_fd(struct thread *th, struct scm_fds *fds, int fd)
{
	struct file *f = fd_peek(th->task->process, fd);
	long slot = -1;

	if (!f)
		return -EBADF;
	if (host_served(f)) {
		slot = parcel_put(th->host, fd);
		if (slot < 0)
			return slot;
	}
	file_get(f);
	unix_gc_count(th->host, f, 1);
	fds->ent[fds->n].file = f;
	fds->ent[fds->n].parcel = slot;
	fds->n++;
	return 0;
}

static long rights_from(struct thread *th, u64 data, size_t len, struct scm *scm, bool take)
{
	size_t n = len / sizeof(int), i;
	long ret = 0;
	s32 fd;

	if (n + (scm->fds ? scm->fds->n : 0) > SCM_FDS_MAX)
		return -EINVAL;
	if (!n)
		return 0;
	if (take && !scm->fds) {
		scm->fds = arena_alloc(th->host,
				       sizeof(*scm->fds) + SCM_FDS_MAX * sizeof(scm->fds->ent[0]));
		if (!scm->fds)
			return -ENOMEM;
	}
	for (i = 0; i < n && !ret; i++) {
		if (get_user(fd, data + i * sizeof(fd)))
			ret = -EFAULT;
		else if (take)
			ret = take_fd(th, scm->fds, fd);
		else if (!fd_peek(th->task->process, fd))
			ret = -EBADF;
	}
	return ret;
}

static long credentials_from(struct thread *th, u64 data, size_t len, struct scm *scm)
{
	struct process *p = th->task->process;
	struct ucred cred;

	if (len != sizeof(cred))
		return -EINVAL;
	if (get_user(cred, data))
		return -EFAULT;
	if (p->uid && (cred.pid != p->pid || cred.uid != p->uid || cred.gid != p->gid))
		return -EPERM;
	if (!process_find(th->host, cred.pid))
		return -ESRCH;
	scm->pid = cred.pid;
	scm->uid = cred.uid;
	scm->gid = cred.gid;
	return 0;
}

long scm_from_control(struct thread *th, struct sockmsg *m, struct scm *scm, bool take)
{
	struct cmsghdr hdr;
	u64 at = 0, data;
	long ret;

	scm_of_caller(th, scm);
	while ((ret = cmsg_next(m, &at, &hdr, &data)) > 0) {
		size_t len = hdr.cmsg_len - sizeof(hdr);

		if (hdr.cmsg_level != SOL_SOCKET)
			continue;
		ret = -EINVAL;
		if (hdr.cmsg_type == SCM_RIGHTS)
			ret = rights_from(th, data, len, scm, take);
		else if (hdr.cmsg_type == SCM_CREDENTIALS)
			ret = credentials_from(th, data, len, scm);
		if (ret)
			break;
	}
	if (ret && scm->fds) {
		scm_drop(th->host, scm->fds);
		scm->fds = NULL;
	}
	return ret;
}

static long install_fd(struct thread *th, struct scm_fds *fds, u32 i, bool cloexec)
{
	struct file *f = fds->ent[i].file;
	long fd;

	if (fds->ent[i].parcel < 0) {
		file_get(f);
		return fd_install(th, f, cloexec ? O_CLOEXEC : 0);
	}
	fd = parcel_get(th->host, fds->ent[i].parcel, cloexec);
	if (fd < 0)
		return fd;
	file_get(f);
	return fd_install_at(th, f, fd, cloexec);
}

/* As many descriptors as the control buffer has room for; the rest is lost, and told. */
static void rights_to(struct thread *th, struct sockmsg *m, struct scm_fds *fds)
{
	u64 room = m->controllen - m->control_used, at = m->control + m->control_used;
	struct cmsghdr hdr = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	bool cloexec = m->flags & MSG_CMSG_CLOEXEC;
	u32 n = 0, max = 0;

	if (m->control && room > sizeof(hdr))
		max = min((u64)fds->n, (room - sizeof(hdr)) / sizeof(int));
	for (; n < max; n++) {
		long fd = install_fd(th, fds, n, cloexec);
		s32 number = fd;

		if (fd < 0)
			break;
		if (put_user(number, at + sizeof(hdr) + n * sizeof(number))) {
			fd_close(th, fd);
			break;
		}
	}
	if (n < fds->n)
		m->out_flags |= MSG_CTRUNC;
	if (!n)
		return;
	hdr.cmsg_len = CMSG_LEN(n * sizeof(int));
	if (put_user(hdr, at))
		return;
	m->control_used += min((u64)CMSG_SPACE(n * sizeof(int)), room);
}

void scm_to_control(struct thread *th, struct socket *sk, struct sockmsg *m, const struct scm *scm)
{
	if (sk->passcred) {
		struct ucred cred = {scm->pid, scm->uid, scm->gid};

		cmsg_put(m, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred));
	}
	if (scm->fds)
		rights_to(th, m, scm->fds);
}
