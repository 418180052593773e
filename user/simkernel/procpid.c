// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/PID and /proc/PID/task/TID: what the arena knows of a process, in the
 * formats of proc(5). Command line, environment and auxiliary vector are read
 * from the host's own files, where the loader has published the guest's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/ids.h"
#include "simkernel/procnode.h"
#include "simkernel/vfs.h"

#define TICK_NS (NSEC_PER_SEC / 100)

static struct process *process_of(struct thread *th, const struct vnode *v)
{
	return process_find(th->host, v->pid);
}

/* The thread that the file is about; the leader's structure outlives its thread. */
static struct task *task_of(struct thread *th, const struct vnode *v)
{
	struct task *t = task_find(th->host, v->tid);
	struct process *p = process_of(th, v);

	return t && t->process == p ? t : p ? p->leader : NULL;
}

static char state_of(const struct process *p, const struct task *t)
{
	if (p->state == PROCESS_ZOMBIE || t->state == TASK_DEAD)
		return 'Z';
	if (p->stopped || t->state == TASK_STOPPED)
		return 'T';
	return t->state == TASK_READY ? 'R' : 'S';
}

static const char *state_name(char c)
{
	return c == 'Z' ? "zombie" : c == 'T' ? "stopped" : c == 'R' ? "running" : "sleeping";
}

static s32 priority_of(const struct task *t)
{
	bool realtime = t->sched_policy == SCHED_FIFO || t->sched_policy == SCHED_RR;

	return realtime ? -1 - t->sched_priority : 20 + t->nice;
}

struct signal_sets {
	u64 ignored, caught;
};

static struct signal_sets signal_sets(const struct process *p)
{
	struct signal_sets s = {0, 0};
	int sig;

	for (sig = 1; p->sighand && sig <= NSIG_MAX; sig++) {
		u64 handler = p->sighand->action[sig].handler;

		if (handler == (u64)SIG_IGN)
			s.ignored |= SIGBIT(sig);
		else if (handler != (u64)SIG_DFL)
			s.caught |= SIGBIT(sig);
	}
	return s;
}

static long stat_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_of(th, v);
	struct task *t = task_of(th, v);
	bool one = v->node->mode == 0440; /* of a thread alone */
	struct signal_sets sets;
	struct map_sums m;
	u64 cpu_ns, sys_ns;

	if (!p || !t)
		return -ESRCH;
	sets = signal_sets(p);
	proc_map_sums(th, p, &m);
	cpu_ns = one ? task_cpu_ns(t) : process_cpu_ns(p);
	sys_ns = min(one ? t->sys_ns : p->dead_sys_ns + t->sys_ns, cpu_ns);
	text_format(o, "%d (%s) %c %d %d %d 0 -1 4194304 0 0 0 0 ", one ? t->tid : p->pid, t->comm,
		    state_of(p, t), p->parent ? p->parent->pid : 0, p->pgid, p->sid);
	text_format(o, "%lu %lu %lu %lu %d %d %u 0 %lu ", (cpu_ns - sys_ns) / TICK_NS,
		    sys_ns / TICK_NS, (p->children_cpu_ns - p->children_sys_ns) / TICK_NS,
		    p->children_sys_ns / TICK_NS, priority_of(t), t->nice, max(p->nthreads, 1U),
		    (one ? t->start_ns : p->start_ns) / TICK_NS);
	/*
	 * Addresses read as 0, as Linux shows them to strangers: where the stack's
	 * strings lie follows the length of the environment, and so of $PWD.
	 */
	text_format(o, "%lu %lu %lu 0 0 0 0 0 %lu %lu %lu %lu 0 0 0 ", m.total,
		    m.resident / PAGE_BYTES, p->rlimit[RLIMIT_RSS].rlim_cur, t->pending.set,
		    t->blocked, sets.ignored, sets.caught);
	text_format(o, "%d 0 %d %d 0 0 0 0 0 0 0 0 0 0 %u\n", (int)p->exit_signal,
		    t->sched_policy == SCHED_OTHER ? 0 : t->sched_priority, t->sched_policy,
		    p->wait_status);
	return 0;
}

