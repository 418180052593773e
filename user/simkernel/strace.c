// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log of system calls: a file per process, a line per call, written when the
 * call returns (calls that may not return are written when they begin):
 *
 *	1000 1.000012000 openat(AT_FDCWD, "/etc/passwd", 0x80000) = 3 <0.000001000>
 *
 * that is: thread, count at the call's begin in seconds, call, result, duration.
 * All times are virtual. In the deterministic mode addresses become ADDR, and the
 * folder that the simulation was started in becomes $PWD, so that equal runs give
 * equal files wherever they were started.
 *
 * Owns process->strace, a buffer in the arena, appended to its file when it is
 * full and when the process ends. Belongs to the holder of the run token; the
 * supervisor flushes for those that were alive at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/hostids.h"
#include "simkernel/names.h"
#include "simkernel/strace.h"
#include "simkernel/syscall.h"

#define BUFFER_BYTES 16384
#define LINE_BYTES   2048 /* longer lines are cut */
#define DATA_SHOWN   32	  /* bytes of a read or write */
#define PATH_SHOWN   256

struct strace_buffer {
	u32 len;
	bool opened;	 /* the file exists: append */
	bool unfinished; /* the last line has no result yet */
	u64 unfinished_nr;
	char name[TASK_COMM_BYTES];
	char text[BUFFER_BYTES];
};

static bool deterministic(struct host *h)
{
	return h->config.strace_mode == STRACE_DETERMINISTIC;
}

static void write_out(struct host *h, struct process *p, struct strace_buffer *b)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (b->opened ? O_APPEND : O_TRUNC);
	u32 done = 0;
	u64 taken;
	char *path;
	long fd;

	path = arena_alloc(h, PATH_MAX + 64);
	if (!path)
		return;
	if (!b->opened)
		str_copy(b->name, p->leader->comm, sizeof(b->name));
	str_format(path, PATH_MAX + 64, "%s/%s.%d.strace", h->config.strace_dir, b->name, p->pid);
	taken = host_root_take();
	fd = hostcall(SYS_openat, AT_FDCWD, path, flags, 0666);
	host_root_give_back(taken);
	arena_free(h, path);
	while (fd >= 0 && done < b->len) {
		long n = hostcall(SYS_write, fd, b->text + done, b->len - done);

		if (n <= 0)
			break;
		done += n;
	}
	if (fd >= 0)
		hostcall(SYS_close, fd);
	b->opened = true;
	b->len = 0;
}

static void __attribute__((format(printf, 2, 3))) put(struct strace_buffer *b, const char *fmt, ...)
{
	u32 room = BUFFER_BYTES - b->len;
	va_list ap;
	u32 n;

	va_start(ap, fmt);
	n = str_vformat(b->text + b->len, room, fmt, ap);
	va_end(ap);
	b->len += min(n, room - 1);
}

static void end_unfinished(struct strace_buffer *b, bool dead)
{
	if (!b->unfinished)
		return;
	b->unfinished = false;
	/* Another line follows: an exec that did not return has succeeded. */
	put(b, ") = %s\n",
	    dead || b->unfinished_nr == SYS_exit || b->unfinished_nr == SYS_exit_group ? "?" : "0");
}

/* The buffer with room for a line, or NULL. */
static struct strace_buffer *line_room(struct host *h, struct process *p)
{
	struct strace_buffer *b = p->strace;

	if (!b) {
		if (p->state != PROCESS_ALIVE)
			return NULL;
		b = p->strace = arena_alloc(h, sizeof(*b));
		if (!b)
			return NULL;
	}
	if (BUFFER_BYTES - b->len < 2 * LINE_BYTES)
		write_out(h, p, b);
	return b;
}

static void put_address(struct host *h, struct strace_buffer *b, u64 v)
{
	if (!v)
		put(b, "NULL");
	else if (deterministic(h))
		put(b, "ADDR");
	else
		put(b, "0x%lx", v);
}

