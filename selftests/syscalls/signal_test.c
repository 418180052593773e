// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * signal_test.c - sending and handling: dispositions, masks, pending sets,
 * queues, order, the flags of sigaction, alternate stacks, who may send what to
 * whom, and the signals that the kernel itself sends for faults.
 */
#include "check.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#define KERNEL_SIGSET_BYTES 8

static void set_of(sigset_t *set, int sig)
{
	sigemptyset(set);
	if (sig)
		sigaddset(set, sig);
}

static void unblock(int sig)
{
	sigset_t set;

	set_of(&set, sig);
	REQUIRE(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

TEST(sigaction_stores_and_returns, "rt_sigaction")
{
	struct sigaction sa, old;

	catch_signal(SIGUSR1, SA_RESTART | SA_NODEFER);
	CHECK_OK(sigaction(SIGUSR1, NULL, &old));
	CHECK_EQ(old.sa_flags & (SA_SIGINFO | SA_RESTART | SA_NODEFER),
		 SA_SIGINFO | SA_RESTART | SA_NODEFER);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN;
	sigaddset(&sa.sa_mask, SIGUSR2);
	CHECK_OK(sigaction(SIGUSR1, &sa, NULL));
	CHECK_OK(sigaction(SIGUSR1, NULL, &old));
	CHECK(old.sa_handler == SIG_IGN && sigismember(&old.sa_mask, SIGUSR2));
	CHECK_OK(raise(SIGUSR1));
}

TEST(sigaction_errors, "rt_sigaction")
{
	static const int sigs[] = {0, -1, 65, 1000};
	struct sigaction sa = {.sa_handler = SIG_IGN};
	char kernel_sa[32];

	memset(kernel_sa, 0, sizeof(kernel_sa));
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		CHECK_ERRNO(sys(rt_sigaction, sigs[i], NULL, kernel_sa, KERNEL_SIGSET_BYTES),
			    EINVAL);
	CHECK_ERRNO(sys(rt_sigaction, SIGKILL, kernel_sa, NULL, KERNEL_SIGSET_BYTES), EINVAL);
	CHECK_ERRNO(sys(rt_sigaction, SIGSTOP, kernel_sa, NULL, KERNEL_SIGSET_BYTES), EINVAL);
	CHECK_ERRNO(sigaction(SIGKILL, &sa, NULL), EINVAL);
	CHECK_EQ(sys(rt_sigaction, SIGKILL, NULL, kernel_sa, KERNEL_SIGSET_BYTES), 0);
	CHECK_ERRNO(sys(rt_sigaction, SIGUSR1, NULL, kernel_sa, 16), EINVAL);
	CHECK_ERRNO(sys(rt_sigaction, SIGUSR1, bad, NULL, KERNEL_SIGSET_BYTES), EFAULT);
	CHECK_ERRNO(sys(rt_sigaction, SIGUSR1, NULL, bad, KERNEL_SIGSET_BYTES), EFAULT);
}

TEST(sigprocmask_block_unblock_set, "rt_sigprocmask")
{
	sigset_t set, old;

	set_of(&set, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, &old));
	CHECK(!sigismember(&old, SIGUSR1));
	set_of(&set, SIGUSR2);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, &old));
	CHECK(sigismember(&old, SIGUSR1) && !sigismember(&old, SIGUSR2));
	set_of(&set, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	CHECK_OK(sigprocmask(SIG_SETMASK, NULL, &old));
	CHECK(!sigismember(&old, SIGUSR1) && sigismember(&old, SIGUSR2));
	sigfillset(&set);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &old));
	/* These two cannot be blocked, and asking is no error. */
	CHECK(!sigismember(&old, SIGKILL) && !sigismember(&old, SIGSTOP));
	CHECK(sigismember(&old, SIGTERM) && sigismember(&old, 64));
}

TEST(sigprocmask_errors, "rt_sigprocmask")
{
	uint64_t set = 0;

	CHECK_ERRNO(sys(rt_sigprocmask, 3, &set, NULL, KERNEL_SIGSET_BYTES), EINVAL);
	CHECK_ERRNO(sys(rt_sigprocmask, -1, &set, NULL, KERNEL_SIGSET_BYTES), EINVAL);
	/* The operation is not looked at when there is nothing to do. */
	CHECK_EQ(sys(rt_sigprocmask, 77, NULL, &set, KERNEL_SIGSET_BYTES), 0);
	CHECK_ERRNO(sys(rt_sigprocmask, SIG_BLOCK, &set, NULL, 4), EINVAL);
	CHECK_ERRNO(sys(rt_sigprocmask, SIG_BLOCK, bad, NULL, KERNEL_SIGSET_BYTES), EFAULT);
	CHECK_ERRNO(sys(rt_sigprocmask, SIG_BLOCK, NULL, bad, KERNEL_SIGSET_BYTES), EFAULT);
}

