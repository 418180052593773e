// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From buffers to a file: who and what first, then memory, crashed threads, events,
 * and the counts that show what is missing.
 */
#include "record/save.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "record/lib/librecord.h"
#include "record.skel.h"

/* How many stacks the file has; one file is written at a time. */
static __u32 stacks;

#define BATCH 64 /* blocks read from a table by one call */

static void write_info(struct sundial_record_writer *w, const char *key, const char *value)
{
	struct record_header header = {.type = RECORD_INFO};
	char text[4096];

	snprintf(text, sizeof(text), "%s=%s", key, value);
	sundial_record_write_tail(w, &header, sizeof(header), text, (__u32)strlen(text) + 1);
}

static void write_infos(struct sundial_record_writer *w, const struct save_what *what)
{
	struct utsname system;
	char number[32];

	uname(&system);
	write_info(w, "host", system.nodename);
	write_info(w, "kernel", system.release);
	write_info(w, "machine", system.machine);
	write_info(w, "command", what->command);
	snprintf(number, sizeof(number), "%d", what->pid);
	write_info(w, "pid", number);
}

static void write_mappings(struct sundial_record_writer *w, const struct save_what *what)
{
	size_t count;
	const struct mapping *all = mappings_all(what->mappings, &count);

	for (size_t i = 0; i < count; i++) {
		struct record_mapping record = {
			.header = {.type = RECORD_MAPPING,
				   .tgid = (__u32)all[i].tgid,
				   .host_ns = all[i].host_ns},
			.start = all[i].start,
			.end = all[i].end,
			.offset = all[i].offset,
			.protection = all[i].protection,
			.build_id_bytes = all[i].build_id_bytes,
		};

		if (what->alone && all[i].tgid != what->pid)
			continue;
		memcpy(record.build_id, all[i].build_id, sizeof(all[i].build_id));
		sundial_record_write_tail(w, &record.header, sizeof(record), all[i].path,
					  (__u32)strlen(all[i].path) + 1);
	}
}

/* Writes the stack of a call and says where it was. */
static void write_call(struct sundial_record_writer *w, const struct record_call *call,
		       struct record_site *site)
{
	struct record_known_stack stack = {.header = {.type = RECORD_STACK}, .id = ++stacks};
	size_t fixed = offsetof(struct record_known_stack, stack.memory);

	stack.stack = call->stack;
	if (stack.stack.bytes > sizeof(stack.stack.memory))
		stack.stack.bytes = 0;
	sundial_record_write_tail(w, &stack.header, (__u32)fixed, stack.stack.memory,
				  stack.stack.bytes);
	*site = (struct record_site){
		.host_ns = call->host_ns,
		.virtual_ns = call->virtual_ns,
		.tid = call->tid,
		.function = call->function,
		.stack = stack.id,
	};
}

static void fill_block(struct record_block *record, const struct record_block_key *key,
		       enum record_how how)
{
	memset(record, 0, sizeof(*record));
	record->header.type =
		how == RECORD_HOW_LIVE || how == RECORD_HOW_FREED ? RECORD_BLOCK : RECORD_MISUSE;
	record->header.length = sizeof(*record);
	record->header.tgid = key->tgid;
	record->epoch = key->epoch;
	record->address = key->address;
	record->how = how;
}

static void write_allocated(struct sundial_record_writer *w, const struct record_known_block *block,
			    struct record_block *record)
{
	write_call(w, &block->allocated, &record->allocated);
	record->size_bytes = block->size_bytes;
	record->header.tid = block->allocated.tid;
	record->header.host_ns = block->allocated.host_ns;
	record->header.virtual_ns = block->allocated.virtual_ns;
}

static void write_live(struct sundial_record_writer *w, const struct record_block_key *key,
		       const void *value)
{
	struct record_block record;

	fill_block(&record, key, RECORD_HOW_LIVE);
	write_allocated(w, value, &record);
	sundial_record_write(w, &record.header);
}

