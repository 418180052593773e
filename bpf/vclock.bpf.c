// SPDX-License-Identifier: GPL-2.0
/*
 * What a process opens, executes and how it runs, each event with the host's time
 * and the process's own: by the functions of the module, or by a page of an array,
 * or else the host's twice.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sundial.bpf.h"
#include "vclock.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 target_tgid;
const volatile bool has_kfuncs;
const volatile bool has_page;
const volatile __u32 page_index;
const volatile long openat_number;

__u64 lost; /* events that did not fit */

SUNDIAL_BPF_PAGES(pages);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

static __always_inline void stamp(struct vclock_event *event)
{
	__u32 index = page_index;
	const struct sundial_clock_page *page;

	event->host_ns = bpf_ktime_get_ns();
	event->virtual_ns = event->host_ns;
	event->domain = 0;
	if (has_kfuncs) {
		event->virtual_ns = bpf_sundial_now();
		event->domain = bpf_sundial_domain();
	} else if (has_page) {
		page = bpf_map_lookup_elem(&pages, &index);
		if (!page)
			return;
		event->virtual_ns = sundial_page_count(page);
		event->domain = page->domain;
	}
}

/* An event of the current thread for the reader, or NULL if it is not watched. */
static __always_inline struct vclock_event *begin(enum vclock_kind kind)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct vclock_event *event;

	if (id >> 32 != target_tgid)
		return NULL;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	stamp(event);
	event->tid = (__u32)id;
	event->kind = kind;
	event->value = 0;
	event->pad = 0;
	event->text[0] = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	struct vclock_event *event;

	if (number != openat_number)
		return 0;
	event = begin(VCLOCK_OPENAT);
	if (!event)
		return 0;
	bpf_probe_read_user_str(event->text, sizeof(event->text),
				(const void *)PT_REGS_PARM2_CORE_SYSCALL(regs));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *program)
{
	struct vclock_event *event = begin(VCLOCK_EXEC);

	if (!event)
		return 0;
	bpf_probe_read_kernel_str(event->text, sizeof(event->text),
				  BPF_CORE_READ(program, filename));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct vclock_event *event = begin(VCLOCK_EXIT);

	if (!event)
		return 0;
	event->value = BPF_CORE_READ(task, exit_code);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* current is still the thread that goes, so its domain is known. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct vclock_event *event = begin(VCLOCK_OFF_CPU);

	if (event)
		bpf_ringbuf_submit(event, 0);
	return 0;
}
