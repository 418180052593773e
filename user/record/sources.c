// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files are looked at once, when a recorded process maps them. What is left out is said
 * in words, since a function that is missing looks like one that was not called.
 */
#include "record/sources.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "record/functions.h"
#include "record/measure.h"
#include "record/usdt.h"
#include "record.skel.h"

#define NAMED_MAX 20000

/* A file whose functions are probed, in all processes or in one. */
struct probed_file {
	bool is_usdt; /* what is probed in it */
	pid_t pid;    /* 0: in all */
	dev_t device;
	ino_t inode;
	char *path;
	size_t first, count; /* numbers of its probes */
	struct probes returns, entries;
};

/* What the number of a probe refers to. */
struct name {
	struct record_probe record;
	char *name, *file;
	uint64_t counter; /* of a USDT probe */
	bool returns;	  /* are probed */
	bool dropped;
	uint64_t hits; /* when the window of the budget began */
	uint64_t cost_ns;
};

struct sources {
	struct programs *programs;
	const struct source_options *options;
	struct probed_file *files;
	size_t file_count;
	struct name *names; /* of number n at n */
	size_t name_count;
	bool stopped;
};

struct sources *sources_open(struct programs *programs, const struct source_options *options)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->programs = programs;
	s->options = options;
	return s;
}

/* The part of FILE:GLOB before the colon, 0 of a GLOB alone; C++ has colons in pairs. */
static size_t file_part(const char *word)
{
	const char *colon = strchr(word, ':');

	return colon && colon > word && colon[1] != ':' ? (size_t)(colon - word) : 0;
}

/* Whether FILE is a glob of the path or of its last part. */
static bool is_file(const char *word, size_t length, const char *path)
{
	char *glob = strndup(word, length);
	const char *last = strrchr(path, '/');
	bool is = glob && (!fnmatch(glob, path, 0) || (last && !fnmatch(glob, last + 1, 0)));

	free(glob);
	return is;
}

/* The globs that are meant for this file, at most as many as there are options. */
static size_t globs_for(const struct source_options *options, const char *path, bool executable,
			const char **globs)
{
	size_t count = 0;

	for (size_t i = 0; i < options->function_count; i++) {
		const char *word = options->functions[i];
		size_t length = file_part(word);

		if (length ? is_file(word, length, path) : executable)
			globs[count++] = word + (length ? length + 1 : 0);
	}
	return count;
}

static bool is_executable(pid_t pid, const struct stat *st)
{
	char path[64];
	struct stat exe;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return !stat(path, &exe) && exe.st_dev == st->st_dev && exe.st_ino == st->st_ino;
}

static bool is_known(const struct sources *s, bool is_usdt, pid_t pid, const struct stat *st)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].is_usdt == is_usdt &&
		    (!s->files[i].pid || s->files[i].pid == pid) &&
		    s->files[i].device == st->st_dev && s->files[i].inode == st->st_ino)
			return true;
	return false;
}

/* Room for count more names; the number of the first, or 0 if there are none left. */
static size_t reserve_names(struct sources *s, size_t count)
{
	size_t first = s->name_count ? s->name_count : 1;
	struct name *grown;

	if (first + count > PROBES_MAX)
		return 0;
	grown = realloc(s->names, (first + count) * sizeof(*grown));
	if (!grown)
		return 0;
	s->names = grown;
	memset(grown + first, 0, count * sizeof(*grown));
	s->name_count = first + count;
	return first;
}

static void enter_name(struct sources *s, size_t number, enum record_probe_kind kind,
		       const char *name, const char *path)
{
	s->names[number].record = (struct record_probe){
		.header = {.type = RECORD_PROBE},
		.id = (__u32)number,
		.kind = kind,
	};
	s->names[number].name = strdup(name);
	s->names[number].file = strdup(path);
}

static size_t enter_functions(struct sources *s, const struct functions *found, const char *path)
{
	size_t first = reserve_names(s, found->count);

	for (size_t i = 0; first && i < found->count; i++) {
		const struct function *f = &found->all[i];
		struct name *name = &s->names[first + i];

		enter_name(s, first + i, RECORD_PROBE_FUNCTION, f->name, path);
		name->record.offset = f->offset;
		name->record.at = f->at;
		name->record.stepped = !f->cheap;
		name->returns = s->options->returns && f->returns;
	}
	return first;
}

static size_t enter_usdts(struct sources *s, const struct usdts *found, const char *path)
{
	size_t first = reserve_names(s, found->count);

	for (size_t i = 0; first && i < found->count; i++) {
		const struct usdt *usdt = &found->all[i];

		enter_name(s, first + i, RECORD_PROBE_USDT, usdt->name, path);
		s->names[first + i].record.offset = usdt->offset;
		s->names[first + i].counter = usdt->counter;
		if (programs_specify_usdt(s->programs, (__u32)(first + i), &usdt->spec))
			s->names[first + i].dropped = true;
	}
	return first;
}