static void write_freed(struct sundial_record_writer *w, const struct record_block_key *key,
			const void *value)
{
	const struct record_freed_block *freed = value;
	struct record_block record;

	fill_block(&record, key, RECORD_HOW_FREED);
	write_allocated(w, &freed->block, &record);
	write_call(w, &freed->freed, &record.freed);
	sundial_record_write(w, &record.header);
}

/* Every entry of a table of blocks, batch by batch. */
static int write_table(struct sundial_record_writer *w, const struct bpf_map *map,
		       void (*one)(struct sundial_record_writer *w,
				   const struct record_block_key *key, const void *value))
{
	size_t value_bytes = bpf_map__value_size(map);
	struct record_block_key keys[BATCH];
	char *values = malloc(BATCH * value_bytes);
	__u64 in = 0, out = 0;
	bool first = true;
	int ret = values ? 0 : -ENOMEM;

	while (!ret) {
		__u32 count = BATCH;

		ret = bpf_map_lookup_batch(bpf_map__fd(map), first ? NULL : &in, &out, keys, values,
					   &count, NULL);
		if (ret && errno != ENOENT) {
			ret = -errno;
			break;
		}
		for (__u32 i = 0; i < count; i++)
			one(w, &keys[i], values + i * value_bytes);
		in = out;
		first = false;
	}
	free(values);
	return ret == -ENOENT ? 0 : ret;
}

static void write_misuses(struct sundial_record_writer *w, const struct programs *p)
{
	__u64 count = p->skeleton->bss->wrong_free_count;
	struct record_wrong_free wrong;
	struct record_misuse record;

	for (__u32 i = 0; i < count && i < RECORD_WRONG_FREES; i++) {
		struct record_block_key key;

		if (bpf_map_lookup_elem(bpf_map__fd(p->skeleton->maps.wrong_frees), &i, &wrong) ||
		    wrong.how == RECORD_HOW_LIVE)
			continue;
		key = (struct record_block_key){wrong.address, wrong.tgid, wrong.epoch};
		memset(&record, 0, sizeof(record));
		fill_block(&record.block, &key, wrong.how);
		if (wrong.how == RECORD_HOW_FREED_TWICE) {
			write_allocated(w, &wrong.block.block, &record.block);
			write_call(w, &wrong.block.freed, &record.block.freed);
		}
		write_call(w, &wrong.again, &record.again);
		record.block.header.length = sizeof(record);
		record.block.header.host_ns = wrong.again.host_ns;
		record.block.header.tid = wrong.again.tid;
		sundial_record_write(w, &record.block.header);
	}
}

static void write_page(struct sundial_record_writer *w, const struct record_crash *crash,
		       __u64 address, __u32 status, const void *memory, __u32 bytes)
{
	struct record_page record = {.header = crash->header, .address = address, .status = status};

	record.header.type = RECORD_PAGE;
	record.bytes = status == RECORD_STATUS_OK ? bytes : 0;
	sundial_record_write_tail(w, &record.header, sizeof(record), memory, record.bytes);
}

/* A page of the stack, with the return addresses that probes of returns had changed. */
static void repair_page(const struct record_frames *frames, __u64 base, __u8 *page)
{
	for (__u32 i = 0; i < frames->depth && i < RECORD_FRAMES; i++) {
		__u64 at = frames->frame[i].slot - base;

		if (at <= RECORD_PAGE_BYTES - sizeof(frames->frame[i].address))
			memcpy(page + at, &frames->frame[i].address,
			       sizeof(frames->frame[i].address));
	}
}

static void write_stack_pages(struct sundial_record_writer *w,
			      const struct record_crashed_thread *thread)
{
	__u8 page[RECORD_PAGE_BYTES];

	for (__u32 n = 0; n < RECORD_CRASH_PAGES; n++) {
		__u64 base = thread->base + n * RECORD_PAGE_BYTES;

		memcpy(page, thread->page[n], sizeof(page));
		repair_page(&thread->frames, base, page);
		write_page(w, &thread->crash, base, thread->status[n], page, sizeof(page));
	}
}

