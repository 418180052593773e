// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc outside the processes: the machine that the simulation claims to be.
 * Counts come from the arena, sizes are constants, and only the description of
 * the processor is the host's, since programs choose instructions by it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/net.h"
#include "simkernel/procnode.h"
#include "simkernel/random.h"
#include "simkernel/sysinfo.h"
#include "simkernel/vfs.h"

#define TICK_NS (NSEC_PER_SEC / 100)

static u32 cpus(struct thread *th)
{
	return max(th->host->config.cpus, 1U);
}

static u64 busy_ns(struct host *h)
{
	struct process *p;
	u64 ns = 0;

	list_for_each (p, &h->processes, link)
		ns += process_cpu_ns(p) + p->children_cpu_ns;
	return ns;
}

/* Tasks in all and those that could run. */
static void count_tasks(struct host *h, u32 *all, u32 *running)
{
	struct process *p;

	*all = 0;
	*running = h->nready + 1;
	list_for_each (p, &h->processes, link)
		*all += p->nthreads;
}

static long stat_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct host *h = th->host;
	u64 user = busy_ns(h) / TICK_NS, all = host_now(h) / TICK_NS * cpus(th);
	u32 tasks, running, i;

	count_tasks(h, &tasks, &running);
	user = min(user, all);
	text_format(o, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", user, all - user);
	for (i = 0; i < cpus(th); i++)
		text_format(o, "cpu%u %lu 0 0 %lu 0 0 0 0 0 0\n", i, i ? 0 : user,
			    all / cpus(th) - (i ? 0 : min(user, all / cpus(th))));
	text_format(o, "intr 0\nctxt %lu\nbtime %ld\nprocesses %lu\nprocs_running %u\n",
		    h->switches, host_realtime_offset(h) / (s64)NSEC_PER_SEC,
		    h->processes_made + h->threads_made, running);
	text_format(o, "procs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n");
	return 0;
}

static long uptime_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	u64 now = host_now(th->host) / TICK_NS, idle = now * cpus(th);

	idle -= min(idle, busy_ns(th->host) / TICK_NS);
	text_format(o, "%lu.%02lu %lu.%02lu\n", now / 100, now % 100, idle / 100, idle % 100);
	return 0;
}

static long loadavg_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	u32 tasks, running;

	count_tasks(th->host, &tasks, &running);
	text_format(o, "0.00 0.00 0.00 %u/%u %d\n", running, tasks, th->host->last_pid);
	return 0;
}

static long meminfo_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	static const struct {
		const char *name;
		u64 kib;
	} rows[] = {
		{"MemTotal:", SIM_MEMORY_KIB},
		{"MemFree:", SIM_MEMORY_KIB / 4 * 3},
		{"MemAvailable:", SIM_MEMORY_KIB / 8 * 7},
		{"Buffers:", 65536},
		{"Cached:", SIM_MEMORY_KIB / 8},
		{"SwapCached:", 0},
		{"Active:", SIM_MEMORY_KIB / 8},
		{"Inactive:", SIM_MEMORY_KIB / 16},
		{"Active(anon):", SIM_MEMORY_KIB / 16},
		{"Inactive(anon):", 0},
		{"Active(file):", SIM_MEMORY_KIB / 16},
		{"Inactive(file):", SIM_MEMORY_KIB / 16},
		{"Unevictable:", 0},
		{"Mlocked:", 0},
		{"SwapTotal:", 0},
		{"SwapFree:", 0},
		{"Dirty:", 0},
		{"Writeback:", 0},
		{"AnonPages:", SIM_MEMORY_KIB / 16},
		{"Mapped:", 131072},
		{"Shmem:", 0},
		{"KReclaimable:", 65536},
		{"Slab:", 131072},
		{"SReclaimable:", 65536},
		{"SUnreclaim:", 65536},
		{"KernelStack:", 4096},
		{"PageTables:", 8192},
		{"CommitLimit:", SIM_MEMORY_KIB / 2},
		{"Committed_AS:", SIM_MEMORY_KIB / 8},
		{"VmallocTotal:", 34359738367UL},
		{"VmallocUsed:", 16384},
		{"VmallocChunk:", 0},
		{"AnonHugePages:", 0},
		{"Hugepagesize:", 2048},
		{"DirectMap4k:", 131072},
		{"DirectMap2M:", SIM_MEMORY_KIB - 131072},
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		text_format(o, "%-16s%8lu kB\n", rows[i].name, rows[i].kib);
	text_format(o, "HugePages_Total:       0\nHugePages_Free:        0\n"
		       "HugePages_Rsvd:        0\nHugePages_Surp:        0\n");
	return 0;
}