static void detach(struct probed_file *file)
{
	probes_detach(&file->entries);
	probes_detach(&file->returns);
}

/* Attaches returns, then entries: an entry waits for its return only if that is there. */
static int attach(struct sources *s, struct probed_file *file)
{
	struct probe_site *sites = calloc(2 * file->count + 1, sizeof(*sites));
	struct probe_site *returns = sites + file->count;
	size_t site_count = 0, return_count = 0;
	int ret;

	if (!sites)
		return -ENOMEM;
	for (size_t i = file->first; i < file->first + file->count; i++) {
		const struct name *name = &s->names[i];
		struct probe_site site = {.offset = name->record.offset + name->record.at,
					  .cookie = i,
					  .counter = name->counter};

		if (name->dropped)
			continue;
		if (name->returns)
			returns[return_count++] = site;
		if (name->returns)
			site.cookie |= RECORD_COOKIE_RETURNS;
		sites[site_count++] = site;
	}
	ret = programs_probe_functions(s->programs, &file->returns, true, file->pid, file->path,
				       returns, return_count);
	if (!ret && file->is_usdt)
		ret = programs_probe_usdts(s->programs, &file->entries, file->pid, file->path,
					   sites, site_count);
	else if (!ret)
		ret = programs_probe_functions(s->programs, &file->entries, false, file->pid,
					       file->path, sites, site_count);
	free(sites);
	if (ret)
		detach(file);
	return ret;
}

static void say(const struct sources *s, const struct functions *found,
		const struct probed_file *file, const char *path)
{
	if (s->options->quiet)
		return;
	fprintf(stderr, "sundial: %zu functions of %s are probed, %zu of them at cheap places",
		file->entries.count, path, found->cheap);
	if (file->returns.count)
		fprintf(stderr, ", %zu at their return too", file->returns.count);
	if (found->expensive)
		fprintf(stderr, "; left out: %zu where a probe is expensive (name them by --func)",
			found->expensive);
	if (found->over_limit)
		fprintf(stderr, "; left out: the %zu smallest%s", found->over_limit,
			s->programs->multi ? "" : ", since this kernel attaches one by one");
	if (found->unsafe)
		fprintf(stderr, "; left out: %zu whose beginning is jumped to", found->unsafe);
	if (file->entries.refused)
		fprintf(stderr, "; the kernel refused %zu", file->entries.refused);
	if (found->no_returns && s->options->returns)
		fprintf(stderr, "; no returns, since in this program %s", found->no_returns);
	fputc('\n', stderr);
}

/* A file to be filled in, NULL without memory. It is known from then on, even if it fails. */
static struct probed_file *new_file(struct sources *s, bool is_usdt, pid_t pid, const char *path,
				    const struct stat *st)
{
	struct probed_file *grown = realloc(s->files, (s->file_count + 1) * sizeof(*grown));
	struct probed_file *file;

	if (!grown)
		return NULL;
	s->files = grown;
	file = &grown[s->file_count];
	*file = (struct probed_file){
		.is_usdt = is_usdt, .pid = pid, .device = st->st_dev, .inode = st->st_ino};
	file->path = strdup(path);
	if (file->path)
		s->file_count++;
	return file->path ? file : NULL;
}

static void probe_functions(struct sources *s, pid_t pid, const char *path, const struct stat *st,
			    const struct function_choice *choice)
{
	struct probed_file *file = new_file(s, false, pid, path, st);
	struct functions found;
	int ret;

	if (!file)
		return;
	ret = functions_find(&found, path, choice);
	file->first = ret ? 0 : enter_functions(s, &found, path);
	file->count = file->first ? found.count : 0;
	if (!ret)
		ret = file->first ? attach(s, file) : -ENOSPC;
	if (ret)
		fprintf(stderr, "sundial: the functions of %s are not probed: %s\n", path,
			strerror(-ret));
	else
		say(s, &found, file, path);
	functions_free(&found);
}

static void probe_usdts(struct sources *s, pid_t pid, const char *path, const struct stat *st)
{
	struct probed_file *file;
	struct usdts found;
	int ret;

	if (is_known(s, true, pid, st))
		return;
	file = new_file(s, true, pid, path, st);
	if (!file || usdts_find(&found, path, s->options->usdts, s->options->usdt_count))
		return;
	file->first = enter_usdts(s, &found, path);
	file->count = file->first ? found.count : 0;
	ret = attach(s, file);
	if (ret)
		fprintf(stderr, "sundial: the USDT probes of %s are not probed: %s\n", path,
			strerror(-ret));
	else if (!s->options->quiet && (found.count || found.unsafe))
		fprintf(stderr, "sundial: %zu USDT probes of %s are probed; left out: %zu\n",
			file->entries.count, path, found.unsafe);
	usdts_free(&found);
}

