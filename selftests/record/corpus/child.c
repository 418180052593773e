// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A child that was forked crashes, its parent does not. */
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static __attribute__((noinline)) int read_it(volatile int *from)
{
	return *from; /* crashed */
}

int main(void)
{
	pid_t pid = fork();

	if (!pid)
		return read_it(NULL);
	return waitpid(pid, NULL, 0) != pid;
}
