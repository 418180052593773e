// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the host's signals bring: trapped system calls (SIGSYS), faults, and the
 * watchdog's preemption. The handlers run on the slot's alternate stack and only
 * rewrite the interrupted context to enter the runtime; no guest call is ever
 * executed in signal context.
 */
#include <errno.h>
#include <signal.h>
#include <ucontext.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "native/patch.h"
#include "native/thread.h"
#include "passthrough/pass.h"
#include "simkernel/sched.h"

#define SA_RESTORER_	   0x04000000
#define SYS_USER_DISPATCH_ 2 /* si_code */
#define TRAPNO_GP	   13

extern const char runtime_text_begin[], runtime_text_end[];
/* uaccess.S and xstate.S: may fault on a guest's address. */
extern const char user_access_begin[], user_access_end[], user_access_fault[];
extern const char xstate_begin[], xstate_end[], xstate_fault[];

void native_fatal(const char *what, u64 a, u64 b)
{
	struct native_thread *nt = native_self();
	char line[160];
	int n = str_format(line, sizeof(line), "sundial: %s (0x%lx, 0x%lx)\n", what, a, b);

	hostcall(SYS_write, 2, line, n);
	if (nt->thread.host)
		sim_end(nt->thread.host, END_BROKEN, "%s in process %d (0x%lx, 0x%lx)", what,
			nt->thread.task ? nt->thread.task->tid : 0, a, b);
	for (;;)
		hostcall(SYS_exit_group, 125);
}

static bool within(u64 ip, const char *begin, const char *end)
{
	return ip >= (u64)begin && ip < (u64)end;
}

bool native_in_runtime(u64 ip)
{
	return within(ip, runtime_text_begin, runtime_text_end);
}

void native_enter_runtime(struct native_thread *nt, void *ucontext, void (*entry)(void))
{
	ucontext_t *uc = ucontext;
	greg_t *g = uc->uc_mcontext.gregs;

	*nt->regs = (struct native_regs){
		.r15 = g[REG_R15],
		.r14 = g[REG_R14],
		.r13 = g[REG_R13],
		.r12 = g[REG_R12],
		.rbp = g[REG_RBP],
		.rbx = g[REG_RBX],
		.rdi = g[REG_RDI],
		.rsi = g[REG_RSI],
		.rdx = g[REG_RDX],
		.r10 = g[REG_R10],
		.r8 = g[REG_R8],
		.r9 = g[REG_R9],
		.rax = g[REG_RAX],
		.rcx = g[REG_RCX],
		.r11 = g[REG_R11],
		.flags = g[REG_EFL],
	};
	nt->guest_sp = g[REG_RSP];
	nt->rip = g[REG_RIP];
	nt->full_restore = 1;
	g[REG_RIP] = (greg_t)entry;
	g[REG_EFL] &= ~0x10500L;
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *g = uc->uc_mcontext.gregs;
	struct native_thread *nt = native_self();
	u64 site = g[REG_RIP] - 2;

	if (info->si_code != SYS_USER_DISPATCH_ && nt->passthrough) {
		passthrough_signal(sig, info, uc);
		return;
	}
	if (info->si_code != SYS_USER_DISPATCH_)
		native_fatal("the host's seccomp filter refused a call", info->si_syscall, site);
	nt->trapped = true;
	if (nt->thread.host)
		nt->thread.host->traps++;
	if (native_patching && (nt->thread.host || native_single_threaded()))
		native_patch_site(nt, site, g[REG_RAX]);
	g[REG_RCX] = g[REG_RIP];
	g[REG_R11] = site;
	g[REG_RIP] = (greg_t)native_syscall_entry;
}

/* rdtsc and rdtscp trap through PR_SET_TSC: the counter is the virtual clock, at 1 GHz. */
static bool emulate_rdtsc(struct native_thread *nt, ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	const u8 *code = (const u8 *)g[REG_RIP];
	struct host *h = nt->thread.host;
	u64 now;

	if (!h || g[REG_TRAPNO] != TRAPNO_GP || code[0] != 0x0f)
		return false;
	if (code[1] == 0x31)
		g[REG_RIP] += 2;
	else if (code[1] == 0x01 && code[2] == 0xf9)
		g[REG_RIP] += 3;
	else
		return false;
	if (code[1] == 0x01)
		g[REG_RCX] = 0;
	host_advance(h, h->config.tick_ns);
	now = host_now(h);
	g[REG_RAX] = (u32)now;
	g[REG_RDX] = now >> 32;
	return true;
}

void native_fault_handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *g = uc->uc_mcontext.gregs;
	struct native_thread *nt = native_self();
	u64 ip = g[REG_RIP];

	/* Not when somebody sent the signal (kill -SEGV) and it only struck here. */
	if (info->si_code > 0 && within(ip, user_access_begin, user_access_end)) {
		g[REG_RIP] = (greg_t)user_access_fault;
		return;
	}
	if (info->si_code > 0 && within(ip, xstate_begin, xstate_end)) {
		g[REG_RIP] = (greg_t)xstate_fault;
		return;
	}
	if (nt->passthrough) {
		passthrough_fault(nt, sig, info, uc);
		return;
	}
	if (native_in_runtime(ip))
		native_fatal("a fault inside the runtime", ip, (u64)info->si_addr);
	if (sig == SIGSEGV && emulate_rdtsc(nt, uc))
		return;
	nt->fault = *info;
	native_enter_runtime(nt, uc, native_fault_entry);
}

static void on_preempt(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct native_thread *nt = native_self();

	if (native_in_runtime(uc->uc_mcontext.gregs[REG_RIP]) || !nt->thread.task ||
	    nt->thread.task->in_kernel)
		return;
	native_enter_runtime(nt, uc, native_preempt_entry);
}

void native_install(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct k_sigaction act = {
		.handler = (u64)handler,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESTORER_,
		.restorer = (u64)native_restorer,
		.mask = ~0UL,
	};

	hostcall(SYS_rt_sigaction, sig, &act, 0, 8);
}

void native_install_faults(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
	size_t i;

	native_install(SIGSYS, on_sigsys);
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		native_install(faults[i], native_fault_handler);
}

void native_install_handlers(void)
{
	native_install_faults();
	native_install(NATIVE_PREEMPT_SIGNAL, on_preempt);
}

/* entry.S: a system call, its registers in nt->regs. */
void native_syscall(struct native_thread *nt);
void native_syscall(struct native_thread *nt)
{
	struct native_regs *r = nt->regs;
	long ret;

	nt->keep_result = false;
	nt->full_restore = 0;
	if (unlikely(nt->passthrough))
		ret = passthrough_syscall(nt, r->rax, &r->rdi);
	else
		ret = sim_syscall(&nt->thread, r->rax, &r->rdi);
	if (!nt->keep_result)
		r->rax = ret;
	if (unlikely(nt->full_restore))
		nt->rip = native_fix_return(nt->rip);
	else if (unlikely(nt->trapped))
		r->rcx = native_fix_return(r->rcx);
	nt->trapped = false;
}

void native_fault(struct native_thread *nt);
void native_fault(struct native_thread *nt)
{
	sim_fault(&nt->thread, &nt->fault);
}

void native_preempted(struct native_thread *nt);
void native_preempted(struct native_thread *nt)
{
	sim_preempted(&nt->thread);
	nt->rip = native_fix_return(nt->rip);
}