static long statm_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_of(th, v);
	struct map_sums m;

	if (!p)
		return -ESRCH;
	proc_map_sums(th, p, &m);
	text_format(o, "%lu %lu %lu %lu 0 %lu 0\n", m.total / PAGE_BYTES, m.resident / PAGE_BYTES,
		    m.text / PAGE_BYTES, m.text / PAGE_BYTES, (m.data + m.stack) / PAGE_BYTES);
	return 0;
}

static void status_ids(struct process *p, struct text_out *o)
{
	struct cred *c = process_cred(p);
	u32 i, open = 0;

	if (c)
		text_format(o, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c->uid.real,
			    c->uid.effective, c->uid.saved, c->uid.fs, c->gid.real,
			    c->gid.effective, c->gid.saved, c->gid.fs);
	else
		text_format(o, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", p->uid, p->uid,
			    p->uid, p->uid, p->gid, p->gid, p->gid, p->gid);
	for (i = 0; p->files && i < p->files->size; i++)
		if (p->files->ent[i].file)
			open = i + 1;
	text_format(o, "FDSize:\t%u\nGroups:\t", ALIGN_UP(max(open, 64U), 64U));
	for (i = 0; c && i < c->ngroups; i++)
		text_format(o, "%u ", c->groups[i]);
	text_format(o, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", p->pid, p->pid,
		    p->pgid, p->sid);
}

static void status_memory(struct thread *th, struct process *p, struct text_out *o)
{
	struct map_sums m;

	if (p->state == PROCESS_ZOMBIE)
		return;
	proc_map_sums(th, p, &m);
	text_format(o, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t%8lu kB\n",
		    m.total >> 10, m.total >> 10, 0UL, 0UL);
	text_format(o, "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\nRssAnon:\t%8lu kB\nRssFile:\t%8lu kB\n",
		    m.resident >> 10, m.resident >> 10, (m.resident - m.text) >> 10, m.text >> 10);
	text_format(o, "RssShmem:\t%8lu kB\nVmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\n",
		    0UL, m.data >> 10, m.stack >> 10, m.exec >> 10);
	text_format(o,
		    "VmLib:\t%8lu kB\nVmPTE:\t%8lu kB\nVmSwap:\t%8lu kB\nHugetlbPages:\t%8lu kB\n",
		    (m.text - m.exec) >> 10, 64UL, 0UL, 0UL);
	text_format(o, "CoreDumping:\t0\nTHP_enabled:\t1\n");
}

static long status_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_of(th, v);
	struct task *t = task_of(th, v);
	struct cred *c;
	struct signal_sets sets;
	char state;

	if (!p || !t)
		return -ESRCH;
	c = process_cred(p);
	sets = signal_sets(p);
	state = state_of(p, t);
	text_format(o, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n",
		    t->comm, p->umask_shadow, state, state_name(state), p->pid,
		    v->tid == p->pid ? p->pid : t->tid);
	text_format(o, "PPid:\t%d\nTracerPid:\t0\n", p->parent ? p->parent->pid : 0);
	status_ids(p, o);
	text_format(o, "Kthread:\t0\n");
	status_memory(th, p, o);
	text_format(o, "Threads:\t%u\nSigQ:\t0/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n",
		    max(p->nthreads, 1U), p->rlimit[RLIMIT_SIGPENDING].rlim_cur, t->pending.set,
		    p->pending.set);
	text_format(o, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n", t->blocked,
		    sets.ignored, sets.caught);
	text_format(o, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\n",
		    c ? c->cap_inheritable : 0, c ? c->cap_permitted : 0, c ? c->cap_effective : 0,
		    c ? c->cap_bounding : 0);
	text_format(o, "CapAmb:\t%016lx\nNoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n",
		    c ? c->cap_ambient : 0, c && c->no_new_privs);
	text_format(o, "Cpus_allowed:\t%lx\n", t->affinity);
	text_format(o, "Cpus_allowed_list:\t0-%u\nMems_allowed:\t1\nMems_allowed_list:\t0\n",
		    max(th->host->config.cpus, 1U) - 1);
	text_format(o, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		    t->voluntary_switches, t->involuntary_switches);
	return 0;
}

