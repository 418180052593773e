// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A return is probed by changing the return address on the stack, which some programs
 * would stumble over: what walks its own stack by that address (exceptions of C++,
 * panics of Rust) or moves it (Go, coroutines). Their files are told by their symbols,
 * and only entries of theirs are probed.
 */
#include "record/functions.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "record/elf_file.h"

char *__cxa_demangle(const char *name, char *buffer, size_t *bytes, int *status);

struct search {
	struct functions *found;
	const struct elf_file *file;
	const struct function_choice *choice;
	size_t room;
	int error;
};

static bool matches(const struct function_choice *choice, const char *name)
{
	char *plain = NULL;
	bool found = !choice->glob_count;

	if (choice->glob_count && name[0] == '_' && name[1] == 'Z')
		plain = __cxa_demangle(name, NULL, NULL, NULL);
	for (size_t i = 0; i < choice->glob_count && !found; i++)
		found = !fnmatch(choice->globs[i], name, 0) ||
			(plain && !fnmatch(choice->globs[i], plain, 0));
	free(plain);
	return found;
}

/* What a symbol says of the file: why returns are not to be probed, or NULL. */
static const char *reason_of(const char *name, bool defined)
{
	static const struct {
		const char *name, *why;
	} known[] = {
		{"__gxx_personality_v0", "exceptions unwind by return addresses"},
		{"rust_eh_personality", "panics unwind by return addresses"},
		{"runtime.morestack", "Go moves its stacks"},
		{"make_fcontext", "coroutines change stacks"},
	};

	/* Where these are defined they need not be used. */
	if (!defined && !strcmp(name, "_Unwind_RaiseException"))
		return "exceptions unwind by return addresses";
	if (!defined && !strcmp(name, "swapcontext"))
		return "coroutines change stacks";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i].name))
			return known[i].why;
	return NULL;
}

/* A part of a function that the compiler moved away: what is on its stack is no return address. */
static bool is_part(const char *name)
{
	return strstr(name, ".cold");
}

/*
 * Functions that keep their return address and come back there later, and code that is
 * entered with something else on top of the stack.
 */
static bool comes_back(const char *name)
{
	static const char *const globs[] = {
		"*setjmp*",	"*vfork*",    "*context",   "*clone*",
		"*_Unwind_*",	"*morestack", "*mcount*",   "_dl_runtime_*",
		"_dl_tlsdesc*", "_start",     "__restore*", "__x86_*_thunk*",
	};

	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		if (!fnmatch(globs[i], name, 0))
			return true;
	return false;
}

static void on_symbol(void *context, const char *name, const GElf_Sym *symbol)
{
	struct search *s = context;
	struct functions *found = s->found;
	bool defined = symbol->st_shndx != SHN_UNDEF;
	const char *why = reason_of(name, defined);
	struct function *grown;
	uint64_t offset;

	if (why)
		found->no_returns = why;
	if (!defined || GELF_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_size ||
	    symbol->st_size > UINT32_MAX || is_part(name) || !matches(s->choice, name))
		return;
	offset = elf_file_offset(s->file, symbol->st_value);
	if (!offset || offset > s->file->bytes || symbol->st_size > s->file->bytes - offset)
		return;
	if (found->count == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		grown = realloc(found->all, s->room * sizeof(*grown));
		if (!grown) {
			s->error = -ENOMEM;
			return;
		}
		found->all = grown;
	}
	/* A symbol's version is none of the name's. */
	found->all[found->count] = (struct function){
		.name = strndup(name, strcspn(name, "@")),
		.offset = offset,
		.bytes = (uint32_t)symbol->st_size,
		.returns = !comes_back(name),
	};
	if (found->all[found->count++].name == NULL)
		s->error = -ENOMEM;
}

