// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that would show the engine instead of the guest, and the guest's brk. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "passthrough/pass.h"
#include "simkernel/uaccess.h"

/* /proc/self/exe, /proc/thread-self/exe and /proc/PID/exe of this process. */
static bool names_exe(u64 addr)
{
	char path[64], own[64];

	if (string_from_user(path, addr, sizeof(path)) < 0 || !starts_with(path, "/proc/"))
		return false;
	if (!strcmp(path, "/proc/self/exe") || !strcmp(path, "/proc/thread-self/exe"))
		return true;
	str_format(own, sizeof(own), "/proc/%ld/exe", (long)hostcall(SYS_getpid));
	return !strcmp(path, own);
}

static long readlink_exe(u64 buf, u64 size)
{
	u64 n = min((u64)strlen(pass_mm.exe), size);

	if ((s32)size <= 0)
		return -EINVAL;
	return copy_to_user(buf, pass_mm.exe, n) ? -EFAULT : (long)n;
}

bool pass_file_call(u64 nr, const u64 *a, long *ret)
{
	switch (nr) {
	case SYS_readlink:
		if (!names_exe(a[0]))
			return false;
		*ret = readlink_exe(a[1], a[2]);
		return true;
	case SYS_readlinkat:
		if (!names_exe(a[1]))
			return false;
		*ret = readlink_exe(a[2], a[3]);
		return true;
	case SYS_open:
		if (!names_exe(a[0]))
			return false;
		*ret = pass_call(SYS_open, (u64)pass_mm.exe, a[1], a[2], 0, 0, 0);
		return true;
	case SYS_openat:
		if (!names_exe(a[1]))
			return false;
		*ret = pass_call(SYS_openat, a[0], (u64)pass_mm.exe, a[2], a[3], 0, 0);
		return true;
	case SYS_stat:
		if (!names_exe(a[0]))
			return false;
		*ret = hostcall(SYS_stat, pass_mm.exe, a[1]);
		return true;
	case SYS_newfstatat:
		if ((a[3] & AT_SYMLINK_NOFOLLOW) || !names_exe(a[1]))
			return false;
		*ret = hostcall(SYS_newfstatat, a[0], pass_mm.exe, a[2], a[3]);
		return true;
	case SYS_statx:
		if ((a[2] & AT_SYMLINK_NOFOLLOW) || !names_exe(a[1]))
			return false;
		*ret = hostcall(SYS_statx, a[0], pass_mm.exe, a[2], a[3], a[4]);
		return true;
	}
	return false;
}

/* The host's own break lies behind the runtime. */
long pass_brk(u64 want)
{
	struct pass_mm *mm = &pass_mm;
	u64 end = ALIGN_UP(want, PAGE_BYTES);
	long ret;

	pass_lock(&mm->brk_lock);
	if (want < mm->brk_start || want >= LAYOUT_BASE)
		goto out_unlock;
	if (end > mm->brk_mapped) {
		ret = hostcall(SYS_mmap, mm->brk_mapped, end - mm->brk_mapped,
			       PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (is_error(ret))
			goto out_unlock;
		mm->brk_mapped = end;
	} else if (end < mm->brk_mapped) {
		hostcall(SYS_munmap, end, mm->brk_mapped - end);
		mm->brk_mapped = end;
	}
	mm->brk = want;
out_unlock:
	want = mm->brk;
	pass_unlock(&mm->brk_lock);
	return want;
}
