// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Children of vfork that make code, run it and map memory without end, and are killed at
 * whatever they do, while other threads of their parent make code as well. Prints "done"
 * if nobody waits for a dead child for ever.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN  80
#define WORKERS	  3
#define FUNCTIONS 64

static atomic_int child, stop, wrong;

/* "li a0, value; ret" in places of its own; each is called. */
static void make_code(uint32_t *code, unsigned int value)
{
	for (int i = 0; i < FUNCTIONS; i++) {
		code[2 * i] = ((value + i) & 0x7ff) << 20 | 10 << 7 | 0x13;
		code[2 * i + 1] = 0x8067;
	}
	__asm__ volatile("fence.i" ::: "memory");
	for (int i = 0; i < FUNCTIONS; i++) {
		unsigned int (*function)(void) = (void *)(code + 2 * i);

		wrong += function() != ((value + i) & 0x7ff);
	}
}

static uint32_t *map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
}

static void *work(void *arg)
{
	uint32_t *code = map_code();

	for (unsigned int value = 0; !stop; value++)
		make_code(code, value);
	return NULL;
}

static void *kill_children(void *arg)
{
	unsigned int random = 1;

	while (!stop) {
		int pid = atomic_exchange(&child, 0);

		random = random * 1103515245 + 12345;
		usleep(random >> 16 & 0x7ff);
		if (pid)
			kill(pid, SIGKILL);
	}
	return NULL;
}

static void __attribute__((noreturn, noinline)) live(uint32_t *code)
{
	child = getpid();
	for (unsigned int value = 0;; value++) {
		make_code(code, value);
		munmap(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		       4096);
	}
}

int main(void)
{
	pthread_t threads[WORKERS + 1];
	uint32_t *code = map_code();
	int status;

	for (int i = 0; i <= WORKERS; i++)
		if (pthread_create(&threads[i], NULL, i ? work : kill_children, NULL))
			return 1;
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = vfork();

		if (!pid)
			live(code);
		if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
		    WTERMSIG(status) != SIGKILL)
			wrong++;
		make_code(code, i);
	}
	stop = 1;
	for (int i = 0; i <= WORKERS; i++)
		pthread_join(threads[i], NULL);
	puts(wrong ? "wrong" : "done");
	return 0;
}
