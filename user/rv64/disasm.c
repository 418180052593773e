// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host instructions as text, by capstone. It is loaded when it is first needed: whoever
 * does not look at host code needs no such library. Without it, bytes are shown.
 *
 * Called by one thread at a time: under the translation lock, or before there are others.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "rv64/disasm.h"

#if __has_include(<capstone/capstone.h>)
#include <capstone/capstone.h>

#define LIBRARY_(major) "libcapstone.so." #major
#define LIBRARY(major)	LIBRARY_(major)

static size_t (*disasm)(csh handle, const u8 *code, size_t bytes, u64 address, size_t count,
			cs_insn **insn);
static void (*release)(cs_insn *insn, size_t count);

static bool load(csh *handle)
{
	void *library = dlopen(LIBRARY(CS_API_MAJOR), RTLD_NOW);
	cs_err (*open)(cs_arch arch, cs_mode mode, csh * handle);

	if (!library)
		return false;
	*(void **)&open = dlsym(library, "cs_open");
	*(void **)&disasm = dlsym(library, "cs_disasm");
	*(void **)&release = dlsym(library, "cs_free");
	return open && disasm && release && open(CS_ARCH_X86, CS_MODE_64, handle) == CS_ERR_OK;
}

static u32 by_capstone(const u8 *code, u32 bytes, u64 address, char *text, size_t room)
{
	static bool tried, loaded;
	static csh handle;
	cs_insn *insn;
	u32 size;

	if (!tried)
		loaded = load(&handle);
	tried = true;
	if (!loaded || !disasm(handle, code, bytes, address, 1, &insn))
		return 0;
	snprintf(text, room, "%s%s%s", insn->mnemonic, *insn->op_str ? " " : "", insn->op_str);
	size = insn->size;
	release(insn, 1);
	return size;
}
#else
static u32 by_capstone(const u8 *code, u32 bytes, u64 address, char *text, size_t room)
{
	return 0;
}
#endif

u32 rv64_disassemble(const u8 *code, u32 bytes, u64 address, char *text, size_t room)
{
	u32 size = by_capstone(code, bytes, address, text, room);
	u32 left = min(bytes, 8u), n;

	if (size)
		return size;
	n = snprintf(text, room, ".byte");
	for (u32 i = 0; i < left && n < room; i++)
		n += snprintf(text + n, room - n, " %02x", code[i]);
	return left;
}
