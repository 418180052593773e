// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls of named functions in recorded programs (sundial sim --func): which functions of a
 * file are meant, and the events of their calls. Engines hook their first instructions as
 * they do those of the malloc family (recordheap.c); returns are not looked at, because
 * exceptions and longjmp() would find a return address that is not theirs. recorder.h has
 * the rules.
 */
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/record.h"

/* Whether text, of which so many bytes may be read, is what glob means; '*' and '?'. */
static bool matches(const char *glob, const char *glob_end, const char *text, const char *end)
{
	const char *star = NULL, *again = NULL;

	while (text < end && *text) {
		if (glob < glob_end && *glob == '*') {
			star = ++glob;
			again = text;
		} else if (glob < glob_end && (*glob == '?' || *glob == *text)) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (glob < glob_end && *glob == '*')
		glob++;
	return glob == glob_end && text < end;
}

static bool matches_file(const char *glob, const char *glob_end, const char *path)
{
	const char *base = strrchr(path, '/');

	if (matches(glob, glob_end, path, path + PATH_MAX))
		return true;
	return base && matches(glob, glob_end, base + 1, path + PATH_MAX);
}

/* A pattern is a line of config.functions: [FILE:]GLOB; without a file of the executable. */
bool record_function_wanted(const struct process *p, const struct recorder_file *file,
			    const char *name, u64 room)
{
	const char *line = p->host->config.functions, *end, *colon;

	for (; *line; line = *end ? end + 1 : end) {
		end = strchr(line, '\n');
		if (!end)
			end = line + strlen(line);
		colon = memchr(line, ':', end - line);
		if (colon ? !matches_file(line, colon, file->path) : strcmp(file->path, p->exe))
			continue;
		if (matches(colon ? colon + 1 : line, end, name, name + room))
			return true;
	}
	return false;
}

void record_function_found(struct host *h, struct recorder_file *file, const char *name, u64 room,
			   u64 offset)
{
	struct recorder *r = h->recorder;
	struct recorder_probe *probe = &r->probes[r->probe_count];
	u32 i;

	/* A file's own are one behind the other. */
	for (i = r->probe_count; i > 0 && r->probes[i - 1].file == file; i--)
		if (r->probes[i - 1].offset == offset)
			return;
	if (r->probe_count == RECORDER_PROBES) {
		r->probes_lost++;
		return;
	}
	*probe = (struct recorder_probe){.file = file, .offset = offset};
	memcpy(probe->name, name, strnlen(name, min(room, sizeof(probe->name) - 1)));
	r->probe_count++;
}

void record_function_called(struct thread *th, u32 number, const u64 args[3])
{
	struct record_function_call e = {.probe = number + 1};

	memcpy(e.args, args, sizeof(e.args));
	record_fill(th->host, th->task, &e.header, RECORD_CALL, sizeof(e));
	record_put(th->host, &e.header);
}
