// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory calls. The host's kernel keeps the pages; here is what it cannot know:
 * brk (its own lies behind the runtime), the identity of shared mappings, and
 * that nobody unmaps the runtime or the arena. Belongs to the holder of the run
 * token.
 */
#include <errno.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "simkernel/arena.h"
#include "simkernel/ipc.h"
#include "simkernel/mm.h"
#include "simkernel/record.h"
#include "simkernel/syscall.h"

struct shared_map {
	struct list link; /* mm->shared, in no order */
	u64 start, end, dev, ino, offset;
};

struct mm *mm_create(struct host *h)
{
	struct mm *mm = arena_alloc(h, sizeof(*mm));

	if (!mm)
		return NULL;
	mm->refs = 1;
	mm->id = ++h->next_mm_id;
	list_init(&mm->shared);
	list_init(&mm->shm);
	return mm;
}

static struct shared_map *map_add(struct host *h, struct mm *mm, const struct shared_map *like)
{
	struct shared_map *m = arena_alloc(h, sizeof(*m));

	if (!m)
		return NULL;
	*m = *like;
	list_add(&m->link, &mm->shared);
	return m;
}

struct mm *mm_copy(struct host *h, struct mm *old)
{
	struct mm *mm = mm_create(h);
	struct shared_map *m;
	u64 id;

	if (!mm)
		return NULL;
	id = mm->id;
	*mm = *old;
	mm->refs = 1;
	mm->id = id;
	list_init(&mm->shared);
	list_init(&mm->shm);
	list_for_each (m, &old->shared, link) {
		if (!map_add(h, mm, m)) {
			mm_put(h, mm);
			return NULL;
		}
	}
	if (shm_mm_copied(h, mm, old)) {
		mm_put(h, mm);
		return NULL;
	}
	return mm;
}

void mm_put(struct host *h, struct mm *mm)
{
	if (!mm || --mm->refs)
		return;
	mm_forget(h, mm, 0, ~0UL);
	arena_free(h, mm);
}

u64 mm_new_object(struct host *h)
{
	return ++h->next_mm_id;
}

bool mm_shared_key(struct mm *mm, u64 addr, u64 key[3])
{
	struct shared_map *m;

	list_for_each (m, &mm->shared, link) {
		if (addr < m->start || addr >= m->end)
			continue;
		key[0] = m->dev;
		key[1] = m->ino;
		key[2] = m->offset + (addr - m->start);
		return true;
	}
	return false;
}

void mm_forget(struct host *h, struct mm *mm, u64 start, u64 len)
{
	u64 end = start + len;
	struct shared_map *m, *next;

	if (unlikely(!list_empty(&mm->shm)))
		shm_unmapped(h, mm, start, end);
	list_for_each_safe (m, next, &mm->shared, link) {
		struct shared_map tail = *m;

		if (m->end <= start || m->start >= end)
			continue;
		if (m->end > end) {
			tail.start = end;
			tail.offset += end - m->start;
			map_add(h, mm, &tail);
		}
		if (m->start < start) {
			m->end = start;
			continue;
		}
		list_del(&m->link);
		arena_free(h, m);
	}
}

long mm_note_shared(struct host *h, struct mm *mm, u64 start, u64 len, u64 dev, u64 ino, u64 offset)
{
	struct shared_map m = {
		.start = start,
		.end = start + len,
		.dev = dev,
		.ino = ino,
		.offset = offset,
	};

	mm_forget(h, mm, start, len);
	return map_add(h, mm, &m) ? 0 : -ENOMEM;
}

bool mm_reserved(u64 start, u64 len)
{
	return start < LAYOUT_END && start + len > LAYOUT_BASE;
}

static struct mm *mm_of(struct thread *th)
{
	return th->task->process->mm;
}

long mm_call(struct thread *th, long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	const u64 args[] = {a, b, c, d, e, f};

	th->host->call_used_host = true;
	return th->engine->memory ? th->engine->memory(th, nr, args)
				  : hostcall(nr, a, b, c, d, e, f);
}

