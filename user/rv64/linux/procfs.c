// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of /proc that would show the engine or the host's processor: made as memory
 * files when they are opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rv64/exec.h"
#include "rv64/linux/linux.h"
#include "rv64/linux/space.h"

/* The host's list has the names; the list of mappings knows what the guest may do there. */
static void maps(FILE *out)
{
	FILE *in = fopen("/proc/self/maps", "re");
	u64 heap_end, heap = rv64_brk_base(&heap_end);
	char *line = NULL;
	size_t room = 0;

	while (in && getline(&line, &room, in) > 0) {
		unsigned long start, end, at;
		char mode[8], rest[PATH_MAX + 64], *name;
		struct rv64_mapping m;

		rest[0] = 0;
		if (sscanf(line, "%lx-%lx %7s %4100[^\n]", &start, &end, mode, rest) < 3 ||
		    start >= RV64_SPACE_END)
			continue;
		name = strchr(rest, '[');
		/* One of the host's may be several of the guest's, which only differ in rights. */
		for (at = start; at < end; at = m.end) {
			if (!rv64_mapping_find(at, &m) || m.start > at)
				m = (struct rv64_mapping){.start = at, .end = end};
			fprintf(out, "%08lx-%08lx %c%c%c%c %s%s\n", at, min(m.end, end),
				m.prot & PROT_READ ? 'r' : '-', m.prot & PROT_WRITE ? 'w' : '-',
				m.prot & PROT_EXEC ? 'x' : '-', mode[3], rest,
				name			      ? ""
				: at >= heap && at < heap_end ? "                  [heap]"
				: m.end == RV64_STACK_TOP     ? "                  [stack]"
				: at == (rv64_sigreturn_code & ~(PAGE_BYTES - 1))
					? "                  [vdso]"
					: "");
		}
	}
	free(line);
	if (in)
		fclose(in);
}

static const struct {
	const char *name;
	bool of_process; /* below /proc/self */
	void (*make)(FILE *out);
} files[] = {
	{"cpuinfo", false, rv64_cpuinfo},
	{"maps", true, maps},
};

/* The part of path behind /proc/ or behind /proc/self/ and its synonyms. */
static const char *in_proc(const char *path, bool *of_process)
{
	char own[32];
	size_t n;

	if (strncmp(path, "/proc/", 6))
		return NULL;
	path += 6;
	*of_process = true;
	if (!strncmp(path, "self/", 5))
		return path + 5;
	if (!strncmp(path, "thread-self/", 12))
		return path + 12;
	n = snprintf(own, sizeof(own), "%d/", getpid());
	if (!strncmp(path, own, n))
		return path + n;
	*of_process = false;
	return path;
}

static long make_file(void (*make)(FILE *out), u64 flags)
{
	long fd = memfd_create("proc", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
	FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "w");

	if (!out) {
		if (fd >= 0)
			close(fd);
		return -EMFILE;
	}
	make(out);
	fclose(out);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Through mem, whoever it is opened by, memory is written to that the guest may not write to. */
static bool is_memory(const char *name)
{
	const char *last = strrchr(name, '/');

	return !strcmp(last ? last + 1 : name, "mem");
}

bool rv64_proc_open(const u64 *a, long *ret)
{
	char path[64];
	const char *name;
	bool of_process;

	if (string_from_user(path, a[1], sizeof(path)) <= 0)
		return false;
	name = in_proc(path, &of_process);
	if (name && of_process && (a[2] & O_ACCMODE) != O_RDONLY && is_memory(name))
		rv64_code_distrust();
	for (size_t i = 0; name && i < ARRAY_SIZE(files); i++) {
		if (strcmp(name, files[i].name) || of_process != files[i].of_process)
			continue;
		if ((a[2] & O_ACCMODE) != O_RDONLY)
			return false;
		*ret = make_file(files[i].make, a[2]);
		return true;
	}
	return false;
}
