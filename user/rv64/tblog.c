// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file that `sundial tb` reads: a line for each block that was executed, with its
 * count and its code of both machines. Lines are appended when code memory is flushed,
 * when the program executes another, and when it ends; by each process of it. Those
 * of a child of vfork, which executes its parent's blocks, are written by the parent.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "rv64/vcpu.h"

static void hex(FILE *out, const u8 *bytes, u32 count)
{
	fputc(' ', out);
	for (u32 i = 0; i < count; i++)
		fprintf(out, "%02x", bytes[i]);
}

/* pc, executions, instructions; guest code; host address and code; where each guest
 * instruction begins in either, as pairs; the symbol. */
static void line(FILE *out, const struct tb *tb)
{
	char text[96];

	fprintf(out, "%" PRIx64 " %" PRIu64 " %u", tb->pc, tb->executions, tb->nr_insns);
	hex(out, tb->code, tb->bytes);
	fprintf(out, " %" PRIxPTR, (uintptr_t)rv64_tb_entry(tb));
	hex(out, rv64_tb_entry(tb), tb->host_bytes);
	for (u32 i = 0; i < tb->nr_insns; i++)
		fprintf(out, "%c%x:%x", i ? ',' : ' ', tb->offset[i], tb->host_offset[i]);
	fprintf(out, " %s\n", rv64_print_symbol(tb->pc, text, sizeof(text)));
}

static void append(const char *text, size_t bytes)
{
	int fd = open(rv64_options.tb_log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	while (bytes) {
		ssize_t n = write(fd, text, bytes);

		if (n <= 0)
			break;
		text += n;
		bytes -= n;
	}
	close(fd);
}

void rv64_log_blocks(void)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = rv64_options.tb_log ? open_memstream(&text, &bytes) : NULL;

	if (!out)
		return;
	for (u32 i = 0; i < rv64_code.nr_tbs; i++) {
		if (rv64_code.tbs[i].executions)
			line(out, &rv64_code.tbs[i]);
		rv64_code.tbs[i].executions = 0;
	}
	fclose(out);
	append(text, bytes);
	free(text);
}

void rv64_write_log(void)
{
	if (!rv64_options.tb_log)
		return;
	rv64_lock();
	rv64_log_blocks();
	rv64_unlock();
}
