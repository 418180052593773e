// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop that runs guest code, and what stops it. Locking is described in vcpu.h. */
#include <sched.h>
#include <string.h>
#include "rv64/fp.h"
#include "rv64/interp.h"
#include "rv64/mem.h"
#include "rv64/reserve.h"
#include "rv64/vcpu.h"
#include "rv64/watch.h"

#define DEFAULT_TB_BYTES (64UL << 20)
#define DEFAULT_TB_INSNS 64
#define MAX_READINGS	 100

/* Instructions that run alone from an LR on, at most, for an SC that came too late. */
#define EXCLUSIVE_INSNS_MAX (1U << 20)

struct rv64_exec_options rv64_options;

int rv64_exec_init(const struct rv64_exec_options *options)
{
	rv64_options = *options;
	if (!rv64_options.tb_bytes)
		rv64_options.tb_bytes = DEFAULT_TB_BYTES;
	if (!rv64_options.max_tb_insns || rv64_options.max_tb_insns > TB_MAX_INSNS)
		rv64_options.max_tb_insns = DEFAULT_TB_INSNS;
	if (!rv64_options.dump_file)
		rv64_options.dump_file = stderr;
	/* What the interpreter does from an LR to its SC it does alone: it need not switch. */
	rv64_strict = 1;
	return rv64_code_init(rv64_options.tb_bytes);
}

static const u8 **jump_cache_slot(struct rv64_vcpu *v, u64 pc)
{
	return &v->jump_cache[pc >> 1 & (JUMP_CACHE_SIZE - 1)];
}

typedef u32 (*enter_fn)(void *cpu, const void *what);

/* Translated code from entry on; or C code, such that a fault in it ends it. */
u32 rv64_guarded(struct rv64_vcpu *v, const u8 *thunk, const void *what)
{
	enter_fn enter = (enter_fn)rv64_to_run(thunk);
	u32 code;

	WRITE_ONCE(v->guarded, true);
	barrier();
	code = enter((u8 *)v->cpu + RV64_CPU_BIAS, what);
	barrier();
	WRITE_ONCE(v->guarded, false);
	return code;
}

u32 rv64_help_interp(struct rv64_cpu *cpu, const struct interp_note *note)
{
	int stop;

	cpu->pc = note->pc;
	cpu->vcpu->helping = note->index;
	barrier();
	stop = rv64_execute(cpu, &note->insn);
	barrier();
	cpu->vcpu->helping = 0;
	if (stop == RV64_GO_ON)
		return 0;
	cpu->budget -= note->index;
	return LEFT_STOP + stop;
}

static void step_guarded(struct rv64_cpu *cpu)
{
	struct rv64_insn insn;

	cpu->fetching = 1;
	barrier();
	rv64_decode(rv64_fetch(cpu->pc), &insn);
	barrier();
	cpu->fetching = 0;
	cpu->vcpu->stop = rv64_execute(cpu, &insn);
}

/* One instruction by the interpreter: RV64_GO_ON or a reason to stop. */
static int step(struct rv64_vcpu *v)
{
	u32 code;

	if (rv64_options.count_budget && v->cpu->budget <= 0)
		return RV64_STOP_BUDGET;
	if (unlikely(rv64_breakpoint_within(v->cpu->pc, 1)) && !v->stepping)
		return RV64_STOP_BREAKPOINT;
	code = rv64_guarded(v, rv64_code.thunks.call, step_guarded);
	if (code == LEFT_FAULT)
		return RV64_STOP_FAULT;
	v->cpu->budget -= rv64_options.count_budget &&
			  (v->stop == RV64_GO_ON || v->stop == RV64_STOP_FENCE_I);
	return v->stop;
}

static enum rv64_memory memory_at(u64 address)
{
	return rv64_options.memory_at ? rv64_options.memory_at(address) : RV64_MEMORY_CODE;
}

/* The bytes from pc on that can be read, of this page and the beginning of the next. */
static void fetch_guarded(struct rv64_cpu *cpu)
{
	struct rv64_vcpu *v = cpu->vcpu;
	u64 pc = cpu->pc, page_end = (pc | (PAGE_BYTES - 1)) + 1;
	u32 bytes = min(sizeof(v->fetched), page_end - pc);

	cpu->fetching = 1;
	barrier();
	memcpy(v->fetched, (const void *)pc, bytes);
	v->fetch_bytes = bytes;
	barrier();
	if (pc + bytes == page_end && v->next_page) {
		memcpy(v->fetched + bytes, (const void *)page_end, 2);
		barrier();
		v->fetch_bytes = bytes + 2;
	}
	cpu->fetching = 0;
}

