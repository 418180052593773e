// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Debugging information of a stripped file is looked for where Debian's packages put
 * it, under its build-id; its symbols have the addresses of the file itself.
 */
#include "record/elf_file.h"
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool has_table(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

static void open_debug(struct elf_file *file)
{
	char path[128] = "/usr/lib/debug/.build-id/";
	size_t at = strlen(path);
	const void *data;
	const uint8_t *id;
	ssize_t count = dwelf_elf_gnu_build_id(file->elf, &data);

	if (count < 2 || count > 32)
		return;
	id = data;
	for (ssize_t i = 0; i < count; i++)
		at += (size_t)sprintf(path + at, i == 1 ? "/%02x" : "%02x", id[i]);
	strcpy(path + at, ".debug");
	file->debug_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->debug_fd >= 0)
		file->debug = elf_begin(file->debug_fd, ELF_C_READ_MMAP, NULL);
}

int elf_file_open(struct elf_file *file, const char *path, bool debug)
{
	GElf_Ehdr header;
	int ret = -ENOEXEC;

	memset(file, 0, sizeof(*file));
	file->debug_fd = -1;
	elf_version(EV_CURRENT);
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0)
		return -errno;
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (!file->elf || !gelf_getehdr(file->elf, &header))
		goto out;
	file->image = (const uint8_t *)elf_rawfile(file->elf, &file->bytes);
	if (!file->image)
		goto out;
	if (debug && !has_table(file->elf))
		open_debug(file);
	return 0;
out:
	elf_file_close(file);
	return ret;
}

void elf_file_close(struct elf_file *file)
{
	elf_end(file->debug);
	elf_end(file->elf);
	if (file->debug_fd >= 0)
		close(file->debug_fd);
	if (file->fd >= 0)
		close(file->fd);
	memset(file, 0, sizeof(*file));
	file->fd = file->debug_fd = -1;
}

static uint64_t offset_of(const struct elf_file *file, uint64_t address, uint32_t flags)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(file->elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(file->elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    (header.p_flags & flags) == flags && address >= header.p_vaddr &&
		    address - header.p_vaddr < header.p_filesz)
			return address - header.p_vaddr + header.p_offset;
	return 0;
}

uint64_t elf_file_offset(const struct elf_file *file, uint64_t address)
{
	return offset_of(file, address, PF_X);
}

uint64_t elf_file_data_offset(const struct elf_file *file, uint64_t address)
{
	return offset_of(file, address, 0);
}

Elf_Scn *elf_file_section(const struct elf_file *file, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	const char *found;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return NULL;
	while ((section = elf_nextscn(file->elf, section))) {
		if (!gelf_getshdr(section, header))
			continue;
		found = elf_strptr(file->elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

static void scan(Elf *elf, elf_symbol_seen *seen, void *context)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;
		size_t count;

		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_DYNSYM && header.sh_type != SHT_SYMTAB))
			continue;
		data = elf_getdata(section, NULL);
		count = header.sh_entsize ? header.sh_size / header.sh_entsize : 0;
		for (size_t i = 0; data && i < count; i++) {
			const char *name = NULL;

			if (gelf_getsym(data, (int)i, &symbol))
				name = elf_strptr(elf, header.sh_link, symbol.st_name);
			if (name && *name)
				seen(context, name, &symbol);
		}
	}
}

void elf_file_symbols(const struct elf_file *file, elf_symbol_seen *seen, void *context)
{
	scan(file->elf, seen, context);
	if (file->debug)
		scan(file->debug, seen, context);
}
