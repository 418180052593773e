// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits for what the kernel reports: mappings, of which allocators are probed, and
 * notices of crashes and ends. Between those nothing wakes it. One thread.
 */
#include "record/session.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "record/libraries.h"
#include "record/mappings.h"
#include "record/lib/report.h"
#include "record/save.h"
#include "record/signals.h"
#include "record/traced.h"
#include "record.skel.h"

#define EXIT_SUNDIAL   125
#define FDS_MAX	       1024
#define STREAM_WAIT_MS 16

/* An allocator that is probed in one process. */
struct probed {
	pid_t pid;
	dev_t device;
	ino_t inode;
	struct probes probes;
};

/* A process that a signal is ending. */
struct dying {
	pid_t pid;
	int number; /* the signal, and its si_code */
	int code;
	__u64 address;
	char name[16];
	enum report_maker maker; /* number is 0: a run-time system ended it, by a status */
};

struct session {
	const struct session_options *options;
	struct target *target;
	struct programs programs;
	struct mappings *mappings;
	struct sources *sources;
	struct budget *budget; /* or NULL */
	int64_t budget_checked_ms;
	struct ring_buffer *notices;
	struct probed *probed;
	size_t probed_count;
	struct dying *dying;
	size_t dying_count;
	unsigned int crashes; /* files written of crashes */
	struct stream *stream;
	int stream_wait_ms;
	bool malloc_off; /* it cost too much */
	bool started;	 /* the target executes */
	bool target_ended;
	bool engine_said; /* that its functions are not probed */
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("sundial: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

static bool is_probed(const struct session *s, pid_t pid, const struct stat *st)
{
	for (size_t i = 0; i < s->probed_count; i++)
		if (s->probed[i].pid == pid && s->probed[i].device == st->st_dev &&
		    s->probed[i].inode == st->st_ino)
			return true;
	return false;
}

/* Probes the file at path in process pid if it is an allocator that is not probed yet. */
static void probe_file(struct session *s, pid_t pid, const char *path)
{
	struct allocator allocator;
	struct probed *grown;
	struct stat st;
	int ret;

	if (stat(path, &st) || is_probed(s, pid, &st) || !allocator_find(path, &allocator))
		return;
	grown = realloc(s->probed, (s->probed_count + 1) * sizeof(*grown));
	if (!grown)
		return;
	s->probed = grown;
	grown += s->probed_count;
	if (s->started)
		programs_unknow(&s->programs, pid);
	ret = programs_probe(&s->programs, &grown->probes, pid, path, &allocator);
	if (ret == -ESRCH)
		return; /* it has ended meanwhile */
	if (ret) {
		say("%s in process %d is not followed: %s", path, pid, strerror(-ret));
		return;
	}
	grown->pid = pid;
	grown->device = st.st_dev;
	grown->inode = st.st_ino;
	s->probed_count++;
}

/*
 * Whether the injected library tells what the process allocates. It does not if that is
 * static, or has executed another program since; the library comes before any allocator
 * that it stands for.
 */
static bool is_injected(const struct session *s, pid_t pid)
{
	char path[64], line[PATH_MAX + 128];
	bool found = false;
	FILE *maps;

	if (pid != s->target->pid || !s->options->injected->region)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/" INJECT_LIBRARY "\n");
	if (maps)
		fclose(maps);
	return found || !maps;
}

/*
 * A probed return is a system call of newer kernels, at an address of theirs, and an engine
 * takes every system call for its guest's: the process would end. The command itself is
 * about to become an engine, and probes stay over exec.
 */
static bool is_engine(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return !strcmp(base, "sundial") || !strcmp(base, "sundial-native") ||
	       !strcmp(base, "sundial-rv64");
}

static bool runs_under_engine(pid_t pid)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = 0;
	return is_engine(path);
}

static void on_mapping(void *context, const struct mapping *mapping)
{
	struct session *s = context;
	bool follow = s->options->programs.follow;

	if (runs_under_engine(mapping->tgid)) {
		if (!s->options->quiet && !s->engine_said)
			say("process %d runs under Sundial's engine: its functions are not probed "
			    "(sundial sim --record sees a simulation's allocations)",
			    mapping->tgid);
		s->engine_said = true;
		return;
	}
	if (s->options->programs.functions && (follow || mapping->tgid == s->target->pid))
		sources_see(s->sources, mapping->tgid, mapping->path, false, follow);
	if (is_injected(s, mapping->tgid))
		return;
	if (s->options->programs.malloc && (follow || mapping->tgid == s->target->pid))
		probe_file(s, mapping->tgid, mapping->path);
}

static void probe_library(void *context, const char *path)
{
	struct session *s = context;

	probe_file(s, s->target->pid, path);
}

/* Allocators that can be probed before the program is there: none of its calls is missed. */
static void probe_first(struct session *s)
{
	if (!s->options->program || is_engine(s->options->program))
		return;
	libraries_list(s->options->program, probe_library, s);
	probe_file(s, s->target->pid, s->options->program);
}

static void forget_probes(struct session *s, pid_t pid)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->probed_count; i++)
		if (s->probed[i].pid == pid)
			probes_detach(&s->probed[i].probes);
		else
			s->probed[kept++] = s->probed[i];
	s->probed_count = kept;
}

