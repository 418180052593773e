// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial sim --record: makes the buffers that the simulated kernel writes to
 * (simkernel/recorder.h), and at the end turns what is in them into one file, ordered
 * in virtual time. By then nobody else has the arena.
 *
 * All times of the file are virtual, its header's too, so that two equal runs give the
 * same bytes. Records carry the host's domain, and the INFO records of that domain say
 * which host it is: files of several hosts can be laid into one.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "record/lib/librecord.h"
#include "sim/fail.h"
#include "sim/sim.h"
#include "sim/time_text.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"

struct events {
	const struct record_header **all;
	size_t count, room;
	u64 recorded;
};

void recording_open(struct sim *s)
{
	char *path;

	s->record_fd = -1;
	if (!s->opt->record_file)
		return;
	path = strdup(s->opt->record_file);
	if (path)
		s->record_fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->record_fd < 0)
		fail(EXIT_SUNDIAL, "--record %s: %s", s->opt->record_file, strerror(errno));
	if (faccessat(s->record_fd, ".", W_OK | X_OK, 0))
		fail(EXIT_SUNDIAL, "--record %s: its folder: %s", s->opt->record_file,
		     strerror(errno));
	free(path);
}

void recording_create(struct sim *s)
{
	if (s->record_fd >= 0 && recorder_create(s->host, s->opt->record_bytes))
		fail(EXIT_SUNDIAL,
		     "--record-buffer %lu: the arena has no room for it; give fewer MiB",
		     s->opt->record_bytes >> 20);
}

static void write_header(struct sundial_record_writer *w, struct record_header *header,
			 const struct host *h, enum record_type type, s32 pid)
{
	header->type = type;
	header->tgid = (__u32)pid;
	header->domain = RECORDER_DOMAIN;
	if (!header->host_ns)
		header->host_ns = header->virtual_ns = host_now(h);
}

static void write_info(struct sundial_record_writer *w, const struct host *h, const char *key,
		       const char *value)
{
	struct record_header header = {0};
	char text[4096];

	write_header(w, &header, h, RECORD_INFO, 0);
	snprintf(text, sizeof(text), "%s=%s", key, value);
	sundial_record_write_tail(w, &header, sizeof(header), text, (__u32)strlen(text) + 1);
}

static void write_infos(struct sim *s, struct sundial_record_writer *w)
{
	const struct host *h = s->host;
	char command[2048] = "", number[32];
	size_t used = 0;

	for (char **arg = s->opt->argv; *arg && used < sizeof(command) - 1; arg++)
		used += (size_t)snprintf(command + used, sizeof(command) - used, "%s%s",
					 used ? " " : "", *arg);
	write_info(w, h, "host", h->config.hostname);
	snprintf(number, sizeof(number), "host.%d", RECORDER_DOMAIN);
	write_info(w, h, number, h->config.hostname);
	write_info(w, h, "kernel", "simulated");
	write_info(w, h, "machine", s->program.riscv64 ? "riscv64" : "x86_64");
	write_info(w, h, "command", command);
	snprintf(number, sizeof(number), "%d", PID_FIRST);
	write_info(w, h, "pid", number);
	snprintf(number, sizeof(number), "%lu", h->config.seed);
	write_info(w, h, "seed", number);
	write_info(w, h, "clock", "virtual");
}

static void write_mappings(struct sundial_record_writer *w, const struct host *h)
{
	const struct recorder *r = h->recorder;

	for (u32 i = 0; i < r->map_count; i++) {
		const struct recorder_mapping *m = &r->maps[i];
		const struct recorder_file *file = r->files[m->file];
		struct record_mapping record = {
			.header = {.host_ns = m->time_ns, .virtual_ns = m->time_ns},
			.start = m->start,
			.end = m->end,
			.offset = m->offset,
			.protection = m->protection,
			.build_id_bytes = file->build_id_bytes,
		};

		memcpy(record.build_id, file->build_id, sizeof(file->build_id));
		write_header(w, &record.header, h, RECORD_MAPPING, m->pid);
		sundial_record_write_tail(w, &record.header, sizeof(record), file->path,
					  (__u32)strlen(file->path) + 1);
	}
}

