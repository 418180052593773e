// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's address space: [RV64_SPACE_START, RV64_SPACE_END) of the host's. Where
 * a mapping without an address goes is decided here, top-down as Linux does, so that
 * guest addresses depend on the guest alone. The host's pages are never executable:
 * what the guest may execute it may at least read.
 *
 * rv64_mm_lock() is held over each host call and its note in the list; the engine is
 * told of what changed before it is released. No guest memory is touched under it.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include "rv64/exec.h"
#include "rv64/linux/mapping.h"
#include "rv64/linux/space.h"
#include "rv64/lock.h"

#define MAP_32BIT_  0x40
#define SHMLBA_MASK (PAGE_BYTES - 1)

static struct rv64_lock lock;
static u64 brk_base, brk_now, brk_mapped;
/* RLIMIT_AS and RLIMIT_DATA are the guest's: the engine's own mappings must not count. */
static u64 limit_as = RLIM_INFINITY, limit_data = RLIM_INFINITY;

void rv64_mm_lock(void)
{
	rv64_lock_take(&lock, rv64_self ? (u32)rv64_self->tid : (u32)hostcall(SYS_gettid));
}

void rv64_mm_unlock(void)
{
	rv64_lock_give(&lock);
}

void rv64_mm_bury(s32 tid)
{
	if (tid && rv64_lock_held_by(&lock, tid))
		rv64_lock_give(&lock);
}

void rv64_mm_set_limits(u64 as_bytes, u64 data_bytes)
{
	limit_as = as_bytes;
	limit_data = data_bytes;
}

static int host_prot(int prot)
{
	return prot & PROT_EXEC ? (prot & ~PROT_EXEC) | PROT_READ : prot;
}

static bool in_space(u64 addr, u64 bytes)
{
	return addr + bytes >= addr && addr + bytes <= RV64_SPACE_END;
}

static bool over_limit(u64 bytes, int prot, bool shared)
{
	u64 max = READ_ONCE(limit_as), max_data = READ_ONCE(limit_data);

	if (max != RLIM_INFINITY && rv64_mapping_total(false) + bytes > max)
		return true;
	return max_data != RLIM_INFINITY && (prot & PROT_WRITE) && !shared &&
	       rv64_mapping_total(true) + bytes > max_data;
}

/* Where a mapping of bytes goes; flags and addr as of mmap(2). */
static long place(u64 addr, u64 bytes, int flags)
{
	u64 at;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr & (PAGE_BYTES - 1))
			return -EINVAL;
		if (!in_space(addr, bytes))
			return -ENOMEM;
		if (addr < RV64_SPACE_START)
			return -EPERM;
		if ((flags & MAP_FIXED_NOREPLACE) && !rv64_mapping_free(addr, addr + bytes))
			return -EEXIST;
		return addr;
	}
	addr = ALIGN_DOWN(addr, PAGE_BYTES);
	if (addr >= RV64_SPACE_START && in_space(addr, bytes) &&
	    rv64_mapping_free(addr, addr + bytes))
		return addr;
	at = rv64_mapping_hole(bytes, RV64_SPACE_START, RV64_MMAP_TOP);
	return at ? (long)at : -ENOMEM;
}

/* Which file the pages are of. */
static void note_file(struct rv64_mapping *m, int fd, u64 offset)
{
	struct stat st;

	if (fstat(fd, &st))
		return;
	m->dev = st.st_dev;
	m->ino = st.st_ino;
	m->offset = offset;
}

static long map_locked(u64 addr, u64 bytes, int prot, int flags, int fd, u64 offset)
{
	struct rv64_mapping m = {.prot = prot & (PROT_READ | PROT_WRITE | PROT_EXEC),
				 .shared = (flags & MAP_TYPE) != MAP_PRIVATE};
	static u64 anonymous;
	long ret;

	if (over_limit(bytes, m.prot, m.shared))
		return -ENOMEM;
	ret = rv64_mapping_reserve();
	if (ret)
		return ret;
	ret = place(addr, bytes, flags);
	if (is_error(ret))
		return ret;
	flags &= ~(MAP_FIXED_NOREPLACE | MAP_GROWSDOWN | MAP_32BIT_);
	ret = hostcall(SYS_mmap, ret, bytes, host_prot(prot), flags | MAP_FIXED, fd, offset);
	if (is_error(ret))
		return ret;
	m.start = ret;
	m.end = ret + bytes;
	if (!(flags & MAP_ANONYMOUS))
		note_file(&m, fd, offset);
	else if (m.shared) { /* a file of its own, which mremap can map twice */
		m.dev = ~0UL;
		m.ino = ++anonymous;
	}
	rv64_mapping_add(&m);
	rv64_code_changed(m.start, bytes);
	return ret;
}

