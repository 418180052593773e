// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: leak */
/* Each request leaves something behind. */
#include <stdlib.h>
#include <unistd.h>

static __attribute__((noinline)) void *serve(void)
{
	void *volatile request = malloc(300);
	void *volatile log = malloc(50); /* allocated */

	free(request);
	return log;
}

int main(void)
{
	for (int i = 0; i < 600; i++) {
		serve();
		usleep(300);
	}
	return 0;
}