static bool key_is(const char *line, const char *key)
{
	size_t len = strlen(key);

	return starts_with(line, key) &&
	       (line[len] == '\t' || line[len] == ' ' || line[len] == ':');
}

/* One line of the host's first processor, for processor cpu of n. */
static void cpuinfo_line(struct text_out *o, const char *line, u32 cpu, u32 n)
{
	if (key_is(line, "processor"))
		text_format(o, "processor\t: %u\n", cpu);
	else if (key_is(line, "cpu MHz"))
		text_format(o, "cpu MHz\t\t: 2000.000\n");
	else if (key_is(line, "bogomips"))
		text_format(o, "bogomips\t: 4000.00\n");
	else if (key_is(line, "siblings"))
		text_format(o, "siblings\t: %u\n", n);
	else if (key_is(line, "cpu cores"))
		text_format(o, "cpu cores\t: %u\n", n);
	else if (key_is(line, "core id"))
		text_format(o, "core id\t\t: %u\n", cpu);
	else if (key_is(line, "physical id"))
		text_format(o, "physical id\t: 0\n");
	else if (key_is(line, "apicid"))
		text_format(o, "apicid\t\t: %u\n", cpu);
	else if (key_is(line, "initial apicid"))
		text_format(o, "initial apicid\t: %u\n", cpu);
	else {
		text_put(o, line, strlen(line));
		text_put(o, "\n", 1);
	}
}

/* What the engine's programs see of a processor that is not the host's. */
static long cpuinfo_of_engine(struct thread *th, struct text_out *o)
{
	char text[512];
	u32 cpu;

	for (cpu = 0; cpu < cpus(th); cpu++)
		text_put(o, text, th->engine->cpuinfo(text, sizeof(text), cpu));
	return 0;
}

static long cpuinfo_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	char *buf = vfs_get(th->host)->listing, *line, *end;
	long fd, n, have = 0;
	u32 cpu;

	if (th->engine->cpuinfo)
		return cpuinfo_of_engine(th, o);
	fd = pass(th, SYS_openat, AT_FDCWD, "/proc/cpuinfo", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while (have < LISTING_BUFFER_BYTES - 1 &&
	       (n = hostcall(SYS_read, fd, buf + have, LISTING_BUFFER_BYTES - 1 - have)) > 0)
		have += n;
	hostcall(SYS_close, fd);
	buf[have] = 0;
	/* The first processor's lines become strings; an empty one ends them. */
	for (line = buf; *line && *line != '\n'; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = 0;
	}
	*line = 0;
	for (cpu = 0; cpu < cpus(th); cpu++) {
		for (line = buf; *line; line += strlen(line) + 1)
			cpuinfo_line(o, line, cpu, cpus(th));
		text_put(o, "\n", 1);
	}
	return 0;
}

static long version_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct utsname u;

	host_uname(th->host, &u);
	text_format(o, "%s version %s (sundial) %s\n", u.sysname, u.release, u.version);
	return 0;
}

#define UTS_TEXT(fn, field)                                                          \
	static long fn(struct thread *th, const struct vnode *v, struct text_out *o) \
	{                                                                            \
		struct utsname u;                                                    \
                                                                                     \
		host_uname(th->host, &u);                                            \
		text_format(o, "%s\n", u.field);                                     \
		return 0;                                                            \
	}

UTS_TEXT(osrelease_text, release)
UTS_TEXT(osversion_text, version)
UTS_TEXT(hostname_text, nodename)
UTS_TEXT(domainname_text, domainname)

