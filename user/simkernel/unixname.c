// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names of UNIX sockets. A path is a real node in the host's folders, made
 * relative to the guest's working directory; the socket behind it is found by
 * the node's (device, inode), so links, renames and other spellings work as
 * they should. Abstract names live in the arena alone. Belongs to the holder of
 * the run token.
 */
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/net.h"

/* path.c: makes the node as for a guest that asks for one. */
SYSCALL_DEFINE(mknod);

#define NAME_OFFSET offsetof(struct sockaddr_un, sun_path)

void unix_name_put(struct host *h, struct unix_name *n)
{
	if (n && !--n->refs)
		arena_free(h, n);
}

static struct unix_name *name_create(struct host *h, const char *text, u32 len)
{
	struct unix_name *n = arena_alloc(h, sizeof(*n));

	if (!n)
		return NULL;
	n->refs = 1;
	n->len = len;
	list_init(&n->link);
	memcpy(n->text, text, len);
	return n;
}

static struct list *path_bucket(struct host *h, u64 dev, u64 ino)
{
	return &sock_table(h)->unix_path[(dev * 31 + ino) % NET_BUCKETS];
}

static struct list *abstract_bucket(struct host *h, const char *text, u32 len)
{
	u32 hash = 2166136261U, i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (u8)text[i]) * 16777619U;
	return &sock_table(h)->unix_abstract[hash % NET_BUCKETS];
}

static struct unix_name *abstract_find(struct host *h, const char *text, u32 len)
{
	struct list *bucket = abstract_bucket(h, text, len);
	struct unix_name *n;

	list_for_each (n, bucket, link)
		if (n->len == len && !memcmp(n->text, text, len))
			return n;
	return NULL;
}

static struct unix_name *path_find(struct host *h, u64 dev, u64 ino)
{
	struct list *bucket = path_bucket(h, dev, ino);
	struct unix_name *n;

	/* Newest first: a node's number may be given again after its unlink */
	list_for_each (n, bucket, link)
		if (n->dev == dev && n->ino == ino)
			return n;
	return NULL;
}

static void name_enter(struct socket *sk, struct unix_name *n, struct list *bucket)
{
	n->owner = sk;
	sk->unx.name = n;
	list_add(&n->link, bucket);
}

/* The socket goes; its name may live on with the sockets that it accepted. */
void unix_unbind(struct socket *sk)
{
	struct unix_name *n = sk->unx.name;

	if (!n || n->owner != sk)
		return;
	list_del(&n->link);
	n->owner = NULL;
}

void unix_name_to(const struct unix_name *n, struct sockmsg *m)
{
	m->sa.sa_family = AF_UNIX;
	m->namelen = NAME_OFFSET;
	if (!n)
		return;
	memcpy(m->name + NAME_OFFSET, n->text, n->len);
	m->namelen += n->len;
}

long unix_autobind(struct thread *th, struct socket *sk)
{
	struct host *h = th->host;
	struct sock_table *t = sock_table(h);
	struct unix_name *n;
	char text[16];
	u32 tries;

	if (sk->unx.name)
		return 0;
	for (tries = 0; tries < 0x100000; tries++) {
		text[0] = 0;
		str_format(text + 1, sizeof(text) - 1, "%05x", t->next_auto++ & 0xfffff);
		if (abstract_find(h, text, 6))
			continue;
		n = name_create(h, text, 6);
		if (!n)
			return -ENOMEM;
		name_enter(sk, n, abstract_bucket(h, text, 6));
		return 0;
	}
	return -ENOSPC;
}

static long check_name(const struct sockmsg *m)
{
	if (m->namelen <= NAME_OFFSET || m->namelen > sizeof(struct sockaddr_un))
		return -EINVAL;
	return m->sa.sa_family == AF_UNIX ? 0 : -EINVAL;
}

/* The path as a C string in out, which has room for the NUL that sun_path may lack. */
static u32 path_text(const struct sockmsg *m, char *out)
{
	u32 len = m->namelen - NAME_OFFSET;

	memcpy(out, m->name + NAME_OFFSET, len);
	out[len] = 0;
	return strlen(out);
}

