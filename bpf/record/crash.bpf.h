/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals, and what a process was when one ended it. Two phases: the thread that the
 * signal is for is kept when it is delivered; every other when its own SIGKILL is,
 * which the kernel sends it then. Registers and memory are still there at both, and
 * gone at sched_process_exit.
 *
 * A signal with a handler may be no crash. The thread is kept all the same, and the
 * first time counts: run-time systems print something and raise it again by default.
 *
 * A process that another one ends is kept as well, while half of the room is left for
 * crashes: its threads may have waited for each other.
 */
#ifndef RECORD_CRASH_BPF_H
#define RECORD_CRASH_BPF_H

#define SIGQUIT	 3
#define SIGILL	 4
#define SIGTRAP	 5
#define SIGABRT	 6
#define SIGBUS	 7
#define SIGFPE	 8
#define SIGKILL	 9
#define SIGSEGV	 11
#define SIGSYS	 31
#define RED_ZONE 128

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, RECORD_CRASH_THREADS);
	__type(key, __u32);
	__type(value, struct record_crashed_thread);
} crashed_threads SEC(".maps");

/* The slot of a thread, so that a second signal finds it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RECORD_CRASH_THREADS);
	__type(key, __u32);
	__type(value, __u32);
} crashed_slots SEC(".maps");

static __always_inline void copy_registers(__u64 *to, const struct pt_regs *regs)
{
	to[RECORD_RAX] = BPF_CORE_READ(regs, ax);
	to[RECORD_RDX] = BPF_CORE_READ(regs, dx);
	to[RECORD_RCX] = BPF_CORE_READ(regs, cx);
	to[RECORD_RBX] = BPF_CORE_READ(regs, bx);
	to[RECORD_RSI] = BPF_CORE_READ(regs, si);
	to[RECORD_RDI] = BPF_CORE_READ(regs, di);
	to[RECORD_RBP] = BPF_CORE_READ(regs, bp);
	to[RECORD_RSP] = BPF_CORE_READ(regs, sp);
	to[RECORD_R8] = BPF_CORE_READ(regs, r8);
	to[RECORD_R9] = BPF_CORE_READ(regs, r9);
	to[RECORD_R10] = BPF_CORE_READ(regs, r10);
	to[RECORD_R11] = BPF_CORE_READ(regs, r11);
	to[RECORD_R12] = BPF_CORE_READ(regs, r12);
	to[RECORD_R13] = BPF_CORE_READ(regs, r13);
	to[RECORD_R14] = BPF_CORE_READ(regs, r14);
	to[RECORD_R15] = BPF_CORE_READ(regs, r15);
	to[RECORD_RIP] = BPF_CORE_READ(regs, ip);
}

/* Page by page, each with its own status: one that is not there costs no other. */
static __always_inline void copy_memory(struct record_crashed_thread *thread)
{
	__u64 sp = thread->crash.registers[RECORD_RSP];

	thread->base = (sp - RED_ZONE) & ~(__u64)(RECORD_PAGE_BYTES - 1);
	for (int i = 0; i < RECORD_CRASH_PAGES; i++)
		thread->status[i] =
			bpf_probe_read_user(thread->page[i], RECORD_PAGE_BYTES,
					    (const void *)thread->base + i * RECORD_PAGE_BYTES)
				? RECORD_STATUS_FAULT
				: RECORD_STATUS_OK;
	for (int i = 0; i < 16; i++)
		thread->pointers[i] = thread->crash.registers[i] & ~7ULL;
	if (bpf_probe_read_user(thread->pointers + 16, sizeof(__u64) * (RECORD_POINTED - 16),
				(const void *)sp))
		__builtin_memset(thread->pointers + 16, 0, sizeof(__u64) * (RECORD_POINTED - 16));
	for (int i = 0; i < RECORD_POINTED; i++) {
		thread->pointers[i] &= ~7ULL;
		thread->pointed_status[i] = RECORD_STATUS_FAULT;
		if (thread->pointers[i] >= RECORD_PAGE_BYTES &&
		    !bpf_probe_read_user(thread->pointed[i], sizeof(thread->pointed[i]),
					 (const void *)thread->pointers[i]))
			thread->pointed_status[i] = RECORD_STATUS_OK;
	}
}

#define RETURN_PROBES 16 /* functions on a stack whose return is probed */

/*
 * A probe of a function's return puts the kernel's own address where the function
 * returns to. The unwinder shall see the one that was there.
 */
static __always_inline void restore_returns(struct record_crashed_thread *thread)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct return_instance *probed = BPF_CORE_READ(task, utask, return_instances);
	__u64 at, address;

	for (int i = 0; i < RETURN_PROBES && probed; i++) {
		at = BPF_CORE_READ(probed, stack) - thread->base;
		address = BPF_CORE_READ(probed, orig_ret_vaddr);
		probed = BPF_CORE_READ(probed, next);
		if (at <= sizeof(thread->page) - sizeof(address))
			bpf_probe_read_kernel((char *)thread->page + at, sizeof(address), &address);
	}
}

