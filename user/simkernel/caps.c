// SPDX-License-Identifier: GPL-2.0-or-later
/* capget, capset, and the prctl options of capabilities; the sets are ids.c's. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include "base/string.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"

#define CAP_VALID_MASK ((1UL << (CAP_LAST_CAP + 1)) - 1)

/* How many 32-bit parts the caller's version has; an unknown version is answered with ours. */
static long read_header(u64 addr, struct __user_cap_header_struct *hdr, u32 *parts)
{
	u32 ours = _LINUX_CAPABILITY_VERSION_3;

	if (get_user(*hdr, addr))
		return -EFAULT;
	switch (hdr->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*parts = 1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*parts = 2;
		return 0;
	}
	return put_user(ours, addr) ? -EFAULT : -EINVAL;
}

SYSCALL_DEFINE(capget)
{
	struct __user_cap_header_struct hdr;
	struct __user_cap_data_struct data[2];
	struct process *p = th->task->process;
	struct cred *c;
	u32 parts, i;
	long ret;

	ret = read_header(a[0], &hdr, &parts);
	if (ret)
		return ret == -EINVAL && !a[1] ? 0 : ret;
	if (hdr.pid < 0)
		return -EINVAL;
	if (hdr.pid) {
		p = process_of_tid(th->host, hdr.pid);
		if (!p)
			return -ESRCH;
	}
	if (!a[1])
		return 0;
	c = process_cred(p);
	for (i = 0; i < 2; i++) {
		data[i].effective = c->cap_effective >> 32 * i;
		data[i].permitted = c->cap_permitted >> 32 * i;
		data[i].inheritable = c->cap_inheritable >> 32 * i;
	}
	return copy_to_user(a[1], data, parts * sizeof(data[0]));
}

SYSCALL_DEFINE(capset)
{
	struct cred *c = process_cred(th->task->process);
	struct __user_cap_header_struct hdr;
	struct __user_cap_data_struct data[2];
	u64 effective, permitted, inheritable;
	u32 parts;
	long ret;

	ret = read_header(a[0], &hdr, &parts);
	if (ret)
		return ret;
	if (hdr.pid && hdr.pid != th->task->tid)
		return -EPERM;
	memset(data, 0, sizeof(data));
	if (copy_from_user(data, a[1], parts * sizeof(data[0])))
		return -EFAULT;
	effective = data[0].effective | (u64)data[1].effective << 32;
	permitted = data[0].permitted | (u64)data[1].permitted << 32;
	inheritable = data[0].inheritable | (u64)data[1].inheritable << 32;
	effective &= CAP_VALID_MASK;
	permitted &= CAP_VALID_MASK;
	inheritable &= CAP_VALID_MASK;
	if (!(c->cap_effective >> CAP_SETPCAP & 1) &&
	    inheritable & ~(c->cap_inheritable | c->cap_permitted))
		return -EPERM;
	if (inheritable & ~(c->cap_inheritable | c->cap_bounding))
		return -EPERM;
	if (permitted & ~c->cap_permitted || effective & ~permitted)
		return -EPERM;
	c->cap_effective = effective;
	c->cap_permitted = permitted;
	c->cap_inheritable = inheritable;
	c->cap_ambient &= permitted & inheritable;
	return 0;
}

long caps_prctl(struct process *p, const u64 *a)
{
	struct cred *c = process_cred(p);
	u64 bit = 1UL << (a[1] & 63);

	switch (a[0]) {
	case PR_CAPBSET_READ:
		return a[1] > CAP_LAST_CAP ? -EINVAL : !!(c->cap_bounding & bit);
	case PR_CAPBSET_DROP:
		if (!cred_capable(p, CAP_SETPCAP))
			return -EPERM;
		if (a[1] > CAP_LAST_CAP)
			return -EINVAL;
		c->cap_bounding &= ~bit;
		return 0;
	case PR_GET_SECUREBITS:
		return c->securebits;
	case PR_SET_SECUREBITS:
		if (!cred_capable(p, CAP_SETPCAP))
			return -EPERM;
		c->securebits = a[1];
		return 0;
	case PR_GET_KEEPCAPS:
		return c->securebits >> 4 & 1;
	case PR_SET_KEEPCAPS:
		if (a[1] > 1)
			return -EINVAL;
		c->securebits = (c->securebits & ~(1U << 4)) | (u32)a[1] << 4;
		return 0;
	}
	/* PR_CAP_AMBIENT */
	if (a[1] == PR_CAP_AMBIENT_CLEAR_ALL) {
		if (a[2] | a[3] | a[4])
			return -EINVAL;
		c->cap_ambient = 0;
		return 0;
	}
	if (a[3] | a[4] || a[2] > CAP_LAST_CAP)
		return -EINVAL;
	bit = 1UL << a[2];
	switch (a[1]) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(c->cap_ambient & bit);
	case PR_CAP_AMBIENT_LOWER:
		c->cap_ambient &= ~bit;
		return 0;
	case PR_CAP_AMBIENT_RAISE:
		if (!(c->cap_permitted & c->cap_inheritable & bit))
			return -EPERM;
		c->cap_ambient |= bit;
		return 0;
	}
	return -EINVAL;
}
