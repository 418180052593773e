// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes events, blocks and stacks to the shared memory, in some tens of nanoseconds:
 * no lock, no system call, no walk of the stack. A stack is known by its key: the
 * return address, the depth, and every word of the innermost part of it that looks
 * like an address of the program's code. Only the first time that a key is seen are
 * registers and stack copied, to be unwound by the recorder's reader.
 *
 * A fork's child does not write: the memory is its parent's.
 */
#include "record/inject/record.h"
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define KEY_WORDS  48 /* of the stack, that a key is made from */
#define EARLY_MAX  512
#define PAGE_BYTES 4096UL
#define GOLDEN	   0x9e3779b97f4a7c15ULL

struct thread {
	struct inject_ring *ring;
	uintptr_t stack_top;
	uint32_t tid;
	bool inside;  /* in here, so that what this calls is not recorded */
	bool without; /* no ring is left */
};

extern void *__libc_stack_end; /* ld.so: where the first thread's stack began */

static struct inject_region *region;
static uintptr_t text_start, text_bytes; /* the program's own code */
static __thread struct thread self __attribute__((tls_model("initial-exec")));

/* Blocks from before the region was there. */
static struct {
	uintptr_t address;
	size_t size;
} early[EARLY_MAX];
static unsigned int early_count;

/* Gives the thread a ring: a fresh one, or that of a thread that has ended. */
static struct inject_ring *take_ring(uint32_t tid)
{
	uint32_t group = region->owner;

	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < INJECT_RINGS; i++) {
			struct inject_ring *ring = inject_ring(region, i);
			uint32_t old = __atomic_load_n(&ring->tid, __ATOMIC_RELAXED);

			if (old && (!pass || !syscall(SYS_tgkill, group, old, 0)))
				continue;
			if (__atomic_compare_exchange_n(&ring->tid, &old, tid, false,
							__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
				return ring;
		}
	return NULL;
}

static void put(struct inject_ring *ring, uint64_t ticks, uint64_t what, uint32_t size,
		uint32_t stack)
{
	uint64_t position = ring->position;

	ring->records[position & (region->ring_records - 1)] =
		(struct inject_record){ticks, what, size, stack};
	/* The record is there before its number: a thread may be killed between them. */
	__atomic_store_n(&ring->position, position + 1, __ATOMIC_RELEASE);
}

/*
 * Near the top of the thread's stack: what depths are counted from. Asking the C
 * library for more would allocate, and the program's heap shall look as without this.
 */
static uintptr_t find_stack_top(void)
{
	if (self.tid == region->owner)
		return (uintptr_t)__libc_stack_end;
	return (uintptr_t)pthread_self();
}

/* The thread's first event. */
static bool begin_thread(void)
{
	int error;

	if (self.without)
		return false;
	self.inside = true;
	error = errno;
	self.tid = (uint32_t)syscall(SYS_gettid);
	self.stack_top = find_stack_top();
	self.ring = take_ring(self.tid);
	if (self.ring)
		put(self.ring, __rdtsc(), INJECT_THREAD, self.tid, 0);
	self.without = !self.ring;
	errno = error;
	self.inside = false;
	return self.ring;
}

static bool begin_event(void)
{
	if (__builtin_expect(!region || self.inside, 0))
		return false;
	if (__builtin_expect(!self.ring, 0) && !begin_thread()) {
		__atomic_fetch_add(&region->missed, 1, __ATOMIC_RELAXED);
		return false;
	}
	return true;
}

/*
 * No further than the page that the caller's stack pointer is in: what comes after it
 * may be the end of a coroutine's stack.
 */
static uint64_t stack_key(const struct inject_caller *caller)
{
	const uint64_t *words = (const uint64_t *)caller->sp;
	size_t count = (PAGE_BYTES - (caller->sp & (PAGE_BYTES - 1))) / 8;
	uint64_t key = (caller->ip ^ (self.stack_top - caller->sp) << 40) * GOLDEN;

	if (count > KEY_WORDS)
		count = KEY_WORDS;
	for (size_t i = 0; i < count; i++)
		if (words[i] - text_start < text_bytes)
			key = ((key << 7 | key >> 57) ^ words[i]) * GOLDEN;
	return key | 1;
}

/* As much of the memory at address as there is; the kernel knows. */
static uint32_t copy_memory(void *to, uintptr_t address)
{
	size_t first = PAGE_BYTES - (address & (PAGE_BYTES - 1));
	struct iovec local = {to, RECORD_STACK_BYTES};
	struct iovec remote[2] = {{(void *)address, first}, {(void *)(address + first), 0}};
	ssize_t n;

	if (first < RECORD_STACK_BYTES)
		remote[1].iov_len = RECORD_STACK_BYTES - first;
	else
		remote[0].iov_len = RECORD_STACK_BYTES;
	n = process_vm_readv((pid_t)region->owner, &local, 1, remote, 2, 0);
	if (n > 0)
		return (uint32_t)n & ~7U;
	memcpy(to, (const void *)address, remote[0].iov_len);
	return (uint32_t)remote[0].iov_len & ~7U;
}

static void copy_stack(struct record_stack *stack, const struct inject_caller *caller)
{
	int error = errno;

	stack->ip = caller->ip;
	stack->sp = caller->sp;
	stack->bp = caller->bp;
	stack->bx = caller->bx;
	stack->r12 = caller->r12;
	stack->r13 = caller->r13;
	stack->r14 = caller->r14;
	stack->r15 = caller->r15;
	stack->bytes = copy_memory(stack->memory, caller->sp);
	__atomic_store_n(&stack->kind, RECORD_STACK_COPY, __ATOMIC_RELEASE);
	errno = error;
}

/* The stack's number, 0 if there is no room. */
static uint32_t stack_id(const struct inject_caller *caller)
{
	uint64_t key = stack_key(caller), found;
	uint32_t index = (uint32_t)(key >> 40);

	for (int i = 0; i < INJECT_STACK_PROBE; i++, index++) {
		index &= INJECT_STACKS - 1;
		found = __atomic_load_n(&region->stack_keys[index], __ATOMIC_RELAXED);
		if (found == key)
			return index + 1;
		if (!found &&
		    __atomic_compare_exchange_n(&region->stack_keys[index], &found, key, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			copy_stack(&region->stacks[index], caller);
			return index + 1;
		}
		if (found == key)
			return index + 1;
	}
	return 0;
}

/* Neighbours in memory are neighbours here, so that a hot heap has hot entries. */
static uint32_t block_index(uintptr_t address)
{
	return (uint32_t)(address >> 4 ^ address >> 26) & (INJECT_BLOCKS - 1);
}

static struct inject_block *find_block(uintptr_t address)
{
	uint32_t index = block_index(address);

	for (int i = 0; i < INJECT_BLOCK_PROBE; i++) {
		struct inject_block *block = &region->blocks[(index + i) & (INJECT_BLOCKS - 1)];

		if (block->address == address && block->state >= INJECT_LIVE)
			return block;
	}
	return NULL;
}

/*
 * An entry for a block: its own of an earlier life, one never used, or that of the
 * block freed longest ago. It is then claimed.
 */
static struct inject_block *claim_block(uintptr_t address)
{
	uint32_t index = block_index(address);
	struct inject_block *best = find_block(address);
	uint32_t state;

	for (int i = 0; i < INJECT_BLOCK_PROBE && !best; i++) {
		struct inject_block *block = &region->blocks[(index + i) & (INJECT_BLOCKS - 1)];

		if (block->state == INJECT_EMPTY)
			best = block;
	}
	for (int i = 0; i < INJECT_BLOCK_PROBE && !best; i++) {
		struct inject_block *block = &region->blocks[(index + i) & (INJECT_BLOCKS - 1)];

		if (block->state == INJECT_FREED &&
		    (!best || block->freed_ticks < best->freed_ticks))
			best = block;
	}
	if (!best)
		return NULL;
	state = __atomic_load_n(&best->state, __ATOMIC_RELAXED);
	if (state == INJECT_BUSY ||
	    !__atomic_compare_exchange_n(&best->state, &state, INJECT_BUSY, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return NULL;
	return best;
}

static uint32_t short_size(size_t size)
{
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static void keep_early(void *block, size_t size)
{
	unsigned int at = __atomic_fetch_add(&early_count, 1, __ATOMIC_RELAXED);

	if (at < EARLY_MAX) {
		early[at].address = (uintptr_t)block;
		early[at].size = size;
	}
}

static void forget_early(uintptr_t address)
{
	for (unsigned int i = 0; i < early_count && i < EARLY_MAX; i++)
		if (early[i].address == address)
			early[i].address = 0;
}

static void keep_block(uintptr_t address, size_t size, uint64_t ticks, uint32_t function,
		       uint32_t stack)
{
	struct inject_block *block = claim_block(address);

	if (!block) {
		__atomic_fetch_add(&region->table_full, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&region->complete, 0, __ATOMIC_RELAXED);
		return;
	}
	block->address = address;
	block->size = size;
	block->functions = function;
	block->allocated_ticks = ticks;
	block->allocated_stack = stack;
	block->allocated_tid = self.tid;
	__atomic_store_n(&block->state, INJECT_LIVE, __ATOMIC_RELEASE);
}

void inject_enter(void *address, size_t size, uint32_t function, const struct inject_caller *caller)
{
	uint64_t ticks;
	uint32_t stack;

	if (!region && !self.inside)
		keep_early(address, size);
	if (!begin_event())
		return;
	ticks = __rdtsc();
	stack = stack_id(caller);
	put(self.ring, ticks, (uintptr_t)address | (uint64_t)function << 56, short_size(size),
	    stack);
	keep_block((uintptr_t)address, size, ticks, function, stack);
}

static void keep_misuse(const struct inject_block *block, uintptr_t address, uint64_t ticks,
			uint32_t function, uint32_t stack)
{
	uint32_t index = __atomic_fetch_add(&region->misuse_count, 1, __ATOMIC_RELAXED);
	struct inject_misuse *misuse;

	if (index >= INJECT_MISUSES)
		return;
	misuse = &region->misuses[index];
	if (block)
		misuse->block = *block;
	misuse->address = address;
	misuse->ticks = ticks;
	misuse->tid = self.tid;
	misuse->stack = stack;
	misuse->function = function;
	__atomic_store_n(&misuse->how, block ? RECORD_HOW_FREED_TWICE : RECORD_HOW_NEVER_ALLOCATED,
			 __ATOMIC_RELEASE);
}

void inject_leave(void *address, uint32_t function, const struct inject_caller *caller)
{
	struct inject_block *block;
	uint64_t ticks;
	uint32_t stack;

	if (!region && !self.inside)
		forget_early((uintptr_t)address);
	if (!begin_event())
		return;
	ticks = __rdtsc();
	stack = stack_id(caller);
	block = find_block((uintptr_t)address);
	put(self.ring, ticks, (uintptr_t)address | (uint64_t)function << 56 | INJECT_FREE,
	    block && block->state == INJECT_LIVE ? short_size(block->size) : 0, stack);
	if (!block || block->state != INJECT_LIVE) {
		if (block || region->complete)
			keep_misuse(block, (uintptr_t)address, ticks, function, stack);
		return;
	}
	block->functions = (block->functions & 0xffff) | function << 16;
	block->freed_ticks = ticks;
	block->freed_stack = stack;
	block->freed_tid = self.tid;
	__atomic_store_n(&block->state, INJECT_FREED, __ATOMIC_RELEASE);
}

void inject_restore(void *address, uint32_t function, const struct inject_caller *caller)
{
	struct inject_block *block;

	if (!begin_event())
		return;
	block = find_block((uintptr_t)address);
	if (!block)
		return;
	put(self.ring, __rdtsc(), (uintptr_t)address | (uint64_t)function << 56,
	    short_size(block->size), stack_id(caller));
	__atomic_store_n(&block->state, INJECT_LIVE, __ATOMIC_RELEASE);
}

static int find_text(struct dl_phdr_info *info, size_t size, void *unused)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
			text_start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_bytes = info->dlpi_phdr[i].p_memsz;
		}
	return 1; /* the first is the program */
}

static void stop_in_child(void)
{
	region = NULL;
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
		dl_iterate_phdr(find_text, NULL);
		pthread_atfork(NULL, NULL, stop_in_child);
		clock_gettime(CLOCK_MONOTONIC, &now);
		r->start_ticks = __rdtsc();
		r->start_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		r->complete = early_count <= EARLY_MAX;
		__atomic_store_n(&r->owner, r->intended, __ATOMIC_RELEASE);
		region = r;
		for (unsigned int i = 0; i < early_count && i < EARLY_MAX; i++)
			if (early[i].address)
				keep_block(early[i].address, early[i].size, r->start_ticks,
					   RECORD_MALLOC, 0);
	}
	self.inside = false;
}
