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
#include <sys/stat.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"

#define NOTE_BYTES 1024
#define PHDRS_MAX  32
#define NOTE_GNU   "GNU"

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

/* Whether it is the same file still: programs may be built anew while the host runs. */
static bool identify(int fd, struct recorder_file *file)
{
	struct stat st;
	char link[32];
	long n;

	if (hostcall(SYS_fstat, fd, &st))
		return false;
	file->identity[0] = st.st_dev;
	file->identity[1] = st.st_ino;
	file->identity[2] = st.st_size;
	file->identity[3] = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
	str_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = hostcall(SYS_readlink, link, file->path, sizeof(file->path) - 1);
	return n > 0;
}

/* The file, one and the same each time that it is mapped; NULL: no room. */
static struct recorder_file *file_of(const struct process *p, int fd, u32 *number)
{
	struct host *h = p->host;
	struct recorder *r = h->recorder;
	struct recorder_file *file = arena_alloc(h, sizeof(*file));
	u32 i;

	if (!file)
		return NULL;
	if (!identify(fd, file))
		goto out;
	for (i = 0; i < r->file_count; i++)
		if (!memcmp(r->files[i]->identity, file->identity, sizeof(file->identity)) &&
		    !strcmp(r->files[i]->path, file->path))
			break;
	*number = i;
	if (i < r->file_count) {
		arena_free(h, file);
		return r->files[i];
	}
	if (i == RECORDER_FILES)
		goto out;
	read_build_id(fd, file);
	record_heap_find(p, fd, file);
	r->files[r->file_count++] = file;
	return file;
out:
	arena_free(h, file);
	return NULL;
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

void record_mapped(struct thread *th, u64 start, u64 bytes, u64 offset, u32 protection, int fd)
{
	struct process *p = th->task->process;
	struct recorder_mapping m = {
		.pid = p->pid,
		.epoch = p->record_epoch,
		.time_ns = host_now(th->host),
		.start = start,
		.end = start + ALIGN_UP(bytes, PAGE_BYTES),
		.offset = offset,
		.protection = protection,
	};
	struct recorder_file *file = file_of(p, fd, &m.file);

	if (!file)
		return;
	add(th->host, &m);
	record_heap_hook(th, file, m.start, m.end, offset);
}

void record_maps_forked(struct host *h, const struct process *from, struct process *to)
{
	struct recorder *r = h->recorder;
	u32 i, count = r->map_count;

	to->record_epoch = from->record_epoch;
	memcpy(to->record_text, from->record_text, sizeof(to->record_text));
	to->record_heap = from->record_heap;
	to->record_from = from->pid;
	to->record_forked_ns = host_now(h);
	for (i = 0; i < count && i < r->map_count; i++) {
		struct recorder_mapping m = r->maps[i];

		if (m.pid != from->pid || m.epoch != from->record_epoch)
			continue;
		m.pid = to->pid;
		m.epoch = to->record_epoch;
		add(h, &m);
	}
}

void record_maps_executed(struct host *h, struct process *p)
{
	struct recorder *r = h->recorder;
	u32 i, kept = 0;

	p->record_heap = false;
	p->record_from = 0;
	memset(p->record_text, 0, sizeof(p->record_text));
	for (i = 0; i < r->map_count; i++)
		if (r->maps[i].pid != p->pid)
			r->maps[kept++] = r->maps[i];
	r->map_count = kept;
}

void record_loaded(struct thread *th, const char *path, u64 base)
{
	long fd = hostcall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	struct process *p = th->task->process;
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	int i;

	if (fd < 0)
		return;
	if (hostcall(SYS_pread64, fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    eh.e_phentsize != sizeof(ph))
		eh.e_phnum = 0;
	for (i = 0; i < eh.e_phnum && i < PHDRS_MAX; i++) {
		u64 low, bytes;

		if (hostcall(SYS_pread64, fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) !=
			    sizeof(ph) ||
		    ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		low = ALIGN_DOWN(ph.p_vaddr, PAGE_BYTES);
		bytes = ph.p_vaddr + ph.p_memsz - low;
		if (!p->record_text[1]) {
			p->record_text[0] = base + low;
			p->record_text[1] = bytes;
		}
		record_mapped(th, base + low, bytes, ALIGN_DOWN(ph.p_offset, PAGE_BYTES),
			      PROT_READ | PROT_EXEC, fd);
	}
	hostcall(SYS_close, fd);
}
