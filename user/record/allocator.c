// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An allocator is any file that defines malloc and free: glibc, musl, jemalloc,
 * mimalloc, tcmalloc, or a program with one of them linked in. What is probed is the
 * C interface; C++'s operators end there.
 */
#include "record/allocator.h"
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>
#include "events.h"

static const struct {
	const char *name;
	enum record_function function;
	bool returns;
} family[] = {
	{"malloc", RECORD_MALLOC, true},	  {"calloc", RECORD_CALLOC, true},
	{"realloc", RECORD_REALLOC, true},	  {"memalign", RECORD_MEMALIGN, true},
	{"aligned_alloc", RECORD_MEMALIGN, true}, {"posix_memalign", RECORD_POSIX_MEMALIGN, true},
	{"free", RECORD_FREE_FUNCTION, false},
};

#define FAMILY (sizeof(family) / sizeof(family[0]))

/* The offset in the file of address, or 0. */
static uint64_t file_offset(Elf *elf, uint64_t address)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    header.p_flags & PF_X && address >= header.p_vaddr &&
		    address - header.p_vaddr < header.p_filesz)
			return address - header.p_vaddr + header.p_offset;
	return 0;
}

static bool has_offset(const struct allocator *found, uint64_t offset)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->functions[i].offset == offset)
			return true;
	return false;
}

static void add_symbol(Elf *elf, const char *name, uint64_t address, struct allocator *found,
		       unsigned int *seen)
{
	uint64_t offset;

	for (size_t i = 0; i < FAMILY; i++) {
		if (strcmp(name, family[i].name) || *seen & 1U << i)
			continue;
		offset = file_offset(elf, address);
		/* aligned_alloc may be another name of memalign: one probe for both. */
		if (!offset || has_offset(found, offset) || found->count == ALLOCATOR_FUNCTIONS_MAX)
			return;
		*seen |= 1U << i;
		found->functions[found->count++] =
			(struct allocator_function){offset, family[i].function, family[i].returns};
		return;
	}
}

static void scan_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct allocator *found,
		       unsigned int *seen)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	const char *name;
	GElf_Sym symbol;

	for (size_t i = 0; data && i < count; i++) {
		if (!gelf_getsym(data, (int)i, &symbol) ||
		    GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name)
			add_symbol(elf, name, symbol.st_value, found, seen);
	}
}

size_t allocator_find(const char *path, struct allocator *found)
{
	unsigned int seen = 0;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf *elf;
	int fd;

	found->count = 0;
	elf_version(EV_CURRENT);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	while (elf && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_DYNSYM || header.sh_type == SHT_SYMTAB))
			scan_table(elf, section, &header, found, &seen);
	elf_end(elf);
	close(fd);
	/* One without the other is something else, such as ld.so's own. */
	if (!(seen & 1) || !(seen & 1U << (FAMILY - 1)))
		found->count = 0;
	return found->count;
}
