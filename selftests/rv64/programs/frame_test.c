// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a riscv64 program sees of signals: which faults give which siginfo, the
 * registers in the frame, and that a handler's changes to them take effect.
 */
#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "../../syscalls/check.h"

static siginfo_t got;
static ucontext_t frame;
static volatile sig_atomic_t hits;
static sigjmp_buf back;

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	memset(&got, 0xcc, sizeof(got));
	REQUIRE(!sigaction(sig, &act, NULL));
}

static unsigned long frame_x(int number)
{
	return frame.uc_mcontext.__gregs[number];
}

/* Notes what came and goes on behind the instruction, whose length its bits tell. */
static void skip_insn(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	unsigned long pc = uc->uc_mcontext.__gregs[REG_PC];

	hits++;
	got = *info;
	frame = *uc;
	uc->uc_mcontext.__gregs[REG_PC] = pc + ((*(unsigned short *)pc & 3) == 3 ? 4 : 2);
}

/* Notes what came and leaves. */
static void leave(int sig, siginfo_t *info, void *context)
{
	hits++;
	got = *info;
	frame = *(ucontext_t *)context;
	siglongjmp(back, 1);
}

TEST(load_from_unmapped_memory, "rt_sigaction rt_sigreturn")
{
	unsigned long value = 0x1234, address = 0x40, at;

	handle(SIGSEGV, skip_insn, 0);
	__asm__ volatile("la %1, 1f\n1:\tld %0, 8(%2)" : "+r"(value), "=&r"(at) : "r"(address));
	CHECK_EQ(hits, 1);
	CHECK_EQ(got.si_signo, SIGSEGV);
	CHECK_EQ(got.si_code, SEGV_MAPERR);
	CHECK_EQ(got.si_addr, 0x48);
	CHECK_EQ(value, 0x1234);
	CHECK_EQ(frame_x(REG_PC), at);
}

TEST(faults_after_a_vfork, "clone rt_sigreturn")
{
	volatile char *volatile nowhere = (char *)0x40;
	pid_t pid = vfork();
	int status;

	if (!pid)
		_exit(3);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 3);
	handle(SIGSEGV, skip_insn, 0);
	*nowhere = 1;
	CHECK_EQ(hits, 1);
	CHECK_EQ(got.si_addr, 0x40);
}

TEST(store_to_read_only_memory, "mprotect")
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	handle(SIGSEGV, skip_insn, 0);
	*(volatile char *)(page + 5) = 1;
	CHECK_EQ(hits, 1);
	CHECK_EQ(got.si_code, SEGV_ACCERR);
	CHECK_EQ(got.si_addr, page + 5);
	CHECK_EQ(page[5], 0);
}

TEST(beyond_the_end_of_a_file, "mmap")
{
	int fd = open("short", O_RDWR | O_CREAT, 0600);
	volatile char *page = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);

	REQUIRE(!ftruncate(fd, 100));
	handle(SIGBUS, skip_insn, 0);
	page[0];
	CHECK_EQ(hits, 0);
	page[4096 + 7];
	CHECK_EQ(hits, 1);
	CHECK_EQ(got.si_signo, SIGBUS);
	CHECK_EQ(got.si_code, BUS_ADRERR);
	CHECK_EQ(got.si_addr, page + 4096 + 7);
}

TEST(illegal_instruction, "rt_sigaction")
{
	unsigned long at;

	handle(SIGILL, skip_insn, 0);
	__asm__ volatile("la %0, 1f\n1:\t.word 0xffffffff" : "=r"(at));
	CHECK_EQ(hits, 1);
	CHECK_EQ(got.si_code, ILL_ILLOPC);
	CHECK_EQ(got.si_addr, at);
	__asm__ volatile("la %0, 1f\n1:\t.half 0" : "=r"(at));
	CHECK_EQ(hits, 2);
	CHECK_EQ(got.si_addr, at);
}

TEST(breakpoint, "rt_sigaction")
{
	unsigned long at;

	handle(SIGTRAP, skip_insn, 0);
	__asm__ volatile("la %0, 1f\n1:\tebreak" : "=r"(at));
	CHECK_EQ(hits, 1);
	CHECK_EQ(got.si_code, TRAP_BRKPT);
	CHECK_EQ(got.si_addr, at);
}

TEST(jump_to_unmapped_memory, "rt_sigaction")
{
	handle(SIGSEGV, leave, 0);
	if (!sigsetjmp(back, 1))
		((void (*)(void))0x1000)();
	CHECK_EQ(got.si_signo, SIGSEGV);
	CHECK_EQ(got.si_code, SEGV_MAPERR);
	CHECK_EQ(got.si_addr, 0x1000);
	CHECK_EQ(frame_x(REG_PC), 0x1000);
}

TEST(misaligned_atomic, "rt_sigaction")
{
	static char words[16] __attribute__((aligned(16)));
	long value = 1;

	handle(SIGBUS, skip_insn, 0);
	__asm__ volatile("amoadd.w %0, %0, (%1)" : "+r"(value) : "r"(words + 2) : "memory");
	CHECK_EQ(hits, 1);
	CHECK_EQ(got.si_code, BUS_ADRALN);
	CHECK_EQ(got.si_addr, words + 2);
	CHECK_EQ(words[2], 0);
}

