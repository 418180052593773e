// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes events, blocks and stacks to the shared memory, in some tens of nanoseconds:
 * no lock, no system call, no walk of the stack but by frame pointers.
 *
 * A handler of a signal may come in the middle of an event of the same thread and have
 * events of its own. So room for a record is claimed by one instruction, and who was
 * there first says that all records up to the last claimed one are whole:
 *
 *	event A				handler, on the same thread
 *	  busy = true
 *	  claims record 7
 *					  busy already: it is inside of another event
 *					  claims record 8, fills it
 *	  fills record 7
 *	  done = up to record 8
 *
 * A fork's child does not write: the memory is its parent's.
 */
#include "record/inject/record.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "record/inject/state.h"

#define EARLY_MAX 512

struct inject_region *region;
struct inject_options options;
__thread struct thread self __attribute__((tls_model("initial-exec")));

/* Blocks from before the region was there. */
static struct {
	uintptr_t address;
	size_t size;
} early[EARLY_MAX];
static unsigned int early_count;

static COLD void keep_early(void *block, size_t size)
{
	unsigned int at = __atomic_fetch_add(&early_count, 1, __ATOMIC_RELAXED);

	if (at < EARLY_MAX) {
		early[at].address = (uintptr_t)block;
		early[at].size = size;
	}
}

static COLD void forget_early(uintptr_t address)
{
	for (unsigned int i = 0; i < early_count && i < EARLY_MAX; i++)
		if (early[i].address == address)
			early[i].address = 0;
}

/* Room for a record, or NULL. One instruction, so that a handler cannot come in between. */
static inline struct record_packed *claim(bool outer)
{
	char *at = (char *)sizeof(struct record_packed);

	__asm__ volatile("xaddq %0, %1" : "+r"(at), "+m"(self.at) : : "memory");
	if (unlikely(at >= self.end))
		return next_segment(outer);
	return (struct record_packed *)at;
}

