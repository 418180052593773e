// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One buffer of the kernel's for each CPU, since an event that forks inherit can
 * only be mapped so. What they hold is put in order of time before it is looked at:
 * a process that executes on one CPU may map on another.
 */
#include "record/mappings.h"
#include <elfutils/libdwelf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libelf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_PAGES 64	 /* of data, for each CPU */
#define SYSTEM_PAGES 512 /* the same of a whole system */

#ifndef PERF_RECORD_MISC_MMAP_BUILD_ID
#define PERF_RECORD_MISC_MMAP_BUILD_ID (1 << 14)
#endif

struct buffer {
	int fd;
	struct perf_event_mmap_page *page;
};

struct report {
	uint64_t time_ns;
	struct perf_event_header *header; /* a copy */
};

struct mappings {
	struct buffer *buffers;
	size_t cpus;
	int *extra; /* events of further threads, which share the buffers */
	size_t extras;
	struct mapping *all;
	size_t count, room;
	struct report *reports;
	size_t report_count, report_room;
	uint64_t lost;
	mapping_seen *seen;
	void *context;
	size_t page_bytes;
	size_t data_pages; /* of each buffer */
	bool system;
	pid_t *ended; /* processes to be forgotten at the next read */
	size_t ended_count;
};

/* The part of PERF_RECORD_MMAP2 that is fixed. */
struct mmap2 {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, length, offset;
	union {
		struct {
			uint32_t major, minor;
			uint64_t inode, generation;
		};
		struct {
			uint8_t build_id_bytes, pad[3];
			uint8_t build_id[20];
		};
	};
	uint32_t protection, flags;
	char path[];
};

static int add(struct mappings *m, const struct mapping *mapping, const char *path)
{
	struct mapping *grown;

	if (m->count == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		grown = realloc(m->all, m->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		m->all = grown;
	}
	m->all[m->count] = *mapping;
	m->all[m->count].path = strdup(path);
	if (!m->all[m->count].path)
		return -ENOMEM;
	m->count++;
	if (m->seen && mapping->protection & PROT_EXEC && path[0] == '/')
		m->seen(m->context, &m->all[m->count - 1]);
	return 0;
}

/* Forgets what tgid had mapped: it executed another program. */
static void forget(struct mappings *m, pid_t tgid)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->all[i].tgid == tgid)
			free(m->all[i].path);
		else
			m->all[kept++] = m->all[i];
	m->count = kept;
}

/* A child has what its parent had. */
static void inherit(struct mappings *m, pid_t parent, pid_t child)
{
	size_t count = m->count;

	if (parent == child)
		return;
	for (size_t i = 0; i < count; i++)
		if (m->all[i].tgid == parent) {
			struct mapping copy = m->all[i];

			copy.tgid = child;
			if (add(m, &copy, m->all[i].path))
				return;
		}
}

static void read_build_id(struct mapping *mapping, const char *path)
{
	const void *id;
	ssize_t bytes;
	Elf *elf;
	int fd;

	elf_version(EV_CURRENT);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	bytes = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
	if (bytes > 0 && (size_t)bytes <= sizeof(mapping->build_id)) {
		memcpy(mapping->build_id, id, (size_t)bytes);
		mapping->build_id_bytes = (uint32_t)bytes;
	}
	elf_end(elf);
	close(fd);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* What a process that runs already has mapped. */
static int read_existing(struct mappings *m, pid_t pid)
{
	char line[8192], path[4096], name[64], flags[5];
	unsigned long start, end, offset;
	FILE *file;
	int ret = 0;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (!ret && fgets(line, sizeof(line), file)) {
		struct mapping mapping = {.tgid = pid, .host_ns = now_ns()};

		path[0] = 0;
		if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %4095[^\n]", &start, &end, flags, &offset,
			   path) < 4)
			continue;
		mapping.start = start;
		mapping.end = end;
		mapping.offset = offset;
		mapping.protection = (flags[0] == 'r' ? PROT_READ : 0) |
				     (flags[1] == 'w' ? PROT_WRITE : 0) |
				     (flags[2] == 'x' ? PROT_EXEC : 0);
		/* Of a whole system only what stacks are unwound with. */
		if (m->system && (!(mapping.protection & PROT_EXEC) || path[0] != '/'))
			continue;
		if (path[0] == '/' && !m->system)
			read_build_id(&mapping, path);
		ret = add(m, &mapping, path);
	}
	fclose(file);
	return ret;
}

