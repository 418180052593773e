// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Detaching through the perf PMU costs a grace period a probe, through uprobe_multi
 * one for all; libbpf 1.1 does not know the latter, so its link is made by the system
 * call. With a process to filter by, the filter is the kernel's: others never trap.
 */
#include "record/probes.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
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

static int create_multi(struct bpf_program *program, bool at_return, pid_t pid, const char *path,
			const struct probe_site *sites, size_t count)
{
	uint64_t *offsets = calloc(3 * count, sizeof(*offsets));
	uint64_t *cookies = offsets + count, *counters = cookies + count;
	struct multi_link link = {
		.program = (__u32)bpf_program__fd(program),
		.type = UPROBE_MULTI,
		.path = (__u64)(uintptr_t)path,
		.offsets = (__u64)(uintptr_t)offsets,
		.cookies = (__u64)(uintptr_t)cookies,
		.multi_flags = at_return ? UPROBE_MULTI_RETURN : 0,
		.count = (__u32)count,
		.pid = (__u32)pid,
	};
	long fd;

	if (!offsets)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		offsets[i] = sites[i].offset;
		cookies[i] = sites[i].cookie;
		counters[i] = sites[i].counter;
		if (counters[i])
			link.reference_counters = (__u64)(uintptr_t)counters;
	}
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link));
	free(offsets);
	return fd < 0 ? -errno : (int)fd;
}

/* The kernel's word for an instruction that it cannot probe. */
#define NOTSUPP 524

static bool is_place_bad(int error)
{
	return error == -NOTSUPP || error == -EOPNOTSUPP || error == -EINVAL || error == -EIO ||
	       error == -ENOEXEC;
}

/* One bad place fails a link of many: so halves are tried, down to that place. */
static int attach_multi(struct probes *probes, struct bpf_program *program, bool at_return,
			pid_t pid, const char *path, const struct probe_site *sites, size_t count)
{
	int fd = create_multi(program, at_return, pid, path, sites, count), ret;
	int *grown;

	if (fd < 0 && is_place_bad(fd) && count == 1) {
		probes->refused++;
		return 0;
	}
	if (fd < 0 && is_place_bad(fd)) {
		ret = attach_multi(probes, program, at_return, pid, path, sites, count / 2);
		return ret ? ret
			   : attach_multi(probes, program, at_return, pid, path, sites + count / 2,
					  count - count / 2);
	}
	if (fd < 0)
		return fd;
	grown = realloc(probes->fds, (probes->fd_count + 1) * sizeof(*grown));
	if (!grown) {
		close(fd);
		return -ENOMEM;
	}
	probes->fds = grown;
	probes->fds[probes->fd_count++] = fd;
	probes->count += count;
	return 0;
}

static int attach_one(struct probes *probes, struct bpf_program *program, bool at_return, pid_t pid,
		      const char *path, const struct probe_site *site)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = site->cookie, .retprobe = at_return,
		    .ref_ctr_offset = site->counter);
	struct bpf_link **grown, *link;

	grown = realloc(probes->links, (probes->link_count + 1) * sizeof(struct bpf_link *));
	if (!grown)
		return -ENOMEM;
	probes->links = grown;
	link = bpf_program__attach_uprobe_opts(program, pid ? pid : -1, path, site->offset,
					       &options);
	if (!link && is_place_bad(-errno)) {
		probes->refused++;
		return 0;
	}
	if (!link)
		return -errno;
	probes->links[probes->link_count++] = link;
	probes->count++;
	return 0;
}

int probes_attach(struct probes *probes, struct bpf_program *program, bool at_return, bool multi,
		  pid_t pid, const char *path, const struct probe_site *sites, size_t count)
{
	int ret = 0;

	if (!count)
		return 0;
	if (multi)
		return attach_multi(probes, program, at_return, pid, path, sites, count);
	for (size_t i = 0; i < count && !ret; i++)
		ret = attach_one(probes, program, at_return, pid, path, &sites[i]);
	return ret;
}

void probes_detach(struct probes *probes)
{
	/* Entries were attached last, and go first. */
	while (probes->fd_count)
		close(probes->fds[--probes->fd_count]);
	while (probes->link_count)
		bpf_link__destroy(probes->links[--probes->link_count]);
	free(probes->fds);
	free(probes->links);
	memset(probes, 0, sizeof(*probes));
}
