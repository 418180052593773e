// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The riscv64 engine over the simulated kernel: start, calls, signals, and virtual time
 * by instructions. Locking: sim.h.
 *
 * An ecall is past when the simulated kernel sees it: pc is behind it, so a signal's
 * frame keeps what the program goes on with. restart() takes that back.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/user.h>
#include "base/string.h"
#include "rv64/csr.h"
#include "rv64/exec.h"
#include "rv64/linux/linux.h"
#include "simkernel/ids.h"
#include "simkernel/join.h"
#include "simkernel/mm.h"
#include "simkernel/process.h"
#include "simkernel/random.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"
#include "simkernel/signal.h"
#include "rv64/linux/space.h"

#define PREEMPT_SIGNAL		63 /* the watchdog's */
#define RV64_NR_RESTART_SYSCALL 128
#define GRANT_MIN		64UL
#define X_SP			2
#define X_A0			10
#define X_A7			17

static struct pass_sighand no_sighand; /* the host's handlers are the engine's alone */

struct rv64_thread *rv64_of(struct thread *th)
{
	return container_of(th, struct rv64_thread, sim.thread);
}

void rv64_sim_begin_call(struct rv64_thread *t)
{
	t->sim.settled = false;
	t->sim.argument = t->cpu.x[X_A0];
	t->cpu.pc += 4;
}

void rv64_sim_end_call(struct rv64_thread *t, long ret)
{
	if (!t->sim.settled && ret != RV64_KEEP_STATE)
		t->cpu.x[X_A0] = ret;
}

long rv64_sim_call(struct rv64_thread *t, u64 nr, const u64 *a)
{
	long ret = sim_syscall(&t->sim.thread, nr, a);

	return t->sim.settled ? t->sim.result : ret;
}

static void set_result(struct thread *th, long ret)
{
	struct rv64_thread *t = rv64_of(th);

	t->cpu.x[X_A0] = t->sim.result = ret;
	t->sim.settled = true;
}

static void restart(struct thread *th, long nr)
{
	struct rv64_thread *t = rv64_of(th);

	t->cpu.pc -= 4;
	t->cpu.x[X_A0] = t->sim.argument;
	if (nr == SYS_restart_syscall)
		t->cpu.x[X_A7] = RV64_NR_RESTART_SYSCALL;
	t->sim.result = -EINTR;
	t->sim.settled = true;
}

static long deliver(struct thread *th, int sig, const siginfo_t *info,
		    const struct k_sigaction *act, u64 saved_mask)
{
	struct rv64_thread *t = rv64_of(th);

	t->altstack = th->task->altstack;
	t->sim.settled = true;
	return rv64_frame_push(t, sig, info, act, saved_mask);
}

static long sig_return(struct thread *th, u64 *mask, stack_t *altstack)
{
	struct rv64_thread *t = rv64_of(th);

	t->sim.settled = true;
	return rv64_frame_pop(t, mask, altstack) ? -EFAULT : 0;
}

static void exit_process(struct thread *th, struct task *next, int status)
	__attribute__((noreturn));
static void exit_process(struct thread *th, struct task *next, int status)
{
	if (next)
		sched_hand_over(th->host, next);
	for (;;)
		hostcall(SYS_exit_group, (status >> 8) & 0xff);
}

static u64 stack_pointer(struct thread *th)
{
	return rv64_of(th)->cpu.x[X_SP];
}

static u64 instruction_pointer(struct thread *th)
{
	return rv64_of(th)->cpu.pc;
}

/* x86-64's structure has room for what unwinders begin with. */
static void get_registers(struct thread *th, struct user_regs_struct *regs)
{
	*regs = (struct user_regs_struct){
		.rip = instruction_pointer(th),
		.rsp = stack_pointer(th),
	};
}

static u32 machine_registers(struct thread *th, u64 *to)
{
	struct rv64_thread *t = rv64_of(th);

	memcpy(to, t->cpu.x, sizeof(t->cpu.x));
	to[ARRAY_SIZE(t->cpu.x)] = t->cpu.pc;
	return ARRAY_SIZE(t->cpu.x) + 1;
}

