// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the engine needs of this machine, looked for before anything starts, so
 * that a missing part is named and not found by a crash.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include "sim/fail.h"
#include "sim/machine.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF	     0
#endif
#define HWCAP2_FSGSBASE_BIT (1UL << 1)

int machine_sud(void)
{
	/* Switching off what is not on changes nothing. */
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0) ? errno : 0;
}

bool machine_fsgsbase(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT;
}

void machine_check_engine(void)
{
	int error = machine_sud();
	struct utsname uts;

	uname(&uts);
	if (error == EINVAL)
		fail(EXIT_SUNDIAL,
		     "this kernel (%s) has no Syscall User Dispatch; Linux 5.11 and later have it "
		     "on x86-64, Debian since 12",
		     uts.release);
	if (error)
		fail(EXIT_SUNDIAL,
		     "prctl(PR_SET_SYSCALL_USER_DISPATCH) is forbidden here (%s), by a seccomp "
		     "filter or the container; start the container with "
		     "--security-opt seccomp=unconfined",
		     strerror(error));
	if (!machine_fsgsbase())
		fail(EXIT_SUNDIAL,
		     "this kernel or CPU has no FSGSBASE instructions; Linux 5.9 and later offer "
		     "them unless booted with nofsgsbase");
}

bool machine_fix_addresses(bool *changed)
{
	unsigned int now = (unsigned int)personality(0xffffffff);

	if (changed)
		*changed = false;
	if (now & ADDR_NO_RANDOMIZE)
		return true;
	if (personality(now | ADDR_NO_RANDOMIZE) < 0)
		return false;
	if (changed)
		*changed = true;
	return true;
}