static long uuid_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	u64 a = random_u64(th->host), b = random_u64(th->host);

	text_format(o, "%08lx-%04lx-4%03lx-%04lx-%012lx\n", a >> 32, a >> 16 & 0xffff, a & 0xfff,
		    (b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffffUL);
	return 0;
}

static long file_nr_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p;
	u32 n = 0, fd;

	list_for_each (p, &th->host->processes, link)
		for (fd = 0; p->files && fd < p->files->size; fd++)
			n += p->files->ent[fd].file != NULL;
	text_format(o, "%u\t0\t1048576\n", n);
	return 0;
}

static long vmstat_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	text_format(o, "nr_free_pages %lu\nnr_zone_inactive_anon 0\nnr_dirty 0\nnr_writeback 0\n",
		    SIM_MEMORY_KIB / 16 * 3);
	text_format(o, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgalloc_normal 0\npgfree 0\n"
		       "pgfault 0\npgmajfault 0\noom_kill 0\n");
	return 0;
}

static const struct {
	const char *name, *head;
} net_heads[] = {
	{"raw",
	 "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
	 "timeout inode ref pointer drops\n"},
	{"packet", "sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n"},
	{"arp", "IP address       HW type     Flags       HW address            Mask     Device\n"},
	{"snmp", "Ip: Forwarding DefaultTTL\nIp: 2 64\n"},
	{"netstat", "TcpExt: SyncookiesSent\nTcpExt: 0\n"},
	{"protocols", "protocol  size sockets  memory press maxhdr  slab module\n"},
};

/* What no socket has a part in: the head of the table alone. */
static long net_head(const char *name, struct text_out *o)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(net_heads); i++)
		if (!strcmp(net_heads[i].name, name))
			text_put(o, net_heads[i].head, strlen(net_heads[i].head));
	return 0;
}

static long net_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	const char *name = v->node->name;
	struct host *h = th->host;
	char *buf;
	long len;

	len = net_proc_text(h, name, NULL, 0);
	if (len < 0)
		return len == -ENOENT ? net_head(name, o) : len;
	buf = arena_alloc(h, len + 1);
	if (!buf)
		return -ENOMEM;
	len = min(net_proc_text(h, name, buf, len + 1), len);
	text_put(o, buf, len);
	arena_free(h, buf);
	return 0;
}

static long self_link(struct thread *th, const struct vnode *v, char *buf, size_t size)
{
	return str_format(buf, size, "%d", th->task->process->pid);
}

static long thread_self_link(struct thread *th, const struct vnode *v, char *buf, size_t size)
{
	return str_format(buf, size, "%d/task/%d", th->task->process->pid, th->task->tid);
}

static bool pid_lookup(struct thread *th, const struct vnode *v, const char *name,
		       struct vnode *child)
{
	struct process *p;
	struct task *t;
	u64 n;

	if (name[0] == '0' || !str_to_u64(name, &n) || n >= PID_MAX)
		return false;
	p = process_find(th->host, n);
	t = task_find(th->host, n);
	if (!p && t)
		p = t->process;
	if (!p || !p->leader)
		return false;
	child->pid = p->pid;
	child->tid = n;
	child->node = &proc_pid_dir;
	child->type = VNODE_DIR;
	child->mode = 0555;
	return true;
}

static bool pid_entry(struct thread *th, const struct vnode *v, u64 *cursor, struct vnode *child,
		      char *name)
{
	while (++*cursor < PID_MAX) {
		if (!th->host->pid_process[*cursor])
			continue;
		str_format(name, PROC_NAME_BYTES, "%lu", *cursor);
		if (pid_lookup(th, v, name, child))
			return true;
	}
	return false;
}

const struct proc_node proc_net_nodes[] = {
	TEXT("arp", net_text),	      TEXT("dev", net_text),	   TEXT("if_inet6", net_text),
	TEXT("ipv6_route", net_text), TEXT("netlink", net_text),   TEXT("netstat", net_text),
	TEXT("packet", net_text),     TEXT("protocols", net_text), TEXT("raw", net_text),
	TEXT("route", net_text),      TEXT("snmp", net_text),	   TEXT("sockstat", net_text),
	TEXT("tcp", net_text),	      TEXT("tcp6", net_text),	   TEXT("udp", net_text),
	TEXT("udp6", net_text),	      TEXT("unix", net_text),	   END,
};

