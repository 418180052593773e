/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated blocks and the memory they are in.
 *
 * Code memory is one memfd mapped twice: written through one mapping, executed through
 * the other. It holds the thunks, then TBs in the order in which they were made, until
 * it is full; then all TBs are dropped at once. A TB that is invalidated keeps its memory
 * until that time, so a thread that is inside finishes it.
 *
 * Locking: everything here is changed under the translation lock (exec.c). Lookups by
 * hash are made without it, by threads that are running (see exec.c): TBs are only
 * invalidated and dropped while no thread runs.
 */
#ifndef SUNDIAL_RV64_TB_H
#define SUNDIAL_RV64_TB_H

#include "rv64/ir.h"

#define NO_EXIT (~0U)

/* Ways out of a TB to C. */
enum tb_exit_kind {
	EXIT_CHAIN,	/* to a known place: patched to go there */
	EXIT_INDIRECT,	/* pc is in cpu->pc; the site has an inline cache */
	EXIT_POLL,	/* exit_request was seen at target, not executed */
	EXIT_INTERP,	/* the instruction at target is the interpreter's */
	EXIT_EXCLUSIVE, /* the LR at target runs alone */
	EXIT_BUDGET,	/* fewer instructions are left than the TB at target has */
};

/*
 * Offsets are in code memory. `field` is the displacement of the jump that is patched,
 * `stub` where it goes while it is not.
 */
struct tb_exit {
	u64 target;
	struct tb *tb, *to; /* where it is, where it is chained to or NULL */
	u32 field, stub;
	u32 next; /* of those chained to the same TB */
	u8 kind;
	u8 slot;       /* 0: falls through or jumps, 1: a branch that is taken */
	u8 wide;       /* inline cache: the guest address is compared as 64 bits */
	bool filled;   /* inline cache: has its target, for good */
	u32 imm, miss; /* inline cache: the address compared with; the jump if it differs */
	u32 search;    /* inline cache: where that goes once it is filled */
};

struct tb {
	u64 pc;
	u32 entry, host_bytes;
	u32 bytes; /* of guest code */
	u16 nr_insns;
	bool rounding, breakpoint; /* see struct ir_block */
	bool valid;
	bool constant; /* its guest bytes only change by what rv64_code_changed() hears of */
	u32 first_exit, nr_exits;
	u32 incoming;		    /* first exit that is chained to here */
	const u8 *code;		    /* the guest bytes it was made from */
	const u32 *host_offset;	    /* of each instruction, from entry */
	const u16 *offset;	    /* of each instruction, from pc */
	struct tb *next_hash;	    /* also among those that are invalid */
	struct tb *next_in_page[2]; /* of the page of the first and of the last byte */
	struct tb *next_valid, *previous_valid;
	u64 executions; /* where counted */
};

/* What the thunks are: addresses in the mapping that is written. */
struct thunks {
	const u8 *enter;	/* u32 enter(biased cpu, entry): an exit's index or one of below */
	const u8 *call;		/* u32 call(biased cpu, function): the same around C code */
	const u8 *leave;	/* from translated code, eax = exit: stores what is pinned */
	const u8 *leave_stored; /* the same, when it is stored */
	const u8 *interp;	/* called by translated code: one instruction, at rcx; pc is set */
	const u8 *lookup;	/* rax = guest address: jump cache, or leaves */
	const u8 *return_miss;	/* the same for a return that was not expected */
	const u8 *nothing;	/* the entry that no address matches, for empty slots */
	const u8 *constants;	/* see enum code_constant */
};

/* Codes of leaving that are not the index of an exit. */
#define LEFT_LOOKUP 0xffffff00U /* cpu->pc is where to go on */
#define LEFT_FAULT  0xffffff01U
#define LEFT_REPLAY 0xffffff03U /* cpu->pc and the next few are the interpreter's */
#define LEFT_DONE   0xffffff02U /* a function that was called returned */
#define LEFT_STOP   0xffffff80U /* plus an enum rv64_stop, of an instruction interpreted */

struct code_memory {
	u8 *write, *run; /* the two mappings */
	size_t bytes, thunk_bytes, used;
	struct thunks thunks;
	struct tb *tbs;
	struct tb_exit *exits;
	u8 *notes; /* what TBs point to */
	u32 nr_tbs, nr_exits, max_tbs, max_exits;
	u64 flushes;
	size_t note_bytes, max_note_bytes;
};

extern struct code_memory rv64_code;

/* Maps code memory of at least bytes and what belongs to it. 0 or a negative errno: EINVAL
 * for more than 1 GiB. */
int rv64_code_init(size_t bytes);

/* After fork, in the child: code memory of its own, with the same contents. The copy is
 * made before, so that the parent can go on. */
void *rv64_code_copy(void); /* NULL: no memory */
int rv64_code_adopt(void *copy);
/* The parent's half: the copy is the child's by now. */
void rv64_code_drop(void *copy);

/* Translates block into a new TB and makes it known; NULL if there is no room. */
struct tb *rv64_tb_make(struct ir_block *block, bool constant);

struct tb *rv64_tb_find(u64 pc, bool rounding);

/* The TB whose code contains the host address, valid or not; NULL if none does. Safe in
 * signal handlers on a running thread. */
const struct tb *rv64_tb_at(uintptr_t host);

/* Makes the exit jump to tb, until one of them is invalidated; an exit for the interpreter
 * only remembers it. */
void rv64_tb_chain(struct tb_exit *exit, struct tb *tb);

/* All valid TBs of one kind: for (tb = first(constant); tb; tb = tb->next_valid) */
struct tb *rv64_tb_first(bool constant);

/* A TB of pc that was invalidated, made from what code begins with, made valid again; or
 * NULL. JITs and loaders change protections, and put the same code where it was. */
struct tb *rv64_tb_revive(u64 pc, bool rounding, const u8 *code, u32 bytes, bool constant);

/* With no thread running: forgets a TB, or all. */
void rv64_tb_invalidate(struct tb *tb);
void rv64_tb_flush(void);

/* The TBs that have code in the page of address: for (tb = first(a); tb; tb = next(tb, a)) */
struct tb *rv64_tb_first_in_page(u64 address);
struct tb *rv64_tb_next_in_page(const struct tb *tb, u64 address);

/* The guest's space in parts of 2 MiB: whether any valid TB has code in that of address. */
#define TB_REGION_BYTES (2UL << 20)
bool rv64_tb_in_region(u64 address);

static inline const u8 *rv64_tb_entry(const struct tb *tb)
{
	return rv64_code.run + tb->entry;
}

#endif
