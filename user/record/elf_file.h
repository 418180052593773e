/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ELF file that is to be probed: its symbols, and where they are in the file. */
#ifndef RECORD_ELF_FILE_H
#define RECORD_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
	int fd, debug_fd;
	Elf *elf;
	Elf *debug; /* its separate debugging information, or NULL */
	const uint8_t *image;
	size_t bytes;
};

/*
 * Opens path for reading; debug: with its debugging information, if it is installed
 * apart. 0 or negative errno: -ENOEXEC if it is no ELF file.
 */
int elf_file_open(struct elf_file *file, const char *path, bool debug);
void elf_file_close(struct elf_file *file);

/* The offset in the file of an address in an executable segment, or 0. */
uint64_t elf_file_offset(const struct elf_file *file, uint64_t address);

/* The same of an address in any segment that is loaded from the file. */
uint64_t elf_file_data_offset(const struct elf_file *file, uint64_t address);

/* The section of that name with its header, or NULL. */
Elf_Scn *elf_file_section(const struct elf_file *file, const char *name, GElf_Shdr *header);

/*
 * Calls seen for each symbol of the file and of its debugging information; those that
 * it does not define have the section SHN_UNDEF.
 */
typedef void elf_symbol_seen(void *context, const char *name, const GElf_Sym *symbol);
void elf_file_symbols(const struct elf_file *file, elf_symbol_seen *seen, void *context);

#endif