static long memory(struct thread *th, long nr, const u64 *a)
{
	switch (nr) {
	case SYS_mmap:
		return rv64_mmap(a[0], a[1], a[2], a[3], a[4], a[5]);
	case SYS_munmap:
		return rv64_munmap(a[0], a[1]);
	case SYS_mprotect:
		return rv64_mprotect(a[0], a[1], a[2]);
	case SYS_mremap:
		return rv64_mremap(a[0], a[1], a[2], a[3], a[4]);
	case SYS_madvise:
		return rv64_madvise(a[0], a[1], a[2]);
	}
	return -ENOSYS;
}

/* No dump_core: the file would be the engine's. */
static const struct engine rv64_engine = {
	.clone = rv64_sim_clone,
	.exec = sim_replace_image,
	.exit_thread = rv64_sim_exit_thread,
	.exit_process = exit_process,
	.deliver = deliver,
	.sigreturn = sig_return,
	.restart = restart,
	.get_registers = get_registers,
	.machine_registers = machine_registers,
	.elf_machine = EM_RISCV,
	.hook = rv64_hook_function,
	.hook_return = rv64_hook_return,
	.stack_pointer = stack_pointer,
	.instruction_pointer = instruction_pointer,
	.set_result = set_result,
	.machine = "riscv64",
	.cpuinfo = rv64_cpuinfo_of,
	.memory = memory,
	.lookup = rv64_sysroot_path,
};

/*
 * As many instructions as virtual time may pass before somebody else has to look: the
 * next event, the end of the slice. Never so few that an LR would lose its reservation
 * before its SC each time, and a lock never be taken.
 */
static void grant(struct rv64_thread *t, u32 insn_ns)
{
	struct host *h = t->sim.thread.host;
	u64 now = host_now(h), limit = h->clock->limit_ns;

	t->sim.granted = max((limit > now ? (limit - now) / insn_ns : 0) + 1, GRANT_MIN);
	t->cpu.budget = t->sim.granted;
}

static u64 used_ns(struct rv64_thread *t, u32 insn_ns)
{
	return (t->sim.granted - t->cpu.budget) * insn_ns;
}

static void run_counted(struct rv64_thread *t, u32 insn_ns)
{
	enum rv64_stop stop;

	grant(t, insn_ns);
	stop = rv64_run(&t->cpu);
	if (stop == RV64_STOP_BUDGET) {
		sim_user_time(&t->sim.thread, used_ns(t, insn_ns));
		return;
	}
	host_advance(t->sim.thread.host, used_ns(t, insn_ns));
	rv64_stopped(t, stop);
}

void rv64_sim_loop(struct rv64_thread *t)
{
	u32 insn_ns = t->sim.thread.host->config.insn_ns;

	if (setjmp(t->sim.way_out) && t->leaving)
		return;
	for (;;) {
		WRITE_ONCE(t->cpu.exit_request, 0);
		barrier();
		if (READ_ONCE(t->sim.preempted)) {
			WRITE_ONCE(t->sim.preempted, 0);
			sim_preempted(&t->sim.thread);
		} else if (insn_ns) {
			run_counted(t, insn_ns);
		} else {
			rv64_stopped(t, rv64_run(&t->cpu));
		}
	}
}

/* Where instructions are counted they are what preempts. */
static void take_preemption(int sig, siginfo_t *info, void *context)
{
	struct rv64_thread *t = rv64_self;

	if (!t || !t->sim.thread.task || t->sim.thread.task->in_kernel ||
	    t->sim.thread.host->config.insn_ns)
		return;
	WRITE_ONCE(t->sim.preempted, 1);
	rv64_request_exit(&t->cpu);
}