static const struct proc_node random_nodes[] = {
	FIXED("boot_id", SIM_BOOT_ID "\n"),
	FIXED("entropy_avail", "256\n"),
	FIXED("poolsize", "256\n"),
	TEXT("uuid", uuid_text),
	END,
};

static const struct proc_node keys_nodes[] = {
	FIXED("maxkeys", "200\n"),
	END,
};

static const struct proc_node kernel_nodes[] = {
	FIXED("cap_last_cap", "40\n"),
	KNOB("core_pattern", "core\n"),
	KNOB("core_uses_pid", "0\n"),
	KNOB("dmesg_restrict", "1\n"),
	TEXT("domainname", domainname_text),
	TEXT("hostname", hostname_text),
	DIR("keys", .children = keys_nodes),
	KNOB("msgmax", "8192\n"),
	KNOB("msgmnb", "16384\n"),
	KNOB("msgmni", "32000\n"),
	FIXED("ngroups_max", "65536\n"),
	KNOB("numa_balancing", "0\n"),
	TEXT("osrelease", osrelease_text),
	FIXED("ostype", "Linux\n"),
	KNOB("perf_event_paranoid", "4\n"),
	FIXED("pid_max", "32768\n"),
	DIR("random", .children = random_nodes),
	KNOB("randomize_va_space", "0\n"),
	KNOB("sched_child_runs_first", "0\n"),
	FIXED("sched_rr_timeslice_ms", "100\n"),
	KNOB("sem", "32000\t1024000000\t500\t32000\n"),
	KNOB("shmall", "18446744073692774399\n"),
	KNOB("shmmax", "18446744073692774399\n"),
	KNOB("shmmni", "4096\n"),
	FIXED("tainted", "0\n"),
	KNOB("threads-max", "32768\n"),
	TEXT("version", osversion_text),
	END,
};

static const struct proc_node vm_nodes[] = {
	KNOB("max_map_count", "65530\n"),
	KNOB("mmap_min_addr", "65536\n"),
	KNOB("nr_hugepages", "0\n"),
	KNOB("overcommit_kbytes", "0\n"),
	KNOB("overcommit_memory", "0\n"),
	KNOB("overcommit_ratio", "50\n"),
	KNOB("swappiness", "60\n"),
	KNOB("vfs_cache_pressure", "100\n"),
	END,
};

static const struct proc_node core_nodes[] = {
	KNOB("netdev_max_backlog", "1000\n"),
	KNOB("rmem_default", "212992\n"),
	KNOB("rmem_max", "212992\n"),
	KNOB("somaxconn", "4096\n"),
	KNOB("wmem_default", "212992\n"),
	KNOB("wmem_max", "212992\n"),
	END,
};

static const struct proc_node ipv4_nodes[] = {
	KNOB("ip_local_port_range", "32768\t60999\n"),
	KNOB("ip_unprivileged_port_start", "1024\n"),
	KNOB("tcp_congestion_control", "reno\n"),
	KNOB("tcp_fin_timeout", "60\n"),
	KNOB("tcp_keepalive_intvl", "75\n"),
	KNOB("tcp_keepalive_probes", "9\n"),
	KNOB("tcp_keepalive_time", "7200\n"),
	KNOB("tcp_max_syn_backlog", "1024\n"),
	KNOB("tcp_rmem", "4096\t131072\t6291456\n"),
	KNOB("tcp_sack", "1\n"),
	KNOB("tcp_syn_retries", "6\n"),
	KNOB("tcp_timestamps", "1\n"),
	KNOB("tcp_wmem", "4096\t16384\t4194304\n"),
	END,
};

static const struct proc_node ipv6_conf_all_nodes[] = {
	KNOB("disable_ipv6", "0\n"),
	END,
};

static const struct proc_node ipv6_conf_nodes[] = {
	DIR("all", .children = ipv6_conf_all_nodes),
	END,
};

static const struct proc_node ipv6_nodes[] = {
	KNOB("bindv6only", "0\n"),
	DIR("conf", .children = ipv6_conf_nodes),
	END,
};