static void change_registers(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	frame = *uc;
	uc->uc_mcontext.__gregs[20] = 0x5544;			   /* s4 */
	uc->uc_mcontext.__fpregs.__d.__f[20] = 0x4008000000000000; /* fs4 = 3.0 */
	uc->uc_mcontext.__fpregs.__d.__fcsr = 0x5f;		   /* all flags, rounding down */
	uc->uc_mcontext.__gregs[REG_PC] += 4;
}

TEST(registers_in_the_frame, "rt_sigreturn")
{
	register unsigned long s4 __asm__("s4") = 0x4455;
	register double fs4 __asm__("fs4") = 2.0;
	unsigned long fcsr = 0x21;

	handle(SIGILL, change_registers, 0);
	__asm__ volatile("fscsr %0\n\t.word 0xffffffff\n\tfrcsr %0\n\tfscsr zero"
			 : "+r"(fcsr), "+r"(s4), "+f"(fs4));
	CHECK_EQ(frame_x(20), 0x4455);
	CHECK_EQ(frame.uc_mcontext.__fpregs.__d.__f[20], 0x4000000000000000);
	CHECK_EQ(frame.uc_mcontext.__fpregs.__d.__fcsr, 0x21);
	CHECK_EQ(s4, 0x5544);
	CHECK(fs4 == 3.0);
	CHECK_EQ(fcsr, 0x5f);
}

static volatile int stop;

static void *storm(void *arg)
{
	while (!stop)
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

/* All registers that a handler may use, with values that would show. */
static void clobber(int sig, siginfo_t *info, void *context)
{
	__asm__ volatile("li t0, -1\n\tli t1, -1\n\tli t2, -1\n\tli a0, -1\n\tli a1, -1\n\t"
			 "li a2, -1\n\tli a3, -1\n\tli a4, -1\n\tli a5, -1\n\tli a6, -1\n\t"
			 "li a7, -1\n\tli t3, -1\n\tli t4, -1\n\tli t5, -1\n\tli t6, -1\n\t"
			 "fmv.d.x fa0, t0\n\tfmv.d.x ft0, t0"
			 :
			 :
			 : "t0", "t1", "t2", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t3",
			   "t4", "t5", "t6", "fa0", "ft0");
	hits++;
}

TEST(a_storm_of_signals_changes_no_register, "tgkill rt_sigreturn")
{
	unsigned long long a = 1, b = 0, n;
	double x = 1, y = 0;
	pthread_t self = pthread_self(), other;

	handle(SIGUSR1, clobber, 0);
	REQUIRE(!pthread_create(&other, NULL, storm, &self));
	for (n = 0; n < 200000 || hits < 50; n++) {
		a = a * 6364136223846793005ULL + 1442695040888963407ULL;
		b ^= a >> 13;
		x = x * 0.5 + 1;
		y = y + x;
	}
	stop = 1;
	pthread_join(other, NULL);
	for (; n; n--) { /* The generator runs backwards to where it began. */
		b ^= a >> 13;
		a = (a - 1442695040888963407ULL) * 0xc097ef87329e28a5ULL;
	}
	CHECK_EQ(a, 1);
	CHECK_EQ(b, 0);
	CHECK(x == 2 && y > 100);
}

static char *on_stack;

static void note_stack(int sig, siginfo_t *info, void *context)
{
	char here;

	hits++;
	on_stack = &here;
	frame = *(ucontext_t *)context;
	if (sig == SIGUSR1)
		raise(SIGUSR2); /* a second frame on the same stack */
}

TEST(alternate_stack, "sigaltstack")
{
	stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536}, now;

	REQUIRE(!sigaltstack(&ss, NULL));
	handle(SIGUSR1, note_stack, SA_ONSTACK);
	handle(SIGUSR2, note_stack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK_EQ(hits, 2);
	CHECK(on_stack > (char *)ss.ss_sp && on_stack < (char *)ss.ss_sp + ss.ss_size);
	CHECK_EQ(frame.uc_stack.ss_size, 65536);
	CHECK_EQ(sigaltstack(NULL, &now), 0);
	CHECK_EQ(now.ss_flags & SS_ONSTACK, 0);
}

static int overflow_stack(int depth)
{
	volatile char room[4096];

	room[0] = depth;
	return overflow_stack(depth + 1) + room[0];
}

TEST(stack_overflow_reaches_a_handler, "sigaltstack")
{
	stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536};

	REQUIRE(!sigaltstack(&ss, NULL));
	handle(SIGSEGV, leave, SA_ONSTACK);
	if (!sigsetjmp(back, 1))
		overflow_stack(0);
	CHECK_EQ(hits, 1);
}

TEST(no_execution_of_data, "mmap")
{
	unsigned int *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0] = 0x00008067; /* ret */
	__builtin___clear_cache((char *)page, (char *)page + 4096);
	handle(SIGSEGV, leave, 0);
	if (!sigsetjmp(back, 1)) {
		((void (*)(void))page)();
		FAIL("the page was executed");
	}
	CHECK_EQ(got.si_code, SEGV_ACCERR);
	CHECK_EQ(got.si_addr, page);
	REQUIRE(!mprotect(page, 4096, PROT_READ | PROT_EXEC));
	((void (*)(void))page)();
	REQUIRE(!mprotect(page, 4096, PROT_READ));
	if (!sigsetjmp(back, 1)) {
		((void (*)(void))page)();
		FAIL("the page was executed again");
	}
	CHECK_EQ(hits, 2);
}
