// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Translations come, are found, chained, dropped and made anew, on one thread and on
 * several, and nobody ever runs one that is stale. Guest code is written by hand; it ends
 * with ecall.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "asm.h"
#include "rv64/vcpu.h"

#define CODE	       0x200000ULL
#define CODE_BYTES     0x40000
#define DATA	       0x800000ULL
#define DATA_BYTES     0x2000000
#define NR_THREADS     4
#define BAD_ADDRESS    0x8000
#define TB_BYTES       (64 * 1024)
#define SMALL_TB_BYTES 8192

static int count;
static bool failed;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	fflush(stdout);
	failed |= !good;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	static const char text[] = "not ok - a fault that is not the guest's\n";

	if (rv64_fault(signal, info, context))
		return;
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

static void map(u64 address, u64 bytes)
{
	void *p = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);

	if (p != (void *)address) {
		puts("1..0 # SKIP the guest's addresses are taken");
		exit(0);
	}
}

/* Guest code at an address, as words. */
#define PUT(address, ...) put(address, (const u32[]){__VA_ARGS__}, sizeof((u32[]){__VA_ARGS__}))

static void put(u64 address, const u32 *words, u32 bytes)
{
	memcpy((void *)address, words, bytes);
	rv64_code_changed(address, bytes);
}

static struct rv64_cpu *new_cpu(void)
{
	struct rv64_cpu *cpu = aligned_alloc(64, ALIGN_UP(sizeof(*cpu), 64));

	rv64_cpu_init(cpu);
	if (rv64_thread_enter(cpu))
		abort();
	return cpu;
}

static void free_cpu(struct rv64_cpu *cpu)
{
	rv64_thread_leave(cpu);
	free(cpu);
}

static enum rv64_stop run(struct rv64_cpu *cpu, u64 pc)
{
	cpu->pc = pc;
	return rv64_run(cpu);
}

static void changed_code(struct rv64_cpu *cpu)
{
	u64 other = CODE + 0x1000;
	bool good = true;

	/* Calls a function, writes another first instruction to it, calls it again. */
	PUT(CODE, JAL(RA, 0x1000), ADDI(A1, A0, 0), SW(A2, A3, 0), FENCE_I, JAL(RA, 0x1000 - 16),
	    ECALL);
	for (int i = 0; i < 100; i++) {
		PUT(other, LI(A0, i), RET);
		cpu->x[A2] = LI(A0, i + 1000);
		cpu->x[A3] = other;
		good &= run(cpu, CODE) == RV64_STOP_ECALL && cpu->x[A1] == (u64)i &&
			cpu->x[A0] == (u64)i + 1000;
	}
	ok(good, "code that guest code changed is run as changed after fence.i");
}