#define FIELD_BYTES    4096 /* how far a member is from its object's beginning */
#define SI_KERNEL      128  /* the processor gave no address */
#define SENT_BY_KERNEL 1    /* SEND_SIG_PRIV, which is no pointer */

struct source_search {
	__u32 slot, tgid, epoch, found;
};

static __always_inline bool made_from(const struct record_crash *crash, __u64 word)
{
	if (word < 65536)
		return false;
	if (crash->code != SI_KERNEL)
		return crash->address - word < FIELD_BYTES;
	for (int i = 0; i < 16; i++)
		if (crash->registers[i] - word < FIELD_BYTES)
			return true;
	return false;
}

/*
 * One freed block: does it hold what the address was made from? The pointer to it may
 * be in no register any longer, so all that are known are looked at.
 */
static long match_freed(struct bpf_map *map, struct record_block_key *key,
			struct record_freed_block *freed, struct source_search *search)
{
	struct record_crashed_thread *thread;
	__u32 slot = search->slot, index;
	__u64 words[8];

	if (key->tgid != search->tgid || key->epoch != search->epoch)
		return 0;
	if (bpf_probe_read_user(words, sizeof(words), (const void *)freed->block.address))
		return 0;
	thread = bpf_map_lookup_elem(&crashed_threads, &slot);
	if (!thread)
		return 1;
	for (int i = 0; i < 8; i++) {
		if (!made_from(&thread->crash, words[i]))
			continue;
		index = search->found;
		if (index >= RECORD_SOURCES)
			return 1;
		index += RECORD_POINTED;
		thread->pointers[index] = freed->block.address;
		__builtin_memcpy(thread->pointed[index], words, sizeof(words));
		thread->pointed_status[index] = RECORD_STATUS_OK;
		search->found++;
		return 0;
	}
	return 0;
}

static __always_inline void find_sources(struct record_crashed_thread *thread, __u32 tid)
{
	struct source_search search = {.tgid = thread->crash.header.tgid,
				       .epoch = thread->crash.epoch};
	__u32 *slot = bpf_map_lookup_elem(&crashed_slots, &tid);

	__builtin_memset(thread->pointed_status + RECORD_POINTED, RECORD_STATUS_FAULT,
			 RECORD_SOURCES);
	if (!slot)
		return;
	search.slot = *slot;
	bpf_for_each_map_elem(&freed_blocks, match_freed, &search, 0);
}

/* What repair_stack() does to a small copy is done to the pages when they are written. */
static __always_inline void keep_frames(struct record_crashed_thread *thread)
{
	struct record_frames *frames = has_returns ? this_frames(0) : NULL;

	thread->frames.depth = 0;
	if (frames)
		bpf_probe_read_kernel(&thread->frames, sizeof(thread->frames), frames);
}

/*
 * A slot that nobody has, of the first so many. In the whole system's recording those
 * of faults that are handled, which some run-time systems live by, are given back when
 * the thread ends; those of crashes by the recorder, when it has written them.
 */
static __always_inline struct record_crashed_thread *take_slot(__u32 tid, __u32 slots)
{
	struct record_crashed_thread *thread;

	for (__u32 slot = 0; slot < RECORD_CRASH_THREADS && slot < slots; slot++) {
		__u32 key = slot;

		thread = bpf_map_lookup_elem(&crashed_threads, &key);
		if (!thread || __sync_val_compare_and_swap(&thread->taken, 0, 1))
			continue;
		bpf_map_update_elem(&crashed_slots, &tid, &key, BPF_ANY);
		return thread;
	}
	return NULL;
}

static __always_inline void release_slot(__u32 tid)
{
	__u32 *slot = bpf_map_lookup_elem(&crashed_slots, &tid);
	struct record_crashed_thread *thread = NULL;

	if (slot)
		thread = bpf_map_lookup_elem(&crashed_threads, slot);
	if (!thread)
		return;
	bpf_map_delete_elem(&crashed_slots, &tid);
	thread->crash.header.type = 0;
	__sync_lock_test_and_set(&thread->taken, 0);
}

#define HANDLED_NS 100000000ULL /* from one fault that is handled to the next that is kept */

static __always_inline struct record_crashed_thread *crashed_thread(__u32 tid, __u32 flags)
{
	__u32 *known = bpf_map_lookup_elem(&crashed_slots, &tid);
	bool handled = flags == RECORD_CRASH_FIRST && whole_system;
	struct record_crashed_thread *thread;

	/* The other half is for those that crash. */
	if (!known)
		return take_slot(tid, handled || flags & RECORD_CRASH_ENDED
					      ? RECORD_CRASH_THREADS / 2
					      : RECORD_CRASH_THREADS);
	thread = bpf_map_lookup_elem(&crashed_threads, known);
	if (thread && handled && bpf_ktime_get_ns() - thread->crash.header.host_ns < HANDLED_NS)
		return NULL;
	return thread;
}

