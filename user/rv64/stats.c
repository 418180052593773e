// SPDX-License-Identifier: GPL-2.0-or-later
/* What the engine did and made: --stats and --dump. */
#include <inttypes.h>
#include <time.h>
#include "rv64/disasm.h"
#include "rv64/vcpu.h"

u64 rv64_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

void rv64_add_stats(struct rv64_stats *to, const struct rv64_stats *from)
{
	for (u32 i = 0; i < sizeof(*to) / sizeof(u64); i++)
		((u64 *)to)[i] += ((const u64 *)from)[i];
}

static void line(FILE *file, const char *name, u64 count, u64 of)
{
	fprintf(file, "  %-22s %14" PRIu64, name, count);
	if (of)
		fprintf(file, "  %6.2f%%", 100.0 * count / of);
	fputc('\n', file);
}

#define HOTTEST 10

static u64 heat(const struct tb *tb)
{
	return tb->executions * tb->nr_insns;
}

/* The TBs in which most instructions were executed, of those that were not flushed. */
static void print_hottest(FILE *file)
{
	const struct tb *best[HOTTEST + 1];
	u32 count = 0;
	u64 sum = 0;
	char text[96];

	rv64_lock();
	for (u32 i = 0; i < rv64_code.nr_tbs; i++) {
		const struct tb *tb = &rv64_code.tbs[i];
		u32 at = count;

		sum += heat(tb);
		for (; at > 0 && heat(best[at - 1]) < heat(tb); at--)
			best[at] = best[at - 1];
		if (at == HOTTEST)
			continue;
		best[at] = tb;
		count += count < HOTTEST;
	}
	fprintf(file, "  hottest blocks: executions, instructions, of all, where\n");
	for (u32 i = 0; i < count; i++)
		fprintf(file, "  %12" PRIu64 " %4u %6.2f%%  %s\n", best[i]->executions,
			best[i]->nr_insns, sum ? 100.0 * heat(best[i]) / sum : 0.0,
			rv64_print_symbol(best[i]->pc, text, sizeof(text)));
	rv64_unlock();
}

void rv64_print_stats(FILE *file)
{
	struct rv64_stats sum, *s = &sum;
	u64 exits, tries;

	rv64_sum_stats(&sum);
	exits = s->chain_exits[0] + s->chain_exits[1] + s->nochain_exits + s->real_exits;
	tries = s->patched + s->already_chained;

	fprintf(file, "rv64 engine\n");
	line(file, "loop iterations", s->iterations, 0);
	line(file, "jump-cache hits", s->jump_cache_hits, s->iterations);
	line(file, "hash hits", s->hash_hits, s->iterations);
	line(file, "hints used", s->hints_used, s->iterations);
	line(file, "translations", s->translations, s->iterations);
	line(file, "revived", s->revived, s->iterations);
	line(file, "chained exits, slot 0", s->chain_exits[0], exits);
	line(file, "chained exits, slot 1", s->chain_exits[1], exits);
	line(file, "nochain exits", s->nochain_exits, exits);
	line(file, "real exits", s->real_exits, exits);
	line(file, "chains patched", s->patched, tries);
	line(file, "cycles", s->cycles, s->patched);
	line(file, "already chained", s->already_chained, tries);
	line(file, "exclusive sections", s->exclusive, 0);
	line(file, "flushes", s->flushes, 0);
	line(file, "guest instructions", s->guest_insns, 0);
	line(file, "guest code bytes", s->guest_bytes, 0);
	line(file, "host code bytes", s->host_bytes, 0);
	if (s->guest_bytes)
		fprintf(file, "  %-22s %14.2f\n", "host/guest bytes",
			(double)s->host_bytes / s->guest_bytes);
	fprintf(file, "  %-22s %11.3f ms\n", "time in translation", s->translation_ns / 1e6);
	if (rv64_options.stats)
		print_hottest(file);
}

static void dump_in(const struct ir_block *block, FILE *file)
{
	char text[96];

	for (u32 i = 0; i < block->nr_insns; i++) {
		const struct rv64_insn *insn = &block->insn[i];

		fprintf(file, "  %8" PRIx64 ": %0*x%*s %s\n", block->pc + block->offset[i],
			insn->size * 2, insn->raw, 9 - insn->size * 2, "",
			rv64_print_insn(insn, text, sizeof(text)));
	}
}

static void dump_out(const struct tb *tb, FILE *file)
{
	const u8 *code = rv64_tb_entry(tb);
	char text[160];
	u32 size;

	for (u32 at = 0; at < tb->host_bytes; at += size) {
		size = rv64_disassemble(code + at, tb->host_bytes - at, (u64)code + at, text,
					sizeof(text));
		fprintf(file, "  %8" PRIxPTR ": %s\n", (uintptr_t)code + at, text);
	}
}

/* Under the translation lock, which keeps the output of TBs apart. */
void rv64_dump_block(const struct ir_block *block, const struct tb *tb)
{
	FILE *file = rv64_options.dump_file;
	char text[96];

	fprintf(file, "TB %#" PRIx64 " (%s), %u instructions, %u bytes -> %u at %p\n", tb->pc,
		rv64_print_symbol(tb->pc, text, sizeof(text)), tb->nr_insns, tb->bytes,
		tb->host_bytes, (const void *)rv64_tb_entry(tb));
	if (rv64_options.dump & RV64_DUMP_IN)
		dump_in(block, file);
	if (rv64_options.dump & RV64_DUMP_IR)
		rv64_print_ir(block, file);
	if (rv64_options.dump & RV64_DUMP_OUT)
		dump_out(tb, file);
}
