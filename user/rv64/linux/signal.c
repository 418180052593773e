// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest's signals over the host's kernel, as user/passthrough/signals.c does it
 * for native code. The host delivers every signal that the guest handles to
 * take_signal(), which only notes it in the thread, blocks all others and asks the
 * engine to come out. Where it struck decides what else happens:
 *
 *   in guest code          rv64_run() returns at the next branch, all registers known
 *   before a passed call   the call is given up and made again afterwards
 *   elsewhere              it waits for the way out of the call
 *
 * So the host's own rules for EINTR and SA_RESTART hold, and its queues keep their
 * order. SIGSEGV and SIGBUS must reach the engine at any time; what the guest
 * blocks of them is blocked in rv64_thread.blocked_faults only.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <ucontext.h>
#include "base/string.h"
#include "rv64/exec.h"
#include "rv64/linux/linux.h"

#define SA_RESTORER_	   0x04000000UL
#define FAULTS		   (SIGBIT(SIGSEGV) | SIGBIT(SIGBUS))
#define UNBLOCKABLE	   (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define CLOSED_MASK	   (~(FAULTS | UNBLOCKABLE))
#define MINSIGSTKSZ_KERNEL 2048

extern const char rv64_host_check[], rv64_host_insn[], rv64_host_backout[];
extern const char user_access_begin[], user_access_end[], user_access_fault[];
void rv64_restorer(void);

/* One lock for a few words, never held across a call that sleeps. */
void pass_lock(u32 *lock)
{
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

void pass_unlock(u32 *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS;
}

static u64 *mask_of(ucontext_t *uc)
{
	return (u64 *)&uc->uc_sigmask;
}

u64 rv64_block_all(void)
{
	u64 all = CLOSED_MASK, old = 0;

	rv64_self->closed = true;
	barrier();
	hostcall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, 8);
	return (old & ~FAULTS) | rv64_self->blocked_faults;
}

void rv64_block_faults(void)
{
	u64 set = FAULTS;

	hostcall(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
}

static void note(struct rv64_thread *t, int sig, const siginfo_t *info, u64 mask)
{
	t->sig = sig;
	t->info = *info;
	t->mask = mask;
	t->pending = 1;
	rv64_request_exit(&t->cpu);
}

/* What was sent while it was blocked, and no longer is. Called with all signals blocked. */
static bool note_held(struct rv64_thread *t, u64 mask)
{
	u64 set = t->held & ~mask;
	int sig = set & SIGBIT(SIGSEGV) ? SIGSEGV : SIGBUS;

	if (!set || t->pending)
		return false;
	t->held &= ~SIGBIT(sig);
	note(t, sig, &t->held_info[sig == SIGBUS], mask);
	return true;
}

void rv64_set_mask(u64 mask)
{
	struct rv64_thread *t = rv64_self;
	u64 host = mask & ~FAULTS;

	t->blocked_faults = mask & FAULTS;
	if (unlikely(t->held & ~mask) && note_held(t, mask))
		host = CLOSED_MASK;
	hostcall(SYS_rt_sigprocmask, SIG_SETMASK, &host, 0, 8);
	barrier();
	t->closed = false;
}

long pass_mask_from_user(u64 addr, u64 size, u64 *mask)
{
	if (size != 8)
		return -EINVAL;
	if (get_user(*mask, addr))
		return -EFAULT;
	*mask &= ~FAULTS;
	return 0;
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

static void take_signal(int sig, siginfo_t *info, void *ucontext)
{
	struct rv64_thread *t = rv64_self;
	ucontext_t *uc = ucontext;
	greg_t *ip = &uc->uc_mcontext.gregs[REG_RIP];

	note(t, sig, info, *mask_of(uc) | t->blocked_faults);
	*mask_of(uc) = CLOSED_MASK;
	if (*ip == (greg_t)rv64_host_insn && uc->uc_mcontext.gregs[REG_RAX] == SYS_restart_syscall)
		give_up_restart(uc);
	else if (*ip >= (greg_t)rv64_host_check && *ip <= (greg_t)rv64_host_insn)
		*ip = (greg_t)rv64_host_backout;
}

static void die(const char *what, u64 ip, u64 addr) __attribute__((noreturn));
static void die(const char *what, u64 ip, u64 addr)
{
	char line[160];
	int n = str_format(line, sizeof(line), "sundial-rv64: %s at %#lx, address %#lx\n", what, ip,
			   addr);

	hostcall(SYS_write, 2, line, n);
	hostcall(SYS_exit_group, 125);
	__builtin_unreachable();
}

/* SIGSEGV and SIGBUS: the CPU's own, or one that somebody sent. */
static void take_fault(int sig, siginfo_t *info, void *ucontext)
{
	struct rv64_thread *t = rv64_self;
	ucontext_t *uc = ucontext;
	greg_t *ip = &uc->uc_mcontext.gregs[REG_RIP];
	u64 handler;

	if (info->si_code > 0) {
		if (*ip >= (greg_t)user_access_begin && *ip < (greg_t)user_access_end) {
			*ip = (greg_t)user_access_fault;
			return;
		}
		if (!rv64_fault(sig, info, ucontext))
			die("a fault inside the engine", *ip, (u64)info->si_addr);
		return;
	}
	if (rv64_gdb_active && rv64_gdb_is_kick(info)) {
		if (*ip >= (greg_t)rv64_host_check && *ip <= (greg_t)rv64_host_insn)
			*ip = (greg_t)rv64_host_backout;
		return;
	}
	handler = READ_ONCE(t->sighand->action[sig].handler);
	if (handler == (u64)SIG_IGN)
		return;
	if (!t->pending && !t->closed && !(t->blocked_faults & SIGBIT(sig))) {
		take_signal(sig, info, ucontext);
		return;
	}
	if (t->held & SIGBIT(sig))
		return; /* one of a kind waits, as in Linux */
	t->held |= SIGBIT(sig);
	t->held_info[sig == SIGBUS] = *info;
}

/* What ends the process if nobody handles it. */
static bool is_fatal(int sig)
{
	const u64 harmless = SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH) |
			     SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU);

	return !(SIGBIT(sig) & harmless);
}

