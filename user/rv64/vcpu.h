/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that runs guest code, and how threads stop each other.
 *
 * The translation lock protects TBs, code memory and the list of vCPUs. A vCPU is
 * `running` while it may hold a TB or be inside one; it is never running while it waits
 * for the lock. Whoever holds the lock may stop the world: then no vCPU but his own runs,
 * and TBs may be invalidated, moved and dropped.
 *
 *	starts to run			stops the world
 *	running = 1
 *	(full barrier)			stop_pending = 1
 *					(full barrier)
 *	stop_pending?			running?
 *
 * At least one of the two sees the other: either the vCPU takes its running back and
 * waits for the lock, or the one who stops waits for it to leave.
 */
#ifndef SUNDIAL_RV64_VCPU_H
#define SUNDIAL_RV64_VCPU_H

#include "rv64/exec.h"
#include "rv64/help.h"
#include "rv64/tb.h"

/* In cpu->exit_request: somebody stops the world. */
#define REQUEST_STOP_WORLD 0x80000000U
#define REQUEST_CALLER	   1U

/* Of one thread; rv64_print_stats() adds them up. */
struct rv64_stats {
	u64 iterations;	     /* of the loop in exec.c */
	u64 jump_cache_hits; /* by that loop; emitted code does not count its own */
	u64 hash_hits;
	u64 hints_used; /* the exit itself knew the next TB */
	u64 translations;
	u64 revived; /* of what had been invalidated and was the same again */
	u64 chain_exits[2];
	u64 nochain_exits; /* indirect */
	u64 real_exits;	   /* for the interpreter or the caller */
	u64 patched;
	u64 cycles; /* of these, back to where they came from or before */
	u64 already_chained;
	u64 exclusive;
	u64 flushes;
	u64 guest_bytes, guest_insns, host_bytes;
	u64 translation_ns;
};

#define RETURN_TABLE_BYTES (64 * 1024)
#define SIGNAL_STACK_BYTES (64 * 1024)

struct rv64_vcpu {
	struct rv64_cpu *cpu;
	struct rv64_vcpu *next;
	u32 running;
	u32 tid;
	u32 helping;	       /* instructions of the TB before the one that a helper is in */
	bool guarded;	       /* inside translated code or what it calls: faults are the guest's */
	bool rounding;	       /* what the jump cache's TBs were made for */
	bool execution_denied; /* at the last fetch: the guest may not execute there */
	bool constant;	       /* what was fetched only changes by calls */
	bool next_page;	       /* fetch from there too */
	bool stepping;	       /* in rv64_step(): no breakpoint stops it */
	bool at_lr;	       /* what is to be stepped is an LR */
	s32 stop;	       /* result of the last step */
	u32 fetch_bytes;
	u32 hint; /* the exit by which translated code was left for the interpreter last */
	u64 hint_flushes;
	u32 exclusive_insns; /* that an LR runs alone for, at most */
	u64 expired_address; /* of the last LR whose SC did not come in time */
	struct rv64_stats stats;
	u8 *return_table; /* a guard page first */
	void *signal_stack;
	const u8 *jump_cache[JUMP_CACHE_SIZE];
	u8 fetched[TB_MAX_INSNS * 4];
};

extern struct rv64_exec_options rv64_options;
extern __thread struct rv64_vcpu *rv64_this_vcpu;

/* Instructions that run alone from an LR on, at first. */
#define EXCLUSIVE_INSNS 64

/* Counts what may have changed guest code; written under the lock. */
extern u64 rv64_code_generation;
/* Set once a program may write to its code in ways that nobody is told of. */
extern bool rv64_nothing_constant;

/* vcpu.c: of all threads, those that have left too. */
void rv64_sum_stats(struct rv64_stats *sum);
void rv64_lock(void);			/* the translation lock, for who only looks */
bool rv64_trylock(struct rv64_vcpu *v); /* false: somebody holds it */
void rv64_unlock(void);
/* Without the lock. start waits while the world is stopped. */
void rv64_start_running(struct rv64_vcpu *v);
void rv64_stop_running(struct rv64_vcpu *v);
/* Under the lock. When stop returns no vCPU but self runs, until resume. */
void rv64_stop_world(struct rv64_vcpu *self);
void rv64_resume_world(void);
/* Of v, by its own thread; of all, while the world is stopped. */
void rv64_clear_jump_cache(struct rv64_vcpu *v);
void rv64_clear_jump_caches(void);

/* Where code memory that is written there is executed. */
static inline void *rv64_to_run(const u8 *written)
{
	return (void *)(written + (rv64_code.run - rv64_code.write));
}

/* exec.c: translated code, or C code by the thunk `call`, such that a fault in it ends it. */
u32 rv64_guarded(struct rv64_vcpu *v, const u8 *thunk, const void *what);

/* symbols.c: the guest function at pc, as "name+0x10", else "file:address"; returns text.
 * Under the translation lock. */
char *rv64_print_symbol(u64 pc, char *text, size_t bytes);

/* breakpoint.c; see there for who may call what. set: 0 or -ENOSPC; clear: it was there. */
int rv64_breakpoint_set(u64 address);
bool rv64_breakpoint_clear(u64 address);
u64 rv64_breakpoint_any(void); /* 0: none */

/* stats.c */
u64 rv64_now_ns(void);
void rv64_add_stats(struct rv64_stats *to, const struct rv64_stats *from);
void rv64_dump_block(const struct ir_block *block, const struct tb *tb);

/* perf.c: a new block in the files for perf. Under the translation lock. */
void rv64_perf_add(const struct tb *tb);
void rv64_perf_forked(void); /* in the child */

/* tblog.c: appends the counts of all blocks, which begin anew. Under the translation lock. */
void rv64_log_blocks(void);

#endif
