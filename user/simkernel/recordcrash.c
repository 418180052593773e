// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A crash in a recorded host: the registers of every thread of the process, their
 * stacks page by page, and what registers and the innermost frames point at. Whole
 * records, kept apart from the ring, so that nothing that happens later overwrites
 * them. recorder.h has the rules.
 *
 * The dying thread holds the run token and the others are parked, so one thread can
 * read them all in its own memory. A signal with a handler may be no crash, or be
 * raised again when the handler has said its last words: then what the first time was
 * is what matters. It waits in task->record_fault until the thread ends or has another.
 */
#include <sys/user.h>
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/record.h"
#include "simkernel/sigset.h"
#include "simkernel/syscall.h"

#define RED_ZONE      128
#define POINTED_BYTES 64
#define STACK_WORDS   128  /* whose targets are kept as well */
#define SOURCES	      8	   /* freed blocks that the faulting address may come from */
#define FIELD_BYTES   4096 /* how far a member is from its object's beginning */
#define LEAST_POINTER 65536

/* One thread's records, one behind the other. */
#define FAULT_BYTES (96UL << 10)
struct record_fault_state {
	u32 used;
	s32 signal;
	u8 records[FAULT_BYTES];
};

static void *append(struct record_fault_state *f, const void *record, u32 head, u32 bytes)
{
	u32 length = ALIGN_UP(head + bytes, 8);
	u8 *to = f->records + f->used;

	if (f->used + length > sizeof(f->records))
		return NULL;
	memset(to, 0, length);
	memcpy(to, record, head);
	((struct record_header *)to)->length = length;
	f->used += length;
	return to;
}

/* Where hooked calls return to is put back into a piece of the stack (recordheap.c). */
static void unhook_stack(struct thread *th, u64 address, u64 *words, u32 count)
{
	u64 stub = th->engine->hook_return ? th->engine->hook_return(th) : 0;
	const struct heap_call *c, *best;
	u32 i;

	for (i = 0; stub && i < count; i++) {
		if (words[i] != stub)
			continue;
		best = NULL;
		for (c = th->task->heap_calls; c < th->task->heap_calls + HEAP_CALLS; c++)
			if (c->sp > address + 8 * i && (!best || c->sp < best->sp))
				best = c;
		if (best)
			words[i] = best->back;
	}
}

/* Memory of the record before; skipped where there is none, unless missing says to tell. */
static bool add_memory(struct thread *th, struct record_fault_state *f,
		       const struct record_crash *crash, u64 address, u32 bytes, bool missing)
{
	struct record_page page = {.header = crash->header, .address = address, .bytes = bytes};
	u32 before = f->used;
	struct record_page *at;

	page.header.type = RECORD_PAGE;
	at = append(f, &page, sizeof(page), bytes);
	if (!at)
		return false;
	if (!copy_from_user(at->memory, address, bytes)) {
		unhook_stack(th, address, (u64 *)at->memory, bytes / 8);
		return true;
	}
	f->used = before;
	if (missing) {
		page.status = RECORD_STATUS_FAULT;
		page.bytes = 0;
		append(f, &page, sizeof(page), 0);
	}
	return false;
}

static void copy_registers(struct thread *th, struct record_crash *crash)
{
	struct user_regs_struct r;
	u64 *to = (u64 *)crash->registers;

	th->engine->get_registers(th, &r);
	to[RECORD_RAX] = r.rax;
	to[RECORD_RDX] = r.rdx;
	to[RECORD_RCX] = r.rcx;
	to[RECORD_RBX] = r.rbx;
	to[RECORD_RSI] = r.rsi;
	to[RECORD_RDI] = r.rdi;
	to[RECORD_RBP] = r.rbp;
	to[RECORD_RSP] = r.rsp;
	to[RECORD_R8] = r.r8;
	to[RECORD_R9] = r.r9;
	to[RECORD_R10] = r.r10;
	to[RECORD_R11] = r.r11;
	to[RECORD_R12] = r.r12;
	to[RECORD_R13] = r.r13;
	to[RECORD_R14] = r.r14;
	to[RECORD_R15] = r.r15;
	to[RECORD_RIP] = r.rip;
	crash->flags_register = r.eflags;
}

static void add_pointed(struct thread *th, struct record_fault_state *f,
			const struct record_crash *crash)
{
	u64 sp = crash->registers[RECORD_RSP], word;
	int i;

	for (i = 0; i < RECORD_RIP; i++)
		if (crash->registers[i] >= PAGE_BYTES)
			add_memory(th, f, crash, crash->registers[i] & ~7UL, POINTED_BYTES, false);
	for (i = 0; i < STACK_WORDS; i++)
		if (!get_user(word, sp + 8 * i) && word >= PAGE_BYTES)
			add_memory(th, f, crash, word & ~7UL, POINTED_BYTES, false);
}

