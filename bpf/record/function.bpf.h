/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions: one event when one is entered, one with result and duration when it
 * returns, where that is probed.
 *
 * A return probe changes the return address on the stack, so the true ones are kept
 * with their places: a stack that is copied meanwhile gets them back. Each thread has
 * a list of its own, which only its own programs touch; a call that is entered with
 * the stack pointer above a place in that list has left that one by another way than
 * a return (longjmp), or the kernel was at its limit of 64: "missed".
 */
#ifndef RECORD_FUNCTION_BPF_H
#define RECORD_FUNCTION_BPF_H

const volatile bool has_returns;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct record_frames);
} thread_frames SEC(".maps");

/* How often each probe was hit: the hottest go first when there are too many. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} probe_hits SEC(".maps");

static __always_inline void count_hit(__u32 probe)
{
	__u64 *hits = has_budget ? bpf_map_lookup_elem(&probe_hits, &probe) : NULL;

	if (hits)
		__sync_fetch_and_add(hits, 1);
}

static __always_inline void count_missed(__u64 count)
{
	struct record_ring *ring = this_ring();

	if (ring && count)
		__sync_fetch_and_add(&ring->missed, count);
}

static __always_inline struct record_frames *this_frames(__u64 flags)
{
	return bpf_task_storage_get(&thread_frames, bpf_get_current_task_btf(), NULL, flags);
}

static __always_inline struct record_frame *frame_at(struct record_frames *frames, __u32 index)
{
	return &frames->frame[index & (RECORD_FRAMES - 1)];
}

struct frame_search {
	struct record_frames *frames;
	__u64 slot, missed;
};

/* One frame from the top: whether it is still there. */
static long drop_dead(__u32 index, struct frame_search *search)
{
	struct record_frames *frames = search->frames;

	if (!frames->depth || frame_at(frames, frames->depth - 1)->slot >= search->slot)
		return 1;
	frames->depth--;
	search->missed++;
	return 0;
}

/* Forgets calls whose frames are gone: their places are below the slot. */
static __always_inline void drop_below(struct record_frames *frames, __u64 slot)
{
	struct frame_search search = {.frames = frames, .slot = slot};

	if (!frames->depth || frame_at(frames, frames->depth - 1)->slot >= slot)
		return;
	bpf_loop(RECORD_FRAMES, drop_dead, &search, 0);
	count_missed(search.missed);
}

/* Remembers the call in progress. Returns how many were around it. */
static __always_inline __u32 push_frame(__u64 slot, __u32 probe)
{
	struct record_frames *frames = this_frames(BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct record_frame *frame, *outer;
	__u64 address = 0;
	__u32 depth;

	if (!frames) {
		count_missed(1);
		return 0;
	}
	drop_below(frames, slot);
	depth = frames->depth;
	if (depth >= RECORD_FRAMES) {
		count_missed(1);
		return depth;
	}
	bpf_probe_read_user(&address, sizeof(address), (const void *)slot);
	/* A function that was jumped to at another's end: the place is changed already. */
	outer = frame_at(frames, depth - 1);
	if (depth && outer->slot == slot)
		address = outer->address;
	frame = frame_at(frames, depth);
	frame->slot = slot;
	frame->address = address;
	frame->probe = probe;
	frame->host_ns = bpf_ktime_get_ns();
	frames->depth = depth + 1;
	return depth;
}

SEC("uprobe")
int on_call(struct pt_regs *regs)
{
	__u64 cookie = bpf_get_attach_cookie(regs);
	__u32 probe = (__u32)cookie, depth = 0;
	struct record_function_call *event;

	if (source_is_off(RECORD_SOURCE_FUNCTIONS) || !this_process())
		return 0;
	count_hit(probe);
	if (cookie & RECORD_COOKIE_RETURNS)
		depth = push_frame(regs->sp, probe);
	event = begin(RECORD_CALL, sizeof(*event));
	if (!event)
		return 0;
	event->probe = probe;
	event->depth = depth;
	event->args[0] = PT_REGS_PARM1(regs);
	event->args[1] = PT_REGS_PARM2(regs);
	event->args[2] = PT_REGS_PARM3(regs);
	commit(event);
	return 0;
}

SEC("uretprobe")
int on_return(struct pt_regs *regs)
{
	__u32 probe = (__u32)bpf_get_attach_cookie(regs);
	__u64 slot = regs->sp - sizeof(slot), entered_ns;
	struct record_function_return *event;
	struct record_frames *frames;
	struct record_frame *frame;

	if (!this_process())
		return 0;
	frames = this_frames(0);
	if (!frames)
		return 0;
	drop_below(frames, slot);
	frame = frame_at(frames, frames->depth - 1);
	/* It was entered before the recording began. */
	if (!frames->depth || frame->slot != slot || frame->probe != probe)
		return 0;
	entered_ns = frame->host_ns;
	frames->depth--;
	if (source_is_off(RECORD_SOURCE_FUNCTIONS))
		return 0;
	event = begin(RECORD_RETURN, sizeof(*event));
	if (!event)
		return 0;
	event->probe = probe;
	event->depth = frames->depth;
	event->result = PT_REGS_RC(regs);
	event->duration_ns = event->header.host_ns - entered_ns;
	commit(event);
	return 0;
}

struct stack_repair {
	struct record_frames *frames;
	struct record_stack *stack;
};

static long repair_one(__u32 index, struct stack_repair *repair)
{
	struct record_frame *frame = frame_at(repair->frames, index);
	__u64 word = (frame->slot - repair->stack->sp) / sizeof(word);

	if (index >= repair->frames->depth)
		return 1;
	/* The call whose stack this is was a tail of that function. */
	if (frame->slot + sizeof(word) == repair->stack->sp)
		repair->stack->ip = frame->address;
	if (frame->slot >= repair->stack->sp && word < RECORD_STACK_BYTES / sizeof(word))
		repair->stack->memory[word & (RECORD_STACK_BYTES / sizeof(word) - 1)] =
			frame->address;
	return 0;
}

/* Puts back the return addresses that were changed in a copy of this thread's stack. */
static __always_inline void repair_stack(struct record_stack *stack)
{
	struct stack_repair repair = {.stack = stack};

	if (!has_returns)
		return;
	repair.frames = this_frames(0);
	if (repair.frames && repair.frames->depth)
		bpf_loop(RECORD_FRAMES, repair_one, &repair, 0);
}

#endif
