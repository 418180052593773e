// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sleeps until a process crashes, or the kernel's reports of mappings fill a quarter of
 * their buffers. The file of a crash has that process's mappings and threads, and the
 * latest events of the whole system. One thread.
 */
#include "record/system.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "record/folder.h"
#include "record/mappings.h"
#include "record/programs.h"
#include "record/save.h"
#include "record/signals.h"
#include "record.skel.h"

#define EXIT_SUNDIAL 125
#define FDS_MAX	     1024
#define DYING_MAX    256
#define MINUTE_S     60

struct system {
	const struct system_options *options;
	struct programs programs;
	struct mappings *mappings;
	struct ring_buffer *notices;
	struct record_notice dying[DYING_MAX]; /* crashed, and not ended yet */
	size_t dying_count;
	time_t minute; /* when the current one began */
	size_t written, left_out;
};

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Whether another crash may be written in this minute. */
static bool is_allowed(struct system *s)
{
	time_t now = now_s();

	if (now - s->minute >= MINUTE_S) {
		if (s->left_out)
			fprintf(stderr, "sundial: %zu more crashes were not written\n",
				s->left_out);
		s->minute = now;
		s->written = s->left_out = 0;
	}
	if (s->written == s->options->rate_max) {
		s->left_out++;
		return false;
	}
	s->written++;
	return true;
}

static void announce(const struct record_notice *crash, const char *path)
{
	char name[sizeof(crash->name) + 1] = "";

	/* It is the process's to choose, and shown on somebody's terminal. */
	for (size_t i = 0; i < sizeof(crash->name) && crash->name[i]; i++)
		name[i] = crash->name[i] >= ' ' && crash->name[i] < 0x7f ? crash->name[i] : '?';
	fprintf(stderr, "sundial: %s[%u] crashed: SIG%s; see: sundial rewind %s\n", name,
		crash->tgid, sigabbrev_np(crash->number), path);
}

static void write_crash(struct system *s, const struct record_notice *crash)
{
	char path[4096], name[sizeof(crash->name) + 1] = "";
	struct save_what what = {
		.programs = &s->programs,
		.mappings = s->mappings,
		.command = name,
		.pid = (pid_t)crash->tgid,
		.alone = true,
	};
	int ret;

	memcpy(name, crash->name, sizeof(crash->name));
	mappings_read(s->mappings);
	folder_name(s->options->folder, name, what.pid, path, sizeof(path));
	ret = save_file(path, &what);
	if (ret)
		fprintf(stderr, "sundial: %s is not written: %s\n", path, strerror(-ret));
	else
		announce(crash, path);
	folder_trim(s->options->folder, s->options->files_max, s->options->bytes_max);
}

static void on_end(struct system *s, __u32 tgid)
{
	for (size_t i = 0; i < s->dying_count; i++) {
		if (s->dying[i].tgid != tgid)
			continue;
		if (is_allowed(s))
			write_crash(s, &s->dying[i]);
		programs_release(&s->programs, (pid_t)tgid);
		s->dying[i] = s->dying[--s->dying_count];
		return;
	}
}

static int on_notice(void *context, void *data, size_t size)
{
	const struct record_notice *notice = data;
	struct system *s = context;

	if (size < sizeof(*notice))
		return 0;
	if (notice->kind == RECORD_NOTICE_EXIT)
		on_end(s, notice->tgid);
	if (notice->kind != RECORD_NOTICE_CRASH || s->dying_count == DYING_MAX)
		return 0;
	for (size_t i = 0; i < s->dying_count; i++)
		if (s->dying[i].tgid == notice->tgid)
			return 0;
	s->dying[s->dying_count++] = *notice;
	return 0;
}

static int start(struct system *s)
{
	const struct program_options options = {
		.buffer_bytes = s->options->buffer_bytes, .follow = true, .system = true};
	int ret = folder_open(s->options->folder);

	if (ret) {
		fprintf(stderr, "sundial: %s: %s\n", s->options->folder,
			ret == -EPERM ? "must belong to this user, and no other may write to it"
				      : strerror(-ret));
		return ret;
	}
	ret = programs_load(&s->programs, &options);
	if (ret == -EPERM || ret == -EACCES) {
		programs_say_refused(ret);
		return ret;
	}
	if (ret) {
		fprintf(stderr, "sundial: the kernel refuses the recorder's BPF programs: %s\n",
			strerror(-ret));
		return ret;
	}
	s->notices = ring_buffer__new(bpf_map__fd(s->programs.skeleton->maps.notices), on_notice, s,
				      NULL);
	if (!s->notices)
		return -ENOMEM;
	ret = mappings_open_system(&s->mappings);
	if (ret)
		fprintf(stderr, "sundial: mappings cannot be followed: %s\n", strerror(-ret));
	return ret;
}

/* Whether it crashed, and is not written yet. */
static bool is_dying(void *context, pid_t tgid)
{
	const struct system *s = context;

	for (size_t i = 0; i < s->dying_count; i++)
		if ((pid_t)s->dying[i].tgid == tgid)
			return true;
	return false;
}

/*
 * The kernel reports the end of a process after or, in later 6.12.y, before the tracepoint
 * from which our programs tell of it. That it crashed was told before both:
 *
 *	recorder				process
 *						  crashes: notice
 *						  its end is reported
 *	  reads mappings and ends
 *	  takes notices: it is dying, and
 *	  its mappings are kept
 *						  tracepoint: notice
 *	  takes notices: writes it
 *	  forgets its mappings
 */
static void look(struct system *s)
{
	mappings_read(s->mappings);
	ring_buffer__consume(s->notices);
	mappings_forget_ended(s->mappings, is_dying, s);
}

static void follow(struct system *s)
{
	struct pollfd polled[FDS_MAX];
	int fds[FDS_MAX - 2];
	size_t count = mappings_fds(s->mappings, fds, FDS_MAX - 2);

	polled[0] = (struct pollfd){.fd = signals_watch(), .events = POLLIN};
	polled[1] = (struct pollfd){.fd = ring_buffer__epoll_fd(s->notices), .events = POLLIN};
	for (size_t i = 0; i < count; i++)
		polled[2 + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	while (poll(polled, 2 + count, -1) >= 0 || errno == EINTR) {
		look(s);
		if (polled[0].revents)
			break;
	}
	close(polled[0].fd);
}

int system_run(const struct system_options *options)
{
	struct system s = {.options = options, .minute = now_s()};
	int status = EXIT_SUNDIAL;

	if (!start(&s)) {
		if (!options->quiet)
			fprintf(stderr, "sundial: recording the whole system; crashes go to %s\n",
				options->folder);
		follow(&s);
		status = 0;
	}
	ring_buffer__free(s.notices);
	mappings_close(s.mappings);
	programs_unload(&s.programs);
	return status;
}
