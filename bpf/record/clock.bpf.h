/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Both times of a record. A task that is bound to a domain of the module has that one's;
 * a process that runs under an engine of Sundial has its clock page at a fixed address of
 * its memory, and is read there. Whoever is in neither pays for a look at one word.
 */
#ifndef RECORD_CLOCK_BPF_H
#define RECORD_CLOCK_BPF_H

/* The two halves of "sundial-native" and "sundial-rv64" as numbers. */
#define COMM_SUNDIAL 0x2d6c6169646e7573ULL
#define COMM_NATIVE  0x000065766974616eULL
#define COMM_RV64    0x0000000034367672ULL

#define ENGINE_CLOCK 0x7fd011000000ULL /* CLOCK_BASE of user/base/layout.h */

const volatile bool has_kfuncs;

/* Processes under an engine; any_engine once there was one. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} engines SEC(".maps");

bool any_engine;

/* What a page has before its latch. */
struct clock_head {
	__u32 magic, size;
	__u16 version;
	__u8 kind, mode;
	__u32 flags;
	__u64 domain, now_ns;
};

/* The rate in force, whole; false in the middle of a change, which is rare and short. */
static __always_inline bool read_rate(struct sundial_clock_rate *rate)
{
	const struct sundial_clock_page *page = (const void *)ENGINE_CLOCK;
	__u32 before, after;

	return !bpf_probe_read_user(&before, sizeof(before), &page->seq) &&
	       !bpf_probe_read_user(rate, sizeof(*rate), &page->rate[before & 1]) &&
	       !bpf_probe_read_user(&after, sizeof(after), &page->seq) && before == after;
}

static __always_inline void stamp_by_page(struct record_header *header)
{
	struct sundial_clock_rate rate;
	struct clock_head head;

	if (bpf_probe_read_user(&head, sizeof(head), (const void *)ENGINE_CLOCK) ||
	    head.magic != SUNDIAL_CLOCK_MAGIC)
		return;
	if (head.mode == SUNDIAL_MODE_MANUAL) {
		header->virtual_ns = head.now_ns;
	} else {
		if (!read_rate(&rate) || header->host_ns < rate.host_base_ns)
			return;
		header->virtual_ns =
			rate.base_ns + sundial_bpf_mul_shift(header->host_ns - rate.host_base_ns,
							     rate.mult, rate.shift);
	}
	header->domain = head.domain ? head.domain : 1;
}

static __always_inline void stamp(struct record_header *header)
{
	__u32 tgid;

	header->host_ns = bpf_ktime_get_ns();
	header->virtual_ns = header->host_ns;
	header->domain = 0;
	if (has_kfuncs) {
		header->virtual_ns = bpf_sundial_now();
		header->domain = bpf_sundial_domain();
	}
	if (header->domain || !*(volatile bool *)&any_engine)
		return;
	tgid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_map_lookup_elem(&engines, &tgid))
		stamp_by_page(header);
}

/* The current process executes: under an engine it is the engine that it executes. */
static __always_inline void note_engine(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u64 comm[2];
	__u8 one = 1;

	if (bpf_get_current_comm(comm, sizeof(comm)) || comm[0] != COMM_SUNDIAL ||
	    (comm[1] != COMM_NATIVE && comm[1] != COMM_RV64)) {
		if (any_engine)
			bpf_map_delete_elem(&engines, &tgid);
		return;
	}
	bpf_map_update_elem(&engines, &tgid, &one, BPF_ANY);
	any_engine = true;
}

static __always_inline void note_engine_forked(__u32 parent, __u32 child)
{
	__u8 one = 1;

	if (any_engine && bpf_map_lookup_elem(&engines, &parent))
		bpf_map_update_elem(&engines, &child, &one, BPF_ANY);
}

static __always_inline void note_engine_gone(__u32 tgid)
{
	if (any_engine)
		bpf_map_delete_elem(&engines, &tgid);
}

#endif