static long bind_abstract(struct thread *th, struct socket *sk, const struct sockmsg *m)
{
	const char *text = (const char *)m->name + NAME_OFFSET;
	u32 len = m->namelen - NAME_OFFSET;
	struct unix_name *n;

	if (abstract_find(th->host, text, len))
		return -EADDRINUSE;
	n = name_create(th->host, text, len);
	if (!n)
		return -ENOMEM;
	name_enter(sk, n, abstract_bucket(th->host, text, len));
	return 0;
}

/* Guests of another user run as the host's own: what the host allows may not be theirs. */
static bool allowed(struct thread *th, const struct stat *st, u32 want)
{
	struct process *p = th->task->process;
	u32 shift = p->uid == st->st_uid ? 6 : p->gid == st->st_gid ? 3 : 0;

	return !p->uid || (st->st_mode >> shift & want) == want;
}

/* Whether the folder that path lies in may get another name. */
static bool may_create(struct thread *th, char *path)
{
	char *slash = strrchr(path, '/'), keep = 0;
	const char *folder = ".";
	struct stat st;
	long ret;

	if (!th->task->process->uid)
		return true;
	if (slash) {
		folder = slash == path ? "/" : path;
		keep = slash[0];
		slash[0] = slash == path ? keep : 0;
	}
	ret = pass(th, SYS_newfstatat, AT_FDCWD, folder, &st, 0);
	if (slash)
		slash[0] = keep;
	return ret || allowed(th, &st, 3); /* write and search */
}

static long bind_path(struct thread *th, struct socket *sk, const struct sockmsg *m)
{
	char path[UNIX_PATH_BYTES + 1];
	u32 len = path_text(m, path);
	const u64 node[] = {(u64)path, S_IFSOCK | 0777, 0};
	struct unix_name *n;
	struct stat st;
	long ret;

	/* getsockname gives the terminating NUL too, where there is room */
	n = name_create(th->host, path, min(len + 1, (u32)UNIX_PATH_BYTES));
	if (!n)
		return -ENOMEM;
	ret = may_create(th, path) ? 0 : -EACCES;
	if (!ret)
		ret = sys_mknod(th, node);
	if (!ret)
		ret = pass(th, SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW);
	if (ret) {
		arena_free(th->host, n);
		return ret == -EEXIST ? -EADDRINUSE : ret;
	}
	n->dev = st.st_dev;
	n->ino = st.st_ino;
	name_enter(sk, n, path_bucket(th->host, n->dev, n->ino));
	return 0;
}

long unix_bind(struct thread *th, struct socket *sk, const struct sockmsg *m)
{
	long ret;

	if (m->namelen == NAME_OFFSET && m->sa.sa_family == AF_UNIX)
		return unix_autobind(th, sk);
	ret = check_name(m);
	if (ret)
		return ret;
	if (sk->unx.name)
		return -EINVAL;
	return m->name[NAME_OFFSET] ? bind_path(th, sk, m) : bind_abstract(th, sk, m);
}

static struct unix_name *find_path(struct thread *th, const struct sockmsg *m, long *err)
{
	char path[UNIX_PATH_BYTES + 1];
	struct unix_name *n;
	struct stat st;

	path_text(m, path);
	*err = pass(th, SYS_newfstatat, AT_FDCWD, path, &st, 0);
	if (!*err)
		*err = pass(th, SYS_faccessat, AT_FDCWD, path, W_OK);
	if (!*err && !allowed(th, &st, 2))
		*err = -EACCES;
	if (*err)
		return NULL;
	n = S_ISSOCK(st.st_mode) ? path_find(th->host, st.st_dev, st.st_ino) : NULL;
	if (!n)
		*err = -ECONNREFUSED;
	return n;
}

/* The socket that is bound to a name, of sk's type. No reference is taken. */
struct socket *unix_find(struct thread *th, struct socket *sk, const struct sockmsg *m, long *err)
{
	struct unix_name *n;

	*err = check_name(m);
	if (*err)
		return NULL;
	if (m->name[NAME_OFFSET]) {
		n = find_path(th, m, err);
	} else {
		n = abstract_find(th->host, (const char *)m->name + NAME_OFFSET,
				  m->namelen - NAME_OFFSET);
		*err = -ECONNREFUSED;
	}
	if (!n)
		return NULL;
	*err = n->owner->type == sk->type ? 0 : -EPROTOTYPE;
	return *err ? NULL : n->owner;
}
