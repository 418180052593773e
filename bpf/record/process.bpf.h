/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which processes are recorded: those in the map, which the recorder begins and
 * forks and exits carry on. Also their forks, execs and exits as events.
 */
#ifndef RECORD_PROCESS_BPF_H
#define RECORD_PROCESS_BPF_H

const volatile bool follow = true;
const volatile bool whole_system; /* every process, and only crashes wake the recorder */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct record_process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} notices SEC(".maps");

__u64 notices_lost;

static __always_inline struct record_process *process_of(__u32 tgid)
{
	struct record_process *found = bpf_map_lookup_elem(&processes, &tgid), unknown = {};

	if (found || !whole_system)
		return found;
	bpf_map_update_elem(&processes, &tgid, &unknown, BPF_NOEXIST);
	return bpf_map_lookup_elem(&processes, &tgid);
}

static __always_inline struct record_process *this_process(void)
{
	return process_of(bpf_get_current_pid_tgid() >> 32);
}

static __always_inline void notify(__u32 kind, __s32 number, __s32 code, __u64 address)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct record_notice *notice = bpf_ringbuf_reserve(&notices, sizeof(*notice), 0);

	if (!notice) {
		__sync_fetch_and_add(&notices_lost, 1);
		return;
	}
	notice->kind = kind;
	notice->tgid = id >> 32;
	notice->tid = (__u32)id;
	notice->number = number;
	notice->code = code;
	notice->pad = 0;
	notice->address = address;
	bpf_get_current_comm(notice->name, sizeof(notice->name));
	bpf_ringbuf_submit(notice, 0);
}

static __always_inline void release_slot(__u32 tid);

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 tgid = child->tgid;
	struct record_process *process = process_of(parent->tgid);
	/* What it inherited was allocated under another name. */
	struct record_process own = {};
	struct record_fork *event;

	if (!process)
		return 0;
	event = begin(RECORD_FORK, sizeof(*event));
	if (event) {
		event->child_tgid = tgid;
		event->child_tid = child->pid;
		commit(event);
	}
	if (tgid == parent->tgid || !follow)
		return 0;
	bpf_map_update_elem(&processes, &tgid, &own, BPF_ANY);
	note_engine_forked(parent->tgid, tgid);
	if (!whole_system)
		notify(RECORD_NOTICE_FORK, tgid, 0, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *program)
{
	struct record_process *process = this_process();
	struct record_text *event;

	if (!process)
		return 0;
	__sync_fetch_and_add(&process->epoch, 1);
	note_engine();
	process->flags = process->flags & RECORD_PROCESS_NEXT ? RECORD_PROCESS_KNOWN : 0;
	event = begin(RECORD_EXEC, RECORD_EVENT_MAX);
	if (event) {
		if (bpf_probe_read_kernel_str(event->text, RECORD_TEXT_MAX,
					      BPF_CORE_READ(program, filename)) < 0)
			event->text[0] = 0;
		commit(event);
	}
	if (!whole_system)
		notify(RECORD_NOTICE_EXEC, 0, 0, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct record_process *process = this_process();
	__u32 tgid = task->tgid;
	struct record_exit *event;

	if (!process)
		return 0;
	event = begin(RECORD_EXIT, sizeof(*event));
	if (event) {
		event->code = task->exit_code;
		event->epoch = process->epoch;
		commit(event);
	}
	if (whole_system && !process->crashed)
		release_slot(task->pid);
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	if (!whole_system || process->crashed)
		notify(RECORD_NOTICE_EXIT, task->exit_code, 0, 0);
	note_engine_gone(tgid);
	bpf_map_delete_elem(&processes, &tgid);
	return 0;
}

#endif