/* False: the first instruction cannot be read; cpu->fault_address is set. */
static bool fetch(struct rv64_vcpu *v)
{
	u64 pc = v->cpu->pc, page_end = (pc | (PAGE_BYTES - 1)) + 1;
	enum rv64_memory memory = memory_at(pc), next = RV64_MEMORY_CODE;
	u16 low;

	v->fetch_bytes = 0;
	v->execution_denied = memory == RV64_MEMORY_DATA;
	v->constant = memory == RV64_MEMORY_CONSTANT && !READ_ONCE(rv64_nothing_constant);
	if (v->execution_denied)
		return false;
	v->next_page = page_end - pc < sizeof(v->fetched);
	if (v->next_page) {
		next = memory_at(page_end);
		v->next_page = next != RV64_MEMORY_DATA;
		v->constant &= next != RV64_MEMORY_CODE;
	}
	rv64_guarded(v, rv64_code.thunks.call, fetch_guarded);
	v->cpu->fetching = 0;
	if (v->fetch_bytes < 2)
		return false;
	memcpy(&low, v->fetched, 2);
	return rv64_is_short(low) || v->fetch_bytes >= 4;
}

/* Under the lock: the TB, made now if nobody else has; the world is stopped if that
 * needs a flush. NULL: it does not fit even into empty code memory. */
static struct tb *make_tb(struct rv64_vcpu *v)
{
	static struct ir_block block;
	struct tb *tb = rv64_tb_find(v->cpu->pc, v->rounding);
	u64 start = rv64_now_ns();

	if (tb)
		return tb;
	tb = rv64_tb_revive(v->cpu->pc, v->rounding, v->fetched, v->fetch_bytes, v->constant);
	if (tb) {
		v->stats.revived++;
		return tb;
	}
	rv64_front(&block, v->cpu->pc, v->fetched, v->fetch_bytes, rv64_options.max_tb_insns,
		   v->rounding);
	rv64_optimise(&block);
	tb = rv64_tb_make(&block, v->constant);
	if (!tb) {
		rv64_stop_world(v);
		rv64_log_blocks();
		rv64_tb_flush();
		rv64_clear_jump_caches();
		rv64_resume_world();
		v->stats.flushes++;
		tb = rv64_tb_make(&block, v->constant);
	}
	if (!tb)
		return NULL;
	v->stats.translations++;
	v->stats.guest_bytes += tb->bytes;
	v->stats.guest_insns += tb->nr_insns;
	v->stats.host_bytes += tb->host_bytes;
	v->stats.translation_ns += rv64_now_ns() - start;
	if (rv64_options.dump)
		rv64_dump_block(&block, tb);
	rv64_perf_add(tb);
	return tb;
}

/*
 * Translates what is at cpu->pc. The bytes are read before the lock is taken, as reading
 * may fault; if anything was invalidated in between they are read again:
 *
 *	this thread			another
 *	reads old code
 *					writes new code, fence.i: no TB there yet
 *	makes a TB of old code
 */
static struct tb *translate(struct rv64_vcpu *v)
{
	u64 pc = v->cpu->pc, page_end = (pc | (PAGE_BYTES - 1)) + 1;
	struct rv64_watch_mark mark;
	struct tb *tb = NULL;
	bool readable = false;
	u64 generation;

	rv64_stop_running(v);
	/* Somebody who changes pages here for long makes the interpreter go on. */
	for (u32 tries = 0; tries < MAX_READINGS; tries++) {
		rv64_watch_begin(&mark, pc, page_end);
		generation = __atomic_load_n(&rv64_code_generation, __ATOMIC_ACQUIRE);
		readable = fetch(v);
		rv64_lock();
		if (generation == rv64_code_generation && !rv64_watch_retry(&mark))
			goto out_read;
		rv64_unlock();
		readable = false;
		sched_yield();
	}
	rv64_lock();
out_read:
	if (readable)
		tb = make_tb(v);
	/* Under the lock nobody stops the world: the TB is safe from here on. */
	v->running = 1;
	rv64_unlock();
	return tb;
}

static struct tb *find_tb(struct rv64_vcpu *v)
{
	struct tb *tb = rv64_tb_find(v->cpu->pc, v->rounding);

	if (tb)
		v->stats.hash_hits++;
	else
		tb = translate(v);
	if (tb)
		*jump_cache_slot(v, tb->pc) = rv64_tb_entry(tb);
	return tb;
}

/*
 * Lets the exit that was just taken lead to tb from now on. Skipped if somebody holds the
 * lock: a running vCPU must not wait for it, and the exit will come again.
 */
