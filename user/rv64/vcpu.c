// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The threads that run guest code: how they enter, leave, fork, and are stopped. Owns the
 * translation lock and the list of vCPUs; vcpu.h describes the locking.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "rv64/lock.h"
#include "rv64/reserve.h"
#include "rv64/vcpu.h"
#include "rv64/watch.h"

__thread struct rv64_vcpu *rv64_this_vcpu;

static struct rv64_lock lock;
static struct rv64_vcpu *vcpus;
static u32 stop_pending;
static void *fork_copy;
static struct rv64_stats gone; /* of threads that have left */

void rv64_lock(void)
{
	rv64_lock_take(&lock, rv64_this_vcpu ? rv64_this_vcpu->tid : (u32)gettid());
}

bool rv64_trylock(struct rv64_vcpu *v)
{
	return rv64_lock_try(&lock, v->tid);
}

void rv64_unlock(void)
{
	rv64_lock_give(&lock);
}

void rv64_start_running(struct rv64_vcpu *v)
{
	for (;;) {
		__atomic_exchange_n(&v->running, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&stop_pending, __ATOMIC_SEQ_CST))
			return;
		__atomic_store_n(&v->running, 0, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &v->running, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		rv64_lock();
		rv64_unlock();
	}
}

void rv64_stop_running(struct rv64_vcpu *v)
{
	__atomic_store_n(&v->running, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&stop_pending, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &v->running, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Under the lock. When it returns no vCPU but self runs; until rv64_resume_world(). */
void rv64_stop_world(struct rv64_vcpu *self)
{
	__atomic_store_n(&stop_pending, 1, __ATOMIC_SEQ_CST);
	for (struct rv64_vcpu *v = vcpus; v; v = v->next) {
		if (v != self)
			__atomic_fetch_or(&v->cpu->exit_request, REQUEST_STOP_WORLD,
					  __ATOMIC_SEQ_CST);
	}
	for (struct rv64_vcpu *v = vcpus; v; v = v->next) {
		while (v != self && __atomic_load_n(&v->running, __ATOMIC_SEQ_CST))
			syscall(SYS_futex, &v->running, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	}
}

void rv64_resume_world(void)
{
	__atomic_store_n(&stop_pending, 0, __ATOMIC_SEQ_CST);
	for (struct rv64_vcpu *v = vcpus; v; v = v->next)
		__atomic_fetch_and(&v->cpu->exit_request, ~REQUEST_STOP_WORLD, __ATOMIC_SEQ_CST);
}

void rv64_clear_jump_cache(struct rv64_vcpu *v)
{
	const u8 *nothing = rv64_to_run(rv64_code.thunks.nothing);

	for (u32 i = 0; i < JUMP_CACHE_SIZE; i++)
		v->jump_cache[i] = nothing;
}

void rv64_clear_jump_caches(void)
{
	for (struct rv64_vcpu *v = vcpus; v; v = v->next)
		rv64_clear_jump_cache(v);
}

/* The table of return addresses: below it a guard page, in its last word what a return
 * finds that was not preceded by a call. */
static int make_return_table(struct rv64_vcpu *v)
{
	size_t bytes = PAGE_BYTES + RETURN_TABLE_BYTES;
	u64 *top;

	v->return_table =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (v->return_table == MAP_FAILED)
		return -ENOMEM;
	if (mprotect(v->return_table, PAGE_BYTES, PROT_NONE)) {
		munmap(v->return_table, bytes);
		return -ENOMEM;
	}
	top = (u64 *)(v->return_table + bytes) - 2;
	*top = (u64)rv64_to_run(rv64_code.thunks.return_miss);
	v->cpu->return_top = (u64)top;
	return 0;
}

static int set_signal_stack(struct rv64_vcpu *v)
{
	stack_t stack = {.ss_sp = v->signal_stack, .ss_size = SIGNAL_STACK_BYTES};

	return sigaltstack(&stack, NULL) ? -errno : 0;
}

static int make_signal_stack(struct rv64_vcpu *v)
{
	v->signal_stack = malloc(SIGNAL_STACK_BYTES);
	return v->signal_stack ? set_signal_stack(v) : -ENOMEM;
}

static void free_vcpu(struct rv64_vcpu *v)
{
	if (v->return_table && v->return_table != MAP_FAILED)
		munmap(v->return_table, PAGE_BYTES + RETURN_TABLE_BYTES);
	free(v->signal_stack);
	free(v);
}

int rv64_thread_enter(struct rv64_cpu *cpu)
{
	struct rv64_vcpu *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->cpu = cpu;
	v->tid = gettid();
	v->hint = NO_EXIT;
	v->exclusive_insns = EXCLUSIVE_INSNS;
	v->expired_address = RV64_NO_RESERVATION;
	if (make_return_table(v) || make_signal_stack(v)) {
		free_vcpu(v);
		return -ENOMEM;
	}
	cpu->vcpu = v;
	cpu->jump_cache = v->jump_cache;
	rv64_clear_jump_cache(v);
	rv64_this_vcpu = v;
	rv64_lock();
	v->next = vcpus;
	vcpus = v;
	rv64_unlock();
	return 0;
}

/*
 * A child of vfork was killed while it held the translation lock: what it was about to
 * change may be half done. All is dropped, and the lock is the caller's.
 */
static void inherit_lock(struct rv64_vcpu *dead)
{
	rv64_stop_world(dead);
	rv64_log_blocks();
	rv64_tb_flush();
	rv64_clear_jump_caches();
	rv64_resume_world();
	rv64_code_generation++;
}

void rv64_thread_leave(struct rv64_cpu *cpu)
{
	struct rv64_vcpu *v = cpu->vcpu, **at = &vcpus;
	stack_t none = {.ss_flags = SS_DISABLE};

	/* A child of vfork may have been killed before it entered, or amid guest code. */
	if (!v)
		return;
	rv64_stop_running(v);
	if (rv64_lock_held_by(&lock, v->tid))
		inherit_lock(v);
	else
		rv64_lock();
	while (*at && *at != v)
		at = &(*at)->next;
	if (*at)
		*at = v->next;
	rv64_add_stats(&gone, &v->stats);
	rv64_unlock();
	rv64_watch_bury(v->tid);
	sigaltstack(&none, NULL);
	rv64_this_vcpu = NULL;
	cpu->vcpu = NULL;
	free_vcpu(v);
}

void rv64_thread_again(struct rv64_cpu *cpu)
{
	set_signal_stack(cpu->vcpu);
	rv64_this_vcpu = cpu->vcpu;
}

/* Others may count while they are added up: what is printed is a moment's, nearly. */
void rv64_sum_stats(struct rv64_stats *sum)
{
	rv64_lock();
	*sum = gone;
	for (struct rv64_vcpu *v = vcpus; v; v = v->next)
		rv64_add_stats(sum, &v->stats);
	rv64_unlock();
}

void rv64_request_exit(struct rv64_cpu *cpu)
{
	__atomic_fetch_or(&cpu->exit_request, REQUEST_CALLER, __ATOMIC_SEQ_CST);
}

int rv64_fork_prepare(void)
{
	rv64_lock();
	fork_copy = rv64_code_copy();
	if (fork_copy)
		return 0;
	rv64_unlock();
	return -ENOMEM;
}

void rv64_fork_parent(void)
{
	rv64_code_drop(fork_copy);
	rv64_unlock();
}

int rv64_fork_child(struct rv64_cpu *cpu)
{
	struct rv64_vcpu *self = cpu->vcpu;
	int err = rv64_code_adopt(fork_copy);

	lock = (struct rv64_lock){0};
	self->tid = gettid();
	while (vcpus) {
		struct rv64_vcpu *v = vcpus;

		vcpus = v->next;
		if (v != self)
			free_vcpu(v);
	}
	self->next = NULL;
	vcpus = self;
	rv64_perf_forked();
	/* What was executed before is the parent's. */
	for (u32 i = 0; rv64_options.tb_log && i < rv64_code.nr_tbs; i++)
		rv64_code.tbs[i].executions = 0;
	rv64_watch_child();
	return err;
}
