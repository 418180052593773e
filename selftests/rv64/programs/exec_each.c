// SPDX-License-Identifier: GPL-2.0-or-later
/* Executes each of its arguments in a child, and prints what becomes of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void execute(char *path, int result)
{
	char *argv[] = {path, NULL}, *envp[] = {NULL};
	int null = open("/dev/null", O_WRONLY), err;

	dup2(null, 2);
	alarm(20);
	execve(path, argv, envp);
	err = errno;
	_exit(write(result, &err, sizeof(err)) != sizeof(err));
}

int main(int argc, char **argv)
{
	struct rlimit no_core = {0, 0};

	setrlimit(RLIMIT_CORE, &no_core);
	for (int i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');
		int result[2], err = 0, status = 0;
		pid_t pid;

		if (pipe2(result, O_CLOEXEC))
			return 1;
		pid = fork();
		if (!pid)
			execute(argv[i], result[1]);
		close(result[1]);
		if (read(result[0], &err, sizeof(err)) < 0)
			return 1;
		close(result[0]);
		if (waitpid(pid, &status, 0) != pid)
			return 1;
		printf("%s ", name ? name + 1 : argv[i]);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 125)
			printf("breaks the engine\n");
		else if (err)
			printf("is refused: %s\n", strerror(err));
		else if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
			printf("runs\n");
		else
			printf("dies\n");
	}
	return 0;
}