static int save(struct session *s, const char *path)
{
	struct save_what what = {
		.programs = &s->programs,
		.mappings = s->mappings,
		.sources = s->sources,
		.budget = s->budget,
		.injected = injected_used(s->options->injected) ? s->options->injected : NULL,
		.command = s->options->command,
		.pid = s->target->pid,
	};
	char partial[4096];
	int ret;

	snprintf(partial, sizeof(partial), "%s.partial", path);
	mappings_read(s->mappings);
	ret = s->stream ? save_stream(s->stream, &what) : save_file(path, &what);
	s->stream = NULL;
	if (ret && !access(partial, F_OK))
		say("%s is not complete: %s; its beginning is %s", path, strerror(-ret), partial);
	else if (ret)
		say("%s is not written: %s", path, strerror(-ret));
	return ret;
}

static const struct dying *find_dying(const struct session *s, pid_t pid)
{
	for (size_t i = 0; i < s->dying_count; i++)
		if (s->dying[i].pid == pid)
			return &s->dying[i];
	return NULL;
}

/* The process has ended, and all of its threads have been kept. */
static void save_crash(struct session *s, const struct dying *dying)
{
	char path[4096];

	if (s->crashes)
		snprintf(path, sizeof(path), "%s.%u", s->options->path, s->crashes + 1);
	else
		snprintf(path, sizeof(path), "%s", s->options->path);
	if (!s->stream && save(s, path))
		return;
	s->crashes += !s->stream;
	if (!dying->number)
		say("%.16s[%d] was ended by %s; see: sundial rewind %s", dying->name, dying->pid,
		    report_words(dying->maker), path);
	else if (dying->number == SIGABRT || dying->code <= 0)
		say("%.16s[%d] crashed: SIG%s; see: sundial rewind %s", dying->name, dying->pid,
		    sigabbrev_np(dying->number), path);
	else
		say("%.16s[%d] crashed: SIG%s at %#llx; see: sundial rewind %s", dying->name,
		    dying->pid, sigabbrev_np(dying->number), dying->address, path);
}

static void note_dying(struct session *s, const struct record_notice *notice)
{
	struct dying *grown;

	if (find_dying(s, (pid_t)notice->tgid))
		return;
	grown = realloc(s->dying, (s->dying_count + 1) * sizeof(*grown));
	if (!grown)
		return;
	s->dying = grown;
	grown += s->dying_count++;
	*grown = (struct dying){(pid_t)notice->tgid, notice->number, notice->code, notice->address,
				""};
	memcpy(grown->name, notice->name, sizeof(grown->name));
}