/* The counters: the virtual clock, at 1 GHz, and in units of the time register. */
static u64 read_count(struct rv64_cpu *cpu)
{
	struct rv64_thread *t = cpu->owner;
	struct host *h = t->sim.thread.host;

	host_advance(h, h->config.tick_ns);
	return host_now(h) + (h->config.insn_ns ? used_ns(t, h->config.insn_ns) : 0);
}

static u64 read_time(struct rv64_cpu *cpu)
{
	return read_count(cpu) / (NSEC_PER_SEC / RV64_TIME_HZ);
}

static void fail(const char *object, const char *what) __attribute__((noreturn));
static void fail(const char *object, const char *what)
{
	fprintf(stderr, "sundial-rv64: %s: %s\n", object, what);
	exit(126);
}

static void start_engine(const struct host_config *c)
{
	struct rv64_exec_options exec = {
		.tb_bytes = c->tb_bytes,
		.interpret = c->interpret,
		.count_budget = c->insn_ns,
		.memory_at = rv64_memory_at,
	};

	str_copy(rv64_run_options.sysroot, c->sysroot, PATH_MAX);
	rv64_read_cycle = rv64_read_instret = read_count;
	rv64_read_time = read_time;
	if (rv64_exec_init(&exec))
		fail("code memory", "not so much is available");
}

static struct rv64_thread *first_thread(struct task *task)
{
	struct rv64_thread *t = rv64_thread_new();

	if (!t)
		fail("the first thread", "no memory");
	t->sighand = &no_sighand;
	t->main = true;
	t->tid = hostcall(SYS_gettid);
	t->sim.thread = (struct thread){.host = task->host, .engine = &rv64_engine};
	thread_bind(&t->sim.thread, task);
	task->host_tid = task->process->host_pid = t->tid;
	rv64_self = t;
	rv64_take_faults();
	rv64_install(PREEMPT_SIGNAL, take_preemption);
	if (rv64_thread_enter(&t->cpu))
		fail("the first thread", "no memory");
	hostcall(SYS_set_robust_list, 0, 24);
	return t;
}

static void load(struct rv64_thread *t, struct rv64_start *s)
{
	struct process *p = t->sim.thread.task->process;
	const struct cred *c = process_cred(p);

	s->uid = c->uid.real;
	s->euid = c->uid.effective;
	s->gid = c->gid.real;
	s->egid = c->gid.effective;
	s->secure = s->uid != s->euid || s->gid != s->egid;
	s->stack_limit = p->rlimit[RLIMIT_STACK].rlim_cur;
	random_fill(t->sim.thread.host, s->random, sizeof(s->random));
	rv64_load(t, s);
	p->mm->brk_start = p->mm->brk = p->mm->brk_mapped = s->brk;
	p->mm->arg_start = s->stack.arg_start;
	p->mm->arg_end = s->stack.arg_end;
	p->mm->env_start = s->stack.env_start;
	p->mm->env_end = s->stack.env_end;
	p->mm->stack_top = s->stack_top;
	p->mm->space_end = RV64_SPACE_END;
	if (!recording(t->sim.thread.host))
		return;
	rv64_hook_start(s->vdso);
	record_loaded(&t->sim.thread, s->path, s->base);
	if (s->interp)
		record_loaded(&t->sim.thread, s->interp, s->interp_base);
}

void rv64_sim_main(const char *spec, char **argv, char **envp)
{
	struct rv64_start start = {.argv = argv + 1, .envp = envp};
	struct join_trouble trouble;
	struct rv64_thread *t;
	struct task *task;

	task = sim_join(spec, &trouble);
	if (!task)
		fail(trouble.object, trouble.what);
	start.path = argv[0];
	start.name = sim_spec_name(spec);
	if (!start.name)
		start.name = start.path;
	start_engine(&task->host->config);
	t = first_thread(task);
	if (task->process == task->host->main && !task->process->execed)
		sim_adopt_files(&t->sim.thread);
	task->execing = false;
	process_exec_done(&t->sim.thread, start.path, start.name);
	load(t, &start);
	task->new_thread = false;
	task->in_kernel = false;
	rv64_sim_loop(t);
	__builtin_unreachable();
}
