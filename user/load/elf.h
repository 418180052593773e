/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User-space exec, the part that concerns files: what a file is, and its
 * segments mapped where the kernel would put them with randomisation off.
 */
#ifndef SUNDIAL_LOAD_ELF_H
#define SUNDIAL_LOAD_ELF_H

#include <limits.h>
#include "base/types.h"

#define EXEC_HEAD_BYTES 256 /* as much of a script's first line as Linux reads */

enum exec_type {
	EXEC_ELF,
	EXEC_SCRIPT,
};

struct exec_file {
	enum exec_type type;
	u16 machine;			/* ELF: EM_X86_64 or EM_RISCV */
	char interpreter[PATH_MAX];	/* ELF: PT_INTERP; script: after #! */
	char argument[EXEC_HEAD_BYTES]; /* script: the rest of the line, "" when none */
};

/*
 * Says what the file open as fd is. -ENOEXEC when it is nothing that one of the
 * engines executes, -EIO or -ELIBBAD for damaged ones.
 */
long exec_probe(int fd, struct exec_file *out);

struct elf_image {
	u64 base; /* what was added to the file's addresses */
	u64 entry, phdr, phnum;
	u64 end;	 /* first byte after the last segment: where brk starts */
	u32 stack_flags; /* PT_GNU_STACK's p_flags */
	bool dynamic;	 /* ET_DYN */
};

/* The address space that a program is loaded into, for engines that keep account of it. */
struct elf_space {
	/* As the system calls: an address or 0, or -errno. */
	long (*map)(u64 addr, u64 bytes, int prot, int flags, int fd, u64 offset);
	long (*unmap)(u64 addr, u64 bytes);
	/* Writes zeroes; -EFAULT where the file is too short for the pages mapped of it. */
	long (*zero)(u64 addr, u64 bytes);
};

/*
 * Maps the segments of the file open as fd, which must be built for machine; a
 * position-independent one at hint (0: the space chooses). space is NULL for the
 * caller's own. Negative errno; part of it may then be mapped.
 */
long elf_load(int fd, u16 machine, u64 hint, const struct elf_space *space,
	      struct elf_image *image);

#endif
