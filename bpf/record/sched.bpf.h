/* SPDX-License-Identifier: GPL-2.0 */
/* Which thread ran when: one event for each switch from or to a recorded thread. */
#ifndef RECORD_SCHED_BPF_H
#define RECORD_SCHED_BPF_H

/* Linux 5.14 renamed task_struct.state (2f064a59a11f); all kernels served are newer. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct record_switch *event;

	if (!process_of(prev->tgid) && !process_of(next->tgid))
		return 0;
	if (source_is_off(RECORD_SOURCE_SCHEDULING))
		return 0;
	event = begin_for(RECORD_SWITCH, sizeof(*event), prev->tgid, prev->pid);
	if (!event)
		return 0;
	event->next_tid = next->pid;
	event->state = preempt ? 0 : prev->__state;
	commit(event);
	return 0;
}

#endif