long rv64_mmap(u64 addr, u64 bytes, int prot, int flags, int fd, u64 offset)
{
	long ret;

	if (!bytes || (offset & (PAGE_BYTES - 1)))
		return -EINVAL;
	bytes = ALIGN_UP(bytes, PAGE_BYTES);
	if (!bytes || bytes > RV64_SPACE_END)
		return -ENOMEM;
	rv64_mm_lock();
	ret = map_locked(addr, bytes, prot, flags, fd, offset);
	rv64_mm_unlock();
	return ret;
}

long rv64_munmap(u64 addr, u64 bytes)
{
	long ret;

	bytes = ALIGN_UP(bytes, PAGE_BYTES);
	if ((addr & (PAGE_BYTES - 1)) || !bytes || !in_space(addr, bytes))
		return -EINVAL;
	rv64_mm_lock();
	ret = rv64_mapping_reserve();
	if (!ret)
		ret = hostcall(SYS_munmap, addr, bytes);
	if (!ret) {
		rv64_mapping_remove(addr, addr + bytes);
		rv64_code_changed(addr, bytes);
	}
	rv64_mm_unlock();
	return ret;
}

/* How far from addr on memory is mapped without a hole. */
static u64 mapped_up_to(u64 addr, u64 end)
{
	const struct rv64_mapping *m;

	while (addr < end && (m = rv64_mapping_at(addr)) && m->start <= addr)
		addr = m->end;
	return min(addr, end);
}

long rv64_mprotect(u64 addr, u64 bytes, int prot)
{
	const int known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN | PROT_GROWSUP;
	u64 end;
	long ret;

	if ((addr & (PAGE_BYTES - 1)) || (prot & ~known))
		return -EINVAL;
	bytes = ALIGN_UP(bytes, PAGE_BYTES);
	if (!bytes)
		return 0;
	if (!in_space(addr, bytes))
		return -ENOMEM;
	prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
	rv64_mm_lock();
	ret = rv64_mapping_reserve();
	if (ret)
		goto out_unlock;
	/* Up to the first hole it takes effect, as in Linux. */
	end = mapped_up_to(addr, addr + bytes);
	if (end > addr)
		ret = hostcall(SYS_mprotect, addr, end - addr, host_prot(prot));
	if (!ret && end > addr) {
		rv64_mapping_protect(addr, end, prot);
		rv64_code_changed(addr, end - addr);
	}
	if (!ret && end < addr + bytes)
		ret = -ENOMEM;
out_unlock:
	rv64_mm_unlock();
	return ret;
}

/* Where mremap's result goes, or -errno. */
static long remap_place(const struct rv64_mapping *m, u64 old, u64 old_bytes, u64 bytes, u64 flags,
			u64 addr)
{
	if (flags & MREMAP_FIXED) {
		if (addr & (PAGE_BYTES - 1) || !in_space(addr, bytes) || addr < RV64_SPACE_START ||
		    (addr < old + old_bytes && old < addr + bytes))
			return -EINVAL;
		return addr;
	}
	if (old_bytes && !(flags & MREMAP_DONTUNMAP) &&
	    (bytes <= old_bytes || (m->end == old + old_bytes && in_space(old, bytes) &&
				    rv64_mapping_free(old + old_bytes, old + bytes))))
		return old;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	return place(0, bytes, 0);
}

static long remap_locked(u64 old, u64 old_bytes, u64 bytes, u64 flags, u64 addr)
{
	const struct rv64_mapping *m = rv64_mapping_at(old);
	struct rv64_mapping new;
	long ret = rv64_mapping_reserve(), to;

	if (ret)
		return ret;
	m = rv64_mapping_at(old);
	if (!m || m->start > old)
		return -EFAULT;
	if (bytes > old_bytes && over_limit(bytes - old_bytes, m->prot, m->shared))
		return -ENOMEM;
	new = *m;
	to = remap_place(m, old, old_bytes, bytes, flags, addr);
	if (is_error(to))
		return to;
	if ((u64)to == old)
		ret = hostcall(SYS_mremap, old, old_bytes, bytes, 0);
	else
		ret = hostcall(SYS_mremap, old, old_bytes, bytes,
			       MREMAP_MAYMOVE | MREMAP_FIXED | (flags & MREMAP_DONTUNMAP), to);
	if (is_error(ret))
		return ret;
	new.offset += new.ino ? old - new.start : 0;
	new.start = to;
	new.end = to + bytes;
	if ((u64)to == old && bytes < old_bytes)
		rv64_mapping_remove(old + bytes, old + old_bytes);
	else if ((u64)to != old && !(flags & MREMAP_DONTUNMAP))
		rv64_mapping_remove(old, old + old_bytes);
	/* The list may have needed all its reserve for the cut. */
	if (rv64_mapping_reserve())
		return -ENOMEM;
	rv64_mapping_add(&new);
	rv64_code_changed(old, old_bytes);
	rv64_code_changed(to, bytes);
	return ret;
}