static long comm_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct task *t = task_of(th, v);

	if (!t)
		return -ESRCH;
	text_format(o, "%s\n", t->comm);
	return 0;
}

static long comm_write(struct thread *th, const struct vnode *v, const char *data, size_t len)
{
	struct task *t = task_of(th, v);
	size_t n = len && data[len - 1] == '\n' ? len - 1 : len;

	if (!t)
		return -ESRCH;
	if (t->process != th->task->process)
		return -EINVAL;
	n = min(n, sizeof(t->comm) - 1);
	memcpy(t->comm, data, n);
	t->comm[n] = 0;
	return len;
}

/* A host file of the process, as it is. */
static long host_text(struct thread *th, const struct vnode *v, struct text_out *o,
		      const char *file)
{
	struct process *p = process_of(th, v);
	char *buf = vfs_get(th->host)->listing;
	char path[48];
	long fd, n;

	if (!p)
		return -ESRCH;
	if (p->state == PROCESS_ZOMBIE || p->host_pid <= 0)
		return 0;
	str_format(path, sizeof(path), "/proc/%d/%s", p->host_pid, file);
	fd = pass(th, SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while ((n = hostcall(SYS_read, fd, buf, LISTING_BUFFER_BYTES)) > 0)
		text_put(o, buf, n);
	hostcall(SYS_close, fd);
	return n;
}

static long cmdline_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	return host_text(th, v, o, "cmdline");
}

static long environ_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	return host_text(th, v, o, "environ");
}

static long auxv_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	return host_text(th, v, o, "auxv");
}

static const struct {
	const char *name, *unit;
	int resource;
} limit_rows[] = {
	{"Max cpu time", "seconds", RLIMIT_CPU},
	{"Max file size", "bytes", RLIMIT_FSIZE},
	{"Max data size", "bytes", RLIMIT_DATA},
	{"Max stack size", "bytes", RLIMIT_STACK},
	{"Max core file size", "bytes", RLIMIT_CORE},
	{"Max resident set", "bytes", RLIMIT_RSS},
	{"Max processes", "processes", RLIMIT_NPROC},
	{"Max open files", "files", RLIMIT_NOFILE},
	{"Max locked memory", "bytes", RLIMIT_MEMLOCK},
	{"Max address space", "bytes", RLIMIT_AS},
	{"Max file locks", "locks", RLIMIT_LOCKS},
	{"Max pending signals", "signals", RLIMIT_SIGPENDING},
	{"Max msgqueue size", "bytes", RLIMIT_MSGQUEUE},
	{"Max nice priority", "", RLIMIT_NICE},
	{"Max realtime priority", "", RLIMIT_RTPRIO},
	{"Max realtime timeout", "us", RLIMIT_RTTIME},
};

static void limit_value(char *buf, size_t size, u64 v)
{
	if (v == RLIM_INFINITY)
		str_copy(buf, "unlimited", size);
	else
		str_format(buf, size, "%lu", v);
}

static long limits_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_of(th, v);
	char soft[24], hard[24];
	u32 i;

	if (!p)
		return -ESRCH;
	text_format(o, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (i = 0; i < ARRAY_SIZE(limit_rows); i++) {
		limit_value(soft, sizeof(soft), p->rlimit[limit_rows[i].resource].rlim_cur);
		limit_value(hard, sizeof(hard), p->rlimit[limit_rows[i].resource].rlim_max);
		text_format(o, "%-25s %-20s %-20s %-10s\n", limit_rows[i].name, soft, hard,
			    limit_rows[i].unit);
	}
	return 0;
}

static long oom_score_adj_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_of(th, v);

	if (!p)
		return -ESRCH;
	text_format(o, "%d\n", (s32)p->oom_score_adj);
	return 0;
}

