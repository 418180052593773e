// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cred_test.c - user, group and capability ids: reading them, changing them
 * with privileges, and being refused without.
 */
#include "check.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

TEST(ids_agree, "getuid geteuid getgid getegid getresuid getresgid")
{
	uid_t r = -2, e = -2, s = -2;

	CHECK_OK(getresuid(&r, &e, &s));
	CHECK_EQ(r, sys(getuid));
	CHECK_EQ(e, sys(geteuid));
	CHECK_OK(getresgid(&r, &e, &s));
	CHECK_EQ(r, sys(getgid));
	CHECK_EQ(e, sys(getegid));
	CHECK_ERRNO(sys(getresuid, bad, &e, &s), EFAULT);
	CHECK_ERRNO(sys(getresuid, &r, bad, &s), EFAULT);
	CHECK_ERRNO(sys(getresgid, &r, &e, bad), EFAULT);
}

TEST(unprivileged_changes_are_refused,
     "setuid setgid setreuid setregid setresuid setresgid setgroups")
{
	gid_t group = 0;

	drop_root();
	CHECK_ERRNO(setuid(0), EPERM);
	CHECK_ERRNO(setgid(0), EPERM);
	CHECK_ERRNO(setreuid(0, -1), EPERM);
	CHECK_ERRNO(setreuid(-1, 0), EPERM);
	CHECK_ERRNO(setregid(0, 0), EPERM);
	CHECK_ERRNO(setresuid(-1, -1, 0), EPERM);
	CHECK_ERRNO(setresgid(-1, 0, -1), EPERM);
	CHECK_ERRNO(setgroups(1, &group), EPERM);
	CHECK_OK(setuid(getuid()));
	CHECK_OK(setgid(getgid()));
	CHECK_OK(setresuid(-1, -1, -1));
	CHECK_OK(setreuid(getuid(), geteuid()));
	CHECK_ERRNO(setuid(-1), EINVAL);
	CHECK_ERRNO(setgid(-1), EINVAL);
}

TEST(root_becomes_somebody_and_comes_back, "setresuid setresgid setuid")
{
	uid_t r, e, s;

	if (geteuid())
		skip("needs root");
	CHECK_OK(setresuid(1000, 1001, 0));
	CHECK_OK(getresuid(&r, &e, &s));
	CHECK(r == 1000 && e == 1001 && s == 0);
	CHECK_EQ(getuid(), 1000);
	CHECK_EQ(geteuid(), 1001);
	/* The saved id may be taken up again. */
	CHECK_OK(seteuid(0));
	CHECK_EQ(geteuid(), 0);
	CHECK_OK(setresgid(7, 8, 9));
	CHECK_OK(getresgid(&r, &e, &s));
	CHECK(r == 7 && e == 8 && s == 9);
	CHECK_OK(setuid(1000));
	CHECK_OK(getresuid(&r, &e, &s));
	CHECK(r == 1000 && e == 1000 && s == 1000);
	CHECK_ERRNO(seteuid(0), EPERM);
}

TEST(setreuid_sets_the_saved_id, "setreuid")
{
	uid_t r, e, s;

	if (geteuid())
		skip("needs root");
	CHECK_OK(setreuid(1000, 1001));
	CHECK_OK(getresuid(&r, &e, &s));
	CHECK(r == 1000 && e == 1001 && s == 1001);
	CHECK_OK(setreuid(1001, 1000));
	CHECK_EQ(geteuid(), 1000);
}

TEST(supplementary_groups, "getgroups setgroups")
{
	gid_t groups[100], set[3] = {5, 6, 7};
	int n = CHECK_OK(getgroups(0, NULL));

	CHECK_EQ(getgroups(100, groups), n);
	CHECK_ERRNO(sys(getgroups, -1, groups), EINVAL);
	if (geteuid())
		return;
	CHECK_OK(setgroups(3, set));
	CHECK_EQ(getgroups(0, NULL), 3);
	CHECK_ERRNO(getgroups(2, groups), EINVAL);
	CHECK_EQ(getgroups(100, groups), 3);
	CHECK(groups[0] == 5 && groups[2] == 7);
	CHECK_ERRNO(sys(getgroups, 3, bad), EFAULT);
	CHECK_ERRNO(sys(setgroups, 3, bad), EFAULT);
	CHECK_ERRNO(sys(setgroups, 65537, set), EINVAL);
	CHECK_OK(setgroups(0, NULL));
	CHECK_EQ(getgroups(0, NULL), 0);
}

TEST(filesystem_ids, "setfsuid setfsgid")
{
	CHECK_EQ(setfsuid(-1), geteuid());
	CHECK_EQ(setfsgid(-1), getegid());
	if (geteuid())
		return;
	CHECK_EQ(setfsuid(1234), 0);
	CHECK_EQ(setfsuid(-1), 1234);
	CHECK_EQ(setfsgid(1235), getegid());
	CHECK_EQ(setfsgid(-1), 1235);
}

TEST(capabilities, "capget capset")
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	memset(d, 0xcc, sizeof(d));
	CHECK_EQ(sys(capget, &h, d), 0);
	CHECK_EQ(d[0].effective & ~d[0].permitted, 0);
	if (geteuid())
		CHECK_EQ(d[0].effective, 0);
	h.version = 1234;
	CHECK_ERRNO(sys(capget, &h, d), EINVAL);
	/* The kernel tells the version it prefers. */
	CHECK_EQ(h.version, _LINUX_CAPABILITY_VERSION_3);
	CHECK_EQ(sys(capget, &h, NULL), 0);
	h.pid = 1 << 29;
	CHECK_ERRNO(sys(capget, &h, d), ESRCH);
	CHECK_ERRNO(sys(capget, bad, d), EFAULT);
	h.pid = 0;
	drop_root();
	CHECK_EQ(sys(capget, &h, d), 0);
	CHECK_EQ(d[0].effective, 0);
	CHECK_EQ(sys(capset, &h, d), 0);
	d[0].effective = d[0].permitted = 1;
	CHECK_ERRNO(sys(capset, &h, d), EPERM);
	h.pid = getppid();
	CHECK_ERRNO(sys(capset, &h, d), EPERM);
}

TEST(prctl_basics, "prctl")
{
	char name[17] = "";
	int v = -1;

	CHECK_OK(prctl(PR_SET_NAME, "a-long-name-that-is-cut"));
	CHECK_OK(prctl(PR_GET_NAME, name));
	CHECK(!strcmp(name, "a-long-name-tha"));
	CHECK_ERRNO(prctl(PR_SET_NAME, bad), EFAULT);
	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &v));
	CHECK_EQ(v, SIGUSR1);
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
	CHECK_OK(prctl(PR_SET_PDEATHSIG, 0));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_ERRNO(prctl(PR_SET_DUMPABLE, 5), EINVAL);
	CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &v));
	CHECK_EQ(v, 0);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	CHECK_OK(prctl(PR_SET_TIMERSLACK, 12345));
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 12345);
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 0));
	CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
	CHECK_ERRNO(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
	CHECK_ERRNO(prctl(123456), EINVAL);
}
