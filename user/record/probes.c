// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Detaching through the perf PMU costs a grace period a probe, through uprobe_multi
 * one for all; libbpf 1.1 does not know the latter, so its link is made by the system
 * call. Either way the filter is the kernel's: other processes never trap.
 */
#include "record/probes.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UPROBE_MULTI	    48 /* enum bpf_attach_type: BPF_TRACE_UPROBE_MULTI */
#define UPROBE_MULTI_RETURN 1

/* The part of union bpf_attr that makes such a link. */
struct multi_link {
	__u32 program, target, type, flags;
	__u64 path, offsets, reference_counters, cookies;
	__u32 count, multi_flags, pid, pad;
};

bool probes_have_multi(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool have =
		btf && btf__find_by_name_kind(btf, "bpf_uprobe_multi_link", BTF_KIND_STRUCT) > 0;

	btf__free(btf);
	return have;
}

static int attach_multi(struct bpf_program *program, bool at_return, pid_t pid, const char *path,
			const struct allocator *allocator)
{
	uint64_t offsets[ALLOCATOR_FUNCTIONS_MAX], cookies[ALLOCATOR_FUNCTIONS_MAX];
	struct multi_link link = {
		.program = (__u32)bpf_program__fd(program),
		.type = UPROBE_MULTI,
		.path = (__u64)(uintptr_t)path,
		.offsets = (__u64)(uintptr_t)offsets,
		.cookies = (__u64)(uintptr_t)cookies,
		.multi_flags = at_return ? UPROBE_MULTI_RETURN : 0,
		.pid = (__u32)pid,
	};
	long fd;

	for (size_t i = 0; i < allocator->count; i++) {
		if (at_return && !allocator->functions[i].returns)
			continue;
		offsets[link.count] = allocator->functions[i].offset;
		cookies[link.count++] = allocator->functions[i].function;
	}
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link));
	return fd < 0 ? -errno : (int)fd;
}

static int attach_one(struct probes *probes, struct bpf_program *program, bool at_return, pid_t pid,
		      const char *path, const struct allocator_function *function)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = function->function,
		    .retprobe = at_return);
	struct bpf_link *link =
		bpf_program__attach_uprobe_opts(program, pid, path, function->offset, &options);

	if (!link)
		return -errno;
	probes->links[probes->link_count++] = link;
	return 0;
}

int probes_attach(struct probes *probes, struct bpf_program *entry, struct bpf_program *leave,
		  bool multi, pid_t pid, const char *path, const struct allocator *allocator)
{
	int ret = 0;

	memset(probes, 0, sizeof(*probes));
	probes->fds[0] = probes->fds[1] = -1;
	/* Returns first: an entry whose return is not seen would be taken for one in progress. */
	for (int at_return = 1; multi && at_return >= 0 && !ret; at_return--) {
		probes->fds[at_return] =
			attach_multi(at_return ? leave : entry, at_return, pid, path, allocator);
		if (probes->fds[at_return] < 0)
			ret = probes->fds[at_return];
	}
	for (size_t i = 0; !multi && i < allocator->count && !ret; i++) {
		const struct allocator_function *function = &allocator->functions[i];

		if (function->returns)
			ret = attach_one(probes, leave, true, pid, path, function);
		if (!ret)
			ret = attach_one(probes, entry, false, pid, path, function);
	}
	if (ret)
		probes_detach(probes);
	else
		probes->count = allocator->count;
	return ret;
}

void probes_detach(struct probes *probes)
{
	for (int i = 0; i < 2; i++)
		if (probes->fds[i] >= 0)
			close(probes->fds[i]);
	for (size_t i = 0; i < probes->link_count; i++)
		bpf_link__destroy(probes->links[i]);
	probes->fds[0] = probes->fds[1] = -1;
	probes->link_count = probes->count = 0;
}
