// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest's signals over the host's kernel.
 *
 * The host delivers every signal that the guest handles to passthrough_signal(),
 * on the slot's alternate stack with all signals masked. Where it struck decides:
 *
 *   in guest code          the registers are kept, and the thread continues at
 *                          native_signal_entry, which builds the guest's frame
 *   before a passed call   the call is given up and made again afterwards
 *   on the way out         everything the guest gets back is still in regs: the
 *                          way out starts over, through native_signal_entry
 *   elsewhere inside       it waits (pending), all others blocked, until the way
 *                          out
 *
 * So at most one signal waits a thread, the host's own rules for EINTR and
 * SA_RESTART hold, and no guest code ever runs on top of the runtime.
 */
#include <errno.h>
#include <signal.h>
#include <ucontext.h>
#include "base/hostcall.h"
#include "passthrough/pass.h"
#include "simkernel/uaccess.h"

#define SA_RESTORER_  0x04000000UL
#define NEVER_BLOCKED SIGBIT(SIGSYS)
#define FAULTS_OPEN   (SIGBIT(SIGSEGV) | SIGBIT(SIGBUS))
/* As the host shows it: without what nobody can block. */
#define CLOSED_MASK	   (~(NEVER_BLOCKED | FAULTS_OPEN | SIGBIT(SIGKILL) | SIGBIT(SIGSTOP)))
#define MINSIGSTKSZ_KERNEL 2048

extern const char native_exit_begin[], native_exit_end[];
extern const char native_host_check[], native_host_insn[], native_host_backout[];
extern const char user_access_begin[], user_access_end[], user_access_fault[];
extern const char xstate_begin[], xstate_end[], xstate_fault[];

void pass_lock(u32 *lock)
{
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
		hostcall(SYS_sched_yield);
}

void pass_unlock(u32 *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

u64 pass_block_all(void)
{
	u64 all = CLOSED_MASK, old = 0;

	native_self()->passthrough->closed = true;
	barrier();
	hostcall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, 8);
	return old;
}

void pass_block_faults(void)
{
	u64 set = FAULTS_OPEN;

	hostcall(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
}

void pass_set_mask(u64 mask)
{
	mask &= ~NEVER_BLOCKED;
	hostcall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
	barrier();
	native_self()->passthrough->closed = false;
}

long pass_mask_from_user(u64 addr, u64 size, u64 *mask)
{
	if (size != 8)
		return -EINVAL;
	if (get_user(*mask, addr))
		return -EFAULT;
	*mask &= ~NEVER_BLOCKED;
	return 0;
}

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL || sig == SIGTRAP;
}

u64 pass_ignored_inside(struct pass_sighand *s)
{
	u64 set = 0;
	int sig;

	pass_lock(&s->lock);
	for (sig = 1; sig <= NSIG_MAX; sig++)
		if ((is_fault(sig) || sig == SIGSYS) && s->action[sig].handler == (u64)SIG_IGN)
			set |= SIGBIT(sig);
	pass_unlock(&s->lock);
	return set;
}

/*
 * The host's entry for sig, so that it acts as the guest's asks. Called with the
 * table's lock, so that for every signal but faults and SIGSYS the host's entry
 * is at all times the one that the guest's stands for.
 */
static long install(int sig, const struct k_sigaction *act)
{
	const u64 kept = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_RESTART;
	struct k_sigaction own = *act;

	if (is_fault(sig) || sig == SIGSYS)
		return 0; /* ours for good; passthrough_fault() knows what the guest wants */
	if (act->handler != (u64)SIG_DFL && act->handler != (u64)SIG_IGN) {
		own.handler = (u64)passthrough_signal;
		own.mask = ~0UL;
	}
	own.flags = (act->flags & kept) | SA_SIGINFO | SA_ONSTACK | SA_RESTORER_;
	own.restorer = (u64)native_restorer;
	return hostcall(SYS_rt_sigaction, sig, &own, 0, 8);
}

long pass_rt_sigaction(struct native_thread *nt, const u64 *a)
{
	struct pass_sighand *s = nt->passthrough->sighand;
	struct k_sigaction act, old;
	u64 mask;
	int sig = a[0];
	long ret = 0;

	if (a[3] != 8 || sig < 1 || sig > NSIG_MAX)
		return -EINVAL;
	if (a[1] && (sig == SIGKILL || sig == SIGSTOP))
		return -EINVAL;
	if (a[1] && copy_from_user(&act, a[1], sizeof(act)))
		return -EFAULT;
	act.mask &= ~(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP));
	mask = pass_block_all();
	pass_lock(&s->lock);
	old = s->action[sig];
	if (a[1]) {
		s->action[sig] = act;
		ret = install(sig, &act);
	}
	pass_unlock(&s->lock);
	if (!nt->pending)
		pass_set_mask(mask);
	if (!ret && a[2] && copy_to_user(a[2], &old, sizeof(old)))
		return -EFAULT;
	return ret;
}

