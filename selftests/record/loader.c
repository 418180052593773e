// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads the mathematical library, calls a function of it, and unloads it: loader TIMES */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 1;
	double sum = 0;

	for (int i = 0; i < times; i++) {
		void *library = dlopen("libm.so.6", RTLD_NOW);
		double (*cosine)(double) = library ? dlsym(library, "cos") : NULL;

		if (!cosine)
			return 1;
		sum += cosine(i);
		usleep(500);
		dlclose(library);
	}
	printf("%.6f\n", sum);
	return 0;
}
