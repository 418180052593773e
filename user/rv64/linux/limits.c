// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RLIMIT_AS and RLIMIT_DATA: the guest's alone, since the engine's mappings must not
 * fail by them. The host's are as wide as they may be while a riscv64 program runs; what
 * it has set goes to the next program in an argument of the engine, or, for one of the
 * other machine, back to the host.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "rv64/linux/calls.h"
#include "rv64/linux/space.h"

#define ARGUMENT "--limits="

/* Code memory takes some thirteen times its size of addresses, and the guest needs some. */
#define ENGINE_SHARE 64

static struct rlimit own_as, own_data;

static struct rlimit *own_limit(u64 resource)
{
	return resource == RLIMIT_AS ? &own_as : resource == RLIMIT_DATA ? &own_data : NULL;
}

static void take_effect(void)
{
	rv64_mm_set_limits(own_as.rlim_cur, own_data.rlim_cur);
}

static void start_one(u64 resource, struct rlimit *own, char **text)
{
	struct rlimit wide = {RLIM_INFINITY, RLIM_INFINITY};

	hostcall(SYS_prlimit64, 0, resource, 0, own);
	if (hostcall(SYS_prlimit64, 0, resource, &wide, 0)) {
		wide = (struct rlimit){own->rlim_max, own->rlim_max};
		hostcall(SYS_prlimit64, 0, resource, &wide, 0);
	}
	if (!*text)
		return;
	own->rlim_cur = strtoul(*text, text, 10);
	*text += **text == ':';
	own->rlim_max = strtoul(*text, text, 10);
	*text += **text == ':';
}

void rv64_limits_start(const char *text)
{
	char *rest = (char *)text;

	start_one(RLIMIT_AS, &own_as, &rest);
	start_one(RLIMIT_DATA, &own_data, &rest);
	take_effect();
}

size_t rv64_limits_tb_bytes(void)
{
	struct rlimit as;

	if (getrlimit(RLIMIT_AS, &as) || as.rlim_max == RLIM_INFINITY)
		return 0;
	return as.rlim_max / ENGINE_SHARE;
}

bool rv64_limits_is_argument(const char *argument)
{
	return !strncmp(argument, ARGUMENT, strlen(ARGUMENT));
}

static bool unlimited(const struct rlimit *limit)
{
	return limit->rlim_cur == RLIM_INFINITY && limit->rlim_max == RLIM_INFINITY;
}

void rv64_limits_before_exec(void)
{
	static char argument[128];
	char **at = pass_mm.rv64_args;

	while (*at && *at != argument)
		at++;
	if (at == &pass_mm.rv64_args[PASS_RV64_ARGS] ||
	    (unlimited(&own_as) && unlimited(&own_data)))
		return;
	snprintf(argument, sizeof(argument), ARGUMENT "%lu:%lu:%lu:%lu", own_as.rlim_cur,
		 own_as.rlim_max, own_data.rlim_cur, own_data.rlim_max);
	*at = argument;
}

void rv64_limits_give(bool to_host)
{
	struct rlimit as = own_as, data = own_data;

	if (!to_host) {
		as.rlim_cur = as.rlim_max;
		data.rlim_cur = data.rlim_max;
	}
	hostcall(SYS_prlimit64, 0, RLIMIT_AS, &as, 0);
	hostcall(SYS_prlimit64, 0, RLIMIT_DATA, &data, 0);
}

static long set_own_limit(struct rlimit *own, const struct rlimit *new)
{
	if (new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new->rlim_max > own->rlim_max && geteuid())
		return -EPERM;
	*own = *new;
	take_effect();
	return 0;
}

CALL(prlimit64)
{
	struct rlimit *own = own_limit(a[1]), old, new;
	long ret = 0;

	if (!own || (a[0] && (s32)a[0] != (s32)hostcall(SYS_getpid)))
		return rv64_pass(SYS_prlimit64, a);
	if (a[2] && get_user(new, a[2]))
		return -EFAULT;
	old = *own;
	if (a[2])
		ret = set_own_limit(own, &new);
	if (!ret && a[3] && put_user(old, a[3]))
		return -EFAULT;
	return ret;
}

CALL(getrlimit)
{
	u64 b[6] = {0, a[0], 0, a[1]};

	return rv64_sys_prlimit64(t, b);
}

CALL(setrlimit)
{
	u64 b[6] = {0, a[0], a[1], 0};

	return rv64_sys_prlimit64(t, b);
}
