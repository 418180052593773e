// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the memory that the library in the program writes to, and turns what is in it
 * into the records of a file. The program may still run: a record that is being
 * overwritten meanwhile is left out: its segment has another sequence number then.
 */
#include "record/injected.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "record/inject/inject.h"
#include "record/nodes.h"

#define SEGMENT_LEAST 4096
#define SEGMENTS      16384 /* more of them only make each thread look for one more often */
/* As many records as one of the file may hold. */
#define RUN_RECORDS ((UINT16_MAX - sizeof(struct record_run)) / sizeof(struct record_packed))

/* From the processor's count to nanoseconds of CLOCK_MONOTONIC. */
struct scale {
	uint64_t start_ticks, start_ns;
	double ns_per_tick;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct scale measure(const struct inject_region *region)
{
	uint64_t ticks = __rdtsc(), ns = now_ns();

	return (struct scale){region->start_ticks, region->start_ns,
			      ticks > region->start_ticks
				      ? (double)(ns - region->start_ns) /
						(double)(ticks - region->start_ticks)
				      : 1};
}

static uint64_t to_ns(const struct scale *scale, uint64_t ticks)
{
	return scale->start_ns + (uint64_t)(int64_t)((double)(int64_t)(ticks - scale->start_ticks) *
						     scale->ns_per_tick);
}

static int count_nodes(void)
{
	int nodes = 0;

	for (; nodes < INJECT_NODES; nodes++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", nodes);
		if (access(path, F_OK))
			break;
	}
	return nodes ? nodes : 1;
}

int injected_create(struct injected *injected, size_t bytes, const struct inject_options *options)
{
	size_t segment = SEGMENT_LEAST, count, all;
	struct inject_region *region;

	while (segment * SEGMENTS < bytes)
		segment *= 2;
	count = bytes / segment;
	all = sizeof(struct inject_region) + count * (sizeof(struct inject_segment) + segment) +
	      4096;
	injected->fd = memfd_create("sundial-record", MFD_CLOEXEC);
	if (injected->fd < 0 || ftruncate(injected->fd, (off_t)all))
		return -errno;
	region = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, injected->fd, 0);
	if (region == MAP_FAILED)
		return -errno;
	region->bytes = all;
	region->segments = (uint32_t)count;
	region->segment_bytes = (uint32_t)segment;
	region->nodes = (uint32_t)count_nodes();
	region->options = *options;
	injected->region = region;
	return 0;
}

int injected_prepare(const struct injected *injected, pid_t recorder, const char *library)
{
	const char *old = getenv("LD_PRELOAD");
	char *preload, *path;

	injected->region->intended = (uint32_t)getpid();
	if (asprintf(&preload, "%s%s%s", library, old ? ":" : "", old ? old : "") < 0 ||
	    asprintf(&path, "/proc/%d/fd/%d:%s", recorder, injected->fd, old ? old : "") < 0)
		return -ENOMEM;
	if (setenv("LD_PRELOAD", preload, 1) || setenv(INJECT_ENVIRONMENT, path, 1))
		return -errno;
	return 0;
}

bool injected_used(const struct injected *injected)
{
	return injected->region && injected->region->owner;
}

/* Number n of the library is base + n of the file. */
static void save_stacks(const struct inject_region *region, struct sundial_record_writer *writer,
			__u32 base)
{
	struct record_known_stack record = {.header = {.type = RECORD_STACK}};

	for (uint32_t i = 0; i < INJECT_STACKS; i++) {
		/* Looked at first: a stack's page that nobody wrote would be made by a look. */
		if (!region->stack_keys[i] || !region->stacks[i].kind ||
		    region->stacks[i].bytes > RECORD_STACK_BYTES)
			continue;
		record.id = base + i + 1;
		record.stack = region->stacks[i];
		sundial_record_write_tail(writer, &record.header,
					  offsetof(struct record_known_stack, stack.memory),
					  record.stack.memory, record.stack.bytes);
	}
}

