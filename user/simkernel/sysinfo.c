// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the machine is: names, memory, one NUMA node. Nothing here is the
 * host's, so two machines tell the same.
 */
#include <errno.h>
#include <sys/personality.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include "base/string.h"
#include "simkernel/ids.h"
#include "simkernel/procfs.h"
#include "simkernel/sysinfo.h"
#include "simkernel/syscall.h"

#define CAP_SYS_ADMIN_ 21
#define NAME_MAX_      64

void host_uname(struct host *h, struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	str_copy(u->sysname, "Linux", sizeof(u->sysname));
	str_copy(u->nodename, h->config.hostname, sizeof(u->nodename));
	str_copy(u->release, SIM_RELEASE, sizeof(u->release));
	str_copy(u->version, SIM_VERSION, sizeof(u->version));
	str_copy(u->machine, "x86_64", sizeof(u->machine));
	str_copy(u->domainname, h->domainname[0] ? h->domainname : "(none)", sizeof(u->domainname));
}

SYSCALL_DEFINE(uname)
{
	const char *machine = th->engine->machine;
	struct utsname u;

	host_uname(th->host, &u);
	/* What a program that asked for a 32-bit personality is told. */
	if ((th->task->process->personality & 0xff) == PER_LINUX32 && !th->engine->cpuinfo)
		machine = "i686";
	str_copy(u.machine, machine, sizeof(u.machine));
	return put_user(u, a[0]);
}

static long set_name(struct thread *th, char *name, u64 addr, s32 len)
{
	char buf[NAME_MAX_ + 1] = {0};

	if (!cred_capable(th->task->process, CAP_SYS_ADMIN_))
		return -EPERM;
	if (len < 0 || len > NAME_MAX_)
		return -EINVAL;
	if (copy_from_user(buf, addr, len))
		return -EFAULT;
	memcpy(name, buf, sizeof(buf));
	return 0;
}

SYSCALL_DEFINE(sethostname)
{
	return set_name(th, th->host->config.hostname, a[0], a[1]);
}

SYSCALL_DEFINE(setdomainname)
{
	return set_name(th, th->host->domainname, a[0], a[1]);
}

SYSCALL_DEFINE(sysinfo)
{
	struct sysinfo info;
	struct process *p;
	u32 n = 0;

	list_for_each (p, &th->host->processes, link)
		n += p->nthreads;
	memset(&info, 0, sizeof(info));
	info.uptime = (host_now(th->host) + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
	info.totalram = SIM_MEMORY_KIB * 1024;
	info.freeram = SIM_MEMORY_KIB / 4 * 3 * 1024;
	info.bufferram = 65536UL * 1024;
	info.procs = n;
	info.mem_unit = 1;
	return put_user(info, a[0]);
}

SYSCALL_DEFINE(syslog)
{
	enum { READ_ALL = 3, READ_CLEAR = 4, SIZE_UNREAD = 9, SIZE_BUFFER = 10 };
	s32 type = a[0];

	if (!cred_capable(th->task->process, 34) && type != READ_ALL && type != SIZE_BUFFER)
		return -EPERM;
	if (type < 0 || type > SIZE_BUFFER)
		return -EINVAL;
	if ((type == READ_ALL || type == READ_CLEAR || type == 2) && (!a[1] || (s32)a[2] < 0))
		return -EINVAL;
	return type == SIZE_BUFFER ? 262144 : 0; /* the simulated kernel has said nothing */
}

/* Memory policies of a machine with one node: checked, and without effect. */

#define MPOL_MODES	6
#define MPOL_MODE_FLAGS 0xe000U
#define MPOL_F_ADDR_	2
#define MPOL_F_MEMS_	4

static long check_nodes(u32 mode, u64 addr, u64 maxnode)
{
	u64 mask = 0;
	u32 plain = mode & ~MPOL_MODE_FLAGS;

	if (plain >= MPOL_MODES)
		return -EINVAL;
	if (addr && maxnode > 1 && get_user(mask, addr))
		return -EFAULT;
	if (maxnode > 1 && maxnode <= 64)
		mask &= (1UL << (maxnode - 1)) - 1;
	if (mask & ~1UL)
		return -EINVAL;
	/* DEFAULT and LOCAL take no nodes; BIND and INTERLEAVE need some. */
	if (plain == 0 || plain == 4)
		return mask ? -EINVAL : 0;
	return (plain == 2 || plain == 3) && !mask ? -EINVAL : 0;
}

SYSCALL_DEFINE(mbind)
{
	if (a[0] % PAGE_BYTES || a[5] & ~7UL)
		return -EINVAL;
	return check_nodes(a[2], a[3], a[4]);
}

SYSCALL_DEFINE(set_mempolicy)
{
	return check_nodes(a[0], a[1], a[2]);
}

SYSCALL_DEFINE(get_mempolicy)
{
	u64 flags = a[4], nodes = 0;
	u32 mode = 0;

	if (flags & ~7UL || ((flags & MPOL_F_MEMS_) && (flags & ~4UL)))
		return -EINVAL;
	if (!(flags & MPOL_F_ADDR_) && a[3])
		return -EINVAL;
	if (a[1] && a[2] < 1)
		return -EINVAL;
	if (flags & MPOL_F_MEMS_)
		nodes = 1;
	if (a[0] && !(flags & MPOL_F_MEMS_) && put_user(mode, a[0]))
		return -EFAULT;
	if (a[1] && put_user(nodes, a[1]))
		return -EFAULT;
	return 0;
}
