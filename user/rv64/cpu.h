/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one riscv64 hart, which is one thread of a guest program.
 *
 * A cpu belongs to the host thread that runs it; nobody else reads or writes it,
 * except exit_request, which any thread and any signal handler may set.
 *
 * Guest addresses are host addresses: the guest's space is the part of the host's
 * below RV64_SPACE_END, in which the engine itself maps nothing.
 *
 * Translated code holds &cpu + RV64_CPU_BIAS in a register, so that all of x[] is
 * within reach of a displacement of one byte. What it reaches by offset is listed at
 * the end of the file.
 */
#ifndef SUNDIAL_RV64_CPU_H
#define SUNDIAL_RV64_CPU_H

#include "base/types.h"

#define RV64_SPACE_START 0x10000ULL
#define RV64_SPACE_END	 (1ULL << 38) /* Sv39: what Linux gives a riscv64 program */
#define RV64_CPU_BIAS	 128

/* Rounding modes: the rm field of an instruction and the frm register. */
enum rv64_rounding {
	RV64_RNE = 0, /* to nearest, ties to even */
	RV64_RTZ = 1, /* towards zero */
	RV64_RDN = 2, /* down */
	RV64_RUP = 3, /* up */
	RV64_RMM = 4, /* to nearest, ties away from zero */
	RV64_DYN = 7, /* the one in frm; invalid in frm itself */
};

/* Bits of fflags. */
enum rv64_fflags {
	RV64_NX = 1,
	RV64_UF = 2,
	RV64_OF = 4,
	RV64_DZ = 8,
	RV64_NV = 16,
};

/* Why execution stopped. cpu->pc is the instruction that did not execute, or, with
 * BUDGET, EXIT_REQUEST and FENCE_I, the one to execute next. */
enum rv64_stop {
	RV64_STOP_ECALL,	/* at the ecall; the caller adds 4 to pc */
	RV64_STOP_EBREAK,	/* at the ebreak */
	RV64_STOP_ILLEGAL,	/* at an instruction that is not one, or not with these operands */
	RV64_STOP_MISALIGNED,	/* at an LR, SC or AMO on the misaligned cpu->fault_address */
	RV64_STOP_BUDGET,	/* as many instructions as asked were executed */
	RV64_STOP_EXIT_REQUEST, /* cpu->exit_request was set */
	RV64_STOP_FENCE_I,	/* after a fence.i: translations may be stale */
	RV64_STOP_FAULT,	/* at an access that faulted; see fault_address (rv64_run() only) */
	RV64_STOP_BREAKPOINT,	/* at an address that rv64_breakpoint_add() was told of */
};

#define RV64_NO_RESERVATION (~0ULL)

struct rv64_cpu {
	u64 x[32]; /* x[0] stays 0 */
	u64 pc;
	u32 exit_request; /* nonzero: leave at the next back edge */
	/*
	 * The MXCSR that guest code runs with: rounding as in frm (to nearest for
	 * RMM), all exceptions masked, and the flags raised since the last time they
	 * were gathered into fflags. While guest code runs the live register is the
	 * host's; see fp.h.
	 */
	u32 mxcsr;
	u32 host_mxcsr; /* what the engine's own code ran with before rv64_fp_enter() */
	u8 frm;		/* 0 to 7 as written; 5 to 7 make instructions with RV64_DYN illegal */
	u8 fflags;	/* gathered; the whole is this and the flags of the live MXCSR */
	u8 frm_valid;	/* frm <= RV64_RMM */
	u8 fetching;	/* an instruction is being read: a fault is one of execution */
	s64 budget;	/* instructions left, where they are counted */
	void *jump_cache;

	/*
	 * The reservation of the last LR: its address or RV64_NO_RESERVATION, what it
	 * read, and whether memory was accessed since; see reserve.h.
	 */
	u64 reserved_address;
	u64 reserved_value;
	u32 reserved_version;
	u8 reserved_bytes;
	u8 reserved_touched;
	u8 reserved_strict; /* reserved_version was taken */
	u64 missed_address; /* of the last SC that found no reservation of its address */
	u32 *held_version;  /* entry that is locked while a store is under way, or NULL */

	u64 fault_address; /* of RV64_STOP_MISALIGNED and RV64_STOP_FAULT */
	u32 fault_signal;  /* of RV64_STOP_FAULT: as the host's siginfo has them */
	u32 fault_code;
	u64 instret; /* instructions that the interpreter retired */
	u64 f[32];   /* NaN boxed: a narrower value has all upper bits set */
	void *owner; /* for whoever runs this cpu */

	/* Translated code's own, between its entry and its exit; see thunk.c. */
	u64 host_rsp;	  /* the host's stack */
	u64 return_top;	  /* of the table of return addresses */
	u64 return_rsp;	  /* place in it while a helper runs on the host's stack */
	u64 pair_address; /* of the LR whose SC is in the same TB */
	u64 pair_value;
	u64 saved_temps[3];	/* while the interpreter helps in the middle of an operation */
	struct rv64_vcpu *vcpu; /* what exec.c keeps, while a thread runs this cpu */
};

/* Offsets for the emitter, from the biased register. */
#define RV64_CPU_OFFSET(field) ((int)offsetof(struct rv64_cpu, field) - RV64_CPU_BIAS)

_Static_assert(offsetof(struct rv64_cpu, x) == 0, "x[] must be within reach of a disp8");

/* Sets everything to what a new program finds: zero, nothing reserved, frm = RNE. */
void rv64_cpu_init(struct rv64_cpu *cpu);

#endif
