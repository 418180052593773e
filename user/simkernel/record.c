// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The events of a recorded host: system calls, signals, switches, life and death, the
 * beginnings of what is written to standard error; and the ring that they go to.
 * recorder.h has the rules.
 *
 * A system call is recorded when it returns, with the time of its begin; those that
 * have not returned when their process crashes or the simulation ends are found by
 * their tasks.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/record.h"
#include "simkernel/syscall.h"

static u64 power_below(u64 n)
{
	return n ? 1UL << (63 - __builtin_clzl(n)) : 0;
}

/* Half for events, an eighth each for stacks, crashes and twice for blocks. */
long recorder_create(struct host *h, u64 bytes)
{
	struct recorder *r = arena_alloc(h, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->ring_bytes = power_below(bytes / 2);
	r->kept_bytes = power_below(bytes / 8);
	r->nblocks = power_below(bytes / 4 / sizeof(*r->blocks));
	r->nstacks = power_below(bytes / 8 / sizeof(*r->stacks));
	r->ring = arena_alloc(h, r->ring_bytes);
	r->kept = arena_alloc(h, r->kept_bytes);
	r->blocks = arena_alloc(h, r->nblocks * sizeof(*r->blocks));
	r->buckets_used = arena_alloc(h, r->nblocks / RECORDER_BUCKETS + 1);
	r->stacks = arena_alloc(h, r->nstacks * sizeof(*r->stacks));
	r->stack_keys = arena_alloc(h, r->nstacks * sizeof(*r->stack_keys));
	r->maps = arena_alloc(h, RECORDER_MAPS * sizeof(*r->maps));
	r->probes = arena_alloc(h, RECORDER_PROBES * sizeof(*r->probes));
	if (!r->probes || !r->ring || !r->kept || !r->blocks || !r->buckets_used || !r->stacks ||
	    !r->stack_keys || !r->maps)
		return -ENOMEM;
	h->recorder = r;
	h->logs |= LOG_RECORD;
	return 0;
}

static struct record_header *at(struct recorder *r, u64 position)
{
	return (struct record_header *)(r->ring + (position & (r->ring_bytes - 1)));
}

/* Lets the oldest records go until there are so many bytes; what fills an end is no event. */
static void make_room(struct recorder *r, u64 bytes)
{
	while (r->head + bytes - r->tail > r->ring_bytes) {
		r->overwritten += at(r, r->tail)->type != 0;
		r->tail += at(r, r->tail)->length;
	}
}

/*
 * A record lies in one piece: where the ring's end is too near, a header of type 0 (or
 * what is left of one; lengths are multiples of 8) says how far it is.
 */
void record_put(struct host *h, const struct record_header *header)
{
	struct recorder *r = h->recorder;
	u64 left = r->ring_bytes - (r->head & (r->ring_bytes - 1));

	if (left < header->length) {
		make_room(r, left);
		at(r, r->head)->type = 0;
		at(r, r->head)->length = left;
		r->head += left;
	}
	make_room(r, header->length);
	memcpy(at(r, r->head), header, header->length);
	r->head += header->length;
	r->emitted++;
}

void record_fill(const struct host *h, const struct task *t, struct record_header *header, u16 type,
		 u16 length)
{
	*header = (struct record_header){
		.type = type,
		.length = length,
		.tgid = t->process->pid,
		.tid = t->tid,
		.host_ns = host_now(h),
		.virtual_ns = host_now(h),
		.domain = RECORDER_DOMAIN,
	};
}

void record_call(struct thread *th, u64 nr, const u64 *a, u64 begun_ns)
{
	struct task *t = th->task;

	t->call_start_ns = begun_ns;
	memcpy(t->call_args, a, sizeof(t->call_args));
}

#define STDERR	     2
#define OUTPUT_PARTS 8 /* of a writev; glibc's last words have fewer */
#define WORDS_BYTES  (16UL << 10)

/* What a process wrote to standard error last; WORDS_BYTES of it. */
struct record_words {
	u64 position; /* of all that it wrote */
	char text[WORDS_BYTES];
};

static void keep_words(struct thread *th, const struct iovec *iov, u32 n, u64 bytes)
{
	struct process *p = th->task->process;
	struct record_words *w = p->record_words;
	u64 skip = bytes > WORDS_BYTES ? bytes - WORDS_BYTES : 0, at, part;

	if (!w)
		w = p->record_words = arena_alloc(th->host, sizeof(*w));
	if (!w)
		return;
	for (w->position += skip; skip < bytes; skip += part, w->position += part) {
		at = w->position & (WORDS_BYTES - 1);
		part = min(bytes - skip, WORDS_BYTES - at);
		if (iov_copy_from(w->text + at, iov, n, skip, part) < 0)
			return;
	}
}

/* The end of a process: what it wrote is wanted if it did not end well. */
static void end_words(struct host *h, const struct task *t, u32 status)
{
	struct record_words *w = t->process->record_words;
	struct recorder *r = h->recorder;
	u64 at = w->position > WORDS_BYTES ? w->position - WORDS_BYTES : 0;
	struct record_text *to = (void *)(r->kept + r->kept_used);
	u64 length = ALIGN_UP(sizeof(*to) + w->position - at + 1, 8), n = 0;

	/* Crashes need the other half. */
	if (status && r->kept_used + length < r->kept_bytes / 2) {
		memset(to, 0, length);
		record_fill(h, t, &to->header, RECORD_WORDS, length);
		for (; at < w->position; at++) {
			char c = w->text[at & (WORDS_BYTES - 1)];

			to->text[n++] = c ? c : '?';
		}
		r->kept_used += length;
	}
	arena_free(h, w);
	t->process->record_words = NULL;
}

/* The bytes that a write took, as many as an event has room for; others become '?'. */
static void record_output(struct thread *th, const struct iovec *iov, u32 n, size_t bytes)
{
	struct {
		struct record_text e;
		char text[RECORD_TEXT_MAX];
	} buffer = {0};
	size_t i, len = min(bytes, RECORD_TEXT_MAX - 1);

	if (iov_copy_from(buffer.text, iov, n, 0, len) < 0)
		return;
	for (i = 0; i < len; i++)
		if (!buffer.text[i])
			buffer.text[i] = '?';
	record_fill(th->host, th->task, &buffer.e.header, RECORD_OUTPUT,
		    ALIGN_UP(sizeof(buffer.e) + len + 1, 8));
	record_put(th->host, &buffer.e.header);
	keep_words(th, iov, n, bytes);
}

static void look_at_output(struct thread *th, u64 nr, const u64 *a, long ret)
{
	struct iovec iov[OUTPUT_PARTS] = {{(void *)a[1], ret}};
	u32 n = 1;

	if (nr == SYS_writev) {
		n = min(a[2], (u64)OUTPUT_PARTS);
		if (copy_from_user(iov, a[1], n * sizeof(*iov)))
			return;
	}
	record_output(th, iov, n, min((size_t)ret, iov_total(iov, n)));
}

void record_call_done(struct thread *th, u64 nr, const u64 *a, long ret)
{
	struct task *t = th->task;
	struct host *h = th->host;
	struct record_syscall e = {.number = nr, .result = ret};

	if ((nr == SYS_write || nr == SYS_writev) && a[0] == STDERR && ret > 0)
		look_at_output(th, nr, a, ret);
	record_fill(h, t, &e.header, RECORD_SYSCALL, sizeof(e));
	e.header.host_ns = e.header.virtual_ns = t->call_start_ns;
	e.duration_ns = host_now(h) - t->call_start_ns;
	memcpy(e.args, a, sizeof(e.args));
	record_put(h, &e.header);
}

bool record_pending(const struct host *h, const struct task *t, struct record_syscall *e)
{
	if (!t->in_kernel || t->state == TASK_DEAD || !t->calls)
		return false;
	*e = (struct record_syscall){.number = t->call_nr, .flags = RECORD_UNFINISHED};
	record_fill(h, t, &e->header, RECORD_SYSCALL, sizeof(*e));
	e->header.host_ns = e->header.virtual_ns = t->call_start_ns;
	memcpy(e->args, t->call_args, sizeof(e->args));
	return true;
}

void record_unfinished(struct host *h, const struct task *t)
{
	struct record_syscall e;

	if (record_pending(h, t, &e))
		record_put(h, &e.header);
}

void record_switch(struct host *h, const struct task *from, const struct task *next)
{
	struct record_switch e = {.next_tid = next->tid, .state = from->state != TASK_READY};

	record_fill(h, from, &e.header, RECORD_SWITCH, sizeof(e));
	record_put(h, &e.header);
}

void record_forked(struct host *h, const struct task *parent, const struct task *child)
{
	struct record_fork e = {.child_tgid = child->process->pid, .child_tid = child->tid};

	record_fill(h, parent, &e.header, RECORD_FORK, sizeof(e));
	record_put(h, &e.header);
	if (child->process != parent->process)
		record_maps_forked(h, parent->process, child->process);
}

void record_executed(struct host *h, struct task *t, const char *path)
{
	struct {
		struct record_text e;
		char text[RECORD_TEXT_MAX];
	} buffer = {0};
	size_t len = strnlen(path, RECORD_TEXT_MAX - 1);

	t->process->record_epoch++;
	record_maps_executed(h, t->process);
	memcpy(buffer.text, path, len);
	record_fill(h, t, &buffer.e.header, RECORD_EXEC, ALIGN_UP(sizeof(buffer.e) + len + 1, 8));
	record_put(h, &buffer.e.header);
}

void record_ended(struct host *h, const struct task *t, u32 status)
{
	struct record_exit e = {.code = status, .epoch = t->process->record_epoch};

	record_fill(h, t, &e.header, RECORD_EXIT, sizeof(e));
	record_put(h, &e.header);
	if (t->process->exiting && t->process->record_words)
		end_words(h, t, status);
}

void record_sent(struct host *h, const struct process *p, const struct task *t, int sig,
		 const siginfo_t *info)
{
	const struct task *from = h->current ? h->current : p->leader;
	struct record_signal e = {
		.number = sig,
		.code = info ? info->si_code : SI_KERNEL,
		.address = from->process->pid,
		.target_tid = t ? t->tid : p->pid,
	};

	record_fill(h, from, &e.header, RECORD_SIGNAL, sizeof(e));
	record_put(h, &e.header);
}

void record_delivered(struct host *h, const struct task *t, int sig, const siginfo_t *info,
		      u64 handler)
{
	struct record_signal e = {
		.number = sig,
		.code = info->si_code,
		.address = (u64)info->si_addr,
		.handler = handler,
		.target_tid = t->tid,
	};

	record_fill(h, t, &e.header, RECORD_DELIVER, sizeof(e));
	record_put(h, &e.header);
}