static struct record_site site(const struct scale *scale, __u32 base, uint64_t ticks, uint32_t tid,
			       uint32_t function, uint32_t stack)
{
	uint64_t ns = to_ns(scale, ticks);

	return (struct record_site){.host_ns = ns,
				    .virtual_ns = ns,
				    .tid = tid,
				    .function = function,
				    .stack = stack ? base + stack : 0};
}

static void fill_block(struct record_block *record, const struct inject_region *region,
		       const struct inject_block *block, const struct scale *scale, __u32 base)
{
	*record = (struct record_block){
		.header = {.type = RECORD_BLOCK, .length = sizeof(*record), .tgid = region->owner},
		.address = block->address,
		.size_bytes = block->size,
		.how = block->state == INJECT_FREED ? RECORD_HOW_FREED : RECORD_HOW_LIVE,
		.epoch = 1, /* the library runs in the program that was started */
	};
	record->allocated = site(scale, base, block->allocated_ticks, block->allocated_tid,
				 block->functions & 0xffff, block->allocated_stack);
	if (block->state == INJECT_FREED)
		record->freed = site(scale, base, block->freed_ticks, block->freed_tid,
				     block->functions >> 16, block->freed_stack);
	record->header.tid = block->allocated_tid;
	record->header.host_ns = record->header.virtual_ns = record->allocated.host_ns;
}

/*
 * The next entry of the table, from index on, that may be in use; INJECT_BLOCKS after the
 * last. Pages that nobody wrote are passed over: looking at them would make them.
 */
