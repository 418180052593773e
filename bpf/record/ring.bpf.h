/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buffers of events: one for each CPU, in memory of its node, mapped by the
 * recorder, overwritten from the oldest on. Nothing is woken.
 *
 * A CPU has more than one writer at a time: a uprobe's program may be preempted, and
 * any program interrupted by another's. So a writer takes a number, claims the slot
 * of that number, fills it and commits it:
 *
 *	writer A (number 7)			writer B (same CPU, a whole lap later)
 *	  claim slot 7
 *	  fill ... preempted
 *						  number 7 + slots: slot 7 is being
 *						  written: drops its record, counts "busy"
 *	  fill, commit
 *
 *	writer A (number 7)			writer B
 *	  takes the number, preempted
 *						  number 7 + slots: claim, fill, commit
 *	  slot 7 holds a newer number:
 *	  drops its record, counts "overtaken"
 *
 * so that no record is ever torn, and a newer one never gives way to an older one.
 */
#ifndef RECORD_RING_BPF_H
#define RECORD_RING_BPF_H

const volatile __u32 slot_mask; /* slots of a buffer, a power of two, less one */

/* While the recorder reads the buffers: events are counted and not kept. */
bool paused;

/* There is a budget, so that hits are counted. */
const volatile bool has_budget;

/* Sources that cost more than they may; looked at first. */
bool source_off[RECORD_SOURCES_MAX];

struct record_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_NUMA_NODE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct record_slot));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct record_inner);
} buffers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record_ring);
} rings SEC(".maps");

static __always_inline struct record_ring *this_ring(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&rings, &cpu);
}

/* Counts a hit of the source, and says whether to leave it at that. */
static __always_inline bool source_is_off(enum record_source source)
{
	struct record_ring *ring;

	if (!has_budget)
		return false;
	if (*(volatile bool *)&source_off[source])
		return true;
	/* Functions differ in what they cost, and are counted one by one. */
	ring = source == RECORD_SOURCE_FUNCTIONS ? NULL : this_ring();
	if (ring)
		__sync_fetch_and_add(&ring->hits[source], 1);
	return false;
}

/* A slot for an event of the thread tgid, tid; NULL if it was dropped. End with commit(). */
static __always_inline void *begin_for(__u32 type, __u32 length, __u32 tgid, __u32 tid)
{
	__u32 cpu = bpf_get_smp_processor_id(), index;
	struct record_ring *ring = bpf_map_lookup_elem(&rings, &cpu);
	struct record_header *header;
	struct record_slot *slot;
	__u64 number, old;
	void *buffer;

	buffer = bpf_map_lookup_elem(&buffers, &cpu);
	if (!ring || !buffer)
		return NULL;
	number = __sync_fetch_and_add(&ring->emitted, 1);
	if (paused) {
		__sync_fetch_and_add(&ring->paused, 1);
		return NULL;
	}
	index = number & slot_mask;
	slot = bpf_map_lookup_elem(buffer, &index);
	if (!slot)
		return NULL;
	old = *(volatile __u64 *)&slot->state;
	if (!(old & 1) && old >> 1 > number) {
		__sync_fetch_and_add(&ring->overtaken, 1);
		return NULL;
	}
	if (old & 1 ||
	    __sync_val_compare_and_swap(&slot->state, old, (number + 1) << 1 | 1) != old) {
		__sync_fetch_and_add(&ring->busy, 1);
		return NULL;
	}
	if (old)
		__sync_fetch_and_add(&ring->overwritten, 1);
	header = (struct record_header *)slot->event;
	header->type = type;
	header->length = length;
	header->cpu = cpu;
	header->node = bpf_get_numa_node_id();
	header->tgid = tgid;
	header->tid = tid;
	stamp(header);
	return header;
}

static __always_inline void *begin(__u32 type, __u32 length)
{
	__u64 id = bpf_get_current_pid_tgid();

	return begin_for(type, length, id >> 32, (__u32)id);
}

/* The exchange is a barrier: whoever sees the state sees the event. */
static __always_inline void commit(void *event)
{
	struct record_slot *slot = event - offsetof(struct record_slot, event);

	__sync_lock_test_and_set(&slot->state, slot->state & ~1ULL);
}

#endif
