// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What perf reads after a run to name translated code:
 *
 *   /tmp/perf-PID.map	a line for each block; perf report reads it by itself
 *   DIR/jit-PID.dump	each block with its code and time, for perf inject --jit, in the
 *			format of linux/tools/perf/Documentation/jitdump-specification.txt
 *
 * Files are only open while they are written to: descriptors are the guest's. A child of
 * fork begins files of its own, with all blocks that it has from its parent; one of vfork
 * writes to its parent's, whose blocks it adds to.
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rv64/vcpu.h"

#define JITDUMP_MAGIC	0x4a695444
#define JITDUMP_VERSION 1
#define JIT_CODE_LOAD	0

static pid_t process;  /* whose memory this is; 0: not asked yet */
static u64 nr_records; /* in its jitdump */

struct jit_header {
	u32 magic, version, total_size, elf_mach, pad, pid;
	u64 timestamp, flags;
};

struct jit_load {
	u32 id, total_size;
	u64 timestamp;
	u32 pid, tid;
	u64 vma, code_addr, code_size, code_index;
	/* the name and a zero, the code */
};

static void map_line(FILE *out, const struct tb *tb)
{
	char text[96];

	fprintf(out, "%" PRIxPTR " %x %s\n", (uintptr_t)rv64_tb_entry(tb), tb->host_bytes,
		rv64_print_symbol(tb->pc, text, sizeof(text)));
}

/* The function alone, so that perf adds up its blocks. */
static void load_record(FILE *out, const struct tb *tb)
{
	char name[96], *plus;
	u64 entry = (u64)rv64_tb_entry(tb);
	struct jit_load record = {
		.id = JIT_CODE_LOAD,
		.timestamp = rv64_now_ns(),
		.pid = process,
		.tid = gettid(),
		.vma = entry,
		.code_addr = entry,
		.code_size = tb->host_bytes,
		.code_index = nr_records++,
	};

	rv64_print_symbol(tb->pc, name, sizeof(name));
	plus = strrchr(name, '+');
	if (plus)
		*plus = 0;
	record.total_size = sizeof(record) + strlen(name) + 1 + tb->host_bytes;
	fwrite(&record, sizeof(record), 1, out);
	fwrite(name, strlen(name) + 1, 1, out);
	fwrite(rv64_tb_entry(tb), tb->host_bytes, 1, out);
}

static void dump_header(FILE *out)
{
	struct jit_header header = {
		.magic = JITDUMP_MAGIC,
		.version = JITDUMP_VERSION,
		.total_size = sizeof(header),
		.elf_mach = EM_X86_64,
		.pid = process,
		.timestamp = rv64_now_ns(),
	};

	fwrite(&header, sizeof(header), 1, out);
}

/* A mapping that may be executed is what perf record notes: so it learns of the file. */
static void show_dump(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		close(fd);
	}
}

struct perf_file {
	const char *format; /* of its name: folder, process */
	void (*begin)(FILE *out);
	void (*add)(FILE *out, const struct tb *tb);
	void (*show)(const char *path);
	pid_t pid; /* whose file it is; 0 before the first */
};

static void write_file(struct perf_file *file, const char *dir, const struct tb *tb)
{
	char path[4096];
	bool begin = file->pid != process;
	FILE *out;

	snprintf(path, sizeof(path), file->format, dir, process);
	if (begin)
		unlink(path); /* of another process's, or a trap */
	out = fopen(path, begin ? "wxe" : "ae");
	if (!out)
		return;
	if (begin && file->begin)
		file->begin(out);
	for (u32 i = 0; begin && i < rv64_code.nr_tbs; i++)
		file->add(out, &rv64_code.tbs[i]);
	if (!begin)
		file->add(out, tb);
	fclose(out);
	if (begin && file->show)
		file->show(path);
	file->pid = process;
}

void rv64_perf_forked(void)
{
	process = 0;
	nr_records = 0;
}

void rv64_perf_add(const struct tb *tb)
{
	static struct perf_file map = {.format = "%s/perf-%d.map", .add = map_line};
	static struct perf_file dump = {.format = "%s/jit-%d.dump",
					.begin = dump_header,
					.add = load_record,
					.show = show_dump};

	if (!process)
		process = getpid();
	if (rv64_options.perf_map)
		write_file(&map, "/tmp", tb);
	if (rv64_options.jitdump)
		write_file(&dump, rv64_options.jitdump, tb);
}