static long oom_score_adj_write(struct thread *th, const struct vnode *v, const char *data,
				size_t len)
{
	struct process *p = process_of(th, v);
	bool negative = *data == '-';
	s64 value = 0;
	const char *s;

	if (!p)
		return -ESRCH;
	for (s = data + negative; *s >= '0' && *s <= '9' && value < 10000; s++)
		value = value * 10 + (*s - '0');
	if (s == data + negative || (*s && *s != '\n') || value > 1000)
		return -EINVAL;
	p->oom_score_adj = negative ? -value : value;
	return len;
}

static long io_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct task *t = task_of(th, v);

	if (!t)
		return -ESRCH;
	text_format(o,
		    "rchar: 0\nwchar: 0\nsyscr: %lu\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n"
		    "cancelled_write_bytes: 0\n",
		    t->calls);
	return 0;
}

static long schedstat_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct task *t = task_of(th, v);

	if (!t)
		return -ESRCH;
	text_format(o, "%lu 0 %lu\n", task_cpu_ns(t),
		    t->voluntary_switches + t->involuntary_switches);
	return 0;
}

static long sched_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_of(th, v);
	struct task *t = task_of(th, v);
	u64 ns;

	if (!p || !t)
		return -ESRCH;
	ns = task_cpu_ns(t);
	text_format(o, "%s (%d, #threads: %u)\n", t->comm, t->tid, max(p->nthreads, 1U));
	text_format(o, "-------------------------------------------------------------------\n");
	text_format(o, "se.sum_exec_runtime                          : %13lu.%06lu\n", ns / 1000000,
		    ns % 1000000);
	text_format(o, "nr_switches                                  : %20lu\n",
		    t->voluntary_switches + t->involuntary_switches);
	text_format(o, "nr_voluntary_switches                        : %20lu\n",
		    t->voluntary_switches);
	text_format(o, "nr_involuntary_switches                      : %20lu\n",
		    t->involuntary_switches);
	text_format(o, "policy                                       : %20d\n", t->sched_policy);
	text_format(o, "prio                                         : %20d\n",
		    100 + priority_of(t));
	return 0;
}

static long exe_link(struct thread *th, const struct vnode *v, char *buf, size_t size)
{
	struct process *p = process_of(th, v);

	if (!p || p->state == PROCESS_ZOMBIE || !p->exe[0])
		return -ENOENT;
	return min(str_copy(buf, p->exe, size), size - 1);
}

static long cwd_link(struct thread *th, const struct vnode *v, char *buf, size_t size)
{
	struct process *p = process_of(th, v);
	char path[48];

	if (!p || p->state == PROCESS_ZOMBIE)
		return -ENOENT;
	if (p->virtual_cwd)
		return min(str_copy(buf, p->virtual_cwd, size), size - 1);
	if (p->host_pid <= 0)
		return min(str_copy(buf, "/", size), size - 1);
	str_format(path, sizeof(path), "/proc/%d/cwd", p->host_pid);
	return pass(th, SYS_readlink, path, buf, size);
}

static bool fd_lookup(struct thread *th, const struct vnode *v, const char *name,
		      struct vnode *child)
{
	static const struct proc_node fd_node = {.name = "fd", .type = VNODE_FD};
	struct process *p = process_of(th, v);
	struct stat st;
	struct file *f;
	char link[48];
	u64 fd;

	if (!p || !str_to_u64(name, &fd) || fd > INT_MAX)
		return false;
	child->fd = fd;
	f = vnode_file(th, child);
	if (!f)
		return false;
	child->node = &fd_node;
	child->type = VNODE_FD;
	child->mode = (f->flags & O_ACCMODE) == O_WRONLY ? 0300
		      : (f->flags & O_ACCMODE) == O_RDWR ? 0700
							 : 0500;
	if (f->kind != FILE_HOST && f->kind != FILE_STDIN)
		return true;
	str_format(link, sizeof(link), "/proc/%d/fd/%d", p->host_pid, child->fd);
	if (!hostcall(SYS_lstat, link, &st))
		child->mode = st.st_mode & 0777;
	return true;
}