static void chain(struct rv64_vcpu *v, struct tb_exit *exit, struct tb *tb)
{
	if (exit->to) {
		v->stats.already_chained++;
		return;
	}
	if (exit->kind == EXIT_INDIRECT && exit->filled && exit->target != tb->pc)
		return;
	if (!rv64_trylock(v))
		return;
	if (!exit->to && exit->tb->valid && tb->valid) {
		rv64_tb_chain(exit, tb);
		v->stats.patched++;
		v->stats.cycles += tb->pc <= exit->tb->pc;
	}
	rv64_unlock();
}

static const u8 *next_entry(struct rv64_vcpu *v, u32 last)
{
	u64 pc = v->cpu->pc, flushes = rv64_code.flushes;
	const u8 *entry = *jump_cache_slot(v, pc);
	struct tb_exit *exit;
	struct tb *tb;

	if (last == NO_EXIT && *(const u64 *)(entry - 8) == pc) {
		v->stats.jump_cache_hits++;
		return entry;
	}
	exit = last == NO_EXIT ? NULL : &rv64_code.exits[last];
	tb = exit ? READ_ONCE(exit->to) : NULL;
	if (tb && tb->pc == pc && tb->rounding == v->rounding) {
		v->stats.hints_used++;
		return rv64_tb_entry(tb);
	}
	tb = find_tb(v);
	if (!tb)
		return NULL;
	/* A translation may have flushed everything, the exit too. */
	if (exit && flushes == rv64_code.flushes && exit->tb->rounding == v->rounding &&
	    (exit->kind != EXIT_CHAIN || exit->target == pc))
		chain(v, exit, tb);
	return rv64_tb_entry(tb);
}

/*
 * How long an LR may wait for its SC. An SC that found its reservation expired will be
 * tried again from its LR on, so that has twice as long, and it must succeed some time.
 * An LR that nobody stores after is one of those that cost least.
 */
static u32 exclusive_insns(struct rv64_vcpu *v)
{
	if (v->expired_address != RV64_NO_RESERVATION) {
		if (v->cpu->missed_address == v->expired_address)
			v->exclusive_insns = min(2 * v->exclusive_insns, EXCLUSIVE_INSNS_MAX);
		else
			v->exclusive_insns = EXCLUSIVE_INSNS;
	}
	v->cpu->missed_address = RV64_NO_RESERVATION;
	return v->exclusive_insns;
}

/* An LR that is not paired with its SC in a TB: all others stand still until the SC. */
static int run_exclusive(struct rv64_vcpu *v)
{
	struct rv64_cpu *cpu = v->cpu;
	u32 insns = exclusive_insns(v);
	int stop = RV64_GO_ON;

	rv64_stop_running(v);
	rv64_lock();
	rv64_stop_world(v);
	v->stats.exclusive++;
	for (u32 i = 0; i < insns && stop == RV64_GO_ON; i++) {
		stop = step(v);
		if (cpu->reserved_address == RV64_NO_RESERVATION)
			break;
	}
	v->expired_address = stop == RV64_GO_ON ? cpu->reserved_address : RV64_NO_RESERVATION;
	cpu->reserved_address = RV64_NO_RESERVATION;
	rv64_resume_world();
	v->running = 1;
	rv64_unlock();
	return stop;
}

static int interpret_one(struct rv64_vcpu *v)
{
	v->stats.real_exits++;
	return step(v);
}

static void fence_i(struct rv64_vcpu *v)
{
	rv64_stop_running(v);
	rv64_code_check();
	rv64_start_running(v);
}

/* A load that stands for up to four instructions faulted: one by one the last does so
 * again, unless the memory has appeared since. */
static int replay(struct rv64_vcpu *v)
{
	int stop = RV64_GO_ON;

	for (int i = 0; i < 4 && stop == RV64_GO_ON; i++)
		stop = step(v);
	return stop;
}

/* Translated code came back with code. RV64_GO_ON or a reason to stop; *last is the exit
 * to be chained. */
static int left(struct rv64_vcpu *v, u32 code, u32 *last)
{
	struct rv64_cpu *cpu = v->cpu;
	struct tb_exit *exit;

	if (code >= LEFT_STOP)
		return code - LEFT_STOP;
	if (code == LEFT_FAULT)
		return RV64_STOP_FAULT;
	if (code == LEFT_REPLAY)
		return replay(v);
	if (code == LEFT_LOOKUP) {
		cpu->pc &= ~1ULL;
		v->stats.nochain_exits++;
		return RV64_GO_ON;
	}
	exit = &rv64_code.exits[code];
	if (exit->kind == EXIT_INDIRECT) {
		cpu->pc &= ~1ULL;
		v->stats.nochain_exits++;
		*last = code;
		return RV64_GO_ON;
	}
	cpu->pc = exit->target;
	switch (exit->kind) {
	case EXIT_CHAIN:
		v->stats.chain_exits[exit->slot]++;
		*last = code;
		return RV64_GO_ON;
	case EXIT_INTERP:
		/* What comes after it is mostly what came the last time. */
		v->hint = code;
		v->hint_flushes = rv64_code.flushes;
		*last = code;
		return interpret_one(v);
	case EXIT_EXCLUSIVE:
		return run_exclusive(v);
	case EXIT_BUDGET:
		return interpret_one(v);
	default:
		return RV64_GO_ON;
	}
}

