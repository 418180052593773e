// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signal frames as riscv64 Linux writes them (arch/riscv/kernel/signal.c, struct
 * rt_sigframe): siginfo, ucontext with the integer registers, the D extension's
 * state, and an empty list of further extensions. A handler returns through the
 * vDSO's __vdso_rt_sigreturn.
 */
#include <errno.h>
#include <string.h>
#include "rv64/fp.h"
#include "rv64/linux/linux.h"

struct rv64_sigcontext {
	u64 pc;
	u64 x[31]; /* x1 to x31 */
	u64 f[32];
	u32 fcsr;
	/* Room for the Q extension's state; zero says that no other state follows. */
	u8 unused[256];
	u32 reserved, magic, size;
} __attribute__((aligned(16)));

struct rv64_ucontext {
	u64 flags, link;
	stack_t stack;
	u64 mask;
	u8 unused[120]; /* a libc's sigset_t has 1024 bits */
	struct rv64_sigcontext mcontext;
};

struct rv64_sigframe {
	siginfo_t info;
	struct rv64_ucontext uc;
};

_Static_assert(sizeof(struct rv64_sigcontext) == 784, "arch/riscv/include/uapi/asm/sigcontext.h");
_Static_assert(offsetof(struct rv64_ucontext, mcontext) == 176, "asm/ucontext.h");
_Static_assert(sizeof(struct rv64_sigframe) == 1088, "struct rt_sigframe");

static u64 frame_place(struct rv64_thread *t, const struct k_sigaction *act)
{
	const stack_t *ss = &t->altstack;
	u64 sp = t->cpu.x[2];
	bool on = rv64_on_altstack(ss, sp);

	/* A frame that would not fit the stack it is on must not be pushed below it. */
	if (on && !rv64_on_altstack(ss, sp - sizeof(struct rv64_sigframe)))
		return 0;
	if ((act->flags & SA_ONSTACK) && !on && !(ss->ss_flags & SS_DISABLE))
		sp = (u64)ss->ss_sp + ss->ss_size;
	return ALIGN_DOWN(sp - sizeof(struct rv64_sigframe), 16);
}

long rv64_frame_push(struct rv64_thread *t, int sig, const siginfo_t *info,
		     const struct k_sigaction *act, u64 mask)
{
	struct rv64_sigframe frame = {.info = *info};
	struct rv64_sigcontext *mc = &frame.uc.mcontext;
	struct rv64_cpu *cpu = &t->cpu;
	u64 at = frame_place(t, act);

	frame.uc.stack = t->altstack;
	if (rv64_on_altstack(&t->altstack, cpu->x[2]))
		frame.uc.stack.ss_flags |= SS_ONSTACK;
	frame.uc.mask = mask;
	mc->pc = cpu->pc;
	memcpy(mc->x, cpu->x + 1, sizeof(mc->x));
	memcpy(mc->f, cpu->f, sizeof(mc->f));
	mc->fcsr = rv64_fcsr_read(cpu);
	if (!at || copy_to_user(at, &frame, sizeof(frame)))
		return -EFAULT;
	if (t->altstack.ss_flags & (int)(1U << 31)) /* SS_AUTODISARM */
		t->altstack = (stack_t){.ss_flags = SS_DISABLE};
	cpu->x[1] = rv64_sigreturn_code;
	cpu->x[2] = at;
	cpu->x[10] = sig;
	cpu->x[11] = at + offsetof(struct rv64_sigframe, info);
	cpu->x[12] = at + offsetof(struct rv64_sigframe, uc);
	cpu->pc = act->handler & ~1UL;
	return 0;
}

long rv64_frame_pop(struct rv64_thread *t, u64 *mask, stack_t *altstack)
{
	struct rv64_sigframe frame;
	struct rv64_sigcontext *mc = &frame.uc.mcontext;
	struct rv64_cpu *cpu = &t->cpu;

	if (get_user(frame, cpu->x[2]))
		return -EFAULT;
	if (mc->reserved || mc->magic || mc->size)
		return -EINVAL;
	cpu->pc = mc->pc & ~1UL;
	memcpy(cpu->x + 1, mc->x, sizeof(mc->x));
	memcpy(cpu->f, mc->f, sizeof(mc->f));
	rv64_fcsr_write(cpu, mc->fcsr);
	*mask = frame.uc.mask;
	*altstack = frame.uc.stack;
	return 0;
}