static void write_probes(struct sundial_record_writer *w, const struct host *h)
{
	const struct recorder *r = h->recorder;

	for (u32 i = 0; i < r->probe_count; i++) {
		const struct recorder_probe *probe = &r->probes[i];
		struct record_probe record = {
			.id = i + 1, .kind = RECORD_PROBE_FUNCTION, .offset = probe->offset};
		char names[sizeof(probe->name) + PATH_MAX];
		size_t length = strlen(probe->name) + 1;

		memcpy(names, probe->name, length);
		strcpy(names + length, probe->file->path);
		length += strlen(probe->file->path) + 1;
		write_header(w, &record.header, h, RECORD_PROBE, 0);
		sundial_record_write_tail(w, &record.header, sizeof(record), names, (__u32)length);
	}
	if (r->probes_lost || r->probes_refused)
		say("%u functions are not recorded: no room for them; %u: their code cannot be "
		    "moved",
		    r->probes_lost, r->probes_refused);
}

/* Stacks get the numbers 1, 2, ... in the file; sites keep those of the table, and map leads. */
static void write_stacks(struct sundial_record_writer *w, const struct host *h, u32 *map)
{
	const struct recorder *r = h->recorder;
	struct record_known_stack record;
	u32 count = 0;

	for (u64 i = 0; i < r->nstacks; i++) {
		if (!r->stack_keys[i] || r->stacks[i].bytes > RECORD_STACK_BYTES)
			continue;
		record = (struct record_known_stack){.id = ++count, .stack = r->stacks[i]};
		map[i + 1] = record.id;
		write_header(w, &record.header, h, RECORD_STACK, 0);
		sundial_record_write_tail(w, &record.header,
					  offsetof(struct record_known_stack, stack.memory),
					  record.stack.memory, record.stack.bytes);
	}
}

static void fill_block(struct record_block *record, const struct recorder_block *b, const u32 *map)
{
	*record = (struct record_block){
		.header = {.length = sizeof(*record), .tid = b->allocated.tid},
		.address = b->address,
		.size_bytes = b->size_bytes,
		.how = b->state == RECORDER_FREED ? RECORD_HOW_FREED : RECORD_HOW_LIVE,
		.epoch = b->epoch,
		.allocated = b->allocated,
		.freed = b->freed,
	};
	record->header.host_ns = record->header.virtual_ns = b->allocated.host_ns;
	record->allocated.stack = map[b->allocated.stack];
	record->freed.stack = map[b->freed.stack];
}

static void write_blocks(struct sundial_record_writer *w, const struct host *h, const u32 *map)
{
	const struct recorder *r = h->recorder;
	struct record_block record;

	for (u64 i = recorder_block_from(r, 0); i < r->nblocks; i = recorder_block_from(r, i + 1)) {
		if (r->blocks[i].state == RECORDER_EMPTY)
			continue;
		fill_block(&record, &r->blocks[i], map);
		write_header(w, &record.header, h, RECORD_BLOCK, r->blocks[i].pid);
		sundial_record_write(w, &record.header);
	}
}

static void write_misuses(struct sundial_record_writer *w, const struct host *h, const u32 *map)
{
	const struct recorder *r = h->recorder;

	for (u32 i = 0; i < r->misuse_count && i < RECORDER_MISUSES; i++) {
		const struct recorder_misuse *m = &r->misuses[i];
		struct record_misuse record = {.again = m->again};

		fill_block(&record.block, &m->block, map);
		record.again.stack = map[m->again.stack];
		record.block.header.length = sizeof(record);
		record.block.header.tid = m->again.tid;
		record.block.header.host_ns = record.block.header.virtual_ns = m->again.host_ns;
		record.block.address = m->address;
		record.block.how = m->how;
		write_header(w, &record.block.header, h, RECORD_MISUSE, m->pid);
		sundial_record_write(w, &record.block.header);
	}
}

/* Calls whole() for each record of memory that a guest may have damaged. */
static bool is_whole(const struct record_header *at, u64 left)
{
	return at->length >= 8 && !(at->length & 7) && at->length <= left;
}

static void write_kept(struct sundial_record_writer *w, const struct host *h)
{
	const struct recorder *r = h->recorder;

	for (u64 at = 0; at < r->kept_used;) {
		const struct record_header *record = (const void *)(r->kept + at);

		if (!is_whole(record, r->kept_used - at))
			return;
		sundial_record_write(w, record);
		at += record->length;
	}
}

static void keep_event(struct events *e, const struct record_header *record)
{
	if (e->count == e->room) {
		e->room = e->room ? 2 * e->room : 4096;
		e->all = realloc(e->all, e->room * sizeof(*e->all));
		if (!e->all)
			fail(EXIT_SUNDIAL, "out of memory");
	}
	e->all[e->count++] = record;
}