/*
 * The host's entry for sig, so that it acts as the guest's asks. Called with the
 * table's lock, so that for every signal but faults the host's entry is at all
 * times the one that the guest's stands for.
 */
static long install(int sig, const struct k_sigaction *act)
{
	const u64 kept = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_RESTART;
	struct k_sigaction own = *act;

	if (is_fault(sig))
		return 0; /* ours for good */
	if (act->handler > (u64)SIG_IGN) {
		own.handler = (u64)take_signal;
		own.mask = ~0UL;
	} else if (rv64_gdb_active && act->handler == (u64)SIG_DFL && is_fatal(sig)) {
		/* The debugger sees it first; if it forgets it, so shall the guest's calls. */
		own.handler = (u64)take_signal;
		own.mask = ~0UL;
		own.flags |= SA_RESTART;
	}
	own.flags = (own.flags & kept) | SA_SIGINFO | SA_ONSTACK | SA_RESTORER_;
	own.restorer = (u64)rv64_restorer;
	return hostcall(SYS_rt_sigaction, sig, &own, 0, 8);
}

void rv64_install_signals(struct pass_sighand *s)
{
	pass_lock(&s->lock);
	for (int sig = 1; sig <= NSIG_MAX; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			install(sig, &s->action[sig]);
	}
	pass_unlock(&s->lock);
}

void rv64_install(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct k_sigaction act = {(u64)handler, SA_SIGINFO | SA_ONSTACK | SA_RESTORER_,
				  (u64)rv64_restorer, CLOSED_MASK};

	hostcall(SYS_rt_sigaction, sig, &act, 0, 8);
}

void rv64_take_faults(void)
{
	rv64_install(SIGSEGV, take_fault);
	rv64_install(SIGBUS, take_fault);
}

void rv64_signals_init(struct rv64_thread *t, u64 ignored)
{
	struct k_sigaction old;
	int sig;

	for (sig = 1; sig <= NSIG_MAX; sig++)
		if ((ignored & SIGBIT(sig)) ||
		    (!hostcall(SYS_rt_sigaction, sig, 0, &old, 8) && old.handler == (u64)SIG_IGN))
			t->sighand->action[sig].handler = (u64)SIG_IGN;
	rv64_take_faults();
}

/* Ignored signals that the host's table shows as handled: an execve would forget them. */
u64 rv64_ignored_inside(struct pass_sighand *s)
{
	u64 set = 0;

	pass_lock(&s->lock);
	if (s->action[SIGSEGV].handler == (u64)SIG_IGN)
		set |= SIGBIT(SIGSEGV);
	if (s->action[SIGBUS].handler == (u64)SIG_IGN)
		set |= SIGBIT(SIGBUS);
	pass_unlock(&s->lock);
	return set;
}

void rv64_copy_sighand(struct pass_sighand *to, struct pass_sighand *from)
{
	pass_lock(&from->lock);
	memcpy(to->action, from->action, sizeof(to->action));
	pass_unlock(&from->lock);
	to->lock = 0;
}

/* To this very thread, as it came. */
static void send_again(int sig, const siginfo_t *info)
{
	long pid = hostcall(SYS_getpid), tid = hostcall(SYS_gettid);

	hostcall(SYS_rt_tgsigqueueinfo, pid, tid, sig, info);
}

