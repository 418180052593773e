/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The malloc family, by uprobes that the recorder puts on whatever allocator a
 * process has mapped. The events say what happened in which order; the tables beside
 * them know the allocation's stack of every live block, however long ago that was,
 * and both stacks of those freed last.
 *
 * A block leaves the table of live ones before it is freed and enters after it was
 * allocated, so that its address is never somebody else's meanwhile:
 *
 *	thread A: free(p)			thread B: malloc()
 *	  probe: p is no longer live
 *	  the allocator frees p
 *						  the allocator returns p
 *						  probe: p is live
 */
#ifndef RECORD_MALLOC_BPF_H
#define RECORD_MALLOC_BPF_H

struct record_pending_allocation {
	__u64 size_bytes;
	__u64 pointer; /* posix_memalign: where the result goes; realloc: the old block */
	__u32 function;
	__u32 moved; /* realloc: the old block was live */
	__u64 sp;    /* where the call's return address is */
	__u32 rank;  /* of operator delete */
	__u32 depth; /* calls of the allocator's own within this one */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct record_pending_allocation);
} pending_allocations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct record_block_key);
	__type(value, struct record_known_block);
} live_blocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct record_block_key);
	__type(value, struct record_freed_block);
} freed_blocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECORD_WRONG_FREES);
	__type(key, __u32);
	__type(value, struct record_wrong_free);
} wrong_frees SEC(".maps");

__u64 wrong_free_count;

/* How often each caller was wrong: one that always is shall not take all the room. */
#define WRONG_FREES_OF_CALLER 4

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RECORD_WRONG_FREES);
	__type(key, __u64);
	__type(value, __u64);
} wrong_callers SEC(".maps");

static __always_inline bool is_worth_keeping(struct pt_regs *regs)
{
	__u64 caller = 0, one = 1, *times;

	bpf_probe_read_user(&caller, sizeof(caller), (const void *)regs->sp);
	times = bpf_map_lookup_elem(&wrong_callers, &caller);
	if (times)
		return __sync_fetch_and_add(times, 1) < WRONG_FREES_OF_CALLER;
	return !bpf_map_update_elem(&wrong_callers, &caller, &one, BPF_ANY);
}

/* Too large for a program's stack; a preempted writer keeps its own. */
#define SCRATCHES 4 /* for each CPU */

struct record_scratch {
	__u64 taken;
	struct record_freed_block block;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct record_scratch);
} scratches SEC(".maps");

static __always_inline struct record_scratch *take_scratch(void)
{
	__u32 index = bpf_get_smp_processor_id() * SCRATCHES;
	struct record_scratch *scratch;

	for (int i = 0; i < SCRATCHES; i++, index++) {
		scratch = bpf_map_lookup_elem(&scratches, &index);
		if (scratch && !__sync_val_compare_and_swap(&scratch->taken, 0, 1))
			return scratch;
	}
	return NULL;
}

static __always_inline void give_scratch(struct record_scratch *scratch)
{
	__sync_lock_test_and_set(&scratch->taken, 0);
}

/*
 * The caller's registers as far as they survive calls, and the memory above its rsp.
 * At a function's first instruction the return address is still on top.
 */
static __always_inline void copy_stack(struct record_stack *stack, struct pt_regs *regs,
				       bool at_entry)
{
	__u64 rest;

	stack->kind = RECORD_STACK_COPY;
	stack->ip = regs->ip;
	stack->sp = regs->sp;
	if (at_entry) {
		bpf_probe_read_user(&stack->ip, sizeof(stack->ip), (const void *)regs->sp);
		stack->sp += sizeof(stack->ip);
	}
	rest = RECORD_PAGE_BYTES - (stack->sp & (RECORD_PAGE_BYTES - 1));
	stack->bp = regs->bp;
	stack->bx = regs->bx;
	stack->r12 = regs->r12;
	stack->r13 = regs->r13;
	stack->r14 = regs->r14;
	stack->r15 = regs->r15;
	stack->bytes = RECORD_STACK_BYTES;
	if (bpf_probe_read_user(stack->memory, RECORD_STACK_BYTES, (const void *)stack->sp)) {
		/* The top of the stack is nearer than that. */
		if (rest > RECORD_STACK_BYTES)
			rest = RECORD_STACK_BYTES;
		stack->bytes = bpf_probe_read_user(stack->memory, rest, (const void *)stack->sp)
				       ? 0
				       : rest;
	}
	repair_stack(stack);
}