static void two_mappings(struct rv64_cpu *cpu)
{
	u64 writable = CODE + 0x10000, executable = CODE + 0x20000;
	int fd = memfd_create("code", 0), stale = 0;

	if (ftruncate(fd, PAGE_BYTES))
		abort();
	mmap((void *)writable, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	mmap((void *)executable, PAGE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	close(fd);
	PUT(writable, LI(A0, 0), RET);
	PUT(CODE, SW(A2, A3, 0), FENCE_I, JALR(RA, A4, 0), ECALL);
	for (int i = 0; i < 100; i++) {
		cpu->x[A2] = LI(A0, i);
		cpu->x[A3] = writable;
		cpu->x[A4] = executable;
		run(cpu, CODE);
		stale += cpu->x[A0] != (u64)i;
	}
	ok(!stale, "what is written through one mapping runs through the other after fence.i");
	munmap((void *)executable, PAGE_BYTES);
	rv64_code_changed(executable, PAGE_BYTES);
	cpu->x[A2] = LI(A0, 5);
	ok(run(cpu, CODE) == RV64_STOP_FAULT && cpu->pc == executable &&
		   cpu->fault_address == executable,
	   "code that was unmapped does not run any more");
	map(executable, PAGE_BYTES);
	mmap((void *)writable, PAGE_BYTES, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void long_ranges(struct rv64_cpu *cpu)
{
	struct rv64_stats before, after;

	/* Written without a word about it: only the long range tells. */
	PUT(CODE, LI(A0, 1), ECALL);
	run(cpu, CODE);
	*(volatile u32 *)CODE = LI(A0, 2);
	rv64_code_changed(0, RV64_SPACE_END);
	run(cpu, CODE);
	rv64_sum_stats(&before);
	rv64_code_changed(DATA, RV64_SPACE_END - DATA);
	run(cpu, CODE);
	rv64_sum_stats(&after);
	ok(cpu->x[A0] == 2, "a change of all memory forgets all code");
	ok(after.translations + after.revived == before.translations + before.revived,
	   "a change of much memory without code forgets none");
}

static void same_again(struct rv64_cpu *cpu)
{
	struct rv64_stats before, after;

	PUT(CODE, LI(A0, 1), JAL(X0, 8), ECALL, ADDI(A0, A0, 1), JAL(X0, -8));
	run(cpu, CODE);
	rv64_sum_stats(&before);
	rv64_code_changed(CODE, PAGE_BYTES);
	cpu->x[A0] = 0;
	run(cpu, CODE);
	rv64_sum_stats(&after);
	ok(cpu->x[A0] == 2 && after.translations == before.translations &&
		   after.revived > before.revived,
	   "code that is the same again is not translated again");
}

static void deep_recursion(struct rv64_cpu *cpu)
{
	u64 depth = 100000;

	/* f(a0): a0 ? f(a0 - 1) + 1 : 0, the sum in a1 */
	PUT(CODE, JAL(RA, 8), ECALL);
	PUT(CODE + 8, BEQ(A0, X0, 36), ADDI(SP, SP, -16), SD(RA, SP, 0), ADDI(A0, A0, -1),
	    JAL(RA, -16), LD(RA, SP, 0), ADDI(SP, SP, 16), ADDI(A1, A1, 1), RET, RET);
	cpu->x[SP] = DATA + DATA_BYTES;
	cpu->x[A0] = depth;
	cpu->x[A1] = 0;
	ok(run(cpu, CODE) == RV64_STOP_ECALL && cpu->x[A1] == depth &&
		   cpu->x[SP] == DATA + DATA_BYTES,
	   "calls may be nested deeper than the table of return addresses");
}

static void other_returns(struct rv64_cpu *cpu)
{
	/* The callee returns 4 bytes further than it was called from, and every second time
	 * to its caller's caller. */
	PUT(CODE, JAL(RA, 16), LI(A1, 99), ADDI(A1, A1, 1), ECALL, ADDI(RA, RA, 4), RET);
	cpu->x[A1] = 0;
	ok(run(cpu, CODE) == RV64_STOP_ECALL && cpu->x[A1] == 1,
	   "a return goes to the address in the register, not to where the call was");
}

static void precise_faults(struct rv64_cpu *cpu)
{
	bool good;

	/* a0, s2 and t0 change before and after; the second load faults. */
	PUT(CODE, LI(A0, 1), LI(S2, 2), ADDI(T0, S2, 5), LD(A3, A2, 0), ADDI(A0, A0, 10),
	    LD(S3, A4, 8), ADDI(A0, A0, 100), ADDI(S2, S2, 100), ECALL);
	cpu->x[A2] = DATA;
	cpu->x[A4] = BAD_ADDRESS;
	cpu->x[S3] = 77;
	*(u64 *)DATA = 55;
	good = run(cpu, CODE) == RV64_STOP_FAULT && cpu->pc == CODE + 20 && cpu->x[A0] == 11 &&
	       cpu->x[S2] == 2 && cpu->x[T0] == 7 && cpu->x[A3] == 55 && cpu->x[S3] == 77 &&
	       cpu->fault_address == BAD_ADDRESS + 8 && cpu->fault_signal == SIGSEGV;
	cpu->x[A4] = DATA - 8;
	good &= rv64_run(cpu) == RV64_STOP_ECALL && cpu->x[S3] == 55 && cpu->x[A0] == 111;
	ok(good, "a fault finds the state before its instruction, which can be run again");

	PUT(CODE, LD(A0, A4, 0), ECALL);
	cpu->x[A4] = 0x1234567890abcdef;
	ok(run(cpu, CODE) == RV64_STOP_FAULT && cpu->fault_address == 0x1234567890abcdef &&
		   cpu->fault_code == SEGV_MAPERR,
	   "a fault at an address that the host does not have names that address");
	cpu->x[A4] = (u64)cpu->vcpu->return_table + 64;
	ok(run(cpu, CODE) == RV64_STOP_FAULT && cpu->fault_address == cpu->x[A4],
	   "a fault in the engine's guard page is the guest's if its code asked for it");
}

static void forked(struct rv64_cpu *cpu)
{
	int status;
	pid_t pid;

	PUT(CODE, LI(A0, 5), ECALL);
	PUT(CODE + 0x1000, LI(A0, 6), ECALL);
	run(cpu, CODE);
	rv64_fork_prepare();
	pid = fork();
	if (!pid) {
		rv64_fork_child(cpu);
		PUT(CODE, LI(A0, 7), ECALL);
		run(cpu, CODE);
		_exit(cpu->x[A0]);
	}
	rv64_fork_parent();
	waitpid(pid, &status, 0);
	run(cpu, CODE);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 7 && cpu->x[A0] == 5,
	   "after a fork parent and child translate for themselves");
}

/* Threads. Each has a cpu of its own; what it did is in result. */
struct worker {
	pthread_t thread;
	struct rv64_cpu *cpu;
	u64 pc, args[4];
	u64 rounds;
	u64 result;
	bool ready;
};

static void *endless(void *arg)
{
	struct worker *w = arg;

	w->cpu = new_cpu();
	w->cpu->x[A4] = w->pc;
	__atomic_store_n(&w->ready, true, __ATOMIC_RELEASE);
	w->result = run(w->cpu, w->pc);
	free_cpu(w->cpu);
	return NULL;
}

static void endless_loops(void)
{
	static const u64 starts[] = {CODE, CODE + 0x100, CODE + 0x200, CODE + 0x300};
	struct worker w;
	bool good = true;

	PUT(CODE, JAL(X0, 0));
	PUT(CODE + 0x100, ADDI(A0, A0, 1), BNE(A0, X0, -4), ECALL);
	PUT(CODE + 0x200, JALR(X0, A4, 0));
	PUT(CODE + 0x300, ADDI(A4, A4, 0), JALR(RA, A4, 0));
	for (u32 i = 0; i < ARRAY_SIZE(starts); i++) {
		w = (struct worker){.pc = starts[i]};
		pthread_create(&w.thread, NULL, endless, &w);
		while (!__atomic_load_n(&w.ready, __ATOMIC_ACQUIRE))
			usleep(100);
		usleep(2000);
		rv64_request_exit(w.cpu);
		pthread_join(w.thread, NULL);
		good &= w.result == RV64_STOP_EXIT_REQUEST;
	}
	ok(good, "a request to leave ends loops of branches, of indirect jumps and of calls");
}

static void *worker(void *arg)
{
	struct worker *w = arg;

	w->cpu = new_cpu();
	for (u64 i = 0; i < w->rounds; i++) {
		for (int r = 0; r < 4; r++)
			w->cpu->x[A0 + r] = w->args[r];
		if (run(w->cpu, w->pc) != RV64_STOP_ECALL)
			abort();
		w->result += w->cpu->x[A0];
	}
	free_cpu(w->cpu);
	return NULL;
}

static void run_workers(struct worker *workers)
{
	for (int i = 0; i < NR_THREADS; i++)
		pthread_create(&workers[i].thread, NULL, worker, &workers[i]);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

static void counters(void)
{
	struct worker workers[NR_THREADS];
	u64 *counter = (u64 *)DATA, each = 100000;

	/* a1 times: the first by LR and SC, the second by AMO, the third by LR and SC with a
	 * load between. */
	PUT(CODE, LR_D(A3, A0), ADDI(A3, A3, 1), SC_D(A4, A0, A3), BNE(A4, X0, -12), LI(A5, 1),
	    ADDI(A6, A0, 64), AMOADD_D(X0, A6, A5), ADDI(A6, A0, 128), LR_D(A3, A6),
	    LD(A7, A0, 256), ADDI(A3, A3, 1), SC_D(A4, A6, A3), BNE(A4, X0, -16), ADDI(A1, A1, -1),
	    BNE(A1, X0, -56), ECALL);
	memset(counter, 0, 512);
	for (int i = 0; i < NR_THREADS; i++)
		workers[i] = (struct worker){.pc = CODE, .args = {DATA, each / 20}, .rounds = 20};
	run_workers(workers);
	ok(counter[0] == NR_THREADS * each, "LR and SC lose no increment");
	ok(counter[8] == NR_THREADS * each, "AMO loses no increment");
	ok(counter[16] == NR_THREADS * each, "LR and SC around a load lose no increment");
}

/*
 * A stack from which several threads pop and push: head -> node -> next. A pop that reads
 * next between LR and SC loses or doubles nodes if SC only compares values.
 */
#define SLOW_INSNS 40

/* Pops a node into reg, with `slow` divisions between LR and SC. Returns where it ends. */
static u64 put_pop(u64 at, u8 reg, u32 slow)
{
	const u32 div_t0 = 0x02004033 | T0 << 7 | T1 << 15 | T2 << 20;
	s32 rest = 12 + slow * 4;

	PUT(at, LR_D(reg, A0), BEQ(reg, X0, -4), LD(A4, reg, 0));
	for (u32 i = 0; i < slow; i++)
		PUT(at + 12 + i * 4, div_t0);
	PUT(at + rest, SC_D(A5, A0, A4), BNE(A5, X0, -4 - rest));
	return at + rest + 8;
}

/* Counts the node in reg and pushes it. */
static u64 put_push(u64 at, u8 reg)
{
	PUT(at, LD(A6, reg, 8), ADDI(A6, A6, 1), SD(A6, reg, 8), LR_D(A4, A0), SD(A4, reg, 0),
	    SC_D(A5, A0, reg), BNE(A5, X0, -12));
	return at + 28;
}

static void put_again(u64 start, u64 at)
{
	PUT(at, ADDI(A1, A1, -1), BNE(A1, X0, start - at - 4), ECALL);
}

static void lock_free_stack(void)
{
	struct worker workers[NR_THREADS];
	u64 head = DATA, nodes = DATA + 0x1000, nr = 8, seen = 0, at;

	/* While the first thread divides, the others pop two nodes, push the first, and then
	 * the second: in between the head is what it was, its next is not. */
	put_again(CODE, put_push(put_pop(CODE, A3, SLOW_INSNS), A3));
	at = put_pop(put_pop(CODE + 0x1000, A3, 0), S2, 0);
	put_again(CODE + 0x1000, put_push(put_push(at, A3), S2));
	for (u64 i = 0; i < nr; i++) {
		((u64 *)(nodes + i * 64))[0] = i + 1 < nr ? nodes + (i + 1) * 64 : 0;
		((u64 *)(nodes + i * 64))[1] = 0;
	}
	*(u64 *)head = nodes;
	for (int i = 0; i < NR_THREADS; i++)
		workers[i] = (struct worker){
			.pc = i ? CODE + 0x1000 : CODE, .args = {DATA, 2000}, .rounds = 10};
	run_workers(workers);
	for (at = *(u64 *)head; at && seen <= nr; at = *(u64 *)at)
		seen++;
	at = 0;
	for (u64 i = 0; i < nr; i++)
		at += ((u64 *)(nodes + i * 64))[1];
	ok(seen == nr && at == (2 * NR_THREADS - 1) * 10 * 2000,
	   "LR and SC tell a value that came back from one that stayed");
}

/* Functions f0 to f31 that call one another by every kind of jump, more than fit. */
static u64 put_functions(void)
{
	for (u64 i = 0; i < 32; i++) {
		u64 at = CODE + 0x1000 + i * 0x200;

		PUT(at, ADDI(SP, SP, -16), SD(RA, SP, 0), ADDI(A0, A0, i + 1), BEQ(A1, X0, 16),
		    ADDI(A1, A1, -1), JAL(RA, i < 31 ? 0x200 - 20 : -31 * 0x200 - 20), JAL(X0, 8),
		    ADDI(A0, A0, 1000), LD(RA, SP, 0), ADDI(SP, SP, 16), JALR(T0, A2, 0), RET);
	}
	PUT(CODE + 0x800, ADDI(A0, A0, 3), JALR(X0, T0, 0));
	return CODE + 0x1000;
}

static volatile bool stop_invalidating;

static void *invalidate(void *arg)
{
	u64 seed = 1;

	while (!stop_invalidating) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		rv64_code_changed(CODE + (seed >> 33) % 0x6000, 4);
		usleep(50);
	}
	return NULL;
}

static void flushed_under_way(void)
{
	struct worker workers[NR_THREADS];
	u64 start = put_functions(), expected = 0;
	bool good = true;
	pthread_t thread;

	for (u64 i = 0; i <= 200; i++)
		expected += i % 32 + 1 + 3;
	expected += 1000;
	for (int i = 0; i < NR_THREADS; i++)
		workers[i] = (struct worker){.pc = CODE + 0x900 + i * 64, .rounds = 300};
	for (int i = 0; i < NR_THREADS; i++) {
		u64 at = CODE + 0x900 + i * 64;

		/* sp and a2 are each thread's own */
		PUT(at, LI(A1, 200), LI(A0, 0), ADDI(S0, RA, 0), LUI(SP, DATA + 0x100000 * (i + 1)),
		    LUI(A2, CODE), ADDI(A2, A2, 0x400), ADDI(A2, A2, 0x400),
		    JAL(RA, start - (at + 28)), ECALL);
	}
	stop_invalidating = false;
	pthread_create(&thread, NULL, invalidate, NULL);
	run_workers(workers);
	stop_invalidating = true;
	pthread_join(thread, NULL);
	for (int i = 0; i < NR_THREADS; i++) {
		good &= workers[i].result == expected * 300;
		if (workers[i].result != expected * 300)
			printf("# thread %d: %lu, not %lu\n", i, workers[i].result, expected * 300);
	}
	ok(good, "four threads run on while TBs are chained, invalidated and flushed");
}

/* One thread replaces a function and tells another by a flag; both check after fence.i. */
static void *replacer(void *arg)
{
	struct rv64_cpu *cpu = new_cpu();
	u64 *box = (u64 *)DATA;

	for (u64 i = 1; i <= 2000; i++) {
		*(volatile u32 *)(CODE + 0x1000) = LI(A0, i);
		rv64_code_check();
		__atomic_store_n(&box[0], i, __ATOMIC_RELEASE);
		while (__atomic_load_n(&box[8], __ATOMIC_ACQUIRE) != i)
			sched_yield();
	}
	free_cpu(cpu);
	return NULL;
}

static void replaced_by_another(struct rv64_cpu *cpu)
{
	u64 *box = (u64 *)DATA;
	pthread_t thread;

	/* Waits for box[0] to change, calls the function, stops if its result is another. */
	PUT(CODE, LD(A3, A2, 0), BEQ(A3, A4, -4), ADDI(A4, A3, 0), JAL(RA, 0x1000 - 12),
	    BNE(A0, A3, 16), SD(A3, A2, 64), BNE(A3, A5, -24), ECALL, ECALL);
	PUT(CODE + 0x1000, LI(A0, 0), RET);
	box[0] = box[8] = 0;
	cpu->x[A2] = DATA;
	cpu->x[A4] = 0;
	cpu->x[A5] = 2000;
	pthread_create(&thread, NULL, replacer, NULL);
	run(cpu, CODE);
	ok(cpu->x[A3] == 2000 && cpu->x[A0] == 2000,
	   "code that another thread replaced, and said so, is not run stale");
	__atomic_store_n(&box[8], 2000, __ATOMIC_RELEASE);
	if (cpu->x[A3] != 2000)
		exit(1);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	struct rv64_exec_options options = {
		.tb_bytes = argc > 1 ? SMALL_TB_BYTES : TB_BYTES,
	};
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct rv64_cpu *cpu;

	map(CODE, CODE_BYTES);
	map(DATA, DATA_BYTES);
	if (rv64_exec_init(&options))
		return 1;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	alarm(150);
	cpu = new_cpu();
	changed_code(cpu);
	two_mappings(cpu);
	long_ranges(cpu);
	same_again(cpu);
	deep_recursion(cpu);
	other_returns(cpu);
	precise_faults(cpu);
	forked(cpu);
	endless_loops();
	counters();
	lock_free_stack();
	flushed_under_way();
	replaced_by_another(cpu);
	free_cpu(cpu);
	printf("1..%d\n", count);
	if (getenv("TB_STATS"))
		rv64_print_stats(stdout);
	return failed;
}