static void collect_ring(const struct recorder *r, struct events *e)
{
	for (u64 at = r->tail; at < r->head;) {
		u64 place = at & (r->ring_bytes - 1);
		const struct record_header *record = (const void *)(r->ring + place);

		if (!is_whole(record, r->ring_bytes - place))
			return;
		at += record->length;
		if (!record->type)
			continue;
		keep_event(e, record);
		e->recorded++;
	}
}

/* What each thread that was left waited for. */
static void collect_pending(const struct host *h, struct events *e)
{
	struct record_syscall *pending = calloc(PID_MAX, sizeof(*pending));

	for (int i = PID_FIRST; pending && i < PID_MAX; i++) {
		const struct task *t = h->pid_task[i];

		if (t && t->process && t->process->state == PROCESS_ALIVE &&
		    record_pending(h, t, &pending[i]))
			keep_event(e, &pending[i].header);
	}
}

/* Those of the ring lie in it in the order of their ends: qsort's order of equals is not ours. */
static int by_time(const void *a, const void *b)
{
	const struct record_header *x = *(const struct record_header *const *)a;
	const struct record_header *y = *(const struct record_header *const *)b;

	if (x->virtual_ns != y->virtual_ns)
		return x->virtual_ns < y->virtual_ns ? -1 : 1;
	return 0;
}

static void write_events(struct sundial_record_writer *w, const struct host *h)
{
	const struct recorder *r = h->recorder;
	struct record_counts counts = {.header = {.length = sizeof(counts)}};
	struct events e = {0};

	collect_ring(r, &e);
	if (h->end != END_BROKEN)
		collect_pending(h, &e);
	/* glibc's is a merge sort where there is memory for one: stable. */
	qsort(e.all, e.count, sizeof(*e.all), by_time);
	for (size_t i = 0; i < e.count; i++)
		sundial_record_write(w, e.all[i]);
	counts.emitted = r->emitted;
	counts.recorded = e.recorded;
	counts.overwritten = r->overwritten;
	counts.unfinished = r->emitted - r->overwritten - e.recorded;
	counts.table_full = r->table_full;
	write_header(w, &counts.header, h, RECORD_COUNTS, 0);
	sundial_record_write(w, &counts.header);
	free(e.all);
}

/* Who crashed, and how to see why. */
static void say_crashes(struct sim *s)
{
	const struct recorder *r = s->host->recorder;

	for (u64 at = 0; at < r->kept_used;) {
		const struct record_header *record = (const void *)(r->kept + at);
		const struct record_crash *crash = (const void *)record;
		char when[64];

		if (!is_whole(record, r->kept_used - at))
			return;
		at += record->length;
		if (record->type != RECORD_CRASH || !(crash->flags & RECORD_CRASH_FINAL))
			continue;
		format_duration(when, sizeof(when), record->virtual_ns - SIM_BOOT_NS);
		say("%.16s[%u] crashed after %s of virtual time: SIG%s; see: sundial rewind %s",
		    crash->name, record->tgid, when, sigabbrev_np(crash->number) ?: "?",
		    s->opt->record_file);
	}
	if (r->crashes_lost)
		say("%u crashes had no room in the record", r->crashes_lost);
}

void recording_write(struct sim *s)
{
	struct sundial_record_writer *w;
	struct host *h = s->host;
	struct sundial_record_time time = {
		.monotonic_ns = host_now(h),
		.realtime_ns = host_now(h) + (u64)host_realtime_offset(h),
	};
	char path[PATH_MAX], name[PATH_MAX];
	u32 *map;
	int ret;

	if (!h->recorder)
		return;
	snprintf(name, sizeof(name), "%s", s->opt->record_file);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", s->record_fd, basename(name));
	map = calloc(h->recorder->nstacks + 1, sizeof(*map));
	ret = map ? sundial_record_create_at(path, &time, &w) : -ENOMEM;
	if (!ret) {
		write_infos(s, w);
		write_mappings(w, h);
		write_probes(w, h);
		write_stacks(w, h, map);
		write_blocks(w, h, map);
		write_misuses(w, h, map);
		write_kept(w, h);
		write_events(w, h);
		ret = sundial_record_finish(w);
	}
	free(map);
	if (ret)
		fail(EXIT_SUNDIAL, "--record %s: %s", s->opt->record_file, strerror(-ret));
	say_crashes(s);
	if (!h->recorder->crashes && !s->opt->quiet)
		say("recorded in %s", s->opt->record_file);
}