/* A process that ended with a status: whether it printed a report of why it had to. */
static void look_for_report(struct session *s, const struct record_notice *end)
{
	struct dying ended = {.pid = (pid_t)end->tgid};
	char *text = end->number ? malloc(SAVE_WORDS_BYTES) : NULL;
	const char *start;

	if (!text)
		return;
	if (save_words(&s->programs, ended.pid, text))
		ended.maker = report_find(text, &start);
	memcpy(ended.name, end->name, sizeof(ended.name));
	if (report_explains(ended.maker, end->number))
		save_crash(s, &ended);
	free(text);
}

static int on_notice(void *context, void *data, size_t size)
{
	const struct record_notice *notice = data;
	struct session *s = context;
	const struct dying *dying;

	if (size < sizeof(*notice))
		return 0;
	switch (notice->kind) {
	case RECORD_NOTICE_CRASH:
		note_dying(s, notice);
		break;
	case RECORD_NOTICE_EXIT:
		dying = find_dying(s, (pid_t)notice->tgid);
		if (dying)
			save_crash(s, dying);
		else
			look_for_report(s, notice);
		forget_probes(s, (pid_t)notice->tgid);
		sources_forget(s->sources, (pid_t)notice->tgid);
		if ((pid_t)notice->tgid == s->target->pid)
			s->target_ended = true;
		break;
	default:
		break;
	}
	return 0;
}

static void say_spilled(const struct programs *programs)
{
	for (size_t cpu = 0; cpu < programs->cpus; cpu++) {
		const struct record_nodes *p = &programs->buffers[cpu].placement;

		if (p->elsewhere)
			say("%llu of the %llu pages of CPU %zu's buffer are not on its node %d, "
			    "which "
			    "is short of memory",
			    p->elsewhere, p->pages + p->elsewhere, cpu, p->header.node);
	}
}

static void switch_off(void *context, enum record_source source)
{
	struct session *s = context;

	programs_switch_off(&s->programs, source);
	if (source == RECORD_SOURCE_FUNCTIONS)
		sources_stop(s->sources);
	while (source == RECORD_SOURCE_MALLOC && s->probed_count)
		forget_probes(s, s->probed[0].pid);
	s->malloc_off |= source == RECORD_SOURCE_MALLOC;
}

static void open_budget(struct session *s)
{
	const struct session_options *o = s->options;
	int ret;

	if (!o->budget.percent)
		return;
	ret = budget_open(&s->budget, &s->programs, s->sources, &o->programs, &o->budget,
			  switch_off, s);
	if (ret)
		say("there is no budget, since what a hit costs cannot be measured: %s",
		    strerror(-ret));
}

/* Whether it can do without BPF, and will. */
static bool can_trace(const struct session *s)
{
	return s->target->own && s->options->inject && !s->options->stream;
}

static int start(struct session *s)
{
	bool known = s->target->own;
	int ret;

	ret = programs_load(&s->programs, &s->options->programs);
	if (ret == -EPERM || ret == -EACCES) {
		if (!can_trace(s))
			programs_say_refused(ret);
		return -EPERM;
	}
	if (ret) {
		say("the kernel refuses the recorder's BPF programs: %s", strerror(-ret));
		return ret;
	}
	say_spilled(&s->programs);
	s->notices = ring_buffer__new(bpf_map__fd(s->programs.skeleton->maps.notices), on_notice, s,
				      NULL);
	if (!s->notices)
		return -ENOMEM;
	s->sources = sources_open(&s->programs, &s->options->sources);
	if (!s->sources)
		return -ENOMEM;
	open_budget(s);
	ret = programs_track(&s->programs, s->target->pid, known);
	if (ret)
		return ret;
	if (known && s->options->programs.malloc && !s->options->injected->region)
		probe_first(s);
	if (known && s->options->programs.functions && s->options->program)
		sources_see(s->sources, s->target->pid, s->options->program, true,
			    s->options->programs.follow);
	s->started = true;
	s->stream_wait_ms = 1;
	if (s->options->stream)
		ret = stream_open(&s->stream, s->options->path, &s->programs,
				  s->options->injected->region ? s->options->injected : NULL);
	if (ret) {
		say("%s: %s", s->options->path, strerror(-ret));
		return ret;
	}
	ret = mappings_open(&s->mappings, s->target->pid, !known, on_mapping, s);
	if (ret)
		say("mappings of process %d cannot be followed: %s", s->target->pid,
		    strerror(-ret));
	return ret;
}

