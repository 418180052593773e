// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A note in .note.stapsdt has the address of a nop, of a counter, and where the
 * arguments are, as the assembler would write it. Nothing in it is trusted.
 */
#include "record/usdt.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "record/elf_file.h"

#define NOTE_TYPE 3

/* By their place in struct pt_regs, in words. */
static const struct {
	const char *names[4];
	uint8_t word;
} registers[] = {
	{{"r15", "r15d", "r15w", "r15b"}, 0}, {{"r14", "r14d", "r14w", "r14b"}, 1},
	{{"r13", "r13d", "r13w", "r13b"}, 2}, {{"r12", "r12d", "r12w", "r12b"}, 3},
	{{"rbp", "ebp", "bp", "bpl"}, 4},     {{"rbx", "ebx", "bx", "bl"}, 5},
	{{"r11", "r11d", "r11w", "r11b"}, 6}, {{"r10", "r10d", "r10w", "r10b"}, 7},
	{{"r9", "r9d", "r9w", "r9b"}, 8},     {{"r8", "r8d", "r8w", "r8b"}, 9},
	{{"rax", "eax", "ax", "al"}, 10},     {{"rcx", "ecx", "cx", "cl"}, 11},
	{{"rdx", "edx", "dx", "dl"}, 12},     {{"rsi", "esi", "si", "sil"}, 13},
	{{"rdi", "edi", "di", "dil"}, 14},    {{"rip", "eip", "ip", ""}, 16},
	{{"rsp", "esp", "sp", "spl"}, 19},
};

/* The register at text, which is left behind it; RECORD_NO_REGISTER if it is none. */
static uint8_t parse_register(const char **text)
{
	size_t length;

	if (**text != '%')
		return RECORD_NO_REGISTER;
	++*text;
	length = strspn(*text, "abcdefghijklmnopqrstuvwxyz0123456789");
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		for (int n = 0; n < 4; n++)
			if (length == strlen(registers[i].names[n]) && length &&
			    !strncmp(*text, registers[i].names[n], length)) {
				*text += length;
				return registers[i].word;
			}
	return RECORD_NO_REGISTER;
}

/* "(%base)", "(%base,%index)", "(%base,%index,scale)" */
static bool parse_memory(struct record_argument *argument, const char *at)
{
	char *end;

	if (*at++ != '(')
		return false;
	argument->index = RECORD_NO_REGISTER;
	argument->scale = 1;
	argument->base = parse_register(&at);
	if (argument->base == RECORD_NO_REGISTER)
		return false;
	if (*at == ',') {
		at++;
		argument->index = parse_register(&at);
		if (argument->index == RECORD_NO_REGISTER)
			return false;
	}
	if (*at == ',') {
		argument->scale = (uint8_t)strtoul(at + 1, &end, 10);
		at = end;
	}
	argument->kind = RECORD_ARGUMENT_MEMORY;
	return !strcmp(at, ")");
}

/* One word of the note. What is not understood is unknown, such as floating point. */
static void parse_argument(struct record_argument *argument, const char *word)
{
	char *end;
	long bytes = strtol(word, &end, 10);
	const char *at = end + 1;

	memset(argument, 0, sizeof(*argument));
	if (*end != '@' ||
	    (labs(bytes) != 1 && labs(bytes) != 2 && labs(bytes) != 4 && labs(bytes) != 8))
		return;
	argument->bytes = (int8_t)bytes;
	if (*at == '$') {
		argument->value = strtoll(at + 1, &end, 0);
		if (!*end)
			argument->kind = RECORD_ARGUMENT_CONSTANT;
	} else if (*at == '%') {
		argument->base = parse_register(&at);
		if (argument->base != RECORD_NO_REGISTER && !*at)
			argument->kind = RECORD_ARGUMENT_REGISTER;
	} else {
		argument->value = strtoll(at, &end, 0);
		/* With a symbol in it, it cannot be told from here. */
		if (!parse_memory(argument, end))
			argument->kind = RECORD_ARGUMENT_UNKNOWN;
	}
}

