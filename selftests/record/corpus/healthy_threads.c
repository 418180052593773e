// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* Blocks that one thread allocates and another one frees. */
#include <pthread.h>
#include <stdlib.h>

static void *release(void *block)
{
	free(block);
	return malloc(30);
}

int main(void)
{
	for (int i = 0; i < 50; i++) {
		pthread_t threads[4];
		void *result;

		for (int n = 0; n < 4; n++)
			pthread_create(&threads[n], NULL, release, malloc(100));
		for (int n = 0; n < 4; n++) {
			pthread_join(threads[n], &result);
			free(result);
		}
	}
	return 0;
}
