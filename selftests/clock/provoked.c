// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notes which error each ioctl of the device was made to answer, in any process
 * of a test, and prints it at the end as lines "#: provoked NUMBER ERRNO" for
 * selftests/vm/errnos.py, which holds it against the man pages. Linked with
 * -Wl,--wrap=ioctl; tests know nothing of it.
 *
 * Locking: none; a cell only ever becomes 1.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/sundial.h>

#define ERRNOS 256

/* Shared with children: the harness runs each test in one. */
static unsigned char (*seen)[ERRNOS];
static pid_t owner;

int __real_ioctl(int fd, unsigned long command, void *argument);
int __wrap_ioctl(int fd, unsigned long command, ...);

int __wrap_ioctl(int fd, unsigned long command, ...)
{
	void *argument;
	va_list list;
	int ret;

	va_start(list, command);
	argument = va_arg(list, void *);
	va_end(list);
	ret = __real_ioctl(fd, command, argument);
	if (ret < 0 && seen && _IOC_TYPE(command) == SUNDIAL_IOC_MAGIC && errno < ERRNOS)
		seen[_IOC_NR(command)][errno] = 1;
	return ret;
}

__attribute__((constructor)) static void begin(void)
{
	void *table =
		mmap(NULL, 256 * ERRNOS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (table != MAP_FAILED)
		seen = table;
	owner = getpid();
}

__attribute__((destructor)) static void end(void)
{
	int number, error;

	if (!seen || getpid() != owner)
		return;
	for (number = 0; number < 256; number++)
		for (error = 0; error < ERRNOS; error++)
			if (seen[number][error])
				printf("#: provoked %#x %d\n", number, error);
}