void usdt_parse(struct record_usdt_spec *spec, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word;

	memset(spec, 0, sizeof(*spec));
	while (copy && spec->count < RECORD_ARGUMENTS && (word = strsep(&rest, " ")))
		if (*word)
			parse_argument(&spec->arguments[spec->count++], word);
	free(copy);
}

static bool matches(const char *name, const char *provider, const char *const *globs,
		    size_t glob_count)
{
	for (size_t i = 0; i < glob_count; i++)
		if (!fnmatch(globs[i], strchr(globs[i], ':') ? name : provider, 0))
			return true;
	return false;
}

/* What the linker moved, the notes did not follow. */
static uint64_t moved_by(const struct elf_file *file, uint64_t base)
{
	GElf_Shdr header;

	return elf_file_section(file, ".stapsdt.base", &header) ? header.sh_addr - base : 0;
}

static int add(struct usdts *found, const struct elf_file *file, const uint64_t *addresses,
	       char *name, const char *arguments)
{
	uint64_t moved = moved_by(file, addresses[1]);
	struct usdt *grown = realloc(found->all, (found->count + 1) * sizeof(*grown));
	struct usdt *usdt;

	if (!grown)
		return -ENOMEM;
	found->all = grown;
	usdt = &grown[found->count];
	*usdt = (struct usdt){.name = name};
	usdt->offset = elf_file_offset(file, addresses[0] + moved);
	if (addresses[2])
		usdt->counter = elf_file_data_offset(file, addresses[2] + moved);
	usdt_parse(&usdt->spec, arguments);
	/* A nop of five bytes would become a call, which pushes. */
	if (!usdt->offset || usdt->offset >= file->bytes || file->image[usdt->offset] != 0x90 ||
	    (addresses[2] && !usdt->counter)) {
		found->unsafe++;
		free(name);
		return 0;
	}
	found->count++;
	return 0;
}

/* One note's description: three addresses and three texts. */
static int take(struct usdts *found, const struct elf_file *file, const char *data, size_t bytes,
		const char *const *globs, size_t glob_count)
{
	uint64_t addresses[3];
	const char *texts[3], *at = data + sizeof(addresses), *end = data + bytes;
	char *name;
	int ret;

	if (bytes < sizeof(addresses))
		return 0;
	memcpy(addresses, data, sizeof(addresses));
	for (int i = 0; i < 3; i++) {
		const char *zero = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;

		if (!zero)
			return 0;
		texts[i] = at;
		at = zero + 1;
	}
	if (asprintf(&name, "%s:%s", texts[0], texts[1]) < 0)
		return -ENOMEM;
	if (!matches(name, texts[0], globs, glob_count)) {
		free(name);
		return 0;
	}
	ret = add(found, file, addresses, name, texts[2]);
	if (ret)
		free(name);
	return ret;
}

int usdts_find(struct usdts *found, const char *path, const char *const *globs, size_t glob_count)
{
	size_t at = 0, next, name_at, description_at;
	struct elf_file file;
	GElf_Shdr header;
	GElf_Nhdr note;
	Elf_Scn *section;
	Elf_Data *data;
	int ret;

	memset(found, 0, sizeof(*found));
	ret = elf_file_open(&file, path, false);
	if (ret)
		return ret;
	section = elf_file_section(&file, ".note.stapsdt", &header);
	data = section ? elf_getdata(section, NULL) : NULL;
	while (data && !ret &&
	       (next = gelf_getnote(data, at, &note, &name_at, &description_at)) > 0) {
		const char *name = (const char *)data->d_buf + name_at;

		if (note.n_type == NOTE_TYPE && note.n_namesz == sizeof("stapsdt") &&
		    !memcmp(name, "stapsdt", sizeof("stapsdt")))
			ret = take(found, &file, (const char *)data->d_buf + description_at,
				   note.n_descsz, globs, glob_count);
		at = next;
	}
	elf_file_close(&file);
	if (ret)
		usdts_free(found);
	return ret;
}

void usdts_free(struct usdts *found)
{
	for (size_t i = 0; i < found->count; i++)
		free(found->all[i].name);
	free(found->all);
	found->all = NULL;
	found->count = 0;
}