TEST(blocked_signal_stays_pending, "rt_sigpending rt_sigprocmask")
{
	sigset_t pending;

	catch_signal(SIGUSR1, 0);
	block_signal(SIGUSR1);
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(caught[SIGUSR1], 0);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR1));
	unblock(SIGUSR1);
	/* A standard signal is pending at most once. */
	CHECK_EQ(caught[SIGUSR1], 1);
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
	CHECK_ERRNO(sys(rt_sigpending, bad, KERNEL_SIGSET_BYTES), EFAULT);
	CHECK_ERRNO(sys(rt_sigpending, &pending, 128), EINVAL);
}

TEST(ignoring_discards_what_is_pending, "rt_sigaction rt_sigpending")
{
	sigset_t pending;

	block_signal(SIGUSR1);
	CHECK_OK(raise(SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
}

static volatile int order[32], values[32], order_count;

static void note_order(int sig, siginfo_t *info, void *context)
{
	order[order_count] = sig;
	values[order_count++] = info->si_value.sival_int;
}

TEST(realtime_signals_queue_in_order, "rt_sigqueueinfo rt_sigprocmask")
{
	struct sigaction sa = {.sa_sigaction = note_order, .sa_flags = SA_SIGINFO};
	sigset_t all, old;

	sigfillset(&sa.sa_mask);
	for (int sig = SIGRTMIN; sig <= SIGRTMIN + 2; sig++)
		REQUIRE(sigaction(sig, &sa, NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (int i = 0; i < 3; i++)
		CHECK_OK(sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = i}));
	for (int i = 0; i < 2; i++)
		CHECK_OK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 10 + i}));
	CHECK_OK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 20}));
	sigprocmask(SIG_SETMASK, &old, NULL);

	/* Lowest number first, first in first out within a number. */
	static const int want_value[] = {20, 10, 11, 0, 1, 2};
	CHECK_EQ(order_count, 6);
	CHECK_EQ(order[0], SIGUSR1);
	for (int i = 0; i < 6; i++)
		CHECK_EQ(values[i], want_value[i]);
	CHECK(order[1] == SIGRTMIN && order[2] == SIGRTMIN && order[5] == SIGRTMIN + 2);
}

TEST(siginfo_of_each_way_to_send, "kill tgkill rt_sigqueueinfo rt_tgsigqueueinfo tkill")
{
	siginfo_t info;

	catch_signal(SIGUSR1, 0);
	CHECK_EQ(sys(kill, getpid(), SIGUSR1), 0);
	CHECK_EQ(caught_info.si_code, SI_USER);
	CHECK_EQ(caught_info.si_pid, getpid());
	CHECK_EQ(caught_info.si_uid, getuid());
	CHECK_EQ(sys(tgkill, getpid(), gettid(), SIGUSR1), 0);
	CHECK_EQ(caught_info.si_code, SI_TKILL);
	CHECK_EQ(sys(tkill, gettid(), SIGUSR1), 0);
	CHECK_EQ(caught_info.si_code, SI_TKILL);
	CHECK_OK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 99}));
	CHECK_EQ(caught_info.si_code, SI_QUEUE);
	CHECK_EQ(caught_info.si_value.sival_int, 99);
	CHECK_EQ(caught_info.si_pid, getpid());
	memset(&info, 0, sizeof(info));
	info.si_code = SI_MESGQ;
	info.si_value.sival_int = 5;
	CHECK_EQ(sys(rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR1, &info), 0);
	CHECK_EQ(caught_info.si_code, SI_MESGQ);
	CHECK_EQ(caught_info.si_value.sival_int, 5);
	CHECK_EQ(caught_info.si_signo, SIGUSR1);
	CHECK_EQ(caught[SIGUSR1], 5);
}