static __always_inline void fill_site(struct record_call *site, struct pt_regs *regs,
				      __u32 function, bool at_entry)
{
	site->host_ns = bpf_ktime_get_ns();
	site->virtual_ns = has_kfuncs ? bpf_sundial_now() : site->host_ns;
	site->tid = (__u32)bpf_get_current_pid_tgid();
	site->function = function;
	copy_stack(&site->stack, regs, at_entry);
}

static __always_inline void memory_event(__u32 type, __u64 address, __u64 size_bytes,
					 __u32 function)
{
	struct record_memory *event = begin(type, sizeof(*event));

	if (!event)
		return;
	event->address = address;
	event->size_bytes = size_bytes;
	event->function = function;
	event->stack = 0;
	commit(event);
}

static __always_inline void count_full(void)
{
	struct record_ring *ring = this_ring();

	if (ring)
		__sync_fetch_and_add(&ring->table_full, 1);
}

/* An address that is no live block: freed before, never allocated, or not known. */
static __noinline void keep_wrong_free(struct record_block_key *key, struct pt_regs *regs,
				       __u32 function)
{
	struct record_freed_block *freed;
	struct record_wrong_free *wrong;
	__u32 index;

	if (!key || !regs || !is_worth_keeping(regs))
		return;
	index = __sync_fetch_and_add(&wrong_free_count, 1);
	wrong = bpf_map_lookup_elem(&wrong_frees, &index);
	if (!wrong)
		return;
	freed = bpf_map_lookup_elem(&freed_blocks, key);
	if (freed)
		bpf_probe_read_kernel(&wrong->block, sizeof(*freed), freed);
	wrong->address = key->address;
	wrong->tgid = key->tgid;
	wrong->epoch = key->epoch;
	fill_site(&wrong->again, regs, function, true);
	wrong->how = freed ? RECORD_HOW_FREED_TWICE : RECORD_HOW_NEVER_ALLOCATED;
}

/* Whether address was a live block, which it is no longer. */
static __always_inline bool leave(struct record_process *process, struct pt_regs *regs,
				  __u64 address, __u32 function)
{
	struct record_block_key key = {.address = address,
				       .tgid = bpf_get_current_pid_tgid() >> 32,
				       .epoch = process->epoch};
	struct record_known_block *block = bpf_map_lookup_elem(&live_blocks, &key);
	struct record_scratch *scratch;

	if (!block) {
		if (process->flags & RECORD_PROCESS_KNOWN)
			keep_wrong_free(&key, regs, function);
		memory_event(RECORD_FREE, address, 0, function);
		return false;
	}
	memory_event(RECORD_FREE, address, block->size_bytes, function);
	scratch = take_scratch();
	if (scratch) {
		bpf_probe_read_kernel(&scratch->block.block, sizeof(*block), block);
		fill_site(&scratch->block.freed, regs, function, true);
		bpf_map_update_elem(&freed_blocks, &key, &scratch->block, BPF_ANY);
		give_scratch(scratch);
	}
	bpf_map_delete_elem(&live_blocks, &key);
	return true;
}

static __always_inline void enter(struct record_process *process, struct pt_regs *regs,
				  __u64 address, const struct record_pending_allocation *pending)
{
	struct record_block_key key = {.address = address,
				       .tgid = bpf_get_current_pid_tgid() >> 32,
				       .epoch = process->epoch};
	struct record_scratch *scratch;

	memory_event(RECORD_ALLOC, address, pending->size_bytes, pending->function);
	scratch = take_scratch();
	if (!scratch) {
		count_full();
		return;
	}
	scratch->block.block.address = address;
	scratch->block.block.size_bytes = pending->size_bytes;
	fill_site(&scratch->block.block.allocated, regs, pending->function, false);
	if (bpf_map_update_elem(&live_blocks, &key, &scratch->block.block, BPF_ANY)) {
		count_full();
		/* Blocks are missing from now on: no free of theirs is wrong. */
		process->flags &= ~RECORD_PROCESS_KNOWN;
	}
	give_scratch(scratch);
}

#define RETURNS_LOOKED_AT 8

/*
 * Whether the call that pending is of has not returned: the kernel still has the probe
 * of its return. A call that was left by longjmp, or whose return the kernel had no room
 * to probe, is over.
 */
static __always_inline bool in_progress(const struct record_pending_allocation *pending)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct return_instance *probed = BPF_CORE_READ(task, utask, return_instances);

	for (int i = 0; i < RETURNS_LOOKED_AT && probed; i++) {
		if (BPF_CORE_READ(probed, stack) == pending->sp)
			return true;
		probed = BPF_CORE_READ(probed, next);
	}
	return false;
}

static __always_inline bool is_delete(__u32 function)
{
	return function == RECORD_DELETE || function == RECORD_DELETE_ARRAY;
}

