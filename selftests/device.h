/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests that need /dev/sundial: how they say that this user may not open it, or
 * that there is none. The VM's runner takes the first from nobody but a user outside
 * the group, and never the second. Include it after kselftest_harness.h.
 */
#ifndef SELFTESTS_DEVICE_H
#define SELFTESTS_DEVICE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Until 6.9 the harness went on to the test after a SKIP in a fixture's setup; 255 ends it. */
#ifdef FIXTURE_TEARDOWN_PARENT
#define SKIP_SETUP(...) SKIP(return, __VA_ARGS__)
#else
#define SKIP_SETUP(...) SKIP(_exit(255), __VA_ARGS__)
#endif

static inline bool device_refuses_user(void)
{
	int fd = open("/dev/sundial", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES;
	close(fd);
	return false;
}

#define DEVICE_REFUSES_USER "/dev/sundial refuses this user"

/* The VM's init, which has loaded the module, sets the variable. */
static inline bool device_may_be_missing(void)
{
	return access("/dev/sundial", F_OK) && !getenv("SUNDIAL_TEST_USER");
}

/* In FIXTURE_SETUP. */
#define SKIP_IF_DEVICE_REFUSES_USER()                                            \
	do {                                                                     \
		if (device_refuses_user())                                       \
			SKIP_SETUP(DEVICE_REFUSES_USER);                         \
		if (device_may_be_missing())                                     \
			SKIP_SETUP("no /dev/sundial: sundial.ko is not loaded"); \
	} while (0)

/*
 * Under emulation and beside other work seconds become minutes. A test that hangs is
 * ended by the time limit of its program, which is in the folder's settings.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#endif /* SELFTESTS_DEVICE_H */