static void put_quoted(struct strace_buffer *b, const u8 *s, size_t n)
{
	size_t i;

	put(b, "\"");
	for (i = 0; i < n; i++) {
		if (s[i] == '\n')
			put(b, "\\n");
		else if (s[i] == '\t')
			put(b, "\\t");
		else if (s[i] == '"' || s[i] == '\\')
			put(b, "\\%c", s[i]);
		else if (s[i] < 32 || s[i] > 126)
			put(b, "\\x%02x", s[i]);
		else
			put(b, "%c", s[i]);
	}
	put(b, "\"");
}

static void put_data(struct host *h, struct strace_buffer *b, u64 addr, u64 len)
{
	u8 data[DATA_SHOWN];
	size_t n = min(len, (u64)DATA_SHOWN);

	if (copy_from_user(data, addr, n)) {
		put_address(h, b, addr);
		return;
	}
	put_quoted(b, data, n);
	if (len > n)
		put(b, "...");
}

static void put_path(struct host *h, struct strace_buffer *b, u64 addr)
{
	const char *cwd = h->config.start_dir;
	size_t cwd_len = strlen(cwd);
	char path[PATH_SHOWN];
	long n = string_from_user(path, addr, sizeof(path));

	if (n == -EFAULT) {
		put_address(h, b, addr);
		return;
	}
	path[sizeof(path) - 1] = 0;
	if (deterministic(h) && cwd_len > 1 && !strncmp(path, cwd, cwd_len) &&
	    (!path[cwd_len] || path[cwd_len] == '/')) {
		put(b, "$PWD");
		put_quoted(b, (u8 *)path + cwd_len, strlen(path + cwd_len));
	} else {
		put_quoted(b, (u8 *)path, strlen(path));
	}
	if (n < 0)
		put(b, "...");
}

static void put_timespec(struct host *h, struct strace_buffer *b, u64 addr)
{
	s64 ts[2];

	if (!addr || copy_from_user(ts, addr, sizeof(ts)))
		put_address(h, b, addr);
	else
		put(b, "{tv_sec=%ld, tv_nsec=%ld}", ts[0], ts[1]);
}

/* An untyped argument (prctl, fcntl, ioctl) may be an address whose value depends on the start. */
static bool looks_like_address(struct task *t, u64 v)
{
	struct mm *mm = t->process->mm;

	return (v >> 32 && v < 1UL << 47) || (mm && v >= mm->brk_start && v < mm->brk);
}

static void put_hex(struct task *t, struct strace_buffer *b, u64 v)
{
	if (deterministic(t->host) && looks_like_address(t, v))
		put(b, "ADDR");
	else
		put(b, v ? "0x%lx" : "%ld", v);
}

static void put_named(struct strace_buffer *b, const char *name, long number)
{
	if (name)
		put(b, "%s", name);
	else
		put(b, "%ld", number);
}

/* ret is the result, or negative for a line that is written before there is one. */
static void put_argument(struct task *t, struct strace_buffer *b, char kind, const u64 *a, long ret)
{
	struct host *h = t->host;
	char name[16];

	switch (kind) {
	case 'd':
		put(b, "%d", (s32)*a);
		break;
	case 'D':
		put(b, "%ld", (s64)*a);
		break;
	case 'f':
		put(b, "%d", (s32)*a);
		break;
	case 'c':
		put_named(b, (s32)*a == AT_FDCWD ? "AT_FDCWD" : NULL, (s32)*a);
		break;
	case 'u':
		put(b, "%lu", *a);
		break;
	case 'x':
		put_hex(t, b, *a);
		break;
	case 'o':
		put(b, "0%lo", *a);
		break;
	case 's':
		put_path(h, b, *a);
		break;
	case 'b':
		put_data(h, b, *a, a[1]);
		break;
	case 'B':
		if (ret < 0)
			put_address(h, b, *a);
		else
			put_data(h, b, *a, ret);
		break;
	case 'S':
		put(b, "%s", signal_name(*a, name));
		break;
	case 'i':
		put_named(b, clock_name(*a), (s32)*a);
		break;
	case 't':
		put_timespec(h, b, *a);
		break;
	default:
		put_address(h, b, *a);
	}
}

