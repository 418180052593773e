// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the memory that the library in the program writes to, and turns what is in it
 * into the records of a file. The program may still run: a record that is being
 * overwritten meanwhile is left out, by leaving out the oldest of a full ring.
 */
#include "record/injected.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "record/inject/inject.h"

#define LEAST_RECORDS 1024
#define OLDEST	      8 /* records of a full ring that may be changing */

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

int injected_create(struct injected *injected, size_t bytes)
{
	uint32_t records = LEAST_RECORDS;
	size_t ring, all;

	while (2UL * records * sizeof(struct inject_record) * INJECT_RINGS <= bytes)
		records *= 2;
	ring = sizeof(struct inject_ring) + records * sizeof(struct inject_record);
	all = sizeof(struct inject_region) + INJECT_RINGS * ring;
	injected->fd = memfd_create("sundial-record", MFD_CLOEXEC);
	if (injected->fd < 0 || ftruncate(injected->fd, (off_t)all))
		return -errno;
	injected->region = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, injected->fd, 0);
	if (injected->region == MAP_FAILED) {
		injected->region = NULL;
		return -errno;
	}
	injected->region->bytes = all;
	injected->region->ring_bytes = ring;
	injected->region->ring_records = records;
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

/* Those that are used, in order: number n of the library becomes map[n] of the file. */
static void save_stacks(const struct inject_region *region, struct sundial_record_writer *writer,
			__u32 *stacks, __u32 *map)
{
	struct record_known_stack record = {.header = {.type = RECORD_STACK}};

	for (uint32_t i = 0; i < INJECT_STACKS; i++) {
		if (region->stacks[i].kind != RECORD_STACK_COPY ||
		    region->stacks[i].bytes > RECORD_STACK_BYTES)
			continue;
		record.id = ++*stacks;
		record.stack = region->stacks[i];
		map[i + 1] = record.id;
		sundial_record_write_tail(writer, &record.header,
					  offsetof(struct record_known_stack, stack.memory),
					  record.stack.memory, record.stack.bytes);
	}
}

static struct record_site site(const struct scale *scale, const __u32 *map, uint64_t ticks,
			       uint32_t tid, uint32_t function, uint32_t stack)
{
	uint64_t ns = to_ns(scale, ticks);

	return (struct record_site){.host_ns = ns,
				    .virtual_ns = ns,
				    .tid = tid,
				    .function = function,
				    .stack = stack <= INJECT_STACKS ? map[stack] : 0};
}

static void fill_block(struct record_block *record, const struct inject_region *region,
		       const struct inject_block *block, const struct scale *scale,
		       const __u32 *map)
{
	*record = (struct record_block){
		.header = {.type = RECORD_BLOCK, .length = sizeof(*record), .tgid = region->owner},
		.address = block->address,
		.size_bytes = block->size,
		.how = block->state == INJECT_FREED ? RECORD_HOW_FREED : RECORD_HOW_LIVE,
		.epoch = 1, /* the library runs in the program that was started */
	};
	record->allocated = site(scale, map, block->allocated_ticks, block->allocated_tid,
				 block->functions & 0xffff, block->allocated_stack);
	if (block->state == INJECT_FREED)
		record->freed = site(scale, map, block->freed_ticks, block->freed_tid,
				     block->functions >> 16, block->freed_stack);
	record->header.tid = block->allocated_tid;
	record->header.host_ns = record->header.virtual_ns = record->allocated.host_ns;
}

static void save_blocks(const struct inject_region *region, struct sundial_record_writer *writer,
			const struct scale *scale, const __u32 *map)
{
	struct record_block record;

	for (uint32_t i = 0; i < INJECT_BLOCKS; i++) {
		const struct inject_block *block = &region->blocks[i];

		if (block->state != INJECT_LIVE && block->state != INJECT_FREED)
			continue;
		fill_block(&record, region, block, scale, map);
		sundial_record_write(writer, &record.header);
	}
}

static void save_misuses(const struct inject_region *region, struct sundial_record_writer *writer,
			 const struct scale *scale, const __u32 *map)
{
	for (uint32_t i = 0; i < region->misuse_count && i < INJECT_MISUSES; i++) {
		const struct inject_misuse *misuse = &region->misuses[i];
		struct record_misuse record = {0};

		if (misuse->how == RECORD_HOW_LIVE)
			continue;
		fill_block(&record.block, region, &misuse->block, scale, map);
		record.again = site(scale, map, misuse->ticks, misuse->tid, misuse->function,
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

static void save_event(const struct inject_region *region, struct sundial_record_writer *writer,
		       const struct scale *scale, const __u32 *map,
		       const struct inject_record *from, uint32_t tid)
{
	uint64_t ns = to_ns(scale, from->ticks);
	struct record_memory event = {
		.header = {.type = from->what & INJECT_FREE ? RECORD_FREE : RECORD_ALLOC,
			   .length = sizeof(event),
			   .cpu = UINT16_MAX, /* not known */
			   .tgid = region->owner,
			   .tid = tid,
			   .host_ns = ns,
			   .virtual_ns = ns},
		.address = INJECT_ADDRESS(from->what),
		.size_bytes = from->size,
		.function = INJECT_FUNCTION(from->what),
		.stack = from->stack <= INJECT_STACKS ? map[from->stack] : 0,
	};

	sundial_record_write(writer, &event.header);
}

static void save_ring(struct inject_region *region, uint32_t index,
		      struct sundial_record_writer *writer, const struct scale *scale,
		      const __u32 *map)
{
	const struct inject_ring *ring = inject_ring(region, index);
	uint64_t end = __atomic_load_n(&ring->position, __ATOMIC_ACQUIRE), first = 0;
	struct record_counts counts = {.header = {.type = RECORD_COUNTS,
						  .length = sizeof(counts),
						  .cpu = UINT16_MAX,
						  .tgid = region->owner,
						  .tid = ring->tid}};
	uint32_t tid = ring->tid;

	if (end > region->ring_records)
		first = end - region->ring_records + OLDEST;
	for (uint64_t i = first; i < end; i++) {
		const struct inject_record *record = &ring->records[i & (region->ring_records - 1)];

		if (record->what & INJECT_THREAD)
			tid = record->size;
		else
			save_event(region, writer, scale, map, record, tid);
		counts.recorded++;
	}
	counts.emitted = end;
	counts.overwritten = first;
	if (end)
		sundial_record_write(writer, &counts.header);
}

void injected_save(struct injected *injected, struct sundial_record_writer *writer, __u32 *stacks)
{
	struct inject_region *region = injected->region;
	__u32 *map = calloc(INJECT_STACKS + 1, sizeof(*map));
	struct scale scale = measure(region);
	struct record_counts lost = {
		.header = {.type = RECORD_COUNTS, .length = sizeof(lost), .cpu = UINT16_MAX},
		.emitted = region->missed,
		.busy = region->missed,
		.table_full = region->table_full,
	};

	if (!map)
		return;
	save_stacks(region, writer, stacks, map);
	save_blocks(region, writer, &scale, map);
	save_misuses(region, writer, &scale, map);
	for (uint32_t i = 0; i < INJECT_RINGS; i++)
		save_ring(region, i, writer, &scale, map);
	if (lost.emitted || lost.table_full)
		sundial_record_write(writer, &lost.header);
	free(map);
}
