// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Thread slots, and the engine's half of clone and exit.
 *
 * A slot is free when its word is zero; in a simulation the host's kernel clears
 * the word when the thread that lives there is gone, whichever way it went. The
 * table is per address space, as it must be for children of vfork.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/user.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "native/thread.h"
#include "passthrough/pass.h"
#include "simkernel/join.h"
#include "simkernel/process.h"
#include "simkernel/sched.h"

#define PR_SYS_DISPATCH_ON_ 1
#define ALTSTACK_AT	    0x1000UL /* below: a guard page, never mapped */
#define ALTSTACK_BYTES	    0x7000UL
#define STACK_TOP_AT	    0x14000UL /* 48 KiB of stack between */
#define SLOT_MAPPED	    0x16000UL

extern const char runtime_text_begin[], runtime_text_end[];

/*
 * Of this address space. Several threads may look for a slot at once over the
 * host's kernel, so a slot is claimed by exchanging its word.
 */
static u32 slot_word[THREAD_SLOTS];
static bool slot_mapped[THREAD_SLOTS];
static u32 slots_high; /* slots below it were claimed at some time */
static u32 slots_used; /* over the host's kernel, where threads free their slots */

static struct native_thread *slot_thread(u32 i)
{
	return (void *)(THREAD_BASE + i * THREAD_SLOT_BYTES + STACK_TOP_AT);
}