static void write_crashed(struct sundial_record_writer *w,
			  const struct record_crashed_thread *thread)
{
	sundial_record_write(w, &thread->crash.header);
	write_stack_pages(w, thread);
	for (int n = 0; n < RECORD_POINTERS; n++)
		if (thread->pointed_status[n] == RECORD_STATUS_OK)
			write_page(w, &thread->crash, thread->pointers[n], RECORD_STATUS_OK,
				   thread->pointed[n], sizeof(thread->pointed[n]));
}

static void write_crashes(struct sundial_record_writer *w, const struct save_what *what)
{
	const struct programs *p = what->programs;

	for (size_t i = 0; i < RECORD_CRASH_THREADS; i++) {
		const struct record_crashed_thread *thread = &p->crashed[i];

		if (thread->crash.header.type != RECORD_CRASH ||
		    (what->alone && thread->crash.header.tgid != (__u32)what->pid))
			continue;
		write_crashed(w, thread);
	}
}

size_t save_words(const struct programs *p, pid_t pid, char *text)
{
	struct record_words *words = malloc(sizeof(*words));
	__u32 key = (__u32)pid;
	size_t bytes = 0;
	__u64 at = 0;

	if (words && !bpf_map_lookup_elem(bpf_map__fd(p->skeleton->maps.words), &key, words)) {
		if (words->position > 2 * RECORD_WORDS_HALF)
			at = words->position - 2 * RECORD_WORDS_HALF;
		for (; at < words->position; at++)
			text[bytes++] = words->text[at / RECORD_WORDS_HALF & 1]
						   [at & (RECORD_WORDS_HALF - 1)];
	}
	text[bytes] = 0;
	free(words);
	return bytes;
}

/* The latest of what each process wrote to standard error. */
static void write_words(struct sundial_record_writer *w, const struct programs *p)
{
	int fd = bpf_map__fd(p->skeleton->maps.words);
	char *text = malloc(SAVE_WORDS_BYTES);
	__u32 *previous = NULL, tgid, next;

	for (; text && !bpf_map_get_next_key(fd, previous, &next); tgid = next, previous = &tgid) {
		struct record_header header = {.type = RECORD_WORDS, .tgid = next, .tid = next};
		size_t bytes = save_words(p, (pid_t)next, text);

		if (bytes)
			sundial_record_write_tail(w, &header, sizeof(header), text,
						  (__u32)bytes + 1);
	}
	free(text);
}

/* Calls that have not returned say what each thread was waiting for. */
static void write_unfinished(struct sundial_record_writer *w, const struct programs *p)
{
	int fd = bpf_map__fd(p->skeleton->maps.pending_calls);
	struct record_pending_call call;
	__u32 *previous = NULL, tid, next;

	for (; !bpf_map_get_next_key(fd, previous, &next); tid = next, previous = &tid) {
		struct record_syscall record = {
			.header = {.type = RECORD_SYSCALL, .length = sizeof(record), .tid = next},
			.flags = RECORD_UNFINISHED,
		};

		if (bpf_map_lookup_elem(fd, &next, &call))
			continue;
		record.header.tgid = call.tgid;
		record.header.host_ns = call.host_ns;
		record.header.virtual_ns = call.virtual_ns;
		record.header.domain = call.domain;
		record.number = call.number;
		memcpy(record.args, call.args, sizeof(record.args));
		sundial_record_write(w, &record.header);
	}
}

