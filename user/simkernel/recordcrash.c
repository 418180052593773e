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
#define SOURCES_MAX   64
#define HOLDER_BYTES  (1UL << 20) /* of a live block that are searched for pointers */
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

/* What a record of another machine's registers has room for. */
struct machine {
	struct record_machine record;
	u64 registers[33];
};

/* All registers that may point to something; returns how many. */
static u32 all_registers(const struct record_crash *crash, const struct machine *m, u64 *to)
{
	u32 count = m->record.count ? m->record.count : RECORD_RIP;

	memcpy(to, m->record.count ? m->registers : (const u64 *)crash->registers,
	       count * sizeof(*to));
	return count;
}

static void add_machine(struct thread *th, struct record_fault_state *f,
			const struct record_crash *crash, struct machine *m)
{
	m->record = (struct record_machine){.header = crash->header};
	if (!th->engine->machine_registers)
		return;
	m->record.header.type = RECORD_MACHINE;
	m->record.machine = th->engine->elf_machine;
	m->record.count = th->engine->machine_registers(th, m->registers);
	append(f, m, sizeof(m->record) + m->record.count * 8, 0);
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

static void add_registers(struct thread *th, struct record_fault_state *f,
			  const struct record_crash *crash, const struct machine *m)
{
	u64 all[33];
	u32 count = all_registers(crash, m, all), i;

	for (i = 0; i < count; i++)
		if (all[i] >= PAGE_BYTES)
			add_memory(th, f, crash, all[i] & ~7UL, POINTED_BYTES, false);
}

static void add_pointed(struct thread *th, struct record_fault_state *f,
			const struct record_crash *crash)
{
	u64 sp = crash->registers[RECORD_RSP], word;
	int i;

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

/* A freed block that holds what the faulting address was made from. */
struct source {
	u64 address, freed_ns;
	u32 rank; /* who still points to it: 2 a live block, 1 the stack, 0 nobody */
};

/* Several blocks of a page may hold the same; candidates has room for SOURCES_MAX. */
static u32 find_sources(struct recorder *r, const struct record_crash *crash,
			struct source *sources)
{
	u64 i, words[POINTED_BYTES / 8];
	u32 found = 0, n, count;

	for (i = recorder_block_from(r, 0); i < r->nblocks && found < SOURCES_MAX;
	     i = recorder_block_from(r, i + 1)) {
		const struct recorder_block *b = &r->blocks[i];

		count = min(b->size_bytes, (u64)POINTED_BYTES) / 8;
		if (b->state != RECORDER_FREED || b->pid != (s32)crash->header.tgid ||
		    b->epoch != crash->epoch || copy_from_user(words, b->address, 8 * count))
			continue;
		for (n = 0; n < count && !made_from(crash, words[n]); n++)
			;
		if (n < count)
			sources[found++] = (struct source){b->address, b->freed.host_ns, 0};
	}
	return found;
}

static void rank_by(struct source *sources, u32 count, u64 from, u64 bytes, u32 rank)
{
	u64 words[64], at;
	u32 i, n;

	for (at = 0; at + sizeof(words) <= bytes; at += sizeof(words)) {
		if (copy_from_user(words, from + at, sizeof(words)))
			return;
		for (i = 0; i < ARRAY_SIZE(words); i++)
			for (n = 0; n < count; n++)
				if (words[i] == sources[n].address)
					sources[n].rank = max(sources[n].rank, rank);
	}
	for (; at + 8 <= bytes && !get_user(words[0], from + at); at += 8)
		for (n = 0; n < count; n++)
			if (words[0] == sources[n].address)
				sources[n].rank = max(sources[n].rank, rank);
}

static void rank_by_heap(struct recorder *r, const struct record_crash *crash,
			 struct source *sources, u32 count)
{
	u64 i;

	for (i = recorder_block_from(r, 0); i < r->nblocks; i = recorder_block_from(r, i + 1)) {
		const struct recorder_block *b = &r->blocks[i];

		if (b->state == RECORDER_LIVE && b->pid == (s32)crash->header.tgid &&
		    b->epoch == crash->epoch)
			rank_by(sources, count, b->address, min(b->size_bytes, (u64)HOLDER_BYTES),
				2);
	}
}

static bool goes_before(const struct source *a, const struct source *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	return a->freed_ns > b->freed_ns;
}

/*
 * The pointer to it may be in no register any longer, so every freed block is looked at.
 * glibc leaves the same words in many: one to which somebody still points is likelier.
 */
static void add_sources(struct thread *th, struct record_fault_state *f,
			const struct record_crash *crash)
{
	struct recorder *r = th->host->recorder;
	struct source sources[SOURCES_MAX], moving;
	u32 count = find_sources(r, crash, sources), i, n;

	if (count > 1) {
		rank_by(sources, count, crash->registers[RECORD_RSP], RECORDER_PAGES * PAGE_BYTES,
			1);
		rank_by_heap(r, crash, sources, count);
	}
	for (i = 1; i < count; i++) {
		moving = sources[i];
		for (n = i; n && goes_before(&moving, &sources[n - 1]); n--)
			sources[n] = sources[n - 1];
		sources[n] = moving;
	}
	for (i = 0; i < count && i < SOURCES; i++)
		add_memory(th, f, crash, sources[i].address, POINTED_BYTES, false);
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
	struct machine machine;
	u64 base;
	int i;

	record_fill(th->host, t, &crash.header, RECORD_CRASH, sizeof(crash));
	copy_registers(th, &crash);
	memcpy(crash.name, t->comm, sizeof(crash.name));
	f->used = 0;
	f->signal = sig;
	append(f, &crash, sizeof(crash), 0);
	add_machine(th, f, &crash, &machine);
	base = ALIGN_DOWN(crash.registers[RECORD_RSP] - RED_ZONE, PAGE_BYTES);
	for (i = 0; i < RECORDER_PAGES; i++)
		add_memory(th, f, &crash, base + i * PAGE_BYTES, PAGE_BYTES, true);
	/* In the order in which they are evidence: a reader takes the first that fits. */
	add_registers(th, f, &crash, &machine);
	if (flags & RECORD_CRASH_FIRST && sig == SIGSEGV)
		add_sources(th, f, &crash);
	add_pointed(th, f, &crash);
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

void record_stopped(struct thread *th, int sig)
{
	struct host *h = th->host;
	struct recorder *r = h->recorder;
	struct record_fault_state *f = arena_alloc(h, sizeof(*f));
	struct task *t;

	if (!f)
		return;
	list_for_each (t, &th->task->process->threads, thread_link) {
		/* Crashes need the other half. */
		if (!t->thread || t->new_thread || r->kept_used > r->kept_bytes / 2)
			continue;
		record_unfinished(h, t);
		capture(t->thread, f, sig, NULL, RECORD_CRASH_ENDED);
		keep(r, f);
	}
	arena_free(h, f);
}

void record_crash(struct thread *th, int sig, const siginfo_t *info, bool final)
{
	struct host *h = th->host;
	struct recorder *r = h->recorder;
	struct task *t = th->task;
	struct record_fault_state *f = t->record_fault;

	if (!(SIGBIT(sig) & SIGSET_CORE) || sig == SIGQUIT || sig == SIGXCPU || sig == SIGXFSZ) {
		if (final)
			record_stopped(th, sig);
		return;
	}
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
