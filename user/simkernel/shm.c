// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System V shared memory. A segment's pages are a block of the arena, which
 * every guest has mapped already; attaching maps them a second time, with an
 * mremap of old size 0. So nothing of the host's can be left behind, whoever is
 * killed and when, and an unused page costs nothing.
 *
 * Attachments belong to the address space (mm->shm): fork copies them, exec and
 * exit drop them when the mm goes.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/ipc.h"
#include "simkernel/mm.h"

#define SHM_DEST_   01000
#define SHM_LOCKED_ 02000
#define SHM_ALL_MAX (~0UL - (1UL << 24))

struct shm_segment {
	struct ipc_object ipc;
	u64 size, bytes; /* as asked, in whole pages */
	void *pages;
	u64 object; /* identity for futexes */
	s64 atime, dtime;
	s32 cpid, lpid;
	u64 attached;
};

struct shm_attach {
	struct list link; /* mm->shm */
	struct shm_segment *segment;
	u64 start;
};

static struct shm_segment *find(struct thread *th, s32 id)
{
	struct ipc_table *table = ipc_table(th->host);
	struct ipc_object *o = table ? ipc_find_id(&table->shm, id) : NULL;

	return o ? container_of(o, struct shm_segment, ipc) : NULL;
}

static void destroy(struct host *h, struct shm_segment *s)
{
	struct ipc_table *table = h->ipc;

	ipc_remove(&table->shm, &s->ipc);
	arena_free(h, s->pages);
	arena_free(h, s);
}

static long create(struct thread *th, struct ipc_kind *kind, s32 key, u64 size, u32 flags)
{
	struct host *h = th->host;
	struct shm_segment *s;
	long id;

	if (!size || size > SHM_ALL_MAX)
		return -EINVAL;
	if (flags & SHM_HUGETLB)
		return -ENOMEM; /* a simulated host has no huge pages */
	s = arena_alloc(h, sizeof(*s));
	if (!s)
		return -ENOSPC;
	s->size = size;
	s->bytes = ALIGN_UP(size, PAGE_BYTES);
	s->pages = arena_alloc(h, s->bytes);
	s->object = mm_new_object(h);
	s->cpid = th->task->process->pid;
	id = s->pages ? ipc_enter(th, kind, &s->ipc, key, flags) : -ENOMEM;
	if (id < 0) {
		arena_free(h, s->pages);
		arena_free(h, s);
	}
	return id;
}

SYSCALL_DEFINE(shmget)
{
	struct ipc_table *table = ipc_table(th->host);
	struct ipc_object *o;
	long err;

	if (!table)
		return -ENOMEM;
	o = ipc_find_key(th, &table->shm, a[0], a[2], &err);
	if (o)
		return container_of(o, struct shm_segment, ipc)->size < a[1] ? -EINVAL : o->id;
	return err ? err : create(th, &table->shm, a[0], a[1], a[2]);
}

static int rights(u32 flags)
{
	return PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
	       (flags & SHM_EXEC ? PROT_EXEC : 0);
}

/*
 * Where flags and addr want it; a place is taken first, so that nothing else is replaced.
 * An engine that keeps account of memory learns of the place and of what may be done there.
 */
static long map_pages(struct thread *th, struct shm_segment *s, u64 addr, u32 flags)
{
	long at, ret;

	if (addr && mm_reserved(addr, s->bytes))
		return -EINVAL;
	if (th->engine->memory || (addr && !(flags & SHM_REMAP))) {
		at = mm_call(th, SYS_mmap, addr, s->bytes, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS |
				     (!addr		  ? 0
				      : flags & SHM_REMAP ? MAP_FIXED
							  : MAP_FIXED_NOREPLACE),
			     -1, 0);
		if (is_error(at))
			return -EINVAL;
	} else {
		at = addr;
	}
	ret = pass(th, SYS_mremap, s->pages, 0, s->bytes,
		   at ? MREMAP_MAYMOVE | MREMAP_FIXED : MREMAP_MAYMOVE, at);
	if (is_error(ret))
		return ret;
	if (th->engine->memory || flags & (SHM_RDONLY | SHM_EXEC))
		mm_call(th, SYS_mprotect, ret, s->bytes, rights(flags), 0, 0, 0);
	return ret;
}

SYSCALL_DEFINE(shmat)
{
	struct mm *mm = th->task->process->mm;
	struct host *h = th->host;
	u32 flags = a[2];
	struct shm_segment *s = find(th, a[0]);
	struct shm_attach *at;
	u64 addr = a[1];
	long ret;

	if ((s32)a[0] < 0)
		return -EINVAL;
	if (flags & SHM_RND)
		addr = ALIGN_DOWN(addr, PAGE_BYTES);
	if (addr % PAGE_BYTES || (!addr && flags & SHM_REMAP) || !s)
		return -EINVAL;
	ret = ipc_allowed(th, &s->ipc, flags & SHM_RDONLY ? 4 : 6);
	if (ret)
		return ret;
	at = arena_alloc(h, sizeof(*at));
	if (!at)
		return -ENOMEM;
	ret = map_pages(th, s, addr, flags);
	if (is_error(ret)) {
		arena_free(h, at);
		return ret;
	}
	/* Counted first: what is forgotten of this place may be the segment's last attachment. */
	s->attached++;
	if (mm_note_shared(h, mm, ret, s->bytes, 0, s->object, 0)) {
		mm_call(th, SYS_munmap, ret, s->bytes, 0, 0, 0, 0);
		s->attached--;
		arena_free(h, at);
		return -ENOMEM;
	}
	at->segment = s;
	at->start = ret;
	list_add_tail(&at->link, &mm->shm);
	s->atime = ipc_seconds(h);
	s->lpid = th->task->process->pid;
	return ret;
}