static inline void finish(bool outer)
{
	/* Handlers may have asked for more room than there was. */
	char *at = self.at < self.end ? self.at : self.end;

	if (!outer)
		return;
	if (likely(self.segment))
		__atomic_store_n(&self.segment->done, (uint64_t)(at - self.base), __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self.busy = false;
}

static inline bool begin(void)
{
	bool outer = !self.busy;

	self.busy = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return outer;
}

/* The event of a block. */
static inline void fill(struct record_packed *record, uint64_t ticks, uintptr_t address,
			uint64_t kind, size_t size, uint32_t stack)
{
	if (likely(record)) {
		record->ticks = ticks;
		record->what = address | kind;
		record->size_bytes = short_size(size);
		record->stack = stack;
	}
}

__attribute__((flatten)) void inject_enter(void *address, size_t size, uint32_t function,
					   const struct inject_caller *caller)
{
	struct record_packed *record;
	uint64_t ticks;
	uint32_t stack;
	bool outer;

	if (unlikely(!region)) {
		if (!self.inside)
			keep_early(address, size);
		return;
	}
	if (options.sample_bytes && !is_sample(size))
		return;
	outer = begin();
	record = claim(outer);
	stack = stack_id(caller);
	ticks = __rdtsc();
	fill(record, ticks, (uintptr_t)address, (uint64_t)function << INJECT_FUNCTION_SHIFT, size,
	     stack);
	keep_block((uintptr_t)address, size, ticks, function, stack);
	if (options.sample_bytes)
		sample_enter((uintptr_t)address, size, stack);
	finish(outer);
}

/* Misuse is known only where every block is. */
static COLD void leave_wrong(const struct inject_block *block, uintptr_t address, uint64_t ticks,
			     uint32_t function, uint32_t stack)
{
	if (block || region->complete)
		keep_misuse(block, address, ticks, function, stack);
}

__attribute__((flatten)) void inject_leave(void *address, uint32_t function,
					   const struct inject_caller *caller)
{
	struct record_packed *record;
	struct inject_block *block;
	uint64_t ticks;
	uint32_t stack;
	bool outer, live;

	if (unlikely(!region)) {
		if (!self.inside)
			forget_early((uintptr_t)address);
		return;
	}
	if (options.sample_bytes && !may_be_sample((uintptr_t)address))
		return;
	block = find_block((uintptr_t)address);
	live = block && block->state == INJECT_LIVE;
	if (options.sample_bytes && !live)
		return;
	outer = begin();
	record = claim(outer);
	stack = stack_id(caller);
	ticks = __rdtsc();
	fill(record, ticks, (uintptr_t)address,
	     (uint64_t)function << INJECT_FUNCTION_SHIFT | INJECT_FREE, live ? block->size : 0,
	     stack);
	if (unlikely(!live)) {
		leave_wrong(block, (uintptr_t)address, ticks, function, stack);
	} else if (options.sample_bytes) {
		sample_leave(block);
	} else {
		block->functions = (block->functions & 0xffff) | function << 16;
		block->freed_ticks = ticks;
		block->freed_stack = stack;
		block->freed_tid = self.tid;
		__atomic_store_n(&block->state, INJECT_FREED, __ATOMIC_RELEASE);
	}
	finish(outer);
}

/* A sample is lost by this: its memory is live, and counts no longer. */
void inject_restore(void *address, uint32_t function, const struct inject_caller *caller)
{
	struct inject_block *block = region ? find_block((uintptr_t)address) : NULL;
	struct record_packed *record;
	bool outer;

	if (!block || options.sample_bytes)
		return;
	outer = begin();
	record = claim(outer);
	fill(record, __rdtsc(), (uintptr_t)address, (uint64_t)function << INJECT_FUNCTION_SHIFT,
	     block->size, stack_id(caller));
	__atomic_store_n(&block->state, INJECT_LIVE, __ATOMIC_RELEASE);
	finish(outer);
}

static void stop_in_child(void)
{
	region = NULL;
	self.at = self.end = NULL;
	self.segment = NULL;
	early_count = EARLY_MAX; /* nothing will ask for those any longer */
}

/* What the program shall see of its environment is what it would have without this. */
static char *take_environment(char *path, size_t bytes)
{
	const char *value = getenv(INJECT_ENVIRONMENT);
	const char *old;

	if (!value || strlen(value) >= bytes)
		return NULL;
	strcpy(path, value);
	old = strchr(path, ':');
	if (old && old[1])
		setenv("LD_PRELOAD", old + 1, 1);
	else
		unsetenv("LD_PRELOAD");
	unsetenv(INJECT_ENVIRONMENT);
	path[strcspn(path, ":")] = 0;
	return path;
}

static struct inject_region *map_region(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct inject_region *r;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || (size_t)st.st_size < sizeof(*r)) {
		close(fd);
		return NULL;
	}
	r = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (r == MAP_FAILED)
		return NULL;
	/* A child of a program that could not load this is not who is meant. */
	if (r->intended == (uint32_t)getpid())
		return r;
	munmap(r, (size_t)st.st_size);
	return NULL;
}

void inject_start(void)
{
	struct inject_region *r;
	struct timespec now;
	char path[4096];

	self.inside = true;
	r = take_environment(path, sizeof(path)) ? map_region(path) : NULL;
	if (r) {
		stack_start();
		pthread_atfork(NULL, NULL, stop_in_child);
		clock_gettime(CLOCK_MONOTONIC, &now);
		r->start_ticks = __rdtsc();
		r->start_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		options = r->options;
		r->complete = early_count <= EARLY_MAX && !options.sample_bytes;
		__atomic_store_n(&r->owner, r->intended, __ATOMIC_RELEASE);
		region = r;
		for (unsigned int i = 0; i < early_count && i < EARLY_MAX && !options.sample_bytes;
		     i++)
			if (early[i].address)
				keep_block(early[i].address, early[i].size, r->start_ticks,
					   RECORD_MALLOC, 0);
	}
	self.inside = false;
}
