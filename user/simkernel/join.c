// SPDX-License-Identifier: GPL-2.0-or-later
/* How a process of the host's joins the simulation, by what its engine was started with. */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/join.h"
#include "simkernel/syscall.h"

#define INHERITED_FILES 1024 /* descriptors that are looked at */

/* Decimal up to ':' or the end. */
static const char *number(const char *s, s32 *out)
{
	for (*out = 0; *s >= '0' && *s <= '9'; s++)
		*out = *out * 10 + (*s - '0');
	return *s == ':' ? s + 1 : s;
}

static bool map_supervisor_fd(s32 pid, s32 fd, u64 at, struct join_trouble *trouble)
{
	char path[64];
	struct stat st;
	long own, ret;

	str_format(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	own = hostcall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	ret = own < 0 ? own : hostcall(SYS_fstat, own, &st);
	if (!ret)
		ret = hostcall(SYS_mmap, at, st.st_size, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, own, 0);
	if (own >= 0)
		hostcall(SYS_close, own);
	if (is_error(ret)) {
		trouble->what = "cannot map the simulation's shared memory";
		str_copy(trouble->object, path, sizeof(trouble->object));
		trouble->err = ret;
		return false;
	}
	hostcall(SYS_madvise, at, st.st_size, MADV_DONTDUMP);
	return true;
}

struct task *sim_join(const char *spec, struct join_trouble *trouble)
{
	struct host *h = (struct host *)ARENA_BASE;
	s32 pid, arena_fd, clock_fd, tid;
	struct task *t;

	spec = number(number(number(number(spec, &pid), &arena_fd), &clock_fd), &tid);
	if (!map_supervisor_fd(pid, arena_fd, ARENA_BASE, trouble) ||
	    !map_supervisor_fd(pid, clock_fd, CLOCK_BASE, trouble))
		return NULL;
	trouble->err = 0;
	if (h->magic != HOST_MAGIC || h->abi != HOST_ABI) {
		trouble->what = "belongs to another build of Sundial: install all of it together";
		str_copy(trouble->object, "the simulation", sizeof(trouble->object));
		return NULL;
	}
	t = task_find(h, tid);
	trouble->what = "no such task in the simulation";
	str_format(trouble->object, sizeof(trouble->object), "%d", tid);
	return t;
}

const char *sim_spec_name(const char *spec)
{
	int colons = 0;

	for (; *spec && colons < 4; spec++)
		colons += *spec == ':';
	return colons == 4 ? spec : NULL;
}

void sim_adopt_files(struct thread *th)
{
	int fd, flags;

	for (fd = 0; fd < INHERITED_FILES; fd++) {
		flags = hostcall(SYS_fcntl, fd, F_GETFD, 0);
		if (flags >= 0)
			fd_adopt(th, fd, flags & FD_CLOEXEC, NULL);
	}
}

void sim_die_with_supervisor(struct host *h)
{
	hostcall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (hostcall(SYS_getppid) != h->config.supervisor_pid)
		hostcall(SYS_exit_group, 125);
}
