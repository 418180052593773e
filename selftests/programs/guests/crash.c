// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that ends badly, in the way its argument names; or handles the fault and
 * goes on. Each is a case that a simulation must end exactly as Linux does.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include "guest.h"

static sigjmp_buf back;
static siginfo_t fault;

static int overflow(volatile int depth)
{
	volatile char frame[4096];

	frame[0] = depth;
	return overflow(depth + 1) + frame[0];
}

static void *null_thread(void *arg)
{
	sleep_units(1);
	*(volatile int *)arg = 1;
	return NULL;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	fault = *info;
	siglongjmp(back, sig);
}

static void handle(const char *what, void (*cause)(void))
{
	int sig = sigsetjmp(back, 1);

	if (!sig)
		cause();
	printf("%s: signal %d code %d address %#lx\n", what, sig, fault.si_code,
	       sig == SIGSEGV ? (unsigned long)fault.si_addr : 0);
	fflush(stdout);
}

static void read_null(void)
{
	(void)*(volatile int *)0;
}

static void write_text(void)
{
	char *page = mmap((void *)0x10000000, 4096, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	*(volatile char *)(page + 17) = 1;
}

static void divide(void)
{
	volatile int zero = 0;

	zero = 1 / zero;
}

static void illegal(void)
{
	__asm__ volatile("ud2");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void past_end(void)
{
	int fd = open("empty", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	(void)*(volatile char *)page;
}

static void overflow_once(void)
{
	overflow(0);
}

/* Every fault in turn, each handled on an alternate stack. */
static int handled(void)
{
	static char stack[65536];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

	CHECK(!sigaltstack(&alternate, NULL));
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &act, NULL);
	handle("null", read_null);
	handle("read-only page", write_text);
	handle("division", divide);
	handle("illegal instruction", illegal);
	handle("breakpoint", breakpoint);
	handle("past the end of a file", past_end);
	fault.si_addr = NULL;
	if (!sigsetjmp(back, 1))
		overflow_once();
	printf("stack overflow: handled %d\n", fault.si_addr != NULL);
	return 0;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread;

	printf("before\n");
	fflush(stdout);
	if (!strcmp(how, "null"))
		read_null();
	else if (!strcmp(how, "stack"))
		overflow(0);
	else if (!strcmp(how, "abort"))
		abort();
	else if (!strcmp(how, "illegal"))
		illegal();
	else if (!strcmp(how, "divide"))
		divide();
	else if (!strcmp(how, "bus"))
		past_end();
	else if (!strcmp(how, "trap"))
		breakpoint();
	else if (!strcmp(how, "jump"))
		((void (*)(void))16)();
	else if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	else if (!strcmp(how, "thread")) {
		pthread_create(&thread, NULL, null_thread, NULL);
		pause();
	} else if (!strcmp(how, "handled"))
		return handled();
	else
		return 2;
	printf("went on\n");
	return 0;
}