static bool next_fd(struct thread *th, const struct vnode *v, u64 *cursor, char *name)
{
	struct process *p = process_of(th, v);

	if (!p || !p->files)
		return false;
	while (*cursor < p->files->size && !p->files->ent[*cursor].file)
		++*cursor;
	if (*cursor >= p->files->size)
		return false;
	str_format(name, PROC_NAME_BYTES, "%lu", (*cursor)++);
	return true;
}

static bool fd_entry(struct thread *th, const struct vnode *v, u64 *cursor, struct vnode *child,
		     char *name)
{
	return next_fd(th, v, cursor, name) && fd_lookup(th, v, name, child);
}

static long fdinfo_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct file *f = vnode_file(th, v);
	struct process *p = process_of(th, v);
	u64 pos, flags;

	if (!f || !p)
		return -ENOENT;
	pos = f->position;
	flags = f->flags;
	if (p == th->task->process && (f->kind == FILE_HOST || f->kind == FILE_STDIN)) {
		long at = hostcall(SYS_lseek, v->fd, 0, SEEK_CUR);
		long fl = hostcall(SYS_fcntl, v->fd, F_GETFL);

		pos = at < 0 ? 0 : at;
		flags = fl < 0 ? flags : (u64)fl;
	}
	if (p->files->ent[v->fd].cloexec)
		flags |= O_CLOEXEC;
	text_format(o, "pos:\t%lu\nflags:\t0%lo\nmnt_id:\t15\nino:\t%lu\n", pos, flags,
		    f->ino ? inode_get(th->host, f->dev, f->ino)->number : 1057UL);
	if (f->kind == FILE_EPOLL)
		epoll_fdinfo(f, o);
	if (f->kind == FILE_PIDFD)
		pidfd_fdinfo(f, o);
	if (f->kind == FILE_EVENTFD)
		eventfd_fdinfo(f, o);
	if (f->kind == FILE_TIMERFD)
		timerfd_fdinfo(f, o);
	return 0;
}

static bool fdinfo_lookup(struct thread *th, const struct vnode *v, const char *name,
			  struct vnode *child)
{
	static const struct proc_node node = {
		.name = "fdinfo", .type = VNODE_TEXT, .mode = 0444, .text = fdinfo_text};

	if (!fd_lookup(th, v, name, child))
		return false;
	child->node = &node;
	child->type = VNODE_TEXT;
	child->mode = 0444;
	return true;
}

static bool fdinfo_entry(struct thread *th, const struct vnode *v, u64 *cursor, struct vnode *child,
			 char *name)
{
	return next_fd(th, v, cursor, name) && fdinfo_lookup(th, v, name, child);
}

#define MOUNT_ROW(id, parent, dev, at, type, source) \
	id " " parent " " dev " / " at " rw,relatime - " type " " source " rw\n"

static const char mountinfo[] = MOUNT_ROW("15", "1", "8:1", "/", "ext4", "/dev/root")
	MOUNT_ROW("16", "15", "0:22", "/proc", "proc", "proc")
		MOUNT_ROW("17", "15", "0:23", "/sys", "sysfs", "sysfs")
			MOUNT_ROW("18", "15", "0:5", "/dev", "devtmpfs", "devtmpfs")
				MOUNT_ROW("19", "18", "0:24", "/dev/shm", "tmpfs", "tmpfs");

static const char mounts[] = "/dev/root / ext4 rw,relatime 0 0\nproc /proc proc rw,relatime 0 0\n"
			     "sysfs /sys sysfs rw,relatime 0 0\n"
			     "devtmpfs /dev devtmpfs rw,relatime 0 0\n"
			     "tmpfs /dev/shm tmpfs rw,relatime 0 0\n";

static const struct proc_node ns_nodes[] = {
	LINK_TO("cgroup", "cgroup:[4026531835]"), LINK_TO("ipc", "ipc:[4026531839]"),
	LINK_TO("mnt", "mnt:[4026531841]"),	  LINK_TO("net", "net:[4026531840]"),
	LINK_TO("pid", "pid:[4026531836]"),	  LINK_TO("pid_for_children", "pid:[4026531836]"),
	LINK_TO("time", "time:[4026531834]"),	  LINK_TO("user", "user:[4026531837]"),
	LINK_TO("uts", "uts:[4026531838]"),	  END,
};