static bool made_from(const struct record_crash *crash, u64 word)
{
	int i;

	if (word < LEAST_POINTER)
		return false;
	if (crash->code != SI_KERNEL)
		return crash->address - word < FIELD_BYTES;
	for (i = 0; i < RECORD_RIP; i++)
		if (crash->registers[i] - word < FIELD_BYTES)
			return true;
	return false;
}

/* The pointer to it may be in no register any longer: every freed block is looked at. */
static void add_sources(struct thread *th, struct record_fault_state *f,
			const struct record_crash *crash)
{
	struct recorder *r = th->host->recorder;
	u64 i, words[POINTED_BYTES / 8];
	int n, found = 0;

	for (i = recorder_block_from(r, 0); i < r->nblocks && found < SOURCES;
	     i = recorder_block_from(r, i + 1)) {
		const struct recorder_block *b = &r->blocks[i];

		if (b->state != RECORDER_FREED || b->pid != (s32)crash->header.tgid ||
		    b->epoch != crash->epoch || copy_from_user(words, b->address, sizeof(words)))
			continue;
		for (n = 0; n < POINTED_BYTES / 8 && !made_from(crash, words[n]); n++)
			;
		if (n < POINTED_BYTES / 8)
			found += add_memory(th, f, crash, b->address, POINTED_BYTES, false);
	}
}

static void capture(struct thread *th, struct record_fault_state *f, int sig, const siginfo_t *info,
		    u32 flags)
{
	struct task *t = th->task;
	struct record_crash crash = {
		.number = sig,
		.code = info ? info->si_code : 0,
		.address = info ? (u64)info->si_addr : 0,
		.flags = flags,
		.pages = RECORDER_PAGES,
		.epoch = t->process->record_epoch,
	};
	u64 base;
	int i;

	record_fill(th->host, t, &crash.header, RECORD_CRASH, sizeof(crash));
	copy_registers(th, &crash);
	memcpy(crash.name, t->comm, sizeof(crash.name));
	f->used = 0;
	f->signal = sig;
	append(f, &crash, sizeof(crash), 0);
	base = ALIGN_DOWN(crash.registers[RECORD_RSP] - RED_ZONE, PAGE_BYTES);
	for (i = 0; i < RECORDER_PAGES; i++)
		add_memory(th, f, &crash, base + i * PAGE_BYTES, PAGE_BYTES, true);
	add_pointed(th, f, &crash);
	if (flags & RECORD_CRASH_FIRST && sig == SIGSEGV)
		add_sources(th, f, &crash);
}

static bool keep(struct recorder *r, const struct record_fault_state *f)
{
	if (r->kept_used + f->used > r->kept_bytes)
		return false;
	memcpy(r->kept + r->kept_used, f->records, f->used);
	r->kept_used += f->used;
	return true;
}

/* What the other threads wait for, and where. */
static void keep_others(struct thread *th, struct record_fault_state *f)
{
	struct recorder *r = th->host->recorder;
	u32 count = 1;
	struct task *t;

	list_for_each (t, &th->task->process->threads, thread_link) {
		if (t == th->task || !t->thread || t->new_thread || count == RECORDER_THREADS)
			continue;
		record_unfinished(th->host, t);
		capture(t->thread, f, 0, NULL, 0);
		count += keep(r, f);
	}
}

void record_crash(struct thread *th, int sig, const siginfo_t *info, bool final)
{
	struct host *h = th->host;
	struct recorder *r = h->recorder;
	struct task *t = th->task;
	struct record_fault_state *f = t->record_fault;

	if (!(SIGBIT(sig) & SIGSET_CORE) || sig == SIGQUIT || sig == SIGXCPU || sig == SIGXFSZ)
		return;
	if (!f)
		f = t->record_fault = arena_alloc(h, sizeof(*f));
	if (!f) {
		r->crashes_lost++;
		return;
	}
	if (!final || f->signal != sig)
		capture(th, f, sig, info, RECORD_CRASH_FIRST);
	if (!final)
		return;
	((struct record_crash *)f->records)->flags |= RECORD_CRASH_FINAL;
	if (!keep(r, f)) {
		r->crashes_lost++;
		return;
	}
	r->crashes++;
	keep_others(th, f);
}

void record_task_gone(struct host *h, struct task *t)
{
	arena_free(h, t->record_fault);
	t->record_fault = NULL;
}