static __always_inline bool is_crash(int number)
{
	return number == SIGSEGV || number == SIGABRT || number == SIGBUS || number == SIGFPE ||
	       number == SIGILL || number == SIGTRAP || number == SIGSYS;
}

static __always_inline void keep_thread(const struct record_process *process, int number,
					struct kernel_siginfo *info, __u32 flags)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct record_crashed_thread *thread = crashed_thread((__u32)id, flags);
	struct record_crash *crash;

	if (!thread)
		return;
	crash = &thread->crash;
	/* Raised again by a handler: what the first time was is what matters. */
	if (crash->header.type && crash->number == number && flags & RECORD_CRASH_FINAL) {
		crash->flags |= flags;
		return;
	}
	crash->header.type = 0;
	crash->header.length = sizeof(*crash);
	crash->header.cpu = bpf_get_smp_processor_id();
	crash->header.node = bpf_get_numa_node_id();
	crash->header.tgid = id >> 32;
	crash->header.tid = (__u32)id;
	stamp(&crash->header);
	crash->number = number;
	crash->code = 0;
	crash->address = 0;
	/* SEND_SIG_NOINFO and SEND_SIG_PRIV are no pointers. */
	if ((__u64)info > 4096) {
		crash->code = BPF_CORE_READ(info, si_code);
		crash->address = (__u64)BPF_CORE_READ(info, _sifields._sigfault._addr);
	}
	crash->flags = flags;
	crash->epoch = process->epoch;
	copy_registers(crash->registers,
		       (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	bpf_get_current_comm(crash->name, sizeof(crash->name));
	copy_memory(thread);
	keep_frames(thread);
	restore_returns(thread);
	if (flags & RECORD_CRASH_FIRST && number == SIGSEGV)
		find_sources(thread, (__u32)id);
	/* A barrier: whoever sees the type sees the rest. */
	__sync_lock_test_and_set(&crash->pages, RECORD_CRASH_PAGES);
	crash->header.type = RECORD_CRASH;
}

/*
 * The signal that ends the whole process, if this is its delivery to a thread: every
 * thread gets SIGKILL for it. A process that ends by itself kills its threads like that
 * too, but has a status then, and no signal.
 */
static __always_inline int ending_signal(int number, __u64 handler)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (number == SIGQUIT && !handler)
		return SIGQUIT;
	return number == SIGKILL ? BPF_CORE_READ(task, signal, group_exit_code) & 0x7f : 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(on_deliver, int number, struct kernel_siginfo *info, struct k_sigaction *action)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct record_process *process = this_process();
	__u64 handler, address = 0;
	struct record_signal *event;
	int ended_by = 0, code = 0;
	__u32 flags = 0;

	if (!process)
		return 0;
	handler = (__u64)BPF_CORE_READ(action, sa.sa_handler);
	event = begin(RECORD_DELIVER, sizeof(*event));
	if (event) {
		event->number = number;
		event->code = (__u64)info > 4096 ? BPF_CORE_READ(info, si_code) : 0;
		event->address = 0;
		if ((__u64)info > 4096)
			event->address = (__u64)BPF_CORE_READ(info, _sifields._sigfault._addr);
		address = event->address;
		code = event->code;
		event->handler = handler;
		event->target_tid = (__u32)id;
		event->pad = 0;
		commit(event);
	}
	if (is_crash(number) && handler != 1) {
		flags = RECORD_CRASH_FIRST | (handler ? 0 : RECORD_CRASH_FINAL);
	} else if (number != SIGKILL || !process->crashed) {
		ended_by = ending_signal(number, handler);
		if (!ended_by || whole_system)
			return 0;
		flags = RECORD_CRASH_ENDED;
	}
	keep_thread(process, ended_by ? ended_by : number, info, flags);
	if (flags & RECORD_CRASH_FINAL) {
		process->crashed = 1;
		notify(RECORD_NOTICE_CRASH, number, code, address);
	}
	return 0;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_generate, int number, struct kernel_siginfo *info, struct task_struct *task,
	     int group, int result)
{
	struct record_signal *event;

	if (!process_of(task->tgid))
		return 0;
	event = begin(RECORD_SIGNAL, sizeof(*event));
	if (!event)
		return 0;
	event->number = number;
	event->code = (__u64)info == SENT_BY_KERNEL ? SI_KERNEL : 0;
	if ((__u64)info > 4096)
		event->code = BPF_CORE_READ(info, si_code);
	event->address = bpf_get_current_pid_tgid() >> 32;
	event->handler = 0;
	event->target_tid = task->pid;
	event->pad = 0;
	commit(event);
	return 0;
}

#endif