static const struct proc_node unix_nodes[] = {
	KNOB("max_dgram_qlen", "512\n"),
	END,
};

static const struct proc_node sys_net_nodes[] = {
	DIR("core", .children = core_nodes),
	DIR("ipv4", .children = ipv4_nodes),
	DIR("ipv6", .children = ipv6_nodes),
	DIR("unix", .children = unix_nodes),
	END,
};

static const struct proc_node epoll_nodes[] = {
	KNOB("max_user_watches", "3641630\n"),
	END,
};

static const struct proc_node inotify_nodes[] = {
	KNOB("max_queued_events", "16384\n"),
	KNOB("max_user_instances", "128\n"),
	KNOB("max_user_watches", "65536\n"),
	END,
};

static const struct proc_node fs_nodes[] = {
	FIXED("aio-max-nr", "65536\n"),	       FIXED("aio-nr", "0\n"),
	DIR("epoll", .children = epoll_nodes), KNOB("file-max", "1048576\n"),
	TEXT("file-nr", file_nr_text),	       DIR("inotify", .children = inotify_nodes),
	KNOB("lease-break-time", "45\n"),      KNOB("leases-enable", "1\n"),
	KNOB("nr_open", "1048576\n"),	       KNOB("pipe-max-size", "1048576\n"),
	KNOB("pipe-user-pages-hard", "0\n"),   KNOB("pipe-user-pages-soft", "16384\n"),
	FIXED("protected_fifos", "0\n"),       FIXED("protected_hardlinks", "1\n"),
	FIXED("protected_regular", "0\n"),     FIXED("protected_symlinks", "1\n"),
	KNOB("suid_dumpable", "0\n"),	       END,
};

static const struct proc_node sys_nodes[] = {
	DIR("fs", .children = fs_nodes),
	DIR("kernel", .children = kernel_nodes),
	DIR("net", .children = sys_net_nodes),
	DIR("vm", .children = vm_nodes),
	END,
};

static const struct proc_node sysvipc_nodes[] = {
	FIXED("msg",
	      "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid "
	      " cgid      stime      rtime      ctime\n"),
	FIXED("sem",
	      "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      "
	      "ctime\n"),
	FIXED("shm",
	      "       key      shmid perms                  size  cpid  lpid nattch   uid   gid "
	      " cuid  cgid      atime      dtime      ctime                   rss                  "
	      "swap\n"),
	END,
};

static const struct proc_node tty_nodes[] = {
	FIXED("drivers", "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
			 "pty_slave            /dev/pts      136 0-1048575 pty:slave\n"),
	END,
};

static const struct proc_node root_nodes[] = {
	FIXED("cmdline", "root=/dev/root rw\n"),
	FIXED("cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"),
	TEXT("cpuinfo", cpuinfo_text),
	FIXED("devices",
	      "Character devices:\n  1 mem\n  5 /dev/tty\n136 pts\n\nBlock devices:\n  8 sd\n"),
	FIXED("diskstats", ""),
	FIXED("filesystems",
	      "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tsockfs\n"
	      "nodev\tpipefs\n\text4\n"),
	FIXED("interrupts", "           CPU0\n"),
	TEXT("loadavg", loadavg_text),
	TEXT("locks", proc_locks_text),
	TEXT("meminfo", meminfo_text),
	FIXED("misc", ""),
	FIXED("modules", ""),
	LINK_TO("mounts", "self/mounts"),
	LINK_TO("net", "self/net"),
	FIXED("partitions", "major minor  #blocks  name\n\n   8        1   67108864 root\n"),
	LINK("self", self_link),
	TEXT("stat", stat_text),
	FIXED("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
	DIR("sys", .children = sys_nodes),
	DIR("sysvipc", .children = sysvipc_nodes),
	LINK("thread-self", thread_self_link),
	DIR("tty", .children = tty_nodes),
	TEXT("uptime", uptime_text),
	TEXT("version", version_text),
	TEXT("vmstat", vmstat_text),
	END,
};

const struct proc_node proc_root =
	DIR("proc", .children = root_nodes, .lookup = pid_lookup, .entry = pid_entry);