static void write_buffer(struct sundial_record_writer *w, const struct programs *p, size_t cpu)
{
	const struct record_ring *ring = &p->rings[cpu];
	struct record_counts counts = {
		.header = {.type = RECORD_COUNTS,
			   .length = sizeof(counts),
			   .cpu = (__u16)cpu,
			   .node = (__u16)p->buffers[cpu].node},
		.overwritten = ring->overwritten,
		.busy = ring->busy,
		.overtaken = ring->overtaken,
		.table_full = ring->table_full,
	};
	__u64 end = __atomic_load_n(&ring->emitted, __ATOMIC_ACQUIRE);
	__u64 first = end > p->slots ? end - p->slots : 0;
	struct record_slot slot;

	counts.emitted = end;
	counts.paused = ring->paused;
	counts.missed = ring->missed;
	for (__u64 i = 0; i < p->slots; i++) {
		const struct record_slot *at = &p->buffers[cpu].slots[(first + i) & (p->slots - 1)];
		__u64 state = __atomic_load_n(&at->state, __ATOMIC_ACQUIRE);

		if (!state)
			continue;
		memcpy(&slot, at, sizeof(slot));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (state & 1 || __atomic_load_n(&at->state, __ATOMIC_RELAXED) != state) {
			counts.unfinished++;
			continue;
		}
		sundial_record_write(w, (const struct record_header *)slot.event);
		counts.recorded++;
	}
	sundial_record_write(w, &counts.header);
}

static void write_placement(struct sundial_record_writer *w, const struct programs *p)
{
	for (size_t cpu = 0; cpu < p->cpus; cpu++)
		sundial_record_write(w, &p->buffers[cpu].placement.header);
}

static int write_all(struct sundial_record_writer *w, const struct save_what *what,
		     struct stream *stream)
{
	struct programs *p = what->programs;
	int table;

	stacks = 0;
	programs_pause(p, true);
	if (stream)
		stream_end(stream);
	write_infos(w, what);
	write_placement(w, p);
	write_mappings(w, what);
	if (what->sources)
		sources_write(what->sources, w);
	if (what->injected)
		injected_save(what->injected, w, &stacks);
	table = write_table(w, p->skeleton->maps.live_blocks, write_live);
	if (!table)
		table = write_table(w, p->skeleton->maps.freed_blocks, write_freed);
	write_misuses(w, p);
	write_crashes(w, what);
	for (size_t cpu = 0; cpu < p->cpus && !stream; cpu++)
		write_buffer(w, p, cpu);
	write_unfinished(w, p);
	budget_write(what->budget, w);
	write_words(w, p);
	programs_pause(p, false);
	return table;
}

int save_file(const char *path, const struct save_what *what)
{
	struct sundial_record_writer *w;
	int ret, table;

	ret = sundial_record_create(path, &w);
	if (ret)
		return ret;
	table = write_all(w, what, NULL);
	ret = sundial_record_finish(w);
	return ret ? ret : table;
}

int save_stream(struct stream *stream, const struct save_what *what)
{
	int table = write_all(stream_writer(stream), what, stream);
	int ret = stream_close(stream);

	return ret ? ret : table;
}

/* The crash as an event, so that it is in the timeline. */
static void write_delivery(struct sundial_record_writer *w, const struct record_crash *crash)
{
	struct record_signal event = {.header = crash->header,
				      .number = crash->number,
				      .code = crash->code,
				      .address = crash->address,
				      .target_tid = crash->header.tid};

	event.header.type = RECORD_DELIVER;
	event.header.length = sizeof(event);
	sundial_record_write(w, &event.header);
}

int save_traced(const char *path, const struct save_what *what,
		const struct record_crashed_thread *threads, size_t count)
{
	struct sundial_record_writer *w;
	int ret = sundial_record_create(path, &w);

	if (ret)
		return ret;
	stacks = 0;
	write_infos(w, what);
	write_mappings(w, what);
	if (what->injected)
		injected_save(what->injected, w, &stacks);
	for (size_t i = 0; i < count; i++)
		write_crashed(w, &threads[i]);
	if (count)
		write_delivery(w, &threads[0].crash);
	return sundial_record_finish(w);
}