static void put_call(struct thread *th, struct strace_buffer *b, u64 nr, const u64 *a, long ret)
{
	struct task *t = th->task;
	const struct syscall_desc *d = nr < SYSCALL_SLOTS ? &syscall_table[nr] : NULL;
	int i;

	put(b, "%d %lu.%09lu ", t->tid, t->call_start_ns / NSEC_PER_SEC,
	    t->call_start_ns % NSEC_PER_SEC);
	if (!d || !d->name) {
		put(b, "syscall_%lu(", nr);
		return;
	}
	put(b, "%s(", d->name);
	for (i = 0; d->args[i] && i < 6; i++) {
		if (i)
			put(b, ", ");
		put_argument(t, b, d->args[i], &a[i], ret);
	}
}

static bool gives_address(u64 nr)
{
	return nr == SYS_mmap || nr == SYS_mremap || nr == SYS_brk || nr == SYS_shmat;
}

static void put_result(struct host *h, struct strace_buffer *b, u64 nr, long ret)
{
	const char *name;

	switch (ret) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		put(b, ") = ? ERESTART");
		return;
	}
	if (is_error(ret)) {
		name = errno_name(-ret);
		if (name)
			put(b, ") = -1 %s", name);
		else
			put(b, ") = -1 errno %ld", -ret);
	} else if (gives_address(nr)) {
		put(b, ") = ");
		put_address(h, b, ret);
	} else if (nr == SYS_getcwd && deterministic(h)) {
		put(b, ") = LENGTH"); /* of the folder that it was started in, perhaps */
	} else {
		put(b, ") = %ld", ret);
	}
}

static bool may_not_return(u64 nr)
{
	return nr == SYS_exit || nr == SYS_exit_group || nr == SYS_execve || nr == SYS_execveat;
}

void strace_enter(struct thread *th, u64 nr, const u64 *a, u64 begun_ns)
{
	struct strace_buffer *b;

	th->task->call_start_ns = begun_ns;
	if (!may_not_return(nr))
		return;
	b = line_room(th->host, th->task->process);
	if (!b)
		return;
	end_unfinished(b, false);
	put_call(th, b, nr, a, -1);
	b->unfinished = true;
	b->unfinished_nr = nr;
}

void strace_exit(struct thread *th, u64 nr, const u64 *a, long ret)
{
	struct host *h = th->host;
	u64 start_ns = th->task->call_start_ns, took_ns = host_now(h) - start_ns;
	struct strace_buffer *b = line_room(h, th->task->process);

	if (!b)
		return;
	if (b->unfinished && may_not_return(nr)) {
		b->unfinished = false; /* an exec that failed */
	} else {
		end_unfinished(b, false);
		put_call(th, b, nr, a, ret);
	}
	put_result(h, b, nr, ret);
	put(b, " <%lu.%09lu>\n", took_ns / NSEC_PER_SEC, took_ns % NSEC_PER_SEC);
}

void strace_note(struct host *h, struct task *t, const char *fmt, ...)
{
	struct strace_buffer *b;
	u64 now = host_now(h);
	va_list ap;
	u32 n;

	if (!h->config.strace_mode || !t)
		return;
	b = line_room(h, t->process);
	if (!b)
		return;
	end_unfinished(b, t->process->exiting);
	put(b, "%d %lu.%09lu ", t->tid, now / NSEC_PER_SEC, now % NSEC_PER_SEC);
	va_start(ap, fmt);
	n = str_vformat(b->text + b->len, LINE_BYTES, fmt, ap);
	va_end(ap);
	b->len += min(n, (u32)LINE_BYTES - 1);
	put(b, "\n");
}

void strace_flush(struct host *h, struct process *p)
{
	struct strace_buffer *b = p->strace;

	if (!b)
		return;
	if (p->exiting)
		end_unfinished(b, true);
	write_out(h, p, b);
	if (p->exiting) {
		p->strace = NULL;
		arena_free(h, b);
	}
}