static uint32_t next_block(const struct injected *injected, uint32_t index)
{
	off_t blocks = offsetof(struct inject_region, blocks), at, data;

	if (index >= INJECT_BLOCKS)
		return INJECT_BLOCKS;
	at = blocks + (off_t)index * (off_t)sizeof(struct inject_block);
	if (index && at % 4096)
		return index;
	data = lseek(injected->fd, at, SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? INJECT_BLOCKS : index;
	if (data > at)
		index = (uint32_t)((data - blocks) / (off_t)sizeof(struct inject_block));
	return index < INJECT_BLOCKS ? index : INJECT_BLOCKS;
}

static void save_blocks(const struct injected *injected, struct sundial_record_writer *writer,
			const struct scale *scale, __u32 base)
{
	const struct inject_region *region = injected->region;
	struct record_block record;

	for (uint32_t i = next_block(injected, 0); i < INJECT_BLOCKS;
	     i = next_block(injected, i + 1)) {
		const struct inject_block *block = &region->blocks[i];

		if (block->state != INJECT_LIVE && block->state != INJECT_FREED)
			continue;
		fill_block(&record, region, block, scale, base);
		sundial_record_write(writer, &record.header);
	}
}

static void save_misuses(const struct inject_region *region, struct sundial_record_writer *writer,
			 const struct scale *scale, __u32 base)
{
	for (uint32_t i = 0; i < region->misuse_count && i < INJECT_MISUSES; i++) {
		const struct inject_misuse *misuse = &region->misuses[i];
		struct record_misuse record = {0};

		if (misuse->how == RECORD_HOW_LIVE)
			continue;
		fill_block(&record.block, region, &misuse->block, scale, base);
		record.again = site(scale, base, misuse->ticks, misuse->tid, misuse->function,
				    misuse->stack);
		record.block.header.type = RECORD_MISUSE;
		record.block.header.length = sizeof(record);
		record.block.header.tid = misuse->tid;
		record.block.header.host_ns = record.block.header.virtual_ns = record.again.host_ns;
		record.block.address = misuse->address;
		record.block.how = misuse->how;
		sundial_record_write(writer, &record.block.header);
	}
}

/* What one sample of size bytes stands for, and the variance that this adds. */
static struct inject_total weigh(uint64_t size, uint64_t interval)
{
	double bytes = size ? (double)size : 1;
	double chance = -expm1(-bytes / (double)interval);

	return (struct inject_total){1, bytes / chance,
				     bytes * bytes * (1 - chance) / (chance * chance)};
}

/* By stack, of the blocks that are live; NULL without memory. */
static struct inject_total *sum_live(const struct injected *injected)
{
	const struct inject_region *region = injected->region;
	struct inject_total *live = calloc(INJECT_STACKS, sizeof(*live));

	for (uint32_t i = next_block(injected, 0); i < INJECT_BLOCKS && live;
	     i = next_block(injected, i + 1)) {
		const struct inject_block *block = &region->blocks[i];
		struct inject_total *sum, one;

		if (block->state != INJECT_LIVE || !block->allocated_stack ||
		    block->allocated_stack > INJECT_STACKS)
			continue;
		sum = &live[block->allocated_stack - 1];
		one = weigh(block->size, region->options.sample_bytes);
		sum->samples++;
		sum->bytes += one.bytes;
		sum->variance += one.variance;
	}
	return live;
}

static void save_sampling(const struct injected *injected, struct sundial_record_writer *writer,
			  __u32 base)
{
	const struct inject_region *region = injected->region;
	struct record_sampling sampling = {
		.header = {.type = RECORD_SAMPLING,
			   .length = sizeof(sampling),
			   .tgid = region->owner},
		.interval_bytes = region->options.sample_bytes,
		.seed = region->options.seed,
	};
	struct inject_total *live;

	if (!sampling.interval_bytes)
		return;
	sundial_record_write(writer, &sampling.header);
	live = sum_live(injected);
	for (uint32_t i = 0; i < INJECT_STACKS && live; i++) {
		const struct inject_total *sum = &region->totals[i];
		struct record_total total = {
			.header = {.type = RECORD_TOTAL,
				   .length = sizeof(total),
				   .tgid = region->owner},
			.stack = base + i + 1,
			.samples = sum->samples,
			.bytes = (__u64)(sum->bytes + 0.5),
			.deviation_bytes = (__u64)(sqrt(sum->variance) + 0.5),
			.live_samples = live[i].samples,
			.live_bytes = (__u64)(live[i].bytes + 0.5),
			.live_deviation_bytes = (__u64)(sqrt(live[i].variance) + 0.5),
		};

		if (total.samples)
			sundial_record_write(writer, &total.header);
	}
	free(live);
}

static void write_run(const struct inject_region *region, struct sundial_record_writer *writer,
		      const struct scale *scale, __u32 base, uint32_t tid,
		      const struct record_packed *records, size_t count)
{
	while (count) {
		size_t part = count < RUN_RECORDS ? count : RUN_RECORDS;
		uint64_t ns = to_ns(scale, records->ticks);
		struct record_run run = {
			.header = {.type = RECORD_RUN,
				   .cpu = UINT16_MAX, /* not known */
				   .tgid = region->owner,
				   .tid = tid,
				   .host_ns = ns,
				   .virtual_ns = ns},
			.base_ticks = scale->start_ticks,
			.base_ns = scale->start_ns,
			.ns_per_tick = (__u64)(scale->ns_per_tick * 4294967296.0),
			.count = (__u32)part,
			.stack_base = base,
		};

		sundial_record_write_tail(writer, &run.header, sizeof(run), records,
					  (__u32)(part * sizeof(*records)));
		records += part;
		count -= part;
	}
}

/* Writes what is in a segment; returns how many records. buffer: for a copy of it. */
static uint64_t save_segment(struct inject_region *region, uint32_t index,
			     struct sundial_record_writer *writer, const struct scale *scale,
			     __u32 base, struct record_packed *buffer)
{
	const struct inject_segment *segment = &region->headers[index];
	uint64_t sequence = __atomic_load_n(&segment->sequence, __ATOMIC_ACQUIRE);
	uint64_t bytes = __atomic_load_n(&segment->done, __ATOMIC_ACQUIRE);
	uint32_t tid = segment->tid;

	if (!sequence || !bytes || bytes > inject_room(region))
		return 0;
	memcpy(buffer, inject_segment(region, index), bytes);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&segment->sequence, __ATOMIC_RELAXED) != sequence)
		return 0;
	write_run(region, writer, scale, base, tid, buffer, bytes / sizeof(*buffer));
	return bytes / sizeof(*buffer);
}

