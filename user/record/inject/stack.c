// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stacks are known by a number; only the first time that one is seen it is kept. What
 * tells it from others is as the options say: its return address; those that frame
 * pointers lead to; or, to be unwound by the recorder's reader from a copy of registers
 * and memory, the return address, the depth, and every word of the innermost part of
 * it that looks like an address of the program's code.
 */
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <immintrin.h>
#include "record/inject/state.h"

#define KEY_WORDS   48
#define FOREIGN_MAX 64
#define STACK_MAX   (8UL << 20) /* how much of it is looked through to find it readable */
#define PROBES	    64		/* pages, by one system call */

extern void *__libc_stack_end; /* ld.so: where the first thread's stack began */

static uintptr_t text_start, text_bytes;
static bool has_avx2;

static int find_text(struct dl_phdr_info *info, size_t size, void *unused)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
			text_start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_bytes = info->dlpi_phdr[i].p_memsz;
		}
	return 1; /* the first is the program */
}

void stack_start(void)
{
	dl_iterate_phdr(find_text, NULL);
	__builtin_cpu_init();
	has_avx2 = __builtin_cpu_supports("avx2");
}

/*
 * Near the top of the thread's stack. Asking the C library for more would allocate,
 * and the program's heap shall look as without this.
 */
void stack_begin(void)
{
	self.stack_top =
		self.tid == region->owner ? (uintptr_t)__libc_stack_end : (uintptr_t)pthread_self();
	self.stack_low = self.stack_top;
}

/* Whether every page from low up to high can be read; the kernel knows. */
static bool is_readable(uintptr_t low, uintptr_t high)
{
	char bytes[PROBES];
	struct iovec local = {bytes, sizeof(bytes)}, remote[PROBES];

	while (low < high) {
		size_t count = 0;

		for (; count < PROBES && low < high; low += PAGE_BYTES)
			remote[count++] = (struct iovec){(void *)low, 1};
		local.iov_len = count;
		if (process_vm_readv((pid_t)region->owner, &local, 1, remote, count, 0) !=
		    (ssize_t)count)
			return false;
	}
	return true;
}

/*
 * Up to where memory can be read, from sp on. A stack that is not the thread's, of a
 * coroutine or a handler, may end with the page that sp is in.
 */
static uintptr_t readable_end(uintptr_t sp)
{
	uintptr_t page = sp & ~(PAGE_BYTES - 1);
	int error = errno;
	bool own;

	if (likely(sp - self.stack_low < self.stack_top - self.stack_low))
		return self.stack_top;
	if (sp >= self.stack_top || self.stack_top - sp > STACK_MAX || self.foreign >= FOREIGN_MAX)
		return page + PAGE_BYTES;
	own = is_readable(page, self.stack_low);
	errno = error;
	if (!own) {
		self.foreign++;
		return page + PAGE_BYTES;
	}
	self.stack_low = page;
	return self.stack_top;
}

/* Follows frame pointers: the return addresses, the innermost first; returns how many. */
static uint32_t walk(const struct inject_caller *caller, __u64 *chain, uint64_t *key)
{
	uintptr_t end = readable_end(caller->sp), low = caller->sp, frame = caller->bp;
	uint64_t hash = caller->ip * GOLDEN;
	uint32_t count = 1;

	chain[0] = caller->ip;
	while (count < options.frames && !(frame & 7) && frame >= low && frame + 16 <= end) {
		const uint64_t *words = (const uint64_t *)frame;

		if (words[1] < PAGE_BYTES)
			break;
		chain[count++] = words[1];
		hash = (hash ^ words[1]) * GOLDEN;
		low = frame + 16;
		frame = words[0];
	}
	*key = hash ^ hash >> 32;
	return count;
}

