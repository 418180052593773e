// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest memory for the debugger, breakpoints and watchpoints.
 *
 * Memory is accessed through /proc, so that an address without memory is an error and
 * read-only memory can be written to. Breakpoints are the engine's and leave memory alone.
 * With a watchpoint set every instruction is stepped, and what it is about to access is
 * compared with all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "rv64/decode.h"
#include "rv64/exec.h"
#include "rv64/gdb/stub.h"

#define MAX_WATCHES 64

struct watch {
	u64 address, bytes;
	u8 kind; /* enum gdb_watch */
};

static int memory = -1;
static struct watch watches[MAX_WATCHES]; /* changed while the world is stopped */
static u32 nr_watches;

/* Not /proc/self: the process may outlive its first thread. */
int gdb_memory_open(void)
{
	memory = open("/proc/thread-self/mem", O_RDWR | O_CLOEXEC);
	return memory < 0 ? -errno : 0;
}

/* How many of the bytes are the guest's. */
static u64 in_space(u64 address, u64 bytes)
{
	return address < RV64_SPACE_END ? min(bytes, RV64_SPACE_END - address) : 0;
}

s64 gdb_memory_read(void *to, u64 address, u64 bytes)
{
	return pread(memory, to, in_space(address, bytes), address);
}

bool gdb_memory_write(u64 address, const void *from, u64 bytes)
{
	bool done = in_space(address, bytes) == bytes &&
		    pwrite(memory, from, bytes, address) == (ssize_t)bytes;

	rv64_code_changed(address, bytes);
	return done;
}

static bool watch(bool insert, u32 kind, u64 address, u64 bytes)
{
	struct watch *w;

	for (w = watches; w < watches + nr_watches; w++) {
		if (w->kind != kind || w->address != address || w->bytes != bytes)
			continue;
		if (!insert)
			*w = watches[--nr_watches];
		return true;
	}
	if (insert && nr_watches == MAX_WATCHES)
		return false;
	if (insert)
		watches[nr_watches++] = (struct watch){address, bytes, kind};
	return true;
}

bool gdb_point(bool insert, u32 kind, u64 address, u64 bytes)
{
	if (kind > GDB_WATCH_ACCESS || address >= RV64_SPACE_END)
		return false;
	if (kind >= GDB_WATCH_WRITE)
		return watch(insert, kind, address, bytes);
	if (insert)
		return !rv64_breakpoint_add(address);
	rv64_breakpoint_remove(address);
	return true;
}

void gdb_points_clear(void)
{
	nr_watches = 0;
	rv64_breakpoint_remove_all();
}

bool gdb_watching(void)
{
	return nr_watches;
}

/* How many bytes it accesses: the last letter of its name but a 'u' says so. */
static u64 width_of(const char *name)
{
	size_t last = __builtin_strlen(name) - 1;

	switch (name[last] == 'u' ? name[last - 1] : name[last]) {
	case 'b':
		return 1;
	case 'h':
		return 2;
	case 'w':
		return 4;
	default:
		return 8;
	}
}

/* What the instruction does to memory, as bits of 1 << enum gdb_watch. */
static u32 accesses_of(u8 format)
{
	const u32 reads = 1 << GDB_WATCH_READ | 1 << GDB_WATCH_ACCESS;
	const u32 writes = 1 << GDB_WATCH_WRITE | 1 << GDB_WATCH_ACCESS;

	switch (format) {
	case RV64_FMT_LOAD:
	case RV64_FMT_FLOAD:
		return reads;
	case RV64_FMT_STORE:
	case RV64_FMT_FSTORE:
		return writes;
	case RV64_FMT_LR: /* it is stepped together with its SC */
	case RV64_FMT_AMO:
		return reads | writes;
	default:
		return 0;
	}
}

static bool fetch(u64 pc, struct rv64_insn *insn)
{
	u16 half[2] = {0};

	if (get_user(half[0], pc) || (!rv64_is_short(half[0]) && get_user(half[1], pc + 2)))
		return false;
	return rv64_decode(half[0] | (u32)half[1] << 16, insn);
}

void gdb_watch_next(struct rv64_thread *t)
{
	struct rv64_insn insn;
	u64 address, width;
	u32 accesses;

	if (!fetch(t->cpu.pc, &insn))
		return;
	accesses = accesses_of(rv64_ops[insn.op].format);
	address = t->cpu.x[insn.rs1] + insn.imm;
	width = width_of(rv64_ops[insn.op].name);
	for (u32 i = 0; i < nr_watches; i++) {
		const struct watch *w = &watches[i];

		if (!(accesses & 1 << w->kind) || address >= w->address + w->bytes ||
		    w->address >= address + width)
			continue;
		t->gdb.watched = max(address, w->address);
		t->gdb.watch_kind = w->kind;
		return;
	}
}