/* The rounding mode decides which TBs fit; one that SSE does not have fits none. */
static bool interpret_only(struct rv64_vcpu *v)
{
	u8 frm = v->cpu->frm;

	if (v->rounding != (frm != RV64_RNE)) {
		v->rounding = frm != RV64_RNE;
		rv64_clear_jump_cache(v);
	}
	return frm > RV64_RUP || rv64_options.interpret;
}

/* The page that pc is on is there, but not for execution. */
static int deny_execution(struct rv64_vcpu *v)
{
	v->cpu->fault_signal = SIGSEGV;
	v->cpu->fault_code = SEGV_ACCERR;
	v->cpu->fault_address = v->cpu->pc;
	return RV64_STOP_FAULT;
}

static enum rv64_stop loop(struct rv64_vcpu *v)
{
	struct rv64_cpu *cpu = v->cpu;
	u32 last = v->hint_flushes == rv64_code.flushes ? v->hint : NO_EXIT;
	int stop = RV64_GO_ON;

	v->hint = NO_EXIT;
	while (stop == RV64_GO_ON) {
		u32 request = __atomic_load_n(&cpu->exit_request, __ATOMIC_ACQUIRE);
		const u8 *entry;

		v->stats.iterations++;
		if (request & ~REQUEST_STOP_WORLD)
			return RV64_STOP_EXIT_REQUEST;
		if (request) {
			rv64_stop_running(v);
			rv64_start_running(v);
			last = NO_EXIT;
		}
		if (unlikely(rv64_watch_pending())) {
			rv64_stop_running(v);
			rv64_watch_settle();
			rv64_start_running(v);
			last = NO_EXIT;
		}
		v->execution_denied = false;
		entry = interpret_only(v) ? NULL : next_entry(v, last);
		last = NO_EXIT;
		if (v->execution_denied)
			stop = rv64_breakpoint_within(cpu->pc, 1) ? RV64_STOP_BREAKPOINT
								  : deny_execution(v);
		else if (entry)
			stop = left(v, rv64_guarded(v, rv64_code.thunks.enter, entry), &last);
		else
			stop = interpret_one(v);
		if (stop == RV64_STOP_FENCE_I) {
			fence_i(v);
			last = NO_EXIT;
			stop = RV64_GO_ON;
		}
	}
	return stop;
}

enum rv64_stop rv64_run(struct rv64_cpu *cpu)
{
	struct rv64_vcpu *v = cpu->vcpu;
	enum rv64_stop stop;

	rv64_fp_enter(cpu);
	rv64_start_running(v);
	stop = loop(v);
	/* As any trap does: who runs next may store where nobody counts it. */
	cpu->reserved_address = RV64_NO_RESERVATION;
	rv64_stop_running(v);
	rv64_fp_leave(cpu);
	return stop;
}

static void look_for_lr(struct rv64_cpu *cpu)
{
	struct rv64_insn insn;

	rv64_decode(rv64_fetch(cpu->pc), &insn);
	cpu->vcpu->at_lr = rv64_ops[insn.op].format == RV64_FMT_LR;
}

static int step_alone(struct rv64_vcpu *v)
{
	int stop;

	v->at_lr = false;
	v->stepping = true;
	rv64_guarded(v, rv64_code.thunks.call, look_for_lr);
	stop = v->at_lr ? run_exclusive(v) : step(v);
	v->stepping = false;
	if (stop == RV64_STOP_FENCE_I) {
		fence_i(v);
		stop = RV64_GO_ON;
	}
	return stop == RV64_GO_ON ? RV64_STOP_BUDGET : stop;
}

enum rv64_stop rv64_step(struct rv64_cpu *cpu)
{
	struct rv64_vcpu *v = cpu->vcpu;
	enum rv64_stop stop;

	/* As for a translation, it is asked on a thread that is not running. */
	if (memory_at(cpu->pc) == RV64_MEMORY_DATA)
		return deny_execution(v);
	rv64_fp_enter(cpu);
	rv64_start_running(v);
	stop = step_alone(v);
	cpu->reserved_address = RV64_NO_RESERVATION;
	rv64_stop_running(v);
	rv64_fp_leave(cpu);
	return stop;
}