SYSCALL_DEFINE(mmap)
{
	u64 len = ALIGN_UP(a[1], PAGE_BYTES), flags = a[3];
	bool shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
	struct file *f = NULL;
	u64 dev = 0, ino;
	long ret;

	if (len > th->task->process->rlimit[RLIMIT_AS].rlim_cur)
		return -ENOMEM;
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && mm_reserved(a[0], len))
		return flags & MAP_FIXED_NOREPLACE ? -EEXIST : -ENOMEM;
	if (!(flags & MAP_ANONYMOUS)) {
		f = fd_file(th, a[4]);
		if (!f)
			return -EBADF;
		if (f->kind != FILE_HOST)
			return f->kind == FILE_PATH ? -EBADF : -ENODEV;
	}
	ret = mm_call(th, SYS_mmap, a[0], a[1], a[2], flags, a[4], a[5]);
	if (is_error(ret))
		return ret;
	mm_forget(th->host, mm_of(th), ret, len);
	if (recording(th->host) && f && a[2] & PROT_EXEC)
		record_mapped(th, ret, len, a[5], a[2], a[4]);
	if (!shared)
		return ret;
	if (f) {
		file_identify(f, a[4]);
		dev = f->dev + 1;
		ino = f->ino;
	} else {
		ino = mm_new_object(th->host);
	}
	if (mm_note_shared(th->host, mm_of(th), ret, len, dev, ino, f ? a[5] : 0)) {
		mm_call(th, SYS_munmap, ret, len, 0, 0, 0, 0);
		return -ENOMEM;
	}
	return ret;
}

SYSCALL_DEFINE(munmap)
{
	long ret;

	if (mm_reserved(a[0], ALIGN_UP(a[1], PAGE_BYTES)))
		return -EINVAL;
	ret = mm_call(th, SYS_munmap, a[0], a[1], 0, 0, 0, 0);
	if (!ret)
		mm_forget(th->host, mm_of(th), a[0], ALIGN_UP(a[1], PAGE_BYTES));
	return ret;
}

SYSCALL_DEFINE(mprotect)
{
	if (mm_reserved(a[0], a[1]))
		return -ENOMEM;
	return mm_call(th, SYS_mprotect, a[0], a[1], a[2], 0, 0, 0);
}

SYSCALL_DEFINE(mremap)
{
	u64 key[3];
	bool shared = mm_shared_key(mm_of(th), a[0], key);
	u64 old_len = ALIGN_UP(a[1], PAGE_BYTES), new_len = ALIGN_UP(a[2], PAGE_BYTES);
	long ret;

	if (mm_reserved(a[0], old_len) || ((a[3] & MREMAP_FIXED) && mm_reserved(a[4], new_len)))
		return -EFAULT;
	ret = mm_call(th, SYS_mremap, a[0], a[1], a[2], a[3], a[4], 0);
	if (is_error(ret))
		return ret;
	if (old_len && !(a[3] & MREMAP_DONTUNMAP))
		mm_forget(th->host, mm_of(th), a[0], old_len);
	mm_forget(th->host, mm_of(th), ret, new_len);
	if (shared)
		mm_note_shared(th->host, mm_of(th), ret, new_len, key[0], key[1], key[2]);
	return ret;
}

SYSCALL_DEFINE(madvise)
{
	if (mm_reserved(a[0], a[1]))
		return -ENOMEM;
	return mm_call(th, SYS_madvise, a[0], a[1], a[2], 0, 0, 0);
}

SYSCALL_DEFINE(msync)
{
	return pass(th, SYS_msync, a[0], a[1], a[2]);
}

SYSCALL_DEFINE(mincore)
{
	return pass(th, SYS_mincore, a[0], a[1], a[2]);
}

/* The host's own break lies behind the runtime, so the guest gets one made of anonymous pages. */
SYSCALL_DEFINE(brk)
{
	struct mm *mm = mm_of(th);
	u64 want = a[0], end = ALIGN_UP(want, PAGE_BYTES);
	long ret;

	if (want < mm->brk_start || want >= LAYOUT_BASE)
		return mm->brk;
	if (end > mm->brk_mapped) {
		ret = mm_call(th, SYS_mmap, mm->brk_mapped, end - mm->brk_mapped,
			      PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (is_error(ret))
			return mm->brk;
		mm->brk_mapped = end;
	} else if (end < mm->brk_mapped) {
		mm_call(th, SYS_munmap, end, mm->brk_mapped - end, 0, 0, 0, 0);
		mm->brk_mapped = end;
	}
	mm->brk = want;
	return want;
}