/* To this very thread, as it came. */
static void send_again(int sig, const siginfo_t *info)
{
	long pid = hostcall(SYS_getpid), tid = hostcall(SYS_gettid);

	hostcall(SYS_rt_tgsigqueueinfo, pid, tid, sig, info);
}

/*
 * The signal once more, for the host's entry to act upon. It is not set to the
 * default here: install() has done so, unless the guest has changed it again.
 *
 *	thread A, here			thread B, sigaction()
 *	finds SIG_DFL in the table
 *					table and host's entry: a handler
 *	host's entry: SIG_DFL		its handler is lost for ever
 *
 * Only the entries of faults and SIGSYS are ours whatever the guest asks. Their
 * default ends the process, so nobody misses the handler afterwards.
 *
 * What does not end the process goes on. Another signal may strike as soon as
 * this one is unblocked; it then waits (and blocks all others), and the mask is
 * its handler's to restore.
 */
static void act_by_default(struct native_thread *nt, int sig, const siginfo_t *info, u64 mask)
{
	struct k_sigaction dfl = {.restorer = (u64)native_restorer, .flags = SA_RESTORER_};

	nt->pending = 0;
	barrier();
	if (is_fault(sig) || sig == SIGSYS)
		hostcall(SYS_rt_sigaction, sig, &dfl, 0, 8);
	send_again(sig, info);
	pass_set_mask(mask & ~SIGBIT(sig));
	pass_block_all();
	if (nt->pending)
		nt->passthrough->mask = mask;
	else
		pass_set_mask(mask);
}

/* What the guest wants done about sig now; SA_RESETHAND goes with the first who asks. */
static struct k_sigaction take_action(struct pass_sighand *s, int sig)
{
	const struct k_sigaction dfl = {0};
	struct k_sigaction act;

	pass_lock(&s->lock);
	act = s->action[sig];
	if (act.handler > (u64)SIG_IGN && (act.flags & SA_RESETHAND)) {
		s->action[sig].handler = (u64)SIG_DFL;
		install(sig, &dfl);
	}
	pass_unlock(&s->lock);
	return act;
}

/*
 * No room for the frame: Linux then sends SIGSEGV, whose handler may have a
 * stack of its own; the way out delivers it. No room for that one ends it.
 */
static void no_room(struct native_thread *nt, int sig)
{
	struct pass_thread *pt = nt->passthrough;
	u64 handler = READ_ONCE(pt->sighand->action[SIGSEGV].handler);

	pt->sig = SIGSEGV;
	pt->info = (siginfo_t){.si_signo = SIGSEGV, .si_code = SI_KERNEL};
	if (sig == SIGSEGV || handler <= (u64)SIG_IGN || (pt->mask & SIGBIT(SIGSEGV)))
		act_by_default(nt, SIGSEGV, &pt->info, pt->mask);
}

void passthrough_deliver(struct native_thread *nt)
{
	struct pass_thread *pt = nt->passthrough;
	struct k_sigaction act = take_action(pt->sighand, pt->sig);
	int sig = pt->sig;
	u64 mask = pt->mask;

	if (act.handler == (u64)SIG_DFL) {
		act_by_default(nt, sig, &pt->info, mask);
		return;
	}
	if (act.handler == (u64)SIG_IGN) {
		nt->pending = 0;
		barrier();
		pass_set_mask(mask);
		return;
	}
	if (native_deliver(&nt->thread, sig, &pt->info, &act, mask)) {
		no_room(nt, sig);
		return;
	}
	mask |= act.mask | (act.flags & SA_NODEFER ? 0 : SIGBIT(sig));
	nt->pending = 0;
	barrier();
	pass_set_mask(mask);
}

static u64 *mask_of(ucontext_t *uc)
{
	return (u64 *)&uc->uc_sigmask;
}

static void note_pending(struct native_thread *nt, int sig, const siginfo_t *info, ucontext_t *uc)
{
	struct pass_thread *pt = nt->passthrough;

	pt->sig = sig;
	pt->info = *info;
	pt->mask = *mask_of(uc);
	nt->pending = 1;
	*mask_of(uc) = CLOSED_MASK;
}

/*
 * A wait that was stopped and continued is about to go on with what remains of
 * it. After a handler Linux gives up such a restart, and making the guest's call
 * again would wait for the whole time once more.
 */
static void give_up_restart(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RAX] = -EINTR;
	uc->uc_mcontext.gregs[REG_RIP] += 2; /* behind the syscall instruction */
}

