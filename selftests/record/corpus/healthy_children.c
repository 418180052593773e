// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* Children free what they inherited, and execute other programs. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	void *volatile block = malloc(100);

	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (!pid) {
			free(block);
			if (i % 2)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		if (waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	free(block);
	return 0;
}