TEST(sending_errors, "kill tgkill tkill rt_sigqueueinfo rt_tgsigqueueinfo")
{
	siginfo_t info;
	pid_t none = 1 << 29;

	CHECK_ERRNO(kill(getpid(), 65), EINVAL);
	CHECK_ERRNO(kill(getpid(), -1), EINVAL);
	CHECK_ERRNO(kill(none, SIGUSR1), ESRCH);
	CHECK_ERRNO(kill(-none, SIGUSR1), ESRCH);
	CHECK_OK(kill(getpid(), 0));
	CHECK_ERRNO(kill(none, 0), ESRCH);
	CHECK_ERRNO(sys(tgkill, getpid(), none, SIGUSR1), ESRCH);
	CHECK_ERRNO(sys(tgkill, none, gettid(), SIGUSR1), ESRCH);
	CHECK_ERRNO(sys(tgkill, getpid(), gettid(), 65), EINVAL);
	CHECK_ERRNO(sys(tgkill, getpid(), 0, SIGUSR1), EINVAL);
	CHECK_ERRNO(sys(tgkill, 0, gettid(), SIGUSR1), EINVAL);
	CHECK_ERRNO(sys(tkill, 0, SIGUSR1), EINVAL);
	CHECK_ERRNO(sys(tkill, none, SIGUSR1), ESRCH);
	CHECK_EQ(sys(tgkill, getpid(), gettid(), 0), 0);

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	CHECK_ERRNO(sys(rt_sigqueueinfo, none, SIGUSR1, &info), ESRCH);
	CHECK_ERRNO(sys(rt_sigqueueinfo, getpid(), 65, &info), EINVAL);
	CHECK_ERRNO(sys(rt_sigqueueinfo, getpid(), SIGUSR1, bad), EFAULT);
	CHECK_ERRNO(sys(rt_tgsigqueueinfo, getpid(), none, SIGUSR1, &info), ESRCH);
	CHECK_ERRNO(sys(rt_tgsigqueueinfo, 0, gettid(), SIGUSR1, &info), EINVAL);
	/* Nobody may pretend towards others that the kernel sent it. */
	info.si_code = SI_USER;
	CHECK_ERRNO(sys(rt_sigqueueinfo, getppid(), 0, &info), EPERM);
}

TEST(kill_others_needs_rights, "kill")
{
	if (geteuid()) {
		/* Process 1 may be ours where pids are virtual or namespaced. */
		if (kill(1, 0) == 0)
			skip("may signal process 1 as this user");
		CHECK_EQ(errno, EPERM);
		return;
	}
	pid_t root = getppid();
	drop_root();
	CHECK_ERRNO(kill(root, SIGUSR1), EPERM);
	CHECK_ERRNO(kill(root, 0), EPERM);
	CHECK_OK(kill(getpid(), 0));
}

static volatile int depth, deepest;

static void nest(int sig)
{
	if (++depth > deepest)
		deepest = depth;
	if (depth < 3)
		raise(sig);
	depth--;
}

TEST(handler_blocks_itself_unless_nodefer, "rt_sigaction")
{
	struct sigaction sa = {.sa_handler = nest, .sa_flags = SA_NODEFER};

	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	raise(SIGUSR1);
	CHECK_EQ(deepest, 3);
	depth = 0;
	deepest = 0;
	sa.sa_flags = SA_RESETHAND;
	REQUIRE(sigaction(SIGUSR2, &sa, NULL) == 0);
	block_signal(SIGUSR2);
	raise(SIGUSR2);
	depth = 5;
	unblock(SIGUSR2);
	CHECK_EQ(deepest, 6);
	CHECK_OK(sigaction(SIGUSR2, NULL, &sa));
	CHECK(sa.sa_handler == SIG_DFL);
}

static sigset_t mask_in_handler;

static void note_mask(int sig)
{
	sigprocmask(SIG_BLOCK, NULL, &mask_in_handler);
}

TEST(handler_runs_with_its_mask_and_restores, "rt_sigaction rt_sigreturn")
{
	struct sigaction sa = {.sa_handler = note_mask};
	sigset_t after;

	sigaddset(&sa.sa_mask, SIGUSR2);
	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	raise(SIGUSR1);
	CHECK(sigismember(&mask_in_handler, SIGUSR1) && sigismember(&mask_in_handler, SIGUSR2));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &after));
	CHECK(!sigismember(&after, SIGUSR1) && !sigismember(&after, SIGUSR2));
}

static void change_mask_and_register(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	sigaddset(&uc->uc_sigmask, SIGUSR2);
#ifdef __x86_64__
	uc->uc_mcontext.gregs[REG_RBX] = 0x1234;
#endif
}

TEST(handler_may_change_the_context, "rt_sigreturn")
{
	struct sigaction sa = {.sa_sigaction = change_mask_and_register, .sa_flags = SA_SIGINFO};
	sigset_t after;

	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
#ifdef __x86_64__
	register long rbx asm("rbx") = 1;
	long ret = SYS_tkill, tid = gettid();

	asm volatile("syscall"
		     : "+a"(ret), "+r"(rbx)
		     : "D"(tid), "S"((long)SIGUSR1)
		     : "rcx", "r11", "memory");
	CHECK_EQ(ret, 0);
	CHECK_EQ(rbx, 0x1234);
#else
	raise(SIGUSR1);
#endif
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &after));
	CHECK(sigismember(&after, SIGUSR2));
}

