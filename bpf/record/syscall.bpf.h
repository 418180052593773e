/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls with arguments, result and duration: one event when a call returns.
 * Calls that have not returned when the recording ends are read from the map. The
 * beginning of what is written to standard error is kept too, since a program's
 * last words say why it ended.
 */
#ifndef RECORD_SYSCALL_BPF_H
#define RECORD_SYSCALL_BPF_H

/* Not the program's calls: how x86-64 kernels enter uprobes (Linux 6.11, 6.18). */
#define URETPROBE 335
#define UPROBE	  336

const volatile long write_number, writev_number;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct record_pending_call);
} pending_calls SEC(".maps");

static __always_inline void keep_output(const struct record_pending_call *call)
{
	const void *text = (const void *)call->args[1];
	__u64 length = call->args[2];
	struct record_text *event;
	struct iovec vector;

	if (call->number == writev_number) {
		if (bpf_probe_read_user(&vector, sizeof(vector), text))
			return;
		text = vector.iov_base;
		length = vector.iov_len;
	}
	keep_words(text, length);
	event = begin(RECORD_OUTPUT, RECORD_EVENT_MAX);
	if (!event)
		return;
	if (length > RECORD_TEXT_MAX - 1)
		length = RECORD_TEXT_MAX - 1;
	__builtin_memset(event->text, 0, RECORD_TEXT_MAX);
	bpf_probe_read_user(event->text, length & 127, text);
	commit(event);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct record_pending_call call = {.number = number, .tgid = id >> 32};
	struct record_header now = {};
	__u32 tid = (__u32)id;

	if (!this_process() || number == URETPROBE || number == UPROBE ||
	    source_is_off(RECORD_SOURCE_SYSCALLS))
		return 0;
	stamp(&now);
	call.host_ns = now.host_ns;
	call.virtual_ns = now.virtual_ns;
	call.domain = now.domain;
	call.args[0] = PT_REGS_PARM1_CORE_SYSCALL(regs);
	call.args[1] = PT_REGS_PARM2_CORE_SYSCALL(regs);
	call.args[2] = PT_REGS_PARM3_CORE_SYSCALL(regs);
	call.args[3] = PT_REGS_PARM4_CORE_SYSCALL(regs);
	call.args[4] = PT_REGS_PARM5_CORE_SYSCALL(regs);
	call.args[5] = BPF_CORE_READ(regs, r9);
	operands_at_call(&call);
	bpf_map_update_elem(&pending_calls, &tid, &call, BPF_ANY);
	if (call.args[0] == 2 && (number == write_number || number == writev_number))
		keep_output(&call);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct record_pending_call *call;
	struct record_syscall *event;

	if (!this_process())
		return 0;
	call = bpf_map_lookup_elem(&pending_calls, &tid);
	if (!call)
		return 0;
	operands_at_return(call, result);
	event = begin(RECORD_SYSCALL, sizeof(*event));
	if (event) {
		event->duration_ns = event->header.host_ns - call->host_ns;
		event->header.host_ns = call->host_ns;
		event->header.virtual_ns = call->virtual_ns;
		event->header.domain = call->domain;
		event->number = call->number;
		event->flags = 0;
		event->result = result;
		__builtin_memcpy(event->args, call->args, sizeof(event->args));
		commit(event);
	}
	bpf_map_delete_elem(&pending_calls, &tid);
	return 0;
}

#endif