/* Files that a process and a thread both have. */
#define COMMON_NODES                                                                            \
	TEXT_MODE("auxv", 0400, .text = auxv_text), FIXED("cgroup", "0::/\n"),                  \
		TEXT("cmdline", cmdline_text), TEXT_RW("comm", comm_text, comm_write),          \
		LINK("cwd", cwd_link), TEXT_MODE("environ", 0400, .text = environ_text),        \
		LINK("exe", exe_link),                                                          \
		DIR_MODE("fd", 0500, .lookup = fd_lookup, .entry = fd_entry),                   \
		DIR("fdinfo", .lookup = fdinfo_lookup, .entry = fdinfo_entry),                  \
		FIXED("gid_map", "         0          0 4294967295\n"),                         \
		TEXT_MODE("io", 0400, .text = io_text), TEXT("limits", limits_text),            \
		KNOB("loginuid", "4294967295"), TEXT("maps", proc_maps_text),                   \
		TEXT_MODE("mem", 0600), FIXED("mountinfo", mountinfo), FIXED("mounts", mounts), \
		DIR("net", .children = proc_net_nodes),                                         \
		DIR_MODE("ns", 0511, .children = ns_nodes), FIXED("oom_score", "0\n"),          \
		TEXT_RW("oom_score_adj", oom_score_adj_text, oom_score_adj_write),              \
		FIXED("personality", "00000000\n"), LINK_TO("root", "/"),                       \
		TEXT("sched", sched_text), TEXT("schedstat", schedstat_text),                   \
		FIXED("sessionid", "4294967295"), FIXED("setgroups", "allow\n"),                \
		TEXT("smaps", proc_smaps_text), TEXT_MODE("stack", 0400),                       \
		TEXT("statm", statm_text), TEXT("status", status_text),                         \
		FIXED("uid_map", "         0          0 4294967295\n"), FIXED("wchan", "0")

static const struct proc_node thread_nodes[] = {COMMON_NODES,
						TEXT_MODE("stat", 0440, .text = stat_text), END};

static const struct proc_node thread_dir = DIR("tid", .children = thread_nodes);

static bool task_lookup(struct thread *th, const struct vnode *v, const char *name,
			struct vnode *child)
{
	struct process *p = process_of(th, v);
	struct task *t;
	u64 tid;

	if (!p || !str_to_u64(name, &tid) || tid >= PID_MAX)
		return false;
	t = task_find(th->host, tid);
	if ((!t || t->process != p) && tid != (u64)p->pid)
		return false;
	child->tid = tid;
	child->node = &thread_dir;
	child->type = VNODE_DIR;
	child->mode = 0555;
	return true;
}

/* Threads in the order of their numbers: the cursor is the last one given. */
static bool task_entry(struct thread *th, const struct vnode *v, u64 *cursor, struct vnode *child,
		       char *name)
{
	struct process *p = process_of(th, v);
	s32 next = PID_MAX;
	struct task *t;

	if (!p)
		return false;
	if ((u64)p->pid > *cursor)
		next = p->pid;
	list_for_each (t, &p->threads, thread_link)
		if ((u64)t->tid > *cursor && t->tid < next)
			next = t->tid;
	if (next == PID_MAX)
		return false;
	*cursor = next;
	str_format(name, PROC_NAME_BYTES, "%d", next);
	return task_lookup(th, v, name, child);
}

static const struct proc_node pid_nodes[] = {
	COMMON_NODES,
	KNOB("coredump_filter", "00000033\n"),
	TEXT("smaps_rollup", proc_smaps_text),
	TEXT("stat", stat_text),
	DIR("task", .lookup = task_lookup, .entry = task_entry),
	KNOB("timerslack_ns", "50000\n"),
	END,
};

const struct proc_node proc_pid_dir = DIR("pid", .children = pid_nodes);