static char *volatile stack_seen;

static void note_stack(int sig)
{
	stack_seen = __builtin_frame_address(0);
}

TEST(alternate_stack, "sigaltstack")
{
	struct sigaction sa = {.sa_handler = note_stack, .sa_flags = SA_ONSTACK};
	size_t size = 64 * 1024;
	stack_t ss = {.ss_sp = malloc(size), .ss_size = size}, old;

	CHECK_EQ(sys(sigaltstack, NULL, &old), 0);
	CHECK(old.ss_flags & SS_DISABLE);
	CHECK_OK(sigaltstack(&ss, NULL));
	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	raise(SIGUSR1);
	CHECK(stack_seen >= (char *)ss.ss_sp && stack_seen < (char *)ss.ss_sp + size);
	CHECK_OK(sigaltstack(NULL, &old));
	CHECK(old.ss_sp == ss.ss_sp && old.ss_size == size && old.ss_flags == 0);
	ss.ss_flags = SS_DISABLE;
	CHECK_OK(sigaltstack(&ss, NULL));
	raise(SIGUSR1);
	CHECK(stack_seen < (char *)ss.ss_sp || stack_seen >= (char *)ss.ss_sp + size);
}

static void change_altstack(int sig)
{
	stack_t ss = {.ss_flags = SS_DISABLE}, old;

	CHECK_OK(sigaltstack(NULL, &old));
	CHECK_EQ(old.ss_flags, SS_ONSTACK);
	CHECK_ERRNO(sigaltstack(&ss, NULL), EPERM);
}

TEST(alternate_stack_errors, "sigaltstack")
{
	struct sigaction sa = {.sa_handler = change_altstack, .sa_flags = SA_ONSTACK};
	stack_t ss = {.ss_sp = malloc(65536), .ss_size = 1000};

	CHECK_ERRNO(sys(sigaltstack, &ss, NULL), ENOMEM);
	ss.ss_size = 65536;
	ss.ss_flags = 0x40;
	CHECK_ERRNO(sys(sigaltstack, &ss, NULL), EINVAL);
	CHECK_ERRNO(sys(sigaltstack, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(sigaltstack, NULL, bad), EFAULT);
	ss.ss_flags = 0;
	CHECK_OK(sigaltstack(&ss, NULL));
	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	raise(SIGUSR1);
}

static sigjmp_buf fault_jump;
static siginfo_t fault_info;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	fault_info = *info;
	siglongjmp(fault_jump, sig);
}

static void catch_faults(void)
{
	static const int sigs[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		REQUIRE(sigaction(sigs[i], &sa, NULL) == 0);
}

TEST(sigsegv_tells_address_and_reason, "rt_sigaction")
{
	void *volatile low = (void *)8;

	catch_faults();
	if (!sigsetjmp(fault_jump, 1)) {
		*(volatile char *)bad;
		FAIL("reading an inaccessible page did not fault");
	}
	CHECK_EQ(fault_info.si_signo, SIGSEGV);
	CHECK_EQ(fault_info.si_code, SEGV_ACCERR);
	CHECK(fault_info.si_addr == bad);
	if (!sigsetjmp(fault_jump, 1)) {
		*(volatile char *)bad_ro = 1;
		FAIL("writing a read-only page did not fault");
	}
	CHECK_EQ(fault_info.si_code, SEGV_ACCERR);
	if (!sigsetjmp(fault_jump, 1)) {
		*(volatile char *)low;
		FAIL("reading address 8 did not fault");
	}
	CHECK_EQ(fault_info.si_code, SEGV_MAPERR);
	CHECK(fault_info.si_addr == low);
}

TEST(sigbus_past_the_end_of_a_file, "mmap")
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	REQUIRE(p != MAP_FAILED);
	catch_faults();
	if (!sigsetjmp(fault_jump, 1)) {
		*(volatile char *)p;
		FAIL("reading past the end of a mapped file did not fault");
	}
	CHECK_EQ(fault_info.si_signo, SIGBUS);
	CHECK_EQ(fault_info.si_code, BUS_ADRERR);
	CHECK(fault_info.si_addr == p);
}