void passthrough_signal(int sig, siginfo_t *info, void *ucontext)
{
	struct native_thread *nt = native_self();
	ucontext_t *uc = ucontext;
	greg_t *ip = &uc->uc_mcontext.gregs[REG_RIP];

	note_pending(nt, sig, info, uc);
	if (!native_in_runtime(*ip))
		native_enter_runtime(nt, uc, native_signal_entry);
	else if (*ip >= (greg_t)native_exit_begin && *ip < (greg_t)native_exit_end)
		*ip = (greg_t)native_signal_entry;
	else if (*ip == (greg_t)native_host_insn &&
		 uc->uc_mcontext.gregs[REG_RAX] == SYS_restart_syscall)
		give_up_restart(uc);
	else if (*ip >= (greg_t)native_host_check && *ip <= (greg_t)native_host_insn)
		*ip = (greg_t)native_host_backout;
}

/*
 * In a part of the runtime where no signal is taken, but for faults of its own:
 * the flag alone is not enough, since it is set before the mask and cleared after.
 */
static bool closed(struct native_thread *nt, ucontext_t *uc)
{
	return *mask_of(uc) == CLOSED_MASK && (nt->pending || nt->passthrough->closed);
}

/* A fault's signal: the CPU's own, or one that somebody sent. */
void passthrough_fault(struct native_thread *nt, int sig, siginfo_t *info, void *ucontext)
{
	ucontext_t *uc = ucontext;
	u64 ip = uc->uc_mcontext.gregs[REG_RIP];
	bool sent = info->si_code <= 0;
	u64 handler;

	if (!sent && native_in_runtime(ip))
		native_fatal("a fault inside the runtime", ip, (u64)info->si_addr);
	/* Not under the lock: whoever holds it may be what we interrupted. */
	handler = READ_ONCE(nt->passthrough->sighand->action[sig].handler);
	if (sent && handler == (u64)SIG_IGN)
		return;
	if (sent && closed(nt, uc)) {
		*mask_of(uc) |= SIGBIT(sig);
		send_again(sig, info);
		return;
	}
	/*
	 * A handler that comes or goes from here on does not matter: what was sent
	 * is decided once more by passthrough_deliver(), and with the host's entry
	 * at SIG_DFL a fault ends the process, as the default would have.
	 */
	if (!sent && (handler <= (u64)SIG_IGN || (*mask_of(uc) & SIGBIT(sig)))) {
		/* Again, and this time the host ends the process as it always does. */
		struct k_sigaction dfl = {.restorer = (u64)native_restorer, .flags = SA_RESTORER_};

		hostcall(SYS_rt_sigaction, sig, &dfl, 0, 8);
		*mask_of(uc) &= ~SIGBIT(sig);
		if (sig == SIGTRAP)
			send_again(sig, info);
		return;
	}
	passthrough_signal(sig, info, ucontext);
}

long pass_rt_sigreturn(struct native_thread *nt)
{
	struct pass_thread *pt = nt->passthrough;
	stack_t altstack = pt->altstack;
	u64 mask, old = pass_block_all();

	/* It came under the handler's mask, and the frame's may block it. */
	if (nt->pending)
		return PASS_RESTART;
	if (native_sigreturn(&nt->thread, &mask, &altstack)) {
		siginfo_t segv = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};

		act_by_default(nt, SIGSEGV, &segv, old);
		return 0;
	}
	altstack.ss_flags &= ~SS_ONSTACK;
	pt->altstack = altstack;
	pass_set_mask(mask);
	return 0;
}

static bool on_altstack(const stack_t *ss, u64 sp)
{
	return !(ss->ss_flags & SS_DISABLE) && sp > (u64)ss->ss_sp &&
	       sp - (u64)ss->ss_sp <= ss->ss_size;
}

long pass_sigaltstack(struct native_thread *nt, const u64 *a)
{
	const int known = SS_ONSTACK | SS_DISABLE | (int)(1U << 31);
	stack_t *ss = &nt->passthrough->altstack, wanted, old = *ss;

	if (on_altstack(ss, nt->guest_sp))
		old.ss_flags |= SS_ONSTACK;
	if (a[0]) {
		if (copy_from_user(&wanted, a[0], sizeof(wanted)))
			return -EFAULT;
		if (old.ss_flags & SS_ONSTACK)
			return -EPERM;
		if (wanted.ss_flags & ~known)
			return -EINVAL;
		if (!(wanted.ss_flags & SS_DISABLE) && wanted.ss_size < MINSIGSTKSZ_KERNEL)
			return -ENOMEM;
		wanted.ss_flags &= ~SS_ONSTACK;
		if (wanted.ss_flags & SS_DISABLE)
			wanted = (stack_t){.ss_flags = SS_DISABLE};
		*ss = wanted;
	}
	return a[1] && copy_to_user(a[1], &old, sizeof(old)) ? -EFAULT : 0;
}