/*
 * A block goes. Allocators call their own functions through the same symbols: realloc
 * frees the old block, operator delete[] calls operator delete, and that free. The
 * outermost is the program's call, and the only one that is told.
 */
static __always_inline void on_gone(struct record_process *process, struct pt_regs *regs,
				    struct record_pending_allocation *call)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct record_pending_allocation *outer = bpf_map_lookup_elem(&pending_allocations, &tid);

	call->pointer = PT_REGS_PARM1(regs);
	if (!call->pointer)
		return;
	if (outer && outer->pointer == call->pointer && call->sp <= outer->sp) {
		if (outer->function == RECORD_REALLOC && in_progress(outer))
			return;
		if (is_delete(outer->function) && call->rank < outer->rank) {
			outer->rank = call->rank;
			return;
		}
	}
	leave(process, regs, call->pointer, call->function);
	if (is_delete(call->function))
		bpf_map_update_elem(&pending_allocations, &tid, call, BPF_ANY);
}

/* Of what function it is, says the cookie. */
SEC("uprobe")
int on_allocate(struct pt_regs *regs)
{
	struct record_process *process = this_process();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 cookie = bpf_get_attach_cookie(regs);
	struct record_pending_allocation pending = {.function = RECORD_COOKIE_FUNCTION(cookie),
						    .rank = RECORD_COOKIE_RANK(cookie),
						    .sp = regs->sp};
	struct record_pending_allocation *outer;

	if (!process || source_is_off(RECORD_SOURCE_MALLOC))
		return 0;
	if (pending.function == RECORD_FREE_FUNCTION || is_delete(pending.function)) {
		on_gone(process, regs, &pending);
		return 0;
	}
	outer = bpf_map_lookup_elem(&pending_allocations, &tid);
	if (outer && outer->function != RECORD_FREE_FUNCTION && !is_delete(outer->function) &&
	    pending.sp <= outer->sp && in_progress(outer)) {
		outer->depth++;
		return 0;
	}
	switch (pending.function) {
	case RECORD_MALLOC:
	case RECORD_NEW:
	case RECORD_NEW_ARRAY:
		pending.size_bytes = PT_REGS_PARM1(regs);
		break;
	case RECORD_CALLOC:
		pending.size_bytes = PT_REGS_PARM1(regs) * PT_REGS_PARM2(regs);
		break;
	case RECORD_MEMALIGN:
		pending.size_bytes = PT_REGS_PARM2(regs);
		break;
	case RECORD_POSIX_MEMALIGN:
		pending.pointer = PT_REGS_PARM1(regs);
		pending.size_bytes = PT_REGS_PARM3(regs);
		break;
	case RECORD_REALLOC:
		pending.pointer = PT_REGS_PARM1(regs);
		pending.size_bytes = PT_REGS_PARM2(regs);
		if (pending.pointer)
			pending.moved = leave(process, regs, pending.pointer, RECORD_REALLOC);
		break;
	default:
		return 0;
	}
	bpf_map_update_elem(&pending_allocations, &tid, &pending, BPF_ANY);
	return 0;
}

/* A realloc that failed: the old block is what it was. */
static __always_inline void restore(struct record_process *process, __u64 address)
{
	struct record_block_key key = {.address = address,
				       .tgid = bpf_get_current_pid_tgid() >> 32,
				       .epoch = process->epoch};
	struct record_freed_block *freed = bpf_map_lookup_elem(&freed_blocks, &key);

	if (!freed)
		return;
	memory_event(RECORD_ALLOC, address, freed->block.size_bytes, RECORD_REALLOC);
	bpf_map_update_elem(&live_blocks, &key, &freed->block, BPF_ANY);
	bpf_map_delete_elem(&freed_blocks, &key);
}

SEC("uretprobe")
int on_allocated(struct pt_regs *regs)
{
	struct record_process *process = this_process();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct record_pending_allocation *found, pending;
	__u64 address = PT_REGS_RC(regs);

	if (!process)
		return 0;
	found = bpf_map_lookup_elem(&pending_allocations, &tid);
	if (!found || found->function == RECORD_FREE_FUNCTION || is_delete(found->function))
		return 0;
	if (found->depth) {
		found->depth--;
		return 0;
	}
	pending = *found;
	bpf_map_delete_elem(&pending_allocations, &tid);
	if (pending.function == RECORD_POSIX_MEMALIGN &&
	    (address ||
	     bpf_probe_read_user(&address, sizeof(address), (const void *)pending.pointer)))
		return 0;
	if (address)
		enter(process, regs, address, &pending);
	else if (pending.moved && pending.size_bytes)
		restore(process, pending.pointer);
	return 0;
}

#endif
