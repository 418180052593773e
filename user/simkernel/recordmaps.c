// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which files the processes of a recorded host have mapped to be executed, with their
 * build-ids: without them a stack is only numbers. Noted when they are mapped, because
 * a program that has ended has nothing left to ask.
 *
 * Bounded: when there is no room left, processes that are gone lose theirs. recorder.h
 * has the rest of the rules.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"

#define NOTE_BYTES 1024
#define PHDRS_MAX  32
#define NOTE_GNU   "GNU"
#define NO_FILE	   RECORDER_FILES

static void read_build_id(int fd, struct recorder_file *file)
{
	u8 notes[NOTE_BYTES] __attribute__((aligned(8)));
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	long n;
	int i;

	if (hostcall(SYS_pread64, fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_phentsize != sizeof(ph))
		return;
	for (i = 0; i < eh.e_phnum && i < PHDRS_MAX; i++) {
		u64 at = 0;

		if (hostcall(SYS_pread64, fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) !=
			    sizeof(ph) ||
		    ph.p_type != PT_NOTE)
			continue;
		n = hostcall(SYS_pread64, fd, notes, min(ph.p_filesz, (u64)sizeof(notes)),
			     ph.p_offset);
		while (n > 0 && at + sizeof(Elf64_Nhdr) <= (u64)n) {
			const Elf64_Nhdr *note = (const Elf64_Nhdr *)(notes + at);
			u64 name = at + sizeof(*note),
			    desc = name + ALIGN_UP((u64)note->n_namesz, 4);

			at = desc + ALIGN_UP((u64)note->n_descsz, 4);
			if (at > (u64)n)
				break;
			if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != sizeof(NOTE_GNU) ||
			    memcmp(notes + name, NOTE_GNU, sizeof(NOTE_GNU)) ||
			    note->n_descsz > sizeof(file->build_id))
				continue;
			file->build_id_bytes = note->n_descsz;
			memcpy(file->build_id, notes + desc, note->n_descsz);
			return;
		}
	}
}

/* The number of a file, the same each time that it is mapped; NO_FILE: no room. */
static u32 file_number(struct host *h, int fd, const char *path)
{
	struct recorder *r = h->recorder;
	struct recorder_file *file = arena_alloc(h, sizeof(*file));
	char link[32];
	long n = 0;
	u32 i;

	if (!file)
		return NO_FILE;
	if (path) {
		str_copy(file->path, path, sizeof(file->path));
	} else {
		str_format(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = hostcall(SYS_readlink, link, file->path, sizeof(file->path) - 1);
	}
	if (n >= 0)
		read_build_id(fd, file);
	for (i = 0; n >= 0 && i < r->file_count; i++)
		if (!memcmp(r->files[i], file, sizeof(*file)))
			break;
	if (n >= 0 && i == r->file_count && i < RECORDER_FILES) {
		r->files[r->file_count++] = file;
		return i;
	}
	arena_free(h, file);
	return n < 0 ? NO_FILE : i;
}

static bool is_alive(struct host *h, const struct recorder_mapping *m)
{
	struct process *p = h->pid_process[m->pid];

	return p && p->state == PROCESS_ALIVE && p->record_epoch == m->epoch;
}

static void drop_dead(struct host *h)
{
	struct recorder *r = h->recorder;
	u32 i, kept = 0;

	for (i = 0; i < r->map_count; i++)
		if (is_alive(h, &r->maps[i]))
			r->maps[kept++] = r->maps[i];
	r->map_count = kept;
}

static void add(struct host *h, const struct recorder_mapping *m)
{
	struct recorder *r = h->recorder;

	if (r->map_count == RECORDER_MAPS)
		drop_dead(h);
	if (r->map_count == RECORDER_MAPS)
		r->maps_lost++;
	else
		r->maps[r->map_count++] = *m;
}

void record_mapped(struct host *h, const struct process *p, u64 start, u64 bytes, u64 offset,
		   u32 protection, int fd, const char *path)
{
	struct recorder_mapping m = {
		.pid = p->pid,
		.epoch = p->record_epoch,
		.time_ns = host_now(h),
		.start = start,
		.end = start + ALIGN_UP(bytes, PAGE_BYTES),
		.offset = offset,
		.protection = protection,
		.file = file_number(h, fd, path),
	};

	if (m.file != NO_FILE)
		add(h, &m);
}

void record_maps_forked(struct host *h, const struct process *from, const struct process *to)
{
	struct recorder *r = h->recorder;
	u32 i, count = r->map_count;

	for (i = 0; i < count && i < r->map_count; i++) {
		struct recorder_mapping m = r->maps[i];

		if (m.pid != from->pid || m.epoch != from->record_epoch)
			continue;
		m.pid = to->pid;
		m.epoch = to->record_epoch;
		add(h, &m);
	}
}

void record_maps_executed(struct host *h, const struct process *p)
{
	struct recorder *r = h->recorder;
	u32 i, kept = 0;

	for (i = 0; i < r->map_count; i++)
		if (r->maps[i].pid != p->pid)
			r->maps[kept++] = r->maps[i];
	r->map_count = kept;
}

void record_loaded(struct host *h, const struct process *p, const char *path, u64 base)
{
	long fd = hostcall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	int i;

	if (fd < 0)
		return;
	if (hostcall(SYS_pread64, fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    eh.e_phentsize != sizeof(ph))
		eh.e_phnum = 0;
	for (i = 0; i < eh.e_phnum && i < PHDRS_MAX; i++) {
		u64 at;

		if (hostcall(SYS_pread64, fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) !=
			    sizeof(ph) ||
		    ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		at = ALIGN_DOWN(ph.p_vaddr, PAGE_BYTES);
		record_mapped(h, p, base + at, ph.p_vaddr + ph.p_memsz - at,
			      ALIGN_DOWN(ph.p_offset, PAGE_BYTES), PROT_READ | PROT_EXEC, fd, NULL);
	}
	hostcall(SYS_close, fd);
}
