// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/PID/maps and smaps: the host's table of mappings without Sundial's own,
 * with virtual device and inode numbers, and with the guest's heap and stack
 * named. What is resident differs from run to run, so sizes stand in for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/vfs.h"

struct map {
	u64 start, end, offset, ino;
	u32 maj, min;
	char perms[5];
	const char *name; /* "" for none */
};

static const char *parse_number(const char *s, u32 base, u64 *v)
{
	*v = 0;
	for (;; s++) {
		if (*s >= '0' && *s <= '9')
			*v = *v * base + (*s - '0');
		else if (base == 16 && *s >= 'a' && *s <= 'f')
			*v = *v * 16 + (*s - 'a' + 10);
		else
			return s;
	}
}

/* start-end perms offset maj:min inode name */
static bool parse(char *line, struct map *m)
{
	const char *s;
	u64 v;

	s = parse_number(line, 16, &m->start);
	if (*s++ != '-')
		return false;
	s = parse_number(s, 16, &m->end);
	if (*s++ != ' ' || strnlen(s, 5) < 5)
		return false;
	memcpy(m->perms, s, 4);
	m->perms[4] = 0;
	s = parse_number(s + 5, 16, &m->offset);
	s = parse_number(s + 1, 16, &v);
	m->maj = v;
	s = parse_number(s + 1, 16, &v);
	m->min = v;
	s = parse_number(s + 1, 10, &m->ino);
	while (*s == ' ')
		s++;
	m->name = s;
	return true;
}

/* False for a mapping that the guest does not have. */
static bool translate(struct process *p, struct map *m)
{
	struct mm *mm = p->mm;

	if (m->start == VDSO_BASE) {
		m->name = "[vdso]";
		m->ino = m->offset = 0;
		m->maj = m->min = 0;
		return true;
	}
	if (m->start >= LAYOUT_BASE && m->start < LAYOUT_END)
		return false;
	if (mm && mm->space_end && m->start >= mm->space_end)
		return false;
	if (starts_with(m->name, "[vvar") || !strcmp(m->name, "[vdso]"))
		return false;
	if (!mm || m->ino)
		return true;
	if (m->start < mm->brk && m->end > mm->brk_start)
		m->name = "[heap]";
	else if (mm->stack_top && m->start < mm->stack_top && m->end >= mm->stack_top)
		m->name = "[stack]";
	return true;
}

/* Walks a process's mappings; each() sees those of the guest. */
static long for_each_map(struct thread *th, struct process *p,
			 void (*each)(struct thread *th, struct map *m, void *arg), void *arg)
{
	char *buf = vfs_get(th->host)->listing, *line, *end;
	size_t have = 0;
	char path[48];
	struct map m;
	long fd, n;

	if (p->state == PROCESS_ZOMBIE || p->host_pid <= 0)
		return 0;
	str_format(path, sizeof(path), "/proc/%d/maps", p->host_pid);
	fd = pass(th, SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while ((n = hostcall(SYS_read, fd, buf + have, LISTING_BUFFER_BYTES - 1 - have)) > 0) {
		have += n;
		buf[have] = 0;
		for (line = buf; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			if (parse(line, &m) && translate(p, &m))
				each(th, &m, arg);
		}
		have = buf + have - line;
		memmove(buf, line, have);
	}
	hostcall(SYS_close, fd);
	return n;
}

static void put_map(struct thread *th, struct map *m, struct text_out *o)
{
	struct inode *inode = NULL;
	size_t at = o->text ? o->text->len : 0, used;

	if (m->ino)
		inode = inode_get(th->host, makedev(m->maj, m->min), m->ino);
	text_format(o, "%lx-%lx %s %08lx %02x:%02x %lu ", m->start, m->end, m->perms, m->offset,
		    inode ? 8 : 0, inode ? 1 : 0, inode ? inode->number : 0);
	if (*m->name && o->text) {
		for (used = o->text->len - at; used < 73; used++)
			text_put(o, " ", 1);
		text_put(o, m->name, strlen(m->name));
	}
	text_put(o, "\n", 1);
}

static void each_maps(struct thread *th, struct map *m, void *arg)
{
	put_map(th, m, arg);
}

long proc_maps_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_find(th->host, v->pid);

	return p ? for_each_map(th, p, each_maps, o) : -ESRCH;
}

static bool accessible(const struct map *m)
{
	return m->perms[0] == 'r' || m->perms[1] == 'w' || m->perms[2] == 'x';
}

static void put_sizes(struct text_out *o, u64 size, u64 resident, bool writable)
{
	text_format(o,
		    "Rss:            %8lu kB\nPss:            %8lu kB\nPss_Dirty:      %8lu kB\n",
		    resident, resident, writable ? resident : 0);
	text_format(o, "Shared_Clean:   %8lu kB\nShared_Dirty:   %8lu kB\n", 0UL, 0UL);
	text_format(o, "Private_Clean:  %8lu kB\nPrivate_Dirty:  %8lu kB\n",
		    writable ? 0 : resident, writable ? resident : 0);
	text_format(o,
		    "Referenced:     %8lu kB\nAnonymous:      %8lu kB\nLazyFree:       %8lu kB\n",
		    resident, writable ? resident : 0, 0UL);
	text_format(o,
		    "AnonHugePages:  %8lu kB\nShmemPmdMapped: %8lu kB\nSwap:           %8lu kB\n",
		    0UL, 0UL, 0UL);
	text_format(o, "SwapPss:        %8lu kB\nLocked:         %8lu kB\n", 0UL, 0UL);
}

static void each_smaps(struct thread *th, struct map *m, void *arg)
{
	struct text_out *o = arg;
	u64 kib = (m->end - m->start) >> 10;

	put_map(th, m, o);
	text_format(o, "Size:           %8lu kB\nKernelPageSize: %8u kB\nMMUPageSize:    %8u kB\n",
		    kib, 4, 4);
	put_sizes(o, kib, accessible(m) ? kib : 0, m->perms[1] == 'w');
	text_format(o, "VmFlags: %s%s%s\n", m->perms[0] == 'r' ? "rd " : "",
		    m->perms[1] == 'w' ? "wr " : "", m->perms[2] == 'x' ? "ex " : "");
}

long proc_smaps_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct process *p = process_find(th->host, v->pid);
	struct map_sums s;

	if (!p)
		return -ESRCH;
	if (strcmp(v->node->name, "smaps_rollup"))
		return for_each_map(th, p, each_smaps, o);
	proc_map_sums(th, p, &s);
	text_format(o, "00400000-7ffffffff000 ---p 00000000 00:00 0 %26s[rollup]\n", "");
	put_sizes(o, s.total >> 10, s.resident >> 10, true);
	return 0;
}

struct sums_walk {
	struct map_sums *sums;
	u32 seen;
};

static void each_sum(struct thread *th, struct map *m, void *arg)
{
	struct sums_walk *w = arg;
	struct map_sums *s = w->sums;
	u64 size = m->end - m->start;

	s->total += size;
	if (!accessible(m))
		return;
	s->resident += size;
	if (!strcmp(m->name, "[stack]"))
		s->stack += size;
	else if (m->perms[1] == 'w')
		s->data += size;
	else
		s->text += size;
	if (m->perms[2] == 'x' && !w->seen++)
		s->exec = size;
}

void proc_map_sums(struct thread *th, struct process *p, struct map_sums *s)
{
	struct sums_walk w = {.sums = s};

	memset(s, 0, sizeof(*s));
	for_each_map(th, p, each_sum, &w);
}