void sources_see(struct sources *s, pid_t pid, const char *path, bool begins, bool follow)
{
	const char **globs = calloc(s->options->function_count + 1, sizeof(*globs));
	struct function_choice choice = {.globs = globs};
	bool executable;
	struct stat st;

	if (!globs || s->stopped || stat(path, &st) || !S_ISREG(st.st_mode))
		goto out;
	executable = begins || is_executable(pid, &st);
	if (executable && follow)
		pid = 0;
	if (s->options->usdt_count)
		probe_usdts(s, pid, path, &st);
	if (is_known(s, false, pid, &st))
		goto out;
	choice.glob_count = globs_for(s->options, path, executable, globs);
	choice.expensive = choice.glob_count > 0;
	choice.limit = choice.glob_count ? NAMED_MAX : SOURCES_DEFAULT_MAX;
	if (!s->programs->multi)
		choice.limit = PROBES_MAX_WITHOUT_MULTI;
	if (choice.glob_count || (executable && s->options->executable))
		probe_functions(s, pid, path, &st, &choice);
out:
	free(globs);
}

static void release(struct probed_file *file)
{
	detach(file);
	free(file->path);
}

void sources_forget(struct sources *s, pid_t pid)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].pid == pid)
			release(&s->files[i]);
		else
			s->files[kept++] = s->files[i];
	s->file_count = kept;
}

static uint64_t hits_of(struct sources *s, __u32 number, uint64_t *each)
{
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(s->programs->skeleton->maps.probe_hits), &number, each))
		return 0;
	for (size_t cpu = 0; cpu < s->programs->cpus; cpu++)
		sum += each[cpu];
	return sum;
}

uint64_t sources_costs(struct sources *s, const struct hit_costs *costs, bool begin,
		       uint64_t *count)
{
	uint64_t *each = calloc(s->programs->cpus, sizeof(*each)), sum = 0, total = 0;

	for (size_t i = 1; each && i < s->name_count; i++) {
		struct name *name = &s->names[i];
		uint64_t hits = name->dropped ? name->hits : hits_of(s, (__u32)i, each);

		name->cost_ns =
			(hits - name->hits) * ((name->returns ? costs->both_ns : costs->call_ns) +
					       (name->record.stepped ? costs->stepped_ns : 0));
		sum += name->cost_ns;
		total += hits - name->hits;
		if (begin)
			name->hits = hits;
	}
	free(each);
	if (count)
		*count = total;
	return sum;
}

/* The one that costs most, 0 if none costs anything. */
static size_t dearest(const struct sources *s)
{
	size_t found = 0;

	for (size_t i = 1; i < s->name_count; i++)
		if (!s->names[i].dropped && s->names[i].cost_ns &&
		    (!found || s->names[i].cost_ns > s->names[found].cost_ns))
			found = i;
	return found;
}

size_t sources_drop(struct sources *s, const struct hit_costs *costs, uint64_t left_ns)
{
	uint64_t sum = sources_costs(s, costs, false, NULL);
	size_t dropped = 0, number;

	/* One by one, each would cost a grace period to attach again. */
	if (!s->programs->multi)
		return 0;
	while (sum > left_ns && (number = dearest(s))) {
		s->names[number].dropped = true;
		sum -= s->names[number].cost_ns;
		dropped++;
	}
	for (size_t i = 0; i < s->file_count; i++) {
		detach(&s->files[i]);
		if (s->files[i].first && attach(s, &s->files[i]))
			fprintf(stderr, "sundial: the functions of %s are no longer probed\n",
				s->files[i].path);
	}
	return dropped;
}

void sources_stop(struct sources *s)
{
	s->stopped = true;
	for (size_t i = 0; i < s->file_count; i++)
		detach(&s->files[i]);
}

void sources_write(const struct sources *s, struct sundial_record_writer *writer)
{
	for (size_t i = 1; i < s->name_count; i++) {
		struct record_probe record = s->names[i].record;
		const char *name = s->names[i].name ?: "?", *file = s->names[i].file ?: "?";
		size_t bytes = strlen(name) + strlen(file) + 2;
		char *text = malloc(bytes);

		if (!text)
			return;
		strcpy(text, name);
		strcpy(text + strlen(name) + 1, file);
		sundial_record_write_tail(writer, &record.header, sizeof(record), text,
					  (__u32)bytes);
		free(text);
	}
}

void sources_close(struct sources *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->file_count; i++)
		release(&s->files[i]);
	for (size_t i = 1; i < s->name_count; i++) {
		free(s->names[i].name);
		free(s->names[i].file);
	}
	free(s->files);
	free(s->names);
	free(s);
}