static void save_counts(const struct inject_region *region, struct sundial_record_writer *writer,
			uint64_t recorded)
{
	/* Read afterwards: a segment that was used again meanwhile is among them. */
	struct record_counts counts = {
		.header = {.type = RECORD_COUNTS,
			   .length = sizeof(counts),
			   .cpu = UINT16_MAX,
			   .tgid = region->owner},
		.recorded = recorded,
		.overwritten = region->overwritten,
		.busy = region->missed,
		.table_full = region->table_full,
	};

	counts.emitted = counts.recorded + counts.overwritten + counts.busy;
	sundial_record_write(writer, &counts.header);
}

static void save_events(struct inject_region *region, struct sundial_record_writer *writer,
			const struct scale *scale, __u32 base)
{
	struct record_packed *buffer = malloc(region->segment_bytes);
	uint64_t recorded = 0;

	for (uint32_t i = 0; i < region->segments && buffer; i++)
		recorded += save_segment(region, i, writer, scale, base, buffer);
	free(buffer);
	save_counts(region, writer, recorded);
}

/*
 * What is between taken and done stays until taken says that it was, so it needs no
 * copy. In this order: a segment that begins anew has done = 0 before taken = 0.
 */
static uint64_t stream_segment(struct inject_region *region, uint32_t index,
			       struct sundial_record_writer *writer, const struct scale *scale)
{
	struct inject_segment *segment = &region->headers[index];
	uint64_t taken = __atomic_load_n(&segment->taken, __ATOMIC_ACQUIRE);
	uint64_t done = __atomic_load_n(&segment->done, __ATOMIC_ACQUIRE), count;

	if (done <= taken || done > inject_room(region))
		return 0;
	count = (done - taken) / sizeof(struct record_packed);
	write_run(region, writer, scale, 0, segment->tid,
		  inject_segment(region, index) + taken / sizeof(struct record_packed), count);
	__atomic_store_n(&segment->taken, done, __ATOMIC_RELEASE);
	return count;
}

uint64_t injected_stream(struct injected *injected, struct sundial_record_writer *writer)
{
	struct inject_region *region = injected->region;
	struct scale scale = measure(region);
	uint64_t count = 0;

	for (uint32_t i = 0; i < region->segments; i++)
		count += stream_segment(region, i, writer, &scale);
	injected->streamed += count;
	return count;
}

/* Each node's part of the segments: whoever writes a page first is on the node, if it has room. */
static void save_placement(const struct inject_region *region, struct sundial_record_writer *writer)
{
	uint32_t part = region->segments / region->nodes;

	for (uint32_t node = 0; node < region->nodes; node++) {
		struct record_nodes record;
		const char *first = (const char *)inject_segment((struct inject_region *)region,
								 (uint64_t)node * part);

		nodes_find(&record, first, (size_t)part * region->segment_bytes, (int)node);
		record.header.cpu = UINT16_MAX;
		record.header.tgid = region->owner;
		sundial_record_write(writer, &record.header);
	}
}

void injected_save(struct injected *injected, struct sundial_record_writer *writer, __u32 *stacks)
{
	struct inject_region *region = injected->region;
	struct scale scale = measure(region);

	save_stacks(region, writer, *stacks);
	save_blocks(injected, writer, &scale, *stacks);
	save_misuses(region, writer, &scale, *stacks);
	save_sampling(injected, writer, *stacks);
	if (region->options.stream)
		save_counts(region, writer, injected->streamed);
	else
		save_events(region, writer, &scale, *stacks);
	save_placement(region, writer);
	*stacks += INJECT_STACKS;
}