/* A bit for each of count words that lies in the program's code; at most 64. */
static uint64_t code_words(const uint64_t *words, size_t count)
{
	uint64_t mask = 0, start = text_start, bytes = text_bytes;

	for (size_t i = 0; i < count; i++)
		mask |= (uint64_t)(words[i] - start < bytes) << i;
	return mask;
}

/* The same, four at a time: most of the cost of an event was here. */
__attribute__((target("avx2"))) static uint64_t code_words_avx2(const uint64_t *words, size_t count)
{
	const __m256i sign = _mm256_set1_epi64x(INT64_MIN);
	const __m256i start = _mm256_set1_epi64x((int64_t)text_start);
	const __m256i bytes = _mm256_xor_si256(_mm256_set1_epi64x((int64_t)text_bytes), sign);
	uint64_t mask = 0;

	for (size_t i = 0; i + 4 <= count; i += 4) {
		__m256i from = _mm256_loadu_si256((const __m256i *)(words + i));
		__m256i at = _mm256_xor_si256(_mm256_sub_epi64(from, start), sign);
		__m256d in = _mm256_castsi256_pd(_mm256_cmpgt_epi64(bytes, at));

		mask |= (uint64_t)_mm256_movemask_pd(in) << i;
	}
	return mask;
}

static uint64_t fingerprint(const struct inject_caller *caller)
{
	const uint64_t *words = (const uint64_t *)caller->sp;
	size_t count = (readable_end(caller->sp) - caller->sp) / 8;
	uint64_t key = (caller->ip ^ (self.stack_top - caller->sp) << 40) * GOLDEN, mask;

	if (count > KEY_WORDS)
		count = KEY_WORDS;
	mask = has_avx2 ? code_words_avx2(words, count) : code_words(words, count);
	for (; mask; mask &= mask - 1)
		key = ((key << 7 | key >> 57) ^ words[__builtin_ctzll(mask)]) * GOLDEN;
	return key;
}

/* As much of the memory at address as there is. */
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

static void keep_stack(struct record_stack *stack, const struct inject_caller *caller)
{
	uint64_t unused;

	if (options.stacks == INJECT_STACKS_COPY) {
		copy_stack(stack, caller);
		return;
	}
	stack->ip = caller->ip;
	stack->bytes = 8 * (options.stacks == INJECT_STACKS_ADDRESS
				    ? 1
				    : walk(caller, stack->memory, &unused));
	stack->memory[0] = caller->ip;
	__atomic_store_n(&stack->kind, RECORD_STACK_CHAIN, __ATOMIC_RELEASE);
}

static COLD uint32_t new_stack(const struct inject_caller *caller, uint64_t key, uint32_t index)
{
	uint64_t found;

	for (int i = 0; i < INJECT_STACK_PROBE; i++, index++) {
		index &= INJECT_STACKS - 1;
		found = __atomic_load_n(&region->stack_keys[index], __ATOMIC_RELAXED);
		if (!found &&
		    __atomic_compare_exchange_n(&region->stack_keys[index], &found, key, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			keep_stack(&region->stacks[index], caller);
			return index + 1;
		}
		if (found == key)
			return index + 1;
	}
	return 0;
}

static NOINLINE uint64_t frames_key(const struct inject_caller *caller)
{
	__u64 chain[INJECT_FRAMES_MAX];
	uint64_t key;

	walk(caller, chain, &key);
	return key;
}

uint32_t stack_id(const struct inject_caller *caller)
{
	uint32_t index;
	uint64_t key;

	if (options.stacks == INJECT_STACKS_ADDRESS)
		key = caller->ip * GOLDEN | 1;
	else if (options.stacks == INJECT_STACKS_COPY)
		key = fingerprint(caller) | 1;
	else
		key = frames_key(caller) | 1;
	index = (uint32_t)(key >> 40) & (INJECT_STACKS - 1);
	if (likely(__atomic_load_n(&region->stack_keys[index], __ATOMIC_RELAXED) == key))
		return index + 1;
	return new_stack(caller, key, index);
}