/* Writes what there is; the time to the next look, longer while nothing comes. */
static int stream_wait_ms(struct session *s)
{
	if (stream_poll(s->stream))
		s->stream_wait_ms = 1;
	else if (s->stream_wait_ms < STREAM_WAIT_MS)
		s->stream_wait_ms *= 2;
	return s->stream_wait_ms;
}

/* How long nothing has to be done. */
static int wait_ms(struct session *s)
{
	int wait = s->stream ? stream_wait_ms(s) : -1;

	return s->budget && (wait < 0 || wait > BUDGET_TICK_MS) ? BUDGET_TICK_MS : wait;
}

/* Whatever it was that woke us, once a tick. */
static void check_budget(struct session *s)
{
	struct timespec now;
	int64_t now_ms;

	if (!s->budget)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (now_ms - s->budget_checked_ms < BUDGET_TICK_MS)
		return;
	s->budget_checked_ms = now_ms;
	budget_check(s->budget);
}

/* Until the target has ended, or a signal says that it is enough. */
static void follow(struct session *s, int signals)
{
	struct pollfd polled[FDS_MAX];
	int fds[FDS_MAX - 3];
	size_t count = mappings_fds(s->mappings, fds, FDS_MAX - 3);

	polled[0] = (struct pollfd){.fd = signals, .events = POLLIN};
	polled[1] = (struct pollfd){.fd = s->target->pidfd, .events = POLLIN};
	polled[2] = (struct pollfd){.fd = ring_buffer__epoll_fd(s->notices), .events = POLLIN};
	for (size_t i = 0; i < count; i++)
		polled[3 + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	while (!s->target_ended) {
		if (poll(polled, 3 + count, wait_ms(s)) < 0 && errno != EINTR)
			return;
		check_budget(s);
		mappings_read(s->mappings);
		ring_buffer__consume(s->notices);
		/* A started program is told to stop by the terminal too, and its end awaited. */
		if (polled[0].revents && !s->target->own)
			return;
		if (polled[0].revents)
			polled[0].fd = -1;
		if (polled[1].revents)
			return;
		/* The inherited events of a process that has ended hang up for ever. */
		for (size_t i = 0; i < count; i++)
			if (polled[3 + i].revents & (POLLHUP | POLLERR))
				polled[3 + i].fd = -1;
	}
}

int session_run(const struct session_options *options, struct target *target)
{
	struct session s = {.options = options, .target = target};
	int status = EXIT_SUNDIAL, signals, ret;

	ret = start(&s);
	if (ret == -EPERM && can_trace(&s)) {
		if (!options->quiet)
			say("without CAP_BPF and CAP_PERFMON: allocations and crashes only");
		status = traced_run(options, target);
	}
	if (ret)
		goto out;
	signals = signals_watch();
	target_go(target);
	if (!target->own && !options->quiet)
		say("recording process %d; SIGINT ends it", target->pid);
	follow(&s, signals);
	ring_buffer__consume(s.notices);
	if (!s.crashes && !save(&s, options->path) && !options->quiet)
		say("recorded in %s", options->path);
	status = target_status(target);
out:
	ring_buffer__free(s.notices);
	while (s.probed_count)
		forget_probes(&s, s.probed[0].pid);
	budget_report(s.budget);
	budget_close(s.budget);
	sources_close(s.sources);
	mappings_close(s.mappings);
	programs_unload(&s.programs);
	free(s.probed);
	free(s.dying);
	return status;
}
