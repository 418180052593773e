// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a recording through a private mapping of it. Nothing in the file is trusted:
 * a block counts only if its checksum is right, a record only if it fits its block
 * and its type.
 */
#include "record/lib/librecord.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "record/lib/format.h"

/*
 * Memory for the events of RECORD_RUNs, as records of their own. In large pieces, since
 * there may be millions, and most of the time would go to the kernel's small pages.
 */
struct expanded {
	struct expanded *next;
	size_t bytes, used;
};

#define EXPANDED_BYTES (32UL << 20)

struct sundial_record_reader {
	const unsigned char *data;
	size_t bytes;
	struct sundial_record_time time;
	size_t first;	   /* offset of the first block */
	size_t next_block; /* offset of the block after the current one */
	size_t at, end;	   /* in the current block */
	__u32 number;	   /* of the next block */
	bool complete;
	struct expanded *expanded;
	struct record_memory *events; /* of the last one, which may not be read to its end */
	__u32 expanded_at, expanded_count;
};

/* What a record of each type is at least, and where its text begins. */
static const struct {
	__u16 length, text;
} shapes[] = {
	[RECORD_EXEC] = {sizeof(struct record_text), sizeof(struct record_text)},
	[RECORD_FORK] = {sizeof(struct record_fork), 0},
	[RECORD_EXIT] = {sizeof(struct record_exit), 0},
	[RECORD_SIGNAL] = {sizeof(struct record_signal), 0},
	[RECORD_DELIVER] = {sizeof(struct record_signal), 0},
	[RECORD_SYSCALL] = {sizeof(struct record_syscall), 0},
	[RECORD_SWITCH] = {sizeof(struct record_switch), 0},
	[RECORD_ALLOC] = {sizeof(struct record_memory), 0},
	[RECORD_FREE] = {sizeof(struct record_memory), 0},
	[RECORD_OUTPUT] = {sizeof(struct record_text), sizeof(struct record_text)},
	[RECORD_FAULT] = {sizeof(struct record_fault), 0},
	[RECORD_CALL] = {sizeof(struct record_function_call), 0},
	[RECORD_USDT] = {sizeof(struct record_usdt), 0},
	[RECORD_FILE] = {sizeof(struct record_path), offsetof(struct record_path, path)},
	[RECORD_SOURCE] = {sizeof(struct record_source_off), 0},
	[RECORD_NET] = {sizeof(struct record_address), 0},
	[RECORD_RETURN] = {sizeof(struct record_function_return), 0},
	[RECORD_RUN] = {sizeof(struct record_run), 0},
	[RECORD_INFO] = {sizeof(struct record_text), sizeof(struct record_text)},
	[RECORD_MAPPING] = {sizeof(struct record_mapping), sizeof(struct record_mapping)},
	[RECORD_BLOCK] = {sizeof(struct record_block), 0},
	[RECORD_MISUSE] = {sizeof(struct record_misuse), 0},
	[RECORD_CRASH] = {sizeof(struct record_crash), 0},
	[RECORD_PAGE] = {sizeof(struct record_page), 0},
	[RECORD_COUNTS] = {sizeof(struct record_counts), 0},
	[RECORD_STACK] = {offsetof(struct record_known_stack, stack.memory), 0},
	[RECORD_COMPLETE] = {sizeof(struct record_header), 0},
	[RECORD_MACHINE] = {sizeof(struct record_machine), 0},
	[RECORD_PROBE] = {sizeof(struct record_probe), sizeof(struct record_probe)},
	[RECORD_SAMPLING] = {sizeof(struct record_sampling), 0},
	[RECORD_TOTAL] = {sizeof(struct record_total), 0},
	[RECORD_NODES] = {sizeof(struct record_nodes), 0},
	[RECORD_WORDS] = {sizeof(struct record_text), sizeof(struct record_text)},
};

static int read_header(struct sundial_record_reader *r)
{
	struct record_file_header header;

	if (r->bytes < sizeof(header))
		return -EBADMSG;
	memcpy(&header, r->data, sizeof(header));
	if (memcmp(header.magic, RECORD_FILE_MAGIC, sizeof(header.magic)) ||
	    header.byte_order != RECORD_BYTE_ORDER ||
	    header.checksum !=
		    record_crc32c(0, &header, offsetof(struct record_file_header, checksum)) ||
	    header.header_bytes < sizeof(header) || header.header_bytes > r->bytes ||
	    header.header_bytes % 8)
		return -EBADMSG;
	if (header.required & ~RECORD_FEATURES_KNOWN)
		return -EPROTONOSUPPORT;
	r->time.monotonic_ns = header.monotonic_ns;
	r->time.realtime_ns = header.realtime_ns;
	r->first = header.header_bytes;
	return 0;
}

int sundial_record_open(const char *path, struct sundial_record_reader **reader)
{
	struct sundial_record_reader *r;
	struct stat st;
	int fd, ret = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = calloc(1, sizeof(*r));
	if (!r || fstat(fd, &st)) {
		ret = r ? -errno : -ENOMEM;
		goto out;
	}
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		ret = -EBADMSG;
		goto out;
	}
	r->bytes = (size_t)st.st_size;
	r->data = mmap(NULL, r->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (r->data == MAP_FAILED) {
		ret = -errno;
		goto out;
	}
	ret = read_header(r);
	if (ret)
		munmap((void *)r->data, r->bytes);
	sundial_record_restart(r);
out:
	close(fd);
	if (ret)
		free(r);
	else
		*reader = r;
	return ret;
}

