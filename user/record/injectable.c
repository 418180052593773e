// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A static program has no dynamic linker that would load the library, and a sanitizer
 * that is a library of its own ends a program in which another one comes before it.
 */
#include "record/injectable.h"
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_sanitizer(const char *name)
{
	static const char *const names[] = {"libasan.so", "liblsan.so", "libtsan.so",
					    "libhwasan.so", "libclang_rt.asan"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name && !strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Whether the dynamic section names a sanitizer as needed. */
static bool needs_sanitizer(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Dyn entry;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getdyn(data, i, &entry); i++)
			if (entry.d_tag == DT_NEEDED &&
			    is_sanitizer(elf_strptr(elf, header.sh_link, entry.d_un.d_val)))
				return true;
	}
	return false;
}

static bool has_interpreter(Elf *elf)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_INTERP)
			return true;
	return false;
}

const char *not_injectable(const char *path)
{
	const char *why = NULL;
	struct stat st;
	Elf *elf;
	int fd;

	if (!stat(path, &st) && st.st_mode & (S_ISUID | S_ISGID))
		return "it changes its user or group";
	elf_version(EV_CURRENT);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF) {
		if (!has_interpreter(elf))
			why = "it is static";
		else if (needs_sanitizer(elf))
			why = "it has a sanitizer, which must come first";
	}
	elf_end(elf);
	close(fd);
	return why;
}