/*
 * The signal once more, for the host to act upon. Its entry is set to the default
 * only when the signal must end the process (forced, or a fault's): for all others
 * install() has done so, unless the guest has changed it since, and then the guest's
 * new handler must not be lost.
 */
static void act_by_default(struct rv64_thread *t, int sig, const siginfo_t *info, u64 mask,
			   bool forced)
{
	struct k_sigaction dfl = {.restorer = (u64)rv64_restorer, .flags = SA_RESTORER_};
	siginfo_t copy = *info;
	u64 host = mask & ~FAULTS & ~SIGBIT(sig);

	t->pending = 0;
	barrier();
	if (is_fatal(sig) && !t->lent)
		rv64_write_log();
	if (rv64_debugged(t) && is_fatal(sig))
		rv64_gdb_killed(t, sig);
	if (forced || is_fault(sig) || rv64_gdb_active)
		hostcall(SYS_rt_sigaction, sig, &dfl, 0, 8);
	send_again(sig, &copy);
	hostcall(SYS_rt_sigprocmask, SIG_SETMASK, &host, 0, 8);
	rv64_block_all();
	if (t->pending)
		t->mask = mask;
	else
		rv64_set_mask(mask);
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

/* No room for the frame: Linux then sends SIGSEGV, whose handler may have a stack of its own. */
static void no_room(struct rv64_thread *t, int sig)
{
	siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
	u64 handler = READ_ONCE(t->sighand->action[SIGSEGV].handler), mask = t->mask;

	if (sig == SIGSEGV || handler <= (u64)SIG_IGN || (mask & SIGBIT(SIGSEGV)))
		act_by_default(t, SIGSEGV, &info, mask, true);
	else
		note(t, SIGSEGV, &info, mask);
}

void rv64_drop_signal(struct rv64_thread *t)
{
	t->pending = 0;
	barrier();
	rv64_set_mask(t->mask);
}

void rv64_deliver(struct rv64_thread *t)
{
	struct k_sigaction act = take_action(t->sighand, t->sig);
	int sig = t->sig;
	u64 mask = t->mask;

	if (act.handler == (u64)SIG_DFL) {
		act_by_default(t, sig, &t->info, mask, false);
		return;
	}
	if (act.handler != (u64)SIG_IGN) {
		if (rv64_frame_push(t, sig, &t->info, &act, mask)) {
			no_room(t, sig);
			return;
		}
		mask |= act.mask | (act.flags & SA_NODEFER ? 0 : SIGBIT(sig));
	}
	t->pending = 0;
	barrier();
	rv64_set_mask(mask);
}

/*
 * If a signal waits already it goes first, on top of the instruction that faulted;
 * its handler's return executes that once more.
 */
void rv64_force_signal(struct rv64_thread *t, int sig, int code, u64 addr)
{
	siginfo_t info = {.si_signo = sig, .si_code = code, .si_addr = (void *)addr};
	u64 handler, mask;

	if (rv64_simulated()) {
		sim_fault(&t->sim.thread, &info);
		return;
	}
	mask = rv64_block_all();
	if (t->pending)
		return;
	if (rv64_debugged(t) && !rv64_gdb_fault(t, &info)) {
		rv64_set_mask(mask);
		return;
	}
	handler = READ_ONCE(t->sighand->action[sig].handler);
	if (handler <= (u64)SIG_IGN || (mask & SIGBIT(sig)))
		act_by_default(t, sig, &info, mask, true);
	else
		note(t, sig, &info, mask);
}

/* riscv's struct sigaction has no restorer. */
struct rv64_sigaction {
	u64 handler, flags, mask;
};

static long simulated_sigaction(const u64 *a)
{
	struct rv64_sigaction user;
	struct k_sigaction act, old;
	u64 b[6] = {a[0], a[1] ? (u64)&act : 0, a[2] ? (u64)&old : 0, a[3]};
	long ret;

	if (a[1]) {
		if (get_user(user, a[1]))
			return -EFAULT;
		act = (struct k_sigaction){user.handler, user.flags, 0, user.mask};
	}
	ret = rv64_pass(SYS_rt_sigaction, b);
	if (ret || !a[2])
		return ret;
	user = (struct rv64_sigaction){old.handler, old.flags, old.mask};
	return put_user(user, a[2]);
}

long rv64_sys_rt_sigaction(struct rv64_thread *t, const u64 *a);
long rv64_sys_rt_sigaction(struct rv64_thread *t, const u64 *a)
{
	struct pass_sighand *s = t->sighand;
	struct rv64_sigaction user;
	struct k_sigaction act = {0}, old;
	u64 mask;
	int sig = a[0];
	long ret = 0;

	if (rv64_simulated())
		return simulated_sigaction(a);
	if (a[3] != 8 || sig < 1 || sig > NSIG_MAX)
		return -EINVAL;
	if (a[1] && (sig == SIGKILL || sig == SIGSTOP))
		return -EINVAL;
	if (a[1]) {
		if (get_user(user, a[1]))
			return -EFAULT;
		act.handler = user.handler;
		act.flags = user.flags;
		act.mask = user.mask & ~UNBLOCKABLE;
	}
	mask = rv64_block_all();
	pass_lock(&s->lock);
	old = s->action[sig];
	if (a[1]) {
		s->action[sig] = act;
		ret = install(sig, &act);
	}
	pass_unlock(&s->lock);
	if (!t->pending)
		rv64_set_mask(mask);
	user = (struct rv64_sigaction){old.handler, old.flags, old.mask};
	return !ret && a[2] && put_user(user, a[2]) ? -EFAULT : ret;
}

long rv64_sys_rt_sigprocmask(struct rv64_thread *t, const u64 *a);
long rv64_sys_rt_sigprocmask(struct rv64_thread *t, const u64 *a)
{
	u64 set = 0, old, faults = t->blocked_faults, was = faults;
	u64 call[7] = {SYS_rt_sigprocmask, a[0], 0, (u64)&old, 8};
	long ret;

	if (a[3] != 8)
		return -EINVAL;
	if (a[1]) {
		if (get_user(set, a[1]))
			return -EFAULT;
		faults = a[0] == SIG_BLOCK     ? faults | (set & FAULTS)
			 : a[0] == SIG_UNBLOCK ? faults & ~set
					       : set & FAULTS;
		set &= ~FAULTS;
		call[2] = (u64)&set;
	}
	ret = rv64_host_call(call, &t->pending);
	if (ret)
		return ret;
	t->blocked_faults = faults;
	old |= was;
	if (unlikely(t->held & ~faults)) {
		u64 mask = rv64_block_all();

		if (!t->pending)
			rv64_set_mask(mask);
	}
	return a[2] && put_user(old, a[2]) ? -EFAULT : 0;
}

long rv64_sys_rt_sigpending(struct rv64_thread *t, const u64 *a);
long rv64_sys_rt_sigpending(struct rv64_thread *t, const u64 *a)
{
	u64 set = 0;
	long ret = a[1] > 8 ? -EINVAL : (long)hostcall(SYS_rt_sigpending, &set, 8);

	set |= t->held;
	return ret ? ret : copy_to_user(a[0], &set, a[1]);
}

long rv64_sys_rt_sigsuspend(struct rv64_thread *t, const u64 *a);
long rv64_sys_rt_sigsuspend(struct rv64_thread *t, const u64 *a)
{
	u64 mask, call[7] = {SYS_rt_sigsuspend, (u64)&mask, 8};
	long ret = pass_mask_from_user(a[0], a[1], &mask);

	return ret ? ret : rv64_host_call(call, &t->pending);
}

long rv64_sys_rt_sigreturn(struct rv64_thread *t, const u64 *a);
long rv64_sys_rt_sigreturn(struct rv64_thread *t, const u64 *a)
{
	stack_t altstack = t->altstack;
	u64 mask, old = rv64_block_all();

	/* It came under the handler's mask, and the frame's may block it. */
	if (t->pending)
		return PASS_RESTART;
	if (rv64_frame_pop(t, &mask, &altstack)) {
		siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};

		act_by_default(t, SIGSEGV, &info, old, true);
		return RV64_KEEP_STATE;
	}
	altstack.ss_flags &= ~SS_ONSTACK;
	t->altstack = altstack;
	rv64_set_mask(mask);
	return RV64_KEEP_STATE;
}

bool rv64_on_altstack(const stack_t *ss, u64 sp)
{
	return !(ss->ss_flags & SS_DISABLE) && sp > (u64)ss->ss_sp &&
	       sp - (u64)ss->ss_sp <= ss->ss_size;
}

long rv64_sys_sigaltstack(struct rv64_thread *t, const u64 *a);
long rv64_sys_sigaltstack(struct rv64_thread *t, const u64 *a)
{
	const int known = SS_ONSTACK | SS_DISABLE | (int)(1U << 31);
	stack_t *ss = &t->altstack, wanted, old = *ss;

	if (rv64_on_altstack(ss, t->cpu.x[2]))
		old.ss_flags |= SS_ONSTACK;
	if (a[0]) {
		if (get_user(wanted, a[0]))
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
	return a[1] && put_user(old, a[1]) ? -EFAULT : 0;
}