static int open_event(const struct mappings *m, pid_t tid, int cpu, int into)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.inherit = !m->system,
		.mmap = 1,
		.mmap2 = 1,
		.mmap_data = !m->system,
		.build_id = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.watermark = 1,
		.wakeup_watermark = m->system ? SYSTEM_PAGES * (uint32_t)m->page_bytes / 4 : 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (into >= 0 && ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, into)) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int open_buffers(struct mappings *m, pid_t pid)
{
	for (size_t cpu = 0; cpu < m->cpus; cpu++) {
		struct buffer *buffer = &m->buffers[cpu];

		buffer->fd = open_event(m, pid, (int)cpu, -1);
		if (buffer->fd == -ENODEV) /* a CPU that is not there */
			continue;
		if (buffer->fd < 0)
			return buffer->fd;
		buffer->page = mmap(NULL, (1 + m->data_pages) * m->page_bytes,
				    PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd, 0);
		if (buffer->page == MAP_FAILED) {
			buffer->page = NULL;
			return -errno;
		}
	}
	return 0;
}

/* The other threads of a process that runs already: an event is of one. */
static int open_threads(struct mappings *m, pid_t pid)
{
	struct dirent *entry;
	char name[64];
	int ret = 0;
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/task", pid);
	dir = opendir(name);
	while (dir && !ret && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);
		int *grown;

		if (tid <= 0 || tid == pid)
			continue;
		grown = realloc(m->extra, (m->extras + m->cpus) * sizeof(*grown));
		if (!grown) {
			ret = -ENOMEM;
			break;
		}
		m->extra = grown;
		for (size_t cpu = 0; cpu < m->cpus && m->buffers[cpu].page; cpu++) {
			int fd = open_event(m, tid, (int)cpu, m->buffers[cpu].fd);

			if (fd >= 0)
				m->extra[m->extras++] = fd;
		}
	}
	if (dir)
		closedir(dir);
	return ret;
}

static int create(struct mappings **mappings, bool system)
{
	struct mappings *m = calloc(1, sizeof(*m));
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!m)
		return -ENOMEM;
	m->system = system;
	m->data_pages = system ? SYSTEM_PAGES : BUFFER_PAGES;
	m->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	m->buffers = calloc((size_t)cpus, sizeof(*m->buffers));
	if (!m->buffers) {
		free(m);
		return -ENOMEM;
	}
	m->cpus = (size_t)cpus;
	for (size_t i = 0; i < m->cpus; i++)
		m->buffers[i].fd = -1;
	*mappings = m;
	return 0;
}

int mappings_open(struct mappings **mappings, pid_t pid, bool existing, mapping_seen *seen,
		  void *context)
{
	struct mappings *m;
	int ret = create(&m, false);

	if (ret)
		return ret;
	m->seen = seen;
	m->context = context;
	ret = open_buffers(m, pid);
	if (!ret && existing)
		ret = open_threads(m, pid);
	if (!ret && existing)
		ret = read_existing(m, pid);
	if (ret)
		mappings_close(m);
	else
		*mappings = m;
	return ret;
}

int mappings_read_existing(struct mappings **mappings, pid_t pid)
{
	struct mappings *m;
	int ret = create(&m, false);

	if (ret)
		return ret;
	ret = read_existing(m, pid);
	if (ret)
		mappings_close(m);
	else
		*mappings = m;
	return ret;
}

/* What every process that runs already has mapped; one that ends meanwhile has nothing. */
static void read_all_existing(struct mappings *m)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			read_existing(m, atoi(entry->d_name));
	if (dir)
		closedir(dir);
}

int mappings_open_system(struct mappings **mappings)
{
	struct mappings *m;
	int ret = create(&m, true);

	if (ret)
		return ret;
	ret = open_buffers(m, -1);
	if (ret) {
		mappings_close(m);
		return ret;
	}
	read_all_existing(m);
	*mappings = m;
	return 0;
}

size_t mappings_fds(const struct mappings *m, int *fds, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < m->cpus && count < max; i++)
		if (m->buffers[i].fd >= 0)
			fds[count++] = m->buffers[i].fd;
	return count;
}

static uint64_t report_time(const struct perf_event_header *header)
{
	uint64_t time;

	/* The sample id at the end: pid, tid, time. */
	memcpy(&time, (const char *)header + header->size - sizeof(time), sizeof(time));
	return time;
}

static void keep_report(struct mappings *m, struct perf_event_header *copy)
{
	struct report *grown;

	if (m->report_count == m->report_room) {
		m->report_room = m->report_room ? 2 * m->report_room : 256;
		grown = realloc(m->reports, m->report_room * sizeof(*grown));
		if (!grown) {
			m->lost++;
			free(copy);
			return;
		}
		m->reports = grown;
	}
	m->reports[m->report_count++] = (struct report){report_time(copy), copy};
}

static void copy_out(const struct mappings *m, const struct buffer *buffer, uint64_t at, void *to,
		     size_t bytes)
{
	const char *data = (const char *)buffer->page + m->page_bytes;
	size_t mask = m->data_pages * m->page_bytes - 1;

	for (size_t i = 0; i < bytes; i++)
		((char *)to)[i] = data[(at + i) & mask];
}

