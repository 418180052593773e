/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What processes write to standard error, beside the buffers of events: a sanitizer's
 * report or a run-time system's trace of its stack is longer than an event, and must
 * outlast whatever comes after it. Threads that write at once take different bytes,
 * and may leave each other's in disorder.
 */
#ifndef RECORD_WORDS_BPF_H
#define RECORD_WORDS_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32); /* tgid */
	__type(value, struct record_words);
} words SEC(".maps");

/* Too large for a program's stack, and never written to. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record_words);
} no_words SEC(".maps");

static __always_inline struct record_words *words_of(__u32 tgid)
{
	struct record_words *found = bpf_map_lookup_elem(&words, &tgid), *none;
	__u32 first = 0;

	if (found)
		return found;
	none = bpf_map_lookup_elem(&no_words, &first);
	if (none)
		bpf_map_update_elem(&words, &tgid, none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&words, &tgid);
}

static __always_inline void keep_words(const void *text, __u64 bytes)
{
	struct record_words *kept = words_of(bpf_get_current_pid_tgid() >> 32);
	__u64 position, half, at, rest;

	if (!kept)
		return;
	if (bytes > RECORD_WORDS_WRITE)
		bytes = RECORD_WORDS_WRITE;
	position = __sync_fetch_and_add(&kept->position, bytes);
	half = position / RECORD_WORDS_HALF & 1;
	at = position & (RECORD_WORDS_HALF - 1);
	bpf_probe_read_user(kept->text[half] + at, bytes, text);
	if (at + bytes <= RECORD_WORDS_HALF)
		return;
	rest = at + bytes - RECORD_WORDS_HALF;
	if (rest <= RECORD_WORDS_WRITE)
		bpf_probe_read_user(kept->text[half ^ 1], rest, text + (bytes - rest));
}

#endif