long rv64_mremap(u64 old, u64 old_bytes, u64 bytes, u64 flags, u64 addr)
{
	long ret;

	old_bytes = ALIGN_UP(old_bytes, PAGE_BYTES);
	bytes = ALIGN_UP(bytes, PAGE_BYTES);
	if ((flags & ~(u64)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) ||
	    (old & (PAGE_BYTES - 1)) || !bytes || bytes > RV64_SPACE_END ||
	    ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE)) ||
	    ((flags & MREMAP_DONTUNMAP) && old_bytes != bytes))
		return -EINVAL;
	if (!in_space(old, old_bytes))
		return -EFAULT;
	rv64_mm_lock();
	ret = remap_locked(old, old_bytes, bytes, flags, addr);
	rv64_mm_unlock();
	return ret;
}

long rv64_madvise(u64 addr, u64 bytes, int advice)
{
	long ret = hostcall(SYS_madvise, addr, bytes, advice);

	if (advice == MADV_DONTNEED || advice == MADV_REMOVE || advice == MADV_FREE)
		rv64_code_changed(addr, bytes);
	return ret;
}

enum rv64_memory rv64_memory_at(u64 addr)
{
	enum rv64_memory memory = RV64_MEMORY_CODE;
	const struct rv64_mapping *m;

	rv64_mm_lock();
	m = rv64_mapping_at(addr);
	/* Where nothing is mapped, reading finds out. A private mapping that cannot be
	 * written to does not change but by a call that is seen here. */
	if (m && m->start <= addr) {
		if (!(m->prot & PROT_EXEC))
			memory = RV64_MEMORY_DATA;
		else if (!(m->prot & PROT_WRITE) && !m->shared)
			memory = RV64_MEMORY_CONSTANT;
	}
	rv64_mm_unlock();
	return memory;
}

long rv64_shmat(int id, u64 addr, int flags)
{
	struct rv64_mapping m = {.prot = PROT_READ, .shared = true, .dev = ~1UL};
	struct shmid_ds ds;
	u64 bytes;
	long ret;

	if (shmctl(id, IPC_STAT, &ds)) {
		/* Without the right to look at it: attaching says what is wrong. */
		ret = hostcall(SYS_shmat, id, 0, flags);
		if (!is_error(ret))
			hostcall(SYS_shmdt, ret);
		return is_error(ret) ? ret : -EACCES;
	}
	bytes = ALIGN_UP(ds.shm_segsz, PAGE_BYTES);
	if (flags & SHM_RND)
		addr &= ~SHMLBA_MASK;
	if ((addr & SHMLBA_MASK) || ((flags & SHM_REMAP) && !addr))
		return -EINVAL;
	rv64_mm_lock();
	ret = rv64_mapping_reserve();
	if (!ret)
		ret = place(addr, bytes,
			    !addr		? 0
			    : flags & SHM_REMAP ? MAP_FIXED
						: MAP_FIXED_NOREPLACE);
	if (!is_error(ret))
		ret = hostcall(SYS_shmat, id, ret, flags & ~SHM_EXEC);
	if (is_error(ret))
		goto out_unlock;
	m.prot |= flags & SHM_RDONLY ? 0 : PROT_WRITE;
	m.ino = id + 1;
	m.start = ret;
	m.end = ret + bytes;
	rv64_mapping_add(&m);
	rv64_code_changed(m.start, bytes);
out_unlock:
	rv64_mm_unlock();
	return ret == -EEXIST || ret == -EPERM ? -EINVAL : ret;
}

long rv64_shmdt(u64 addr)
{
	const struct rv64_mapping *m;
	u64 end;
	long ret;

	rv64_mm_lock();
	ret = rv64_mapping_reserve();
	m = rv64_mapping_at(addr);
	end = m && m->start == addr ? m->end : 0;
	if (!ret)
		ret = end ? (long)hostcall(SYS_shmdt, addr) : -EINVAL;
	if (!ret) {
		rv64_mapping_remove(addr, end);
		rv64_code_changed(addr, end - addr);
	}
	rv64_mm_unlock();
	return ret;
}

void rv64_brk_start(u64 addr)
{
	brk_base = brk_now = brk_mapped = ALIGN_UP(addr, PAGE_BYTES);
}

u64 rv64_brk_base(u64 *end)
{
	*end = brk_mapped;
	return brk_base;
}

long rv64_brk(u64 want)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	u64 end = ALIGN_UP(want, PAGE_BYTES);

	rv64_mm_lock();
	if (want < brk_base || want >= RV64_MMAP_TOP)
		goto out_unlock;
	if (end > brk_mapped) {
		if (is_error(map_locked(brk_mapped, end - brk_mapped, PROT_READ | PROT_WRITE, flags,
					-1, 0)))
			goto out_unlock;
	} else if (end < brk_mapped) {
		if (rv64_mapping_reserve() || hostcall(SYS_munmap, end, brk_mapped - end))
			goto out_unlock;
		rv64_mapping_remove(end, brk_mapped);
		rv64_code_changed(end, brk_mapped - end);
	}
	brk_mapped = end;
	brk_now = want;
out_unlock:
	want = brk_now;
	rv64_mm_unlock();
	return want;
}