static int by_offset(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static int by_bytes_down(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->bytes == y->bytes ? by_offset(a, b)
				    : (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* Several names of one place are one function; and so is one of both symbol tables. */
static void unite(struct functions *found)
{
	size_t kept = 0;

	qsort(found->all, found->count, sizeof(*found->all), by_offset);
	for (size_t i = 0; i < found->count; i++)
		if (kept && found->all[kept - 1].offset == found->all[i].offset) {
			found->all[kept - 1].returns &= found->all[i].returns;
			free(found->all[i].name);
		} else {
			found->all[kept++] = found->all[i];
		}
	found->count = kept;
}

/*
 * Parts of a function that the compiler moved away may jump back. Those are far jumps
 * to anywhere behind a function's first instruction and up to its probe.
 */
static void refuse_jumped_into(struct functions *found, const struct elf_file *file, bool *refused)
{
	const uint8_t *code = file->image;

	for (uint64_t i = 0; i + 6 <= file->bytes; i++) {
		size_t low = 0, high = found->count, opcode;
		uint64_t target;
		int32_t distance;

		if (code[i] == 0xe9)
			opcode = 1;
		else if (code[i] == 0x0f && code[i + 1] >> 4 == 8)
			opcode = 2;
		else
			continue;
		memcpy(&distance, code + i + opcode, sizeof(distance));
		target = i + opcode + 4 + (uint64_t)(int64_t)distance;
		if (target >= file->bytes)
			continue;
		while (high - low > 1) {
			size_t middle = (low + high) / 2;

			if (found->all[middle].offset <= target)
				low = middle;
			else
				high = middle;
		}
		if (low < high && target > found->all[low].offset &&
		    target - found->all[low].offset <= found->all[low].at)
			refused[low] = true;
	}
}

static int place(struct functions *found, const struct elf_file *file,
		 const struct function_choice *choice)
{
	bool *refused = calloc(found->count + 1, sizeof(*refused));
	size_t kept = 0;

	if (!refused)
		return -ENOMEM;
	for (size_t i = 0; i < found->count; i++) {
		struct function *f = &found->all[i];
		size_t at;
		enum placement placement = placement_choose(file->image + f->offset, f->bytes, &at);

		f->at = (uint32_t)at;
		f->cheap = placement == PLACEMENT_CHEAP;
		refused[i] = placement == PLACEMENT_NONE;
	}
	refuse_jumped_into(found, file, refused);
	for (size_t i = 0; i < found->count; i++) {
		struct function *f = &found->all[i];

		found->unsafe += refused[i];
		found->expensive += !refused[i] && !f->cheap && !choice->expensive;
		if (refused[i] || (!f->cheap && !choice->expensive))
			free(f->name);
		else
			found->all[kept++] = *f;
	}
	found->count = kept;
	free(refused);
	return 0;
}

/* The large ones say most, and are called least. */
static void limit(struct functions *found, size_t count)
{
	qsort(found->all, found->count, sizeof(*found->all), by_bytes_down);
	while (found->count > count) {
		free(found->all[--found->count].name);
		found->over_limit++;
	}
	for (size_t i = 0; i < found->count; i++) {
		found->cheap += found->all[i].cheap;
		if (found->no_returns)
			found->all[i].returns = false;
	}
}

int functions_find(struct functions *found, const char *path, const struct function_choice *choice)
{
	struct search search = {.found = found, .choice = choice};
	struct elf_file file;
	GElf_Ehdr header;
	int ret;

	memset(found, 0, sizeof(*found));
	ret = elf_file_open(&file, path, true);
	if (ret)
		return ret;
	search.file = &file;
	if (!gelf_getehdr(file.elf, &header) || header.e_machine != EM_X86_64) {
		ret = -ENOEXEC;
		goto out;
	}
	elf_file_symbols(&file, on_symbol, &search);
	ret = search.error;
	if (ret || !found->count)
		goto out;
	unite(found);
	ret = place(found, &file, choice);
	limit(found, choice->limit);
out:
	elf_file_close(&file);
	if (ret)
		functions_free(found);
	return ret;
}

void functions_free(struct functions *found)
{
	for (size_t i = 0; i < found->count; i++)
		free(found->all[i].name);
	free(found->all);
	found->all = NULL;
	found->count = 0;
}