static void detach(struct host *h, struct shm_attach *at)
{
	struct shm_segment *s = at->segment;

	list_del(&at->link);
	arena_free(h, at);
	s->dtime = ipc_seconds(h);
	if (h->current)
		s->lpid = h->current->process->pid;
	if (!--s->attached && s->ipc.mode & SHM_DEST_)
		destroy(h, s);
}

void shm_unmapped(struct host *h, struct mm *mm, u64 start, u64 end)
{
	struct shm_attach *at, *next;

	list_for_each_safe (at, next, &mm->shm, link)
		if (at->start >= start && at->start + at->segment->bytes <= end)
			detach(h, at);
}

long shm_mm_copied(struct host *h, struct mm *mm, const struct mm *old)
{
	struct shm_attach *at, *copy;

	list_for_each (at, &old->shm, link) {
		copy = arena_alloc(h, sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		*copy = *at;
		copy->segment->attached++;
		list_add_tail(&copy->link, &mm->shm);
	}
	return 0;
}

SYSCALL_DEFINE(shmdt)
{
	struct mm *mm = th->task->process->mm;
	struct shm_attach *at;

	list_for_each (at, &mm->shm, link) {
		u64 bytes = at->segment->bytes;

		if (at->start != a[0])
			continue;
		mm_call(th, SYS_munmap, a[0], bytes, 0, 0, 0, 0);
		mm_forget(th->host, mm, a[0], bytes);
		return 0;
	}
	return -EINVAL;
}

static void stat_of(const struct shm_segment *s, struct shmid_ds *ds)
{
	memset(ds, 0, sizeof(*ds));
	ipc_perm_of(&s->ipc, &ds->shm_perm);
	ds->shm_segsz = s->size;
	ds->shm_atime = s->atime;
	ds->shm_dtime = s->dtime;
	ds->shm_ctime = s->ipc.ctime;
	ds->shm_cpid = s->cpid;
	ds->shm_lpid = s->lpid;
	ds->shm_nattch = s->attached;
}

static long limits(struct thread *th, u64 addr)
{
	struct shminfo info = {
		.shmmax = SHM_ALL_MAX,
		.shmmin = 1,
		.shmmni = IPC_OBJECTS_MAX,
		.shmseg = IPC_OBJECTS_MAX,
		.shmall = SHM_ALL_MAX,
	};

	return put_user(info, addr) ? -EFAULT : 0;
}

static long usage(struct thread *th, u64 addr)
{
	struct ipc_table *table = ipc_table(th->host);
	struct ipc_object *o;
	struct shm_info info = {0};

	list_for_each (o, &table->shm.objects, link) {
		info.used_ids++;
		info.shm_tot += container_of(o, struct shm_segment, ipc)->bytes / PAGE_BYTES;
	}
	info.shm_rss = info.shm_tot;
	return put_user(info, addr) ? -EFAULT : 0;
}

static long set(struct thread *th, struct shm_segment *s, u64 addr)
{
	struct shmid_ds ds;
	long ret;

	if (get_user(ds, addr))
		return -EFAULT;
	ret = ipc_owned(th, &s->ipc);
	if (!ret)
		ipc_set_perm(th, &s->ipc, &ds.shm_perm);
	return ret;
}

static long rmid(struct thread *th, struct shm_segment *s)
{
	long ret = ipc_owned(th, &s->ipc);

	if (ret)
		return ret;
	if (!s->attached) {
		destroy(th->host, s);
	} else {
		s->ipc.mode |= SHM_DEST_;
		s->ipc.key = IPC_PRIVATE; /* nobody finds it any more */
	}
	return 0;
}

SYSCALL_DEFINE(shmctl)
{
	s32 cmd = a[1];
	struct shm_segment *s;
	struct shmid_ds ds;
	long ret;

	if ((s32)a[0] < 0 || cmd < 0 || !ipc_table(th->host))
		return -EINVAL;
	if (cmd == IPC_INFO)
		return limits(th, a[2]);
	if (cmd == SHM_INFO)
		return usage(th, a[2]);
	s = find(th, a[0]);
	if (!s)
		return -EINVAL;
	switch (cmd) {
	case IPC_STAT:
	case SHM_STAT:
		ret = ipc_allowed(th, &s->ipc, 4);
		if (ret)
			return ret;
		/* fall through */
	case SHM_STAT_ANY:
		stat_of(s, &ds);
		if (put_user(ds, a[2]))
			return -EFAULT;
		return cmd == IPC_STAT ? 0 : s->ipc.id;
	case IPC_SET:
		return set(th, s, a[2]);
	case IPC_RMID:
		return rmid(th, s);
	case SHM_LOCK:
	case SHM_UNLOCK:
		ret = ipc_owned(th, &s->ipc);
		if (!ret)
			s->ipc.mode = cmd == SHM_LOCK ? s->ipc.mode | SHM_LOCKED_
						      : s->ipc.mode & ~SHM_LOCKED_;
		return ret;
	}
	return -EINVAL;
}
