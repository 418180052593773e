/* SPDX-License-Identifier: GPL-2.0 */
/* Page faults of recorded threads in user space: which memory they touch, and when. */
#ifndef RECORD_FAULT_BPF_H
#define RECORD_FAULT_BPF_H

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_page_fault, unsigned long address, struct pt_regs *regs, unsigned long error)
{
	struct record_fault *event;

	if (!this_process() || source_is_off(RECORD_SOURCE_FAULTS))
		return 0;
	event = begin(RECORD_FAULT, sizeof(*event));
	if (!event)
		return 0;
	event->address = address;
	event->ip = BPF_CORE_READ(regs, ip);
	event->error = error;
	event->pad = 0;
	commit(event);
	return 0;
}

#endif
