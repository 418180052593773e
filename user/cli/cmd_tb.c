// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial tb: the blocks in which a riscv64 program executed most instructions, guest and
 * host code side by side. From a file of `sundial run --tb-log`, or of a program that is
 * run now. The file's lines are described in user/rv64/tblog.c.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/command.h"
#include "rv64/decode.h"
#include "rv64/disasm.h"
#include "sim/fail.h"

#define TOP_DEFAULT 10
#define MAX_BYTES   65536 /* of code in one block */
#define MAX_INSNS   1024

static const struct argp_option options[] = {
	{"top", 'n', "N", 0, "How many blocks. Default: 10"},
	{"sysroot", 'L', "DIR", 0, "For a program that is run now: as for sundial run"},
	{0},
};

struct tb_options {
	unsigned long top;
	const char *sysroot;
	char **argv;
	bool is_program;
};

struct block {
	u64 pc, executions, host_address;
	u32 nr_insns, guest_bytes, host_bytes;
	u8 *guest, *host;
	u16 guest_offset[MAX_INSNS];
	u32 host_offset[MAX_INSNS];
	char *symbol;
};

struct log {
	struct block **blocks;
	size_t count;
	u64 instructions; /* executed in all */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tb_options *o = state->input;
	char *end;

	switch (key) {
	case 'n':
		errno = 0;
		o->top = strtoul(arg, &end, 10);
		if (errno || *end || *arg < '0' || *arg > '9' || !o->top)
			fail(EXIT_SUNDIAL, "--top %s: must be a number of blocks", arg);
		return 0;
	case 'L':
		o->sysroot = arg;
		return 0;
	case ARGP_KEY_ARGS:
		o->argv = state->argv + state->next;
		o->is_program = !strcmp(state->argv[state->next - 1], "--");
		return 0;
	case ARGP_KEY_END:
		if (!o->argv)
			fail(EXIT_SUNDIAL, "of what? sundial tb FILE, or sundial tb -- PROG ARGS");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Bytes from their digits, allocated; NULL if they are none. */
static u8 *take_hex(const char *text, u32 *count)
{
	size_t n = strlen(text) / 2;
	u8 *bytes = n && n <= MAX_BYTES && strlen(text) == 2 * n ? malloc(n) : NULL;

	for (size_t i = 0; bytes && i < n; i++) {
		if (sscanf(text + 2 * i, "%2hhx", &bytes[i]) != 1) {
			free(bytes);
			return NULL;
		}
	}
	*count = n;
	return bytes;
}

static bool take_offsets(struct block *b, char *text)
{
	char *word, *rest = text;
	u32 i = 0, guest, host;

	while (i < b->nr_insns && (word = strsep(&rest, ","))) {
		if (sscanf(word, "%x:%x", &guest, &host) != 2 || guest + 2 > b->guest_bytes ||
		    host > b->host_bytes || (i && host < b->host_offset[i - 1]))
			return false;
		b->guest_offset[i] = guest;
		b->host_offset[i++] = host;
	}
	return i == b->nr_insns && i;
}

static void drop(struct block *b)
{
	free(b->guest);
	free(b->host);
	free(b->symbol);
	free(b);
}

/* A line's block, or NULL if it is not one. */
static struct block *take_line(char *line)
{
	struct block *b = calloc(1, sizeof(*b));
	char *word[8], *rest = line;
	size_t n = 0;

	if (!b)
		fail(EXIT_SUNDIAL, "out of memory");
	while (n < 7 && (word[n] = strsep(&rest, " ")))
		n++;
	if (n < 7 || !rest)
		goto out_bad;
	b->symbol = strdup(rest);
	b->pc = strtoull(word[0], NULL, 16);
	b->executions = strtoull(word[1], NULL, 10);
	b->nr_insns = strtoul(word[2], NULL, 10);
	b->guest = take_hex(word[3], &b->guest_bytes);
	b->host_address = strtoull(word[4], NULL, 16);
	b->host = take_hex(word[5], &b->host_bytes);
	if (b->symbol && b->guest && b->host && b->nr_insns <= MAX_INSNS &&
	    take_offsets(b, word[6]))
		return b;
out_bad:
	drop(b);
	return NULL;
}

static int by_code(const void *x, const void *y)
{
	const struct block *a = *(struct block *const *)x, *b = *(struct block *const *)y;

	if (a->pc != b->pc)
		return a->pc < b->pc ? -1 : 1;
	if (a->guest_bytes != b->guest_bytes)
		return a->guest_bytes < b->guest_bytes ? -1 : 1;
	return memcmp(a->guest, b->guest, a->guest_bytes);
}

static u64 heat(const struct block *b)
{
	return b->executions * b->nr_insns;
}

static int by_heat(const void *x, const void *y)
{
	const struct block *a = *(struct block *const *)x, *b = *(struct block *const *)y;

	return heat(a) != heat(b) ? (heat(a) < heat(b) ? 1 : -1) : by_code(x, y);
}

/* Several lines of one block become one: of several processes, or before a flush and after. */
static void merge(struct log *log)
{
	size_t kept = 0;

	qsort(log->blocks, log->count, sizeof(*log->blocks), by_code);
	for (size_t i = 0; i < log->count; i++) {
		if (kept && !by_code(&log->blocks[kept - 1], &log->blocks[i])) {
			log->blocks[kept - 1]->executions += log->blocks[i]->executions;
			drop(log->blocks[i]);
		} else {
			log->blocks[kept++] = log->blocks[i];
		}
	}
	log->count = kept;
	qsort(log->blocks, log->count, sizeof(*log->blocks), by_heat);
}

static void read_log(struct log *log, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t room = 0, number = 0, bytes = 0;
	char *line = NULL;
	ssize_t n;

	if (!file)
		fail(EXIT_SUNDIAL, "%s: %s", path, strerror(errno));
	while ((n = getline(&line, &bytes, file)) > 0) {
		struct block *b;

		number++;
		line[strcspn(line, "\n")] = 0;
		b = take_line(line);
		if (!b)
			fail(EXIT_SUNDIAL,
			     "%s, line %zu: not of a file that sundial run --tb-log wrote", path,
			     number);
		if (log->count == room) {
			room = room ? 2 * room : 256;
			log->blocks = reallocarray(log->blocks, room, sizeof(*log->blocks));
			if (!log->blocks)
				fail(EXIT_SUNDIAL, "out of memory");
		}
		log->blocks[log->count++] = b;
		log->instructions += heat(b);
	}
	free(line);
	fclose(file);
	merge(log);
}

static char *print_guest(const struct block *b, u32 i, char *text, size_t room)
{
	struct rv64_insn insn;
	char name[96];
	u32 raw = 0, at = b->guest_offset[i];

	memcpy(&raw, b->guest + at, b->guest_bytes - at < 4 ? b->guest_bytes - at : 4);
	rv64_decode(raw, &insn);
	snprintf(text, room, "%8" PRIx64 "  %s", b->pc + at,
		 rv64_print_insn(&insn, name, sizeof(name)));
	return text;
}

/* Host code of [from, to) beside the text of a guest instruction, or beside nothing. */
static void print_rows(const struct block *b, u32 from, u32 to, const char *guest)
{
	char text[160];
	u32 size;

	if (from >= to)
		printf("  %-42s |\n", guest);
	for (u32 at = from; at < to; at += size) {
		size = rv64_disassemble(b->host + at, to - at, b->host_address + at, text,
					sizeof(text));
		printf("  %-42s | %s\n", at == from ? guest : "", text);
	}
}

static void print_block(const struct log *log, const struct block *b)
{
	char text[128];

	printf("%6.2f%%  %s  %" PRIu64 " times %u instructions\n",
	       log->instructions ? 100.0 * heat(b) / log->instructions : 0.0, b->symbol,
	       b->executions, b->nr_insns);
	if (b->host_offset[0])
		print_rows(b, 0, b->host_offset[0], "");
	for (u32 i = 0; i < b->nr_insns; i++) {
		u32 end = i + 1 < b->nr_insns ? b->host_offset[i + 1] : b->host_bytes;

		print_rows(b, b->host_offset[i], end, print_guest(b, i, text, sizeof(text)));
	}
	putchar('\n');
}

/* As if by hand: sundial run --tb-log FILE [-L DIR] -- PROG ARGS. Returns its status. */
static int run_program(const struct tb_options *o, char *path)
{
	char *head[] = {(char *)"run", (char *)"--tb-log", path, (char *)"-L", (char *)o->sysroot};
	size_t n = o->sysroot ? 5 : 3, count = 0;
	char **argv;
	int status;
	pid_t pid;

	while (o->argv[count])
		count++;
	argv = calloc(n + count + 2, sizeof(*argv));
	if (!argv)
		fail(EXIT_SUNDIAL, "out of memory");
	memcpy(argv, head, n * sizeof(*argv));
	argv[n] = (char *)"--";
	memcpy(argv + n + 1, o->argv, count * sizeof(*argv));
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(cmd_run(n + 1 + count, argv));
	free(argv);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail(EXIT_SUNDIAL, "cannot run it: %s", strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cmd_tb(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "FILE\n-- PROG ARGS...",
		"Show the blocks in which a riscv64 program executed most instructions: FILE of "
		"sundial run --tb-log, or PROG, run now."};
	struct tb_options o = {.top = TOP_DEFAULT};
	char path[] = "/tmp/sundial-tb-XXXXXX";
	struct log log = {0};
	int status = 0, fd;

	argv[0] = (char *)"sundial tb";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &o);
	if (o.is_program) {
		fd = mkstemp(path);
		if (fd < 0)
			fail(EXIT_SUNDIAL, "%s: %s", path, strerror(errno));
		close(fd);
		status = run_program(&o, path);
	} else if (o.argv[1]) {
		fail(EXIT_SUNDIAL, "one FILE, or -- before a program");
	}
	read_log(&log, o.is_program ? path : o.argv[0]);
	if (o.is_program)
		unlink(path);
	for (size_t i = 0; i < log.count && i < o.top; i++)
		print_block(&log, log.blocks[i]);
	if (!log.count)
		fputs("no blocks: nothing was translated\n", stderr);
	return status;
}