static bool claim(u32 i)
{
	u32 gone = 0;

	return !READ_ONCE(slot_word[i]) &&
	       __atomic_compare_exchange_n(&slot_word[i], &gone, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static bool map_slot(u32 i)
{
	u64 base = THREAD_BASE + i * THREAD_SLOT_BYTES;
	long ret;

	if (slot_mapped[i])
		return true;
	ret = hostcall(SYS_mmap, base + ALTSTACK_AT, SLOT_MAPPED - ALTSTACK_AT,
		       PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	slot_mapped[i] = !is_error(ret);
	return slot_mapped[i];
}

struct native_thread *native_thread_new(void)
{
	struct native_thread *nt;
	u32 i;

	for (i = 0; i < THREAD_SLOTS && !claim(i); i++)
		;
	if (i == THREAD_SLOTS)
		return NULL;
	if (i >= READ_ONCE(slots_high))
		WRITE_ONCE(slots_high, i + 1);
	nt = slot_thread(i);
	if (!map_slot(i)) {
		WRITE_ONCE(slot_word[i], 0);
		return NULL;
	}
	__atomic_add_fetch(&slots_used, 1, __ATOMIC_SEQ_CST);
	memset(nt, 0, sizeof(*nt));
	nt->self = nt;
	nt->stack_top = (u64)nt;
	nt->regs = (struct native_regs *)nt->stack_top - 1;
	nt->slot_word = &slot_word[i];
	return nt;
}

void native_thread_arm(struct native_thread *nt)
{
	u64 slot = (u64)nt - STACK_TOP_AT;
	stack_t ss = {.ss_sp = (void *)(slot + ALTSTACK_AT), .ss_size = ALTSTACK_BYTES};
	long ret = hostcall(SYS_sigaltstack, &ss, 0);

	if (!ret)
		ret = hostcall(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON_,
			       runtime_text_begin, runtime_text_end - runtime_text_begin, 0);
	if (ret)
		native_fatal("Syscall User Dispatch was refused by the host", -ret, 0);
}

static void begin(struct native_thread *nt) __attribute__((noreturn));
static void begin(struct native_thread *nt)
{
	native_thread_arm(nt);
	sched_park(&nt->thread);
	sim_task_begin(&nt->thread);
	native_resume(nt);
}

void native_child_start(struct native_thread *nt)
{
	if (nt->passthrough)
		passthrough_child_start(nt);
	if (nt->thread.task->process->leader == nt->thread.task)
		sim_die_with_supervisor(nt->thread.host);
	begin(nt);
}

static long clone_sharing(struct thread *th, struct task *child, const struct clone_request *req)
{
	const u64 shared = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			   CLONE_SYSVSEM | CLONE_SETTLS;
	struct native_thread *self = native_of(th), *nt = native_thread_new();
	u64 flags = (req->flags & shared) | CLONE_CHILD_CLEARTID;
	long ret;

	if (!nt)
		return -EAGAIN;
	if (!(req->flags & CLONE_THREAD))
		flags |= CLONE_PARENT | SIGCHLD;
	*nt->regs = *self->regs;
	nt->regs->rax = 0;
	nt->guest_sp = req->stack ? req->stack : self->guest_sp;
	nt->thread = *th;
	thread_bind(&nt->thread, child);
	nt->altstack = &child->altstack;
	ret = native_clone(flags, nt, NULL, nt->slot_word, req->tls);
	if (ret < 0)
		WRITE_ONCE(*nt->slot_word, 0);
	return ret;
}

void native_forget_slots(struct native_thread *nt)
{
	u32 i;

	for (i = 0; i < slots_high; i++)
		if (&slot_word[i] != nt->slot_word)
			slot_word[i] = 0;
	slots_used = 1;
}

void native_free_slot(struct native_thread *nt)
{
	WRITE_ONCE(*nt->slot_word, 0);
	__atomic_sub_fetch(&slots_used, 1, __ATOMIC_SEQ_CST);
}

void native_leave_slot(struct native_thread *nt, int status)
{
	native_exit_slot(&slots_used, nt->slot_word, status);
}

bool native_single_threaded(void)
{
	return __atomic_load_n(&slots_used, __ATOMIC_SEQ_CST) == 1;
}

/* The child's copy of this address space has one thread, in the slot of its parent. */
static void fork_child(struct native_thread *nt, struct task *child,
		       const struct clone_request *req) __attribute__((noreturn));
static void fork_child(struct native_thread *nt, struct task *child,
		       const struct clone_request *req)
{
	native_forget_slots(nt);
	thread_bind(&nt->thread, child);
	nt->altstack = &child->altstack;
	nt->regs->rax = 0;
	if (req->stack)
		nt->guest_sp = req->stack;
	if (req->flags & CLONE_SETTLS)
		__asm__ volatile("wrfsbase %0" ::"r"(req->tls));
	sim_die_with_supervisor(nt->thread.host);
	begin(nt);
}

static long engine_clone(struct thread *th, struct task *child, const struct clone_request *req)
{
	u64 flags = CLONE_PARENT | SIGCHLD | (req->flags & (CLONE_FS | CLONE_FILES));
	long ret;

	if (req->flags & CLONE_VM)
		return clone_sharing(th, child, req);
	ret = hostcall(SYS_clone, flags, 0, 0, 0, 0);
	if (!ret)
		fork_child(native_of(th), child, req);
	return ret;
}

static void engine_exit_thread(struct thread *th, struct task *next) __attribute__((noreturn));
static void engine_exit_thread(struct thread *th, struct task *next)
{
	if (next)
		sched_hand_over(th->host, next);
	for (;;)
		hostcall(SYS_exit, 0);
}

static void engine_exit_process(struct thread *th, struct task *next, int status)
	__attribute__((noreturn));
static void engine_exit_process(struct thread *th, struct task *next, int status)
{
	if (next)
		sched_hand_over(th->host, next);
	for (;;)
		hostcall(SYS_exit_group, (status >> 8) & 0xff);
}

static void engine_restart(struct thread *th, long nr)
{
	struct native_thread *nt = native_of(th);

	nt->regs->rcx = nt->regs->r11;
	nt->regs->rax = nr;
	nt->keep_result = true;
}

static void engine_set_result(struct thread *th, long ret)
{
	native_of(th)->regs->rax = ret;
	native_of(th)->keep_result = true;
}

static void engine_get_registers(struct thread *th, struct user_regs_struct *regs)
{
	struct native_thread *nt = native_of(th);
	struct native_regs *r = nt->regs;

	*regs = (struct user_regs_struct){
		.r15 = r->r15,
		.r14 = r->r14,
		.r13 = r->r13,
		.r12 = r->r12,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.r11 = r->r11,
		.r10 = r->r10,
		.r9 = r->r9,
		.r8 = r->r8,
		.rax = r->rax,
		.rcx = r->rcx,
		.rdx = r->rdx,
		.rsi = r->rsi,
		.rdi = r->rdi,
		.orig_rax = (u64)-1,
		.rip = nt->full_restore ? nt->rip : r->rcx,
		.cs = 0x33,
		.eflags = r->flags,
		.rsp = nt->guest_sp,
		.ss = 0x2b,
	};
}

static u64 engine_stack_pointer(struct thread *th)
{
	return native_of(th)->guest_sp;
}

static u64 engine_instruction_pointer(struct thread *th)
{
	struct native_thread *nt = native_of(th);

	return nt->full_restore ? nt->rip : nt->regs->rcx;
}

const struct engine native_engine = {
	.clone = engine_clone,
	.exec = sim_replace_image,
	.exit_thread = engine_exit_thread,
	.exit_process = engine_exit_process,
	.deliver = native_deliver,
	.sigreturn = native_sigreturn,
	.restart = engine_restart,
	.set_result = engine_set_result,
	.get_registers = engine_get_registers,
	.dump_core = native_dump_core,
	.hook = native_hook_function,
	.hook_return = native_hook_return,
	.machine = "x86_64",
	.stack_pointer = engine_stack_pointer,
	.instruction_pointer = engine_instruction_pointer,
};
