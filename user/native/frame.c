// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signal frames on a guest's stack, laid out as Linux does on x86-64, so that
 * unwinders, debuggers and language runtimes find what they expect.
 */
#include <errno.h>
#include <signal.h>
#include <ucontext.h>
#include "native/thread.h"
#include "simkernel/task.h"
#include "simkernel/uaccess.h"

#define UC_FP_XSTATE	  1
#define UC_SIGCONTEXT_SS  2
#define UC_STRICT_SS	  4
#define FP_XSTATE_MAGIC1_ 0x46505853U
#define FP_XSTATE_MAGIC2_ 0x46505845U
#define FX_BYTES	  512
#define XHEADER_BYTES	  64
#define RED_ZONE	  128
#define FLAGS_USER	  0x244dd5UL /* what a program may set: arithmetic, DF, TF, AC, ID... */
#define SS_AUTODISARM_	  (1U << 31)

/* xstate.S */
long xstate_save(void *area);
long xstate_restore(void *area);
long fxstate_restore(void *area);

struct kernel_sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	u64 fpstate;
	u64 reserved[8];
};

struct kernel_ucontext {
	u64 flags, link;
	stack_t stack;
	struct kernel_sigcontext mc;
	u64 sigmask;
};

struct frame {
	u64 restorer;
	struct kernel_ucontext uc;
	siginfo_t info;
};

struct fpx_sw_bytes {
	u32 magic1, extended_size;
	u64 xfeatures;
	u32 xstate_size, padding[7];
};

/* Of the machine, the same for all threads. */
static u32 xstate_size;
static u64 xstate_features;

void native_xstate_init(void)
{
	u32 a = 0xd, b, c = 0, d, lo, hi;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	xstate_size = b;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	xstate_features = (u64)hi << 32 | lo;
}

static long save_xstate(u64 area)
{
	struct fpx_sw_bytes sw = {
		.magic1 = FP_XSTATE_MAGIC1_,
		.extended_size = xstate_size + 4,
		.xfeatures = xstate_features,
		.xstate_size = xstate_size,
	};
	u32 magic2 = FP_XSTATE_MAGIC2_;

	if (clear_user(area + FX_BYTES, XHEADER_BYTES) || xstate_save((void *)area))
		return -EFAULT;
	if (copy_to_user(area + FX_BYTES - sizeof(sw), &sw, sizeof(sw)))
		return -EFAULT;
	return put_user(magic2, area + xstate_size);
}

static void save_registers(struct native_thread *nt, struct kernel_sigcontext *mc)
{
	struct native_regs *r = nt->regs;

	mc->r8 = r->r8;
	mc->r9 = r->r9;
	mc->r10 = r->r10;
	mc->r12 = r->r12;
	mc->r13 = r->r13;
	mc->r14 = r->r14;
	mc->r15 = r->r15;
	mc->di = r->rdi;
	mc->si = r->rsi;
	mc->bp = r->rbp;
	mc->bx = r->rbx;
	mc->dx = r->rdx;
	mc->ax = r->rax;
	mc->cx = r->rcx;
	mc->r11 = nt->full_restore ? r->r11 : r->flags;
	mc->ip = nt->full_restore ? nt->rip : r->rcx;
	mc->sp = nt->guest_sp;
	mc->flags = r->flags;
	mc->cs = 0x33;
	mc->ss = 0x2b;
}

static bool on_altstack(const stack_t *ss, u64 sp)
{
	return !(ss->ss_flags & SS_DISABLE) && sp > (u64)ss->ss_sp &&
	       sp - (u64)ss->ss_sp <= ss->ss_size;
}

/* Where the frame's vector state goes: below the red zone, or on the alternate stack. */
static u64 frame_place(struct native_thread *nt, const struct k_sigaction *act, u64 *onstack)
{
	stack_t *ss = nt->altstack;
	u64 sp = nt->guest_sp - RED_ZONE;

	*onstack = on_altstack(ss, nt->guest_sp);
	if ((act->flags & SA_ONSTACK) && !(ss->ss_flags & SS_DISABLE) && !*onstack)
		sp = (u64)ss->ss_sp + ss->ss_size;
	return ALIGN_DOWN(sp - xstate_size - 4, 64);
}