static void collect(struct mappings *m, struct buffer *buffer)
{
	uint64_t head = __atomic_load_n(&buffer->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = buffer->page->data_tail;
	struct perf_event_header header, *copy;

	while (tail < head) {
		copy_out(m, buffer, tail, &header, sizeof(header));
		copy = malloc(header.size);
		if (copy) {
			copy_out(m, buffer, tail, copy, header.size);
			keep_report(m, copy);
		} else {
			m->lost++;
		}
		tail += header.size;
	}
	__atomic_store_n(&buffer->page->data_tail, tail, __ATOMIC_RELEASE);
}

static int by_time(const void *a, const void *b)
{
	const struct report *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static void take_mapping(struct mappings *m, const struct report *report)
{
	const struct mmap2 *r = (const struct mmap2 *)report->header;
	struct mapping mapping = {
		.tgid = (pid_t)r->pid,
		.host_ns = report->time_ns,
		.start = r->start,
		.end = r->start + r->length,
		.offset = r->offset,
		.protection = r->protection,
	};

	if (r->header.misc & PERF_RECORD_MISC_MMAP_BUILD_ID &&
	    r->build_id_bytes <= sizeof(r->build_id)) {
		mapping.build_id_bytes = r->build_id_bytes;
		memcpy(mapping.build_id, r->build_id, r->build_id_bytes);
	}
	if (add(m, &mapping, r->path))
		m->lost++;
}

/* The process of a thread that has ended is forgotten later if that was its first. */
static void end(struct mappings *m, pid_t tgid, pid_t tid)
{
	pid_t *grown;

	if (!m->system || tgid != tid)
		return;
	grown = realloc(m->ended, (m->ended_count + 1) * sizeof(*grown));
	if (!grown)
		return;
	m->ended = grown;
	m->ended[m->ended_count++] = tgid;
}

void mappings_forget_ended(struct mappings *m, mapping_wanted *wanted, void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->ended_count; i++)
		if (wanted(context, m->ended[i]))
			m->ended[kept++] = m->ended[i];
		else
			forget(m, m->ended[i]);
	m->ended_count = kept;
}

static void take(struct mappings *m, const struct report *report)
{
	const struct perf_event_header *header = report->header;
	const uint32_t *ids = (const uint32_t *)(header + 1);

	switch (header->type) {
	case PERF_RECORD_MMAP2:
		take_mapping(m, report);
		break;
	case PERF_RECORD_COMM:
		if (header->misc & PERF_RECORD_MISC_COMM_EXEC)
			forget(m, (pid_t)ids[0]);
		break;
	case PERF_RECORD_FORK:
		inherit(m, (pid_t)ids[1], (pid_t)ids[0]);
		break;
	case PERF_RECORD_EXIT: /* pid, parent's pid, tid, parent's tid */
		end(m, (pid_t)ids[0], (pid_t)ids[2]);
		break;
	case PERF_RECORD_LOST:
		m->lost += ((const uint64_t *)(header + 1))[1];
		break;
	default:
		break;
	}
}

/* Takes what had happened by the time that the first buffer was read; keeps the rest. */
static void read_once(struct mappings *m)
{
	uint64_t limit_ns = now_ns();
	size_t taken = 0;

	for (size_t i = 0; i < m->cpus; i++)
		if (m->buffers[i].page)
			collect(m, &m->buffers[i]);
	qsort(m->reports, m->report_count, sizeof(*m->reports), by_time);
	for (; taken < m->report_count && m->reports[taken].time_ns <= limit_ns; taken++) {
		take(m, &m->reports[taken]);
		free(m->reports[taken].header);
	}
	m->report_count -= taken;
	if (taken)
		memmove(m->reports, m->reports + taken, m->report_count * sizeof(*m->reports));
}

#define READS_MAX 16

/*
 * What one CPU reports while another's buffer is read may be later than what that one
 * has not been asked for yet:
 *
 *	recorder			a process
 *	  reads CPU 0
 *					  is forked on CPU 0
 *					  executes on CPU 1, maps its program
 *	  reads CPU 1
 *
 * Taken in that order it would have its program's mappings, and then its parent's.
 */
void mappings_read(struct mappings *m)
{
	int reads = 0;

	do
		read_once(m);
	while (m->report_count && ++reads < READS_MAX);
}

uint64_t mappings_lost(const struct mappings *m)
{
	return m->lost;
}

const struct mapping *mappings_all(const struct mappings *m, size_t *count)
{
	*count = m->count;
	return m->all;
}

void mappings_close(struct mappings *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->extras; i++)
		close(m->extra[i]);
	for (size_t i = 0; i < m->cpus; i++) {
		if (m->buffers[i].page)
			munmap(m->buffers[i].page, (1 + m->data_pages) * m->page_bytes);
		if (m->buffers[i].fd >= 0)
			close(m->buffers[i].fd);
	}
	for (size_t i = 0; i < m->count; i++)
		free(m->all[i].path);
	free(m->all);
	free(m->buffers);
	free(m->extra);
	for (size_t i = 0; i < m->report_count; i++)
		free(m->reports[i].header);
	free(m->reports);
	free(m->ended);
	free(m);
}