void sundial_record_restart(struct sundial_record_reader *r)
{
	r->next_block = r->first;
	r->at = r->end = 0;
	r->number = 0;
	r->complete = false;
	r->expanded_at = r->expanded_count = 0;
}

/* Whether there is another whole block, which becomes the current one. */
static bool next_block(struct sundial_record_reader *r)
{
	struct record_block_header block;
	size_t left = r->bytes - r->next_block;

	if (left < sizeof(block))
		return false;
	memcpy(&block, r->data + r->next_block, sizeof(block));
	if (block.magic != RECORD_BLOCK_MAGIC || block.number != r->number ||
	    block.bytes > left - sizeof(block) || block.bytes > RECORD_BLOCK_BYTES_MAX ||
	    block.bytes % 8)
		return false;
	if (block.checksum != record_crc32c(0, r->data + r->next_block + 8, 8 + block.bytes))
		return false;
	r->at = r->next_block + sizeof(block);
	r->end = r->at + block.bytes;
	r->next_block = r->end;
	r->number++;
	return true;
}

/* Whether the record that begins here is one that its users can rely on. */
static bool is_sound(const struct record_header *header, size_t left)
{
	const char *text;

	if (left < sizeof(*header) || header->length < sizeof(*header) || header->length > left ||
	    header->length % 8)
		return false;
	if (header->type >= sizeof(shapes) / sizeof(shapes[0]))
		return true;
	if (header->length < shapes[header->type].length)
		return false;
	if (header->type == RECORD_PAGE && ((const struct record_page *)header)->bytes >
						   header->length - sizeof(struct record_page))
		return false;
	if (header->type == RECORD_MACHINE &&
	    ((const struct record_machine *)header)->count >
		    (header->length - sizeof(struct record_machine)) / sizeof(__u64))
		return false;
	if (header->type == RECORD_STACK &&
	    ((const struct record_known_stack *)header)->stack.bytes >
		    header->length - offsetof(struct record_known_stack, stack.memory))
		return false;
	if (header->type == RECORD_RUN &&
	    ((const struct record_run *)header)->count >
		    (header->length - sizeof(struct record_run)) / sizeof(struct record_packed))
		return false;
	text = (const char *)header + shapes[header->type].text;
	return !shapes[header->type].text ||
	       memchr(text, 0, header->length - shapes[header->type].text);
}

static __u64 run_ns(const struct record_run *run, __u64 ticks)
{
	__int128 passed = (__int128)(__s64)(ticks - run->base_ticks) * (__int128)run->ns_per_tick;

	return run->base_ns + (__u64)(__s64)(passed >> 32);
}

static void expand_one(const struct record_run *run, const struct record_packed *from,
		       struct record_memory *event)
{
	__u64 ns = run_ns(run, from->ticks);

	event->header = run->header;
	event->header.type = from->what & RECORD_PACKED_FREE ? RECORD_FREE : RECORD_ALLOC;
	event->header.length = sizeof(*event);
	event->header.virtual_ns += ns - event->header.host_ns;
	event->header.host_ns = ns;
	event->address = RECORD_PACKED_ADDRESS(from->what);
	event->size_bytes = from->size_bytes;
	event->function = RECORD_PACKED_FUNCTION(from->what);
	event->stack = from->stack ? run->stack_base + from->stack : 0;
}

/* NULL without memory. It is the reader's, until close. */
static void *room_for(struct sundial_record_reader *r, size_t bytes)
{
	struct expanded *e = r->expanded;

	if (!e || e->bytes - e->used < bytes) {
		e = mmap(NULL, EXPANDED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
		if (e == MAP_FAILED)
			return NULL;
		madvise(e, EXPANDED_BYTES, MADV_HUGEPAGE);
		e->next = r->expanded;
		e->bytes = EXPANDED_BYTES;
		e->used = (sizeof(*e) + 63) & ~63UL;
		r->expanded = e;
	}
	e->used += bytes;
	return (char *)e + e->used - bytes;
}

/* Whether there was memory for it. */
static bool expand(struct sundial_record_reader *r, const struct record_run *run)
{
	r->events = room_for(r, run->count * sizeof(*r->events));
	if (!r->events)
		return false;
	for (__u32 i = 0; i < run->count; i++)
		expand_one(run, &run->records[i], &r->events[i]);
	r->expanded_at = 0;
	r->expanded_count = run->count;
	return true;
}

const struct record_header *sundial_record_next(struct sundial_record_reader *r)
{
	const struct record_header *header;

again:
	if (r->expanded_at < r->expanded_count)
		return &r->events[r->expanded_at++].header;
	while (r->at == r->end)
		if (!next_block(r))
			return NULL;
	header = (const struct record_header *)(r->data + r->at);
	if (!is_sound(header, r->end - r->at)) {
		r->at = r->end = 0;
		r->next_block = r->bytes;
		return NULL;
	}
	r->at += header->length;
	if (header->type == RECORD_COMPLETE)
		r->complete = true;
	if (header->type == RECORD_RUN && expand(r, (const struct record_run *)header))
		goto again;
	return header;
}

bool sundial_record_whole(const struct sundial_record_reader *r)
{
	return r->complete;
}

__u64 sundial_record_bytes(const struct sundial_record_reader *r)
{
	return r->next_block;
}

void sundial_record_time(const struct sundial_record_reader *r, struct sundial_record_time *time)
{
	*time = r->time;
}

void sundial_record_close(struct sundial_record_reader *r)
{
	if (!r)
		return;
	while (r->expanded) {
		struct expanded *next = r->expanded->next;

		munmap(r->expanded, r->expanded->bytes);
		r->expanded = next;
	}
	munmap((void *)r->data, r->bytes);
	free(r);
}