long native_deliver(struct thread *th, int sig, const siginfo_t *info,
		    const struct k_sigaction *act, u64 saved_mask)
{
	struct native_thread *nt = native_of(th);
	struct frame f = {.restorer = act->restorer, .info = *info};
	stack_t *ss = nt->altstack;
	u64 onstack, area, at;

	area = frame_place(nt, act, &onstack);
	at = ALIGN_DOWN(area - sizeof(f), 16) - 8;
	if ((onstack || (act->flags & SA_ONSTACK)) && !(ss->ss_flags & SS_DISABLE) &&
	    area <= (u64)ss->ss_sp + ss->ss_size && at < (u64)ss->ss_sp && area > (u64)ss->ss_sp)
		return -EFAULT; /* the alternate stack is too small */
	f.uc.flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_SS;
	f.uc.stack = *ss;
	if (onstack && !(ss->ss_flags & SS_AUTODISARM_))
		f.uc.stack.ss_flags |= SS_ONSTACK;
	f.uc.sigmask = saved_mask;
	save_registers(nt, &f.uc.mc);
	f.uc.mc.oldmask = saved_mask;
	f.uc.mc.fpstate = area;
	if (sig == SIGSEGV || sig == SIGBUS)
		f.uc.mc.cr2 = (u64)info->si_addr;
	if (save_xstate(area) || copy_to_user(at, &f, sizeof(f)))
		return -EFAULT;
	if (ss->ss_flags & SS_AUTODISARM_)
		*ss = (stack_t){.ss_flags = SS_DISABLE};
	nt->guest_sp = at;
	nt->rip = act->handler;
	nt->regs->rdi = sig;
	nt->regs->rsi = at + offsetof(struct frame, info);
	nt->regs->rdx = at + offsetof(struct frame, uc);
	nt->regs->rax = 0;
	nt->regs->flags &= ~0x10500UL; /* DF, TF, RF clear, as at a call */
	nt->full_restore = 1;
	nt->keep_result = true;
	return 0;
}

#define XSTATE_BYTES_MAX 16384 /* AMX's tiles included */

/* The registers as they are go through the host's own sigreturn, with that mask. */
void native_return_to_host(struct thread *th, u64 mask)
{
	struct native_thread *nt = native_of(th);
	u8 area[XSTATE_BYTES_MAX] __attribute__((aligned(64)));
	struct kernel_ucontext uc = {.sigmask = mask, .stack = {.ss_flags = SS_DISABLE}};

	uc.flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_SS;
	save_registers(nt, &uc.mc);
	if (xstate_size + 4 <= sizeof(area) && !save_xstate((u64)area))
		uc.mc.fpstate = (u64)area;
	__asm__ volatile("mov %0, %%rsp\n"
			 "mov $15, %%eax\n" /* rt_sigreturn */
			 "syscall"
			 :
			 : "r"(&uc)
			 : "memory");
	__builtin_unreachable();
}

static long restore_xstate(u64 area)
{
	struct fpx_sw_bytes sw;

	if (!area)
		return 0;
	if (area & 63 || copy_from_user(&sw, area + FX_BYTES - sizeof(sw), sizeof(sw)))
		return -EFAULT;
	if (sw.magic1 == FP_XSTATE_MAGIC1_ && sw.xstate_size == xstate_size)
		return xstate_restore((void *)area);
	return fxstate_restore((void *)area);
}

long native_sigreturn(struct thread *th, u64 *mask, stack_t *altstack)
{
	struct native_thread *nt = native_of(th);
	struct kernel_ucontext uc;
	struct kernel_sigcontext *mc = &uc.mc;
	struct native_regs *r = nt->regs;

	if (copy_from_user(&uc, nt->guest_sp, sizeof(uc)) || restore_xstate(mc->fpstate))
		return -EFAULT;
	*r = (struct native_regs){
		.r15 = mc->r15,
		.r14 = mc->r14,
		.r13 = mc->r13,
		.r12 = mc->r12,
		.rbp = mc->bp,
		.rbx = mc->bx,
		.rdi = mc->di,
		.rsi = mc->si,
		.rdx = mc->dx,
		.r10 = mc->r10,
		.r8 = mc->r8,
		.r9 = mc->r9,
		.rax = mc->ax,
		.rcx = mc->cx,
		.r11 = mc->r11,
		.flags = (mc->flags & FLAGS_USER) | 0x202,
	};
	nt->guest_sp = mc->sp;
	nt->rip = mc->ip;
	nt->full_restore = 1;
	nt->keep_result = true;
	*mask = uc.sigmask;
	*altstack = uc.stack;
	return 0;
}
