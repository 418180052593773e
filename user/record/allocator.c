// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An allocator is any file that defines malloc and free: glibc, musl, jemalloc,
 * mimalloc, tcmalloc, or a program with one of them linked in. What is probed is the
 * C interface, and those of C++'s operators that are in the same file: libstdc++'s end
 * in the C interface, other allocators' need not. A probe stands at the first instruction that
 * the kernel emulates: glibc's free begins with one that it would step, 2.9 times dearer.
 */
#include "record/allocator.h"
#include <string.h>
#include "events.h"
#include "record/elf_file.h"
#include "record/placement.h"

static const struct {
	const char *name;
	enum record_function function;
	bool returns;
	uint8_t rank; /* operators call those of lower rank, and none of their own */
} family[] = {
	{"malloc", RECORD_MALLOC, true},
	{"calloc", RECORD_CALLOC, true},
	{"realloc", RECORD_REALLOC, true},
	{"memalign", RECORD_MEMALIGN, true},
	{"aligned_alloc", RECORD_MEMALIGN, true},
	{"posix_memalign", RECORD_POSIX_MEMALIGN, true},
	{"free", RECORD_FREE_FUNCTION, false},
	{"_Znwm", RECORD_NEW, true},
	{"_ZnwmRKSt9nothrow_t", RECORD_NEW, true},
	{"_ZnwmSt11align_val_t", RECORD_NEW, true},
	{"_ZnwmSt11align_val_tRKSt9nothrow_t", RECORD_NEW, true},
	{"_Znam", RECORD_NEW_ARRAY, true},
	{"_ZnamRKSt9nothrow_t", RECORD_NEW_ARRAY, true},
	{"_ZnamSt11align_val_t", RECORD_NEW_ARRAY, true},
	{"_ZnamSt11align_val_tRKSt9nothrow_t", RECORD_NEW_ARRAY, true},
	{"_ZdlPv", RECORD_DELETE, false, 1},
	{"_ZdlPvm", RECORD_DELETE, false, 3},
	{"_ZdlPvRKSt9nothrow_t", RECORD_DELETE, false, 3},
	{"_ZdlPvSt11align_val_t", RECORD_DELETE, false, 2},
	{"_ZdlPvmSt11align_val_t", RECORD_DELETE, false, 3},
	{"_ZdaPv", RECORD_DELETE_ARRAY, false, 4},
	{"_ZdaPvm", RECORD_DELETE_ARRAY, false, 6},
	{"_ZdaPvRKSt9nothrow_t", RECORD_DELETE_ARRAY, false, 6},
	{"_ZdaPvSt11align_val_t", RECORD_DELETE_ARRAY, false, 5},
	{"_ZdaPvmSt11align_val_t", RECORD_DELETE_ARRAY, false, 6},
};

#define C_FREE 6 /* its place in family */

/*
 * A sanitizer's allocator keeps the stack of each call itself, and a probe of its return
 * would be in them: its program would not report what it does without.
 */
static const char *const sanitizers[] = {"__asan_init", "__lsan_init", "__tsan_init", "__msan_init",
					 "__hwasan_init"};

#define FAMILY	  (sizeof(family) / sizeof(family[0]))
#define SANITIZER (1U << 31) /* in what was seen, beside the family */

struct search {
	struct elf_file file;
	struct allocator *found;
	unsigned int seen;
};

static bool has_offset(const struct allocator *found, uint64_t offset)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->functions[i].offset == offset)
			return true;
	return false;
}

static bool is_sanitizer(const char *name)
{
	for (size_t i = 0; i < sizeof(sanitizers) / sizeof(sanitizers[0]); i++)
		if (!strcmp(name, sanitizers[i]))
			return true;
	return false;
}

static void on_symbol(void *context, const char *name, const GElf_Sym *symbol)
{
	struct search *s = context;
	struct allocator *found = s->found;
	uint64_t offset;
	size_t at;

	if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF)
		return;
	if (is_sanitizer(name))
		s->seen |= SANITIZER;
	for (size_t i = 0; i < FAMILY; i++) {
		if (strcmp(name, family[i].name) || s->seen & 1U << i)
			continue;
		offset = elf_file_offset(&s->file, symbol->st_value);
		if (offset && offset < s->file.bytes && symbol->st_size < s->file.bytes - offset &&
		    placement_choose(s->file.image + offset, symbol->st_size, &at) ==
			    PLACEMENT_CHEAP)
			offset += at;
		/* One function may have several names, as memalign: one probe for all. */
		if (!offset)
			return;
		s->seen |= 1U << i;
		if (has_offset(found, offset) || found->count == ALLOCATOR_FUNCTIONS_MAX)
			return;
		found->functions[found->count++] = (struct allocator_function){
			offset, family[i].function, family[i].returns, family[i].rank};
		return;
	}
}

size_t allocator_find(const char *path, struct allocator *found)
{
	struct search search = {.found = found};

	found->count = 0;
	if (elf_file_open(&search.file, path, false))
		return 0;
	elf_file_symbols(&search.file, on_symbol, &search);
	elf_file_close(&search.file);
	/* One without the other is something else, such as ld.so's own. */
	if (search.seen & SANITIZER || !(search.seen & 1) || !(search.seen & 1U << C_FREE))
		found->count = 0;
	return found->count;
}
