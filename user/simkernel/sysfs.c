// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys: the processors that the simulation claims, one memory node, and the
 * switches that allocators read. Control groups are absent.
 */
#include <errno.h>
#include "base/string.h"
#include "simkernel/procnode.h"
#include "simkernel/vfs.h"

static u32 cpus(struct thread *th)
{
	return max(th->host->config.cpus, 1U);
}

static long cpu_list(struct thread *th, const struct vnode *v, struct text_out *o)
{
	if (cpus(th) == 1)
		text_format(o, "0\n");
	else
		text_format(o, "0-%u\n", cpus(th) - 1);
	return 0;
}

static long cpu_mask(struct thread *th, const struct vnode *v, struct text_out *o)
{
	u32 n = cpus(th);

	text_format(o, "%lx\n", n >= 64 ? ~0UL : (1UL << n) - 1);
	return 0;
}

static long own_list(struct thread *th, const struct vnode *v, struct text_out *o)
{
	text_format(o, "%d\n", v->cpu);
	return 0;
}

static long own_mask(struct thread *th, const struct vnode *v, struct text_out *o)
{
	text_format(o, "%lx\n", 1UL << (v->cpu & 63));
	return 0;
}

static const struct proc_node topology_nodes[] = {
	TEXT("core_id", own_list),
	FIXED("physical_package_id", "0\n"),
	FIXED("die_id", "0\n"),
	TEXT("core_cpus", own_mask),
	TEXT("core_cpus_list", own_list),
	TEXT("core_siblings", cpu_mask),
	TEXT("core_siblings_list", cpu_list),
	TEXT("package_cpus", cpu_mask),
	TEXT("package_cpus_list", cpu_list),
	TEXT("thread_siblings", own_mask),
	TEXT("thread_siblings_list", own_list),
	END,
};

static const struct proc_node cpu_nodes[] = {
	DIR("topology", .children = topology_nodes),
	FIXED("online", "1\n"),
	END,
};

static const struct proc_node one_cpu = DIR("cpu", .children = cpu_nodes);

static bool cpu_lookup(struct thread *th, const struct vnode *v, const char *name,
		       struct vnode *child)
{
	u64 n;

	if (!starts_with(name, "cpu") || !str_to_u64(name + 3, &n) || n >= cpus(th))
		return false;
	child->cpu = n;
	child->node = &one_cpu;
	child->type = VNODE_DIR;
	child->mode = 0555;
	return true;
}

static bool cpu_entry(struct thread *th, const struct vnode *v, u64 *cursor, struct vnode *child,
		      char *name)
{
	if (*cursor >= cpus(th))
		return false;
	str_format(name, PROC_NAME_BYTES, "cpu%lu", (*cursor)++);
	return cpu_lookup(th, v, name, child);
}

static const struct proc_node system_cpu_nodes[] = {
	FIXED("isolated", "\n"),
	FIXED("kernel_max", "63\n"),
	FIXED("offline", "\n"),
	TEXT("online", cpu_list),
	TEXT("possible", cpu_list),
	TEXT("present", cpu_list),
	END,
};

static long node_meminfo(struct thread *th, const struct vnode *v, struct text_out *o)
{
	text_format(
		o,
		"Node 0 MemTotal: %14lu kB\nNode 0 MemFree: %15lu kB\nNode 0 MemUsed: %15lu kB\n",
		SIM_MEMORY_KIB, SIM_MEMORY_KIB / 4 * 3, SIM_MEMORY_KIB / 4);
	return 0;
}

static const struct proc_node node0_nodes[] = {
	TEXT("cpulist", cpu_list),
	TEXT("cpumap", cpu_mask),
	FIXED("distance", "10\n"),
	TEXT("meminfo", node_meminfo),
	END,
};

static const struct proc_node system_node_nodes[] = {
	FIXED("has_cpu", "0\n"),
	FIXED("has_memory", "0\n"),
	FIXED("has_normal_memory", "0\n"),
	DIR("node0", .children = node0_nodes),
	FIXED("online", "0\n"),
	FIXED("possible", "0\n"),
	END,
};

static const struct proc_node system_nodes[] = {
	DIR("cpu", .children = system_cpu_nodes, .lookup = cpu_lookup, .entry = cpu_entry),
	DIR("node", .children = system_node_nodes),
	END,
};

static const struct proc_node device_nodes[] = {
	DIR("system", .children = system_nodes),
	END,
};

static const struct proc_node thp_nodes[] = {
	FIXED("defrag", "always defer defer+madvise [madvise] never\n"),
	FIXED("enabled", "always [madvise] never\n"),
	FIXED("hpage_pmd_size", "2097152\n"),
	FIXED("shmem_enabled", "always within_size advise [never] deny force\n"),
	FIXED("use_zero_page", "1\n"),
	END,
};

static const struct proc_node mm_nodes[] = {
	DIR("hugepages"),
	DIR("transparent_hugepage", .children = thp_nodes),
	END,
};

static const struct proc_node kernel_nodes[] = {
	DIR("mm", .children = mm_nodes),
	FIXED("profiling", "0\n"),
	END,
};

static const struct proc_node lo_nodes[] = {
	FIXED("addr_len", "6\n"), FIXED("address", "00:00:00:00:00:00\n"),
	FIXED("flags", "0x9\n"),  FIXED("ifindex", "1\n"),
	FIXED("mtu", "65536\n"),  FIXED("operstate", "unknown\n"),
	FIXED("type", "772\n"),	  END,
};

static const struct proc_node net_nodes[] = {
	DIR("lo", .children = lo_nodes),
	END,
};

static const struct proc_node class_nodes[] = {
	DIR("block"),
	DIR("net", .children = net_nodes),
	END,
};

static const struct proc_node dev_nodes[] = {
	DIR("block"),
	DIR("char"),
	END,
};

static const struct proc_node root_nodes[] = {
	DIR("block"),
	DIR("bus"),
	DIR("class", .children = class_nodes),
	DIR("dev", .children = dev_nodes),
	DIR("devices", .children = device_nodes),
	DIR("fs"),
	DIR("kernel", .children = kernel_nodes),
	DIR("module"),
	END,
};

const struct proc_node sys_root = DIR("sys", .children = root_nodes);