#ifdef __x86_64__
TEST(sigfpe_sigill_sigtrap, "rt_sigaction")
{
	volatile int zero = 0, one = 1;

	catch_faults();
	if (!sigsetjmp(fault_jump, 1)) {
		one /= zero;
		FAIL("dividing by zero did not fault");
	}
	CHECK_EQ(fault_info.si_signo, SIGFPE);
	CHECK_EQ(fault_info.si_code, FPE_INTDIV);
	if (!sigsetjmp(fault_jump, 1)) {
		asm volatile("ud2");
		FAIL("ud2 did not fault");
	}
	CHECK_EQ(fault_info.si_signo, SIGILL);
	if (!sigsetjmp(fault_jump, 1)) {
		asm volatile("int3");
		FAIL("int3 did not trap");
	}
	CHECK_EQ(fault_info.si_signo, SIGTRAP);
}
#endif

static void die_of(void *arg)
{
	int sig = (int)(intptr_t)arg;

	signal(sig, SIG_DFL);
	switch (sig) {
	case SIGSEGV:
		*(volatile char *)bad = 1;
		break;
	case SIGABRT:
		abort();
	default:
		raise(sig);
	}
}

TEST(default_action_ends_the_process, "kill wait4")
{
	static const int sigs[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGILL,	 SIGABRT, SIGBUS,  SIGFPE,
				   SIGKILL, SIGUSR1,   SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,
				   SIGXCPU, SIGVTALRM, SIGSYS,	SIGIO,	 40};

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++) {
		int status;
		pid_t pid = spawn(die_of, (void *)(intptr_t)sigs[i]);

		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFSIGNALED(status));
		CHECK_EQ(WTERMSIG(status), sigs[i]);
	}
}

TEST(default_action_ignores_some, "kill")
{
	static const int sigs[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		JOIN(spawn(die_of, (void *)(intptr_t)sigs[i]));
}

static void count_in_group(void *arg)
{
	sigset_t none;

	sigemptyset(&none);
	CHECK_EQ(write(*(int *)arg, "r", 1), 1);
	while (!caught[SIGUSR1])
		sigsuspend(&none);
}

TEST(kill_reaches_the_whole_group, "kill setpgid")
{
	int fds[2];
	pid_t pids[3];
	char c;

	REQUIRE(pipe(fds) == 0);
	CHECK_OK(setpgid(0, 0));
	block_signal(SIGUSR1);
	catch_signal(SIGUSR1, 0);
	for (int i = 0; i < 3; i++)
		pids[i] = spawn(count_in_group, &fds[1]);
	for (int i = 0; i < 3; i++)
		REQUIRE(read(fds[0], &c, 1) == 1);
	CHECK_OK(kill(0, SIGUSR1));
	unblock(SIGUSR1);
	CHECK_EQ(caught[SIGUSR1], 1);
	for (int i = 0; i < 3; i++)
		JOIN(pids[i]);
	CHECK_OK(kill(-getpgrp(), 0));
}

static volatile pid_t handler_tid;

static void note_tid(int sig)
{
	handler_tid = gettid();
}

static void *catch_directed(void *arg)
{
	sigset_t none;

	sigemptyset(&none);
	*(volatile pid_t *)arg = gettid();
	CHECK_EQ(write(*((int *)arg + 1), "r", 1), 1);
	while (!handler_tid)
		sigsuspend(&none);
	CHECK_EQ(handler_tid, gettid());
	return NULL;
}

TEST(tgkill_reaches_one_thread, "tgkill gettid")
{
	struct sigaction sa = {.sa_handler = note_tid};
	int fds[2], arg[2];
	pthread_t thread;
	char c;

	REQUIRE(pipe(fds) == 0);
	arg[1] = fds[1];
	block_signal(SIGUSR1);
	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, catch_directed, arg) == 0);
	REQUIRE(read(fds[0], &c, 1) == 1);
	CHECK_EQ(sys(tgkill, getpid(), arg[0], SIGUSR1), 0);
	pthread_join(thread, NULL);
	CHECK(handler_tid == arg[0]);
}

static void pending_is_empty(void *arg)
{
	sigset_t pending, mask;

	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &mask));
	CHECK(sigismember(&mask, SIGUSR1));
}

TEST(fork_inherits_the_mask_but_not_pending, "rt_sigpending clone")
{
	block_signal(SIGUSR1);
	CHECK_OK(raise(SIGUSR1));
	JOIN(spawn(pending_is_empty, NULL));
}

TEST(sigpipe_for_a_pipe_without_reader, "write pipe2")
{
	int fds[2];

	REQUIRE(pipe(fds) == 0);
	close(fds[0]);
	catch_signal(SIGPIPE, 0);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
	CHECK_EQ(caught[SIGPIPE], 1);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
}
