// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names for guest addresses, for --stats, --dump and perf: from the symbol tables of the
 * ELF files that are mapped there. Guest addresses are host addresses, so the host's
 * /proc/self/maps knows the files.
 *
 * Under the translation lock. What was learnt of a range is kept; a range that is mapped
 * anew keeps its old names.
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rv64/vcpu.h"

#define PATH_BYTES 1024

struct symbol {
	u64 start, bytes;
	const char *name;
};

/* A range of /proc/self/maps; no symbols if it is of no ELF file that can be read. */
struct object {
	struct object *next;
	u64 start, end;
	u32 nr_symbols;
	struct symbol *symbols;
	char file[64];
};

static struct object *objects;

static int by_start(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The line of pc: its range, and path and offset of its file. False: there is none. */
static bool find_mapping(u64 pc, struct object *object, u64 *offset, char *path)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_BYTES + 128];
	bool found = false;

	while (maps && !found && fgets(line, sizeof(line), maps)) {
		*path = 0;
		found = sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %1023[^\n]",
			       &object->start, &object->end, offset, path) >= 3 &&
			pc >= object->start && pc < object->end;
	}
	if (maps)
		fclose(maps);
	return found;
}

static bool within(u64 offset, u64 bytes, size_t size)
{
	return offset <= size && bytes <= size - offset;
}

/* How far the file's addresses are from the guest's, of what is mapped from offset on. */
static bool find_bias(const u8 *image, size_t size, u64 start, u64 offset, u64 *bias)
{
	const Elf64_Ehdr *header = (const void *)image;
	const Elf64_Phdr *segment;

	if (!within(header->e_phoff, (u64)header->e_phnum * sizeof(*segment), size))
		return false;
	segment = (const void *)(image + header->e_phoff);
	for (u32 i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type != PT_LOAD || !(segment[i].p_flags & PF_X))
			continue;
		*bias = start - offset - (segment[i].p_vaddr - segment[i].p_offset);
		return true;
	}
	return false;
}

static void take_symbols(struct object *object, const u8 *image, size_t size,
			 const Elf64_Shdr *table, const Elf64_Shdr *names, u64 bias)
{
	const Elf64_Sym *from = (const void *)(image + table->sh_offset);
	u64 count = table->sh_size / sizeof(*from);

	if (!within(table->sh_offset, table->sh_size, size) ||
	    !within(names->sh_offset, names->sh_size, size) || !names->sh_size ||
	    image[names->sh_offset + names->sh_size - 1])
		return;
	object->symbols = calloc(count, sizeof(*object->symbols));
	for (u64 i = 0; object->symbols && i < count; i++) {
		if (ELF64_ST_TYPE(from[i].st_info) != STT_FUNC || !from[i].st_shndx ||
		    from[i].st_name >= names->sh_size)
			continue;
		object->symbols[object->nr_symbols++] =
			(struct symbol){from[i].st_value + bias, from[i].st_size,
					(const char *)image + names->sh_offset + from[i].st_name};
	}
	if (object->nr_symbols)
		qsort(object->symbols, object->nr_symbols, sizeof(*object->symbols), by_start);
}

/* The image stays mapped: the names are in it. */
static void read_image(struct object *object, const u8 *image, size_t size, u64 offset)
{
	const Elf64_Ehdr *header = (const void *)image;
	const Elf64_Shdr *section, *best = NULL;
	u64 bias;

	if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_machine != EM_RISCV ||
	    !within(header->e_shoff, (u64)header->e_shnum * sizeof(*section), size) ||
	    !find_bias(image, size, object->start, offset, &bias))
		return;
	section = (const void *)(image + header->e_shoff);
	for (u32 i = 0; i < header->e_shnum; i++) {
		if (section[i].sh_type == SHT_SYMTAB || (section[i].sh_type == SHT_DYNSYM && !best))
			best = &section[i];
	}
	if (best && best->sh_link < header->e_shnum)
		take_symbols(object, image, size, best, &section[best->sh_link], bias);
}

static void read_file(struct object *object, const char *path, u64 offset)
{
	const char *slash = strrchr(path, '/');
	struct stat stat;
	void *image;
	int fd;

	if (*path != '/')
		return;
	snprintf(object->file, sizeof(object->file), "%s", slash + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &stat) && S_ISREG(stat.st_mode) && stat.st_size) {
		image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image != MAP_FAILED)
			read_image(object, image, stat.st_size, offset);
	}
	close(fd);
}

static struct object *object_of(u64 pc)
{
	struct object *object;
	char path[PATH_BYTES];
	u64 offset;

	for (object = objects; object; object = object->next) {
		if (pc >= object->start && pc < object->end)
			return object;
	}
	object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	if (!find_mapping(pc, object, &offset, path)) {
		free(object);
		return NULL;
	}
	read_file(object, path, offset);
	object->next = objects;
	objects = object;
	return object;
}

/* The last symbol that begins at or before pc, if pc is in it or it has no size. */
static const struct symbol *symbol_in(const struct object *object, u64 pc)
{
	const struct symbol *symbol;
	u32 low = 0, high = object->nr_symbols;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (object->symbols[middle].start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	symbol = low ? &object->symbols[low - 1] : NULL;
	return symbol && (!symbol->bytes || pc - symbol->start < symbol->bytes) ? symbol : NULL;
}

char *rv64_print_symbol(u64 pc, char *text, size_t bytes)
{
	const struct object *object = object_of(pc);
	const struct symbol *symbol = object ? symbol_in(object, pc) : NULL;

	if (symbol && pc != symbol->start)
		snprintf(text, bytes, "%s+%#" PRIx64, symbol->name, pc - symbol->start);
	else if (symbol)
		snprintf(text, bytes, "%s", symbol->name);
	else
		snprintf(text, bytes, "%s%s%#" PRIx64, object ? object->file : "",
			 object && *object->file ? ":" : "", pc);
	return text;
}
