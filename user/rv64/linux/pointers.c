// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses that a riscv64 program has but its address space (Sv39) does not. The host
 * has more: it would read and write the engine's memory there. Such an argument is
 * replaced by one that the host refuses at the same place in a call, as riscv64 Linux
 * does; so are those in structures which calls carry data by.
 */
#include <sys/socket.h>
#include <sys/uio.h>
#include "rv64/linux/calls.h"

/* Of the half that is the kernel's, on a page's beginning. */
#define NO_ADDRESS 0xffff800000000000UL

#define HOST_SPACE_END (1UL << 47)

#define IOV_LIMIT  1024
#define MMSG_LIMIT 1024

const u64 user_memory_end = RV64_SPACE_END;

enum number {
#define PASS(nr, name)	  RV64_NR_##name = nr,
#define PATH(nr, name, i) RV64_NR_##name = nr,
#define TIME(nr, name)	  RV64_NR_##name = nr,
#define OWN(nr, name)	  RV64_NR_##name = nr,
#define HOST(nr, name)	  RV64_NR_##name = nr,
#define NONE(nr, name)	  RV64_NR_##name = nr,
#include "rv64/linux/calls.def"
	NUMBERS
};

enum kind {
	KIND_PLAIN,
	KIND_VECTOR,
	KIND_MESSAGE,
	KIND_MESSAGES,
};

static const struct {
	u8 arguments, kind;
} rows[NUMBERS] = {
#define A(i)		     (1 << (i))
#define AT(name, args)	     [RV64_NR_##name] = {args, KIND_PLAIN},
#define VECTOR(name, args)   [RV64_NR_##name] = {args, KIND_VECTOR},
#define MESSAGE(name, args)  [RV64_NR_##name] = {args, KIND_MESSAGE},
#define MESSAGES(name, args) [RV64_NR_##name] = {args, KIND_MESSAGES},
#include "rv64/linux/pointers.def"
};

/* Above a program's half of the host's space the host refuses, and small negative numbers are. */
static bool beyond(u64 addr)
{
	return addr >= RV64_SPACE_END && addr < HOST_SPACE_END;
}

static bool vector_beyond(u64 at, u64 count)
{
	struct iovec iov;

	/* What is too long or cannot be read the host refuses by itself. */
	for (u64 i = 0; count <= IOV_LIMIT && i < count; i++) {
		if (get_user(iov, at + i * sizeof(iov)))
			return false;
		if (beyond((u64)iov.iov_base) && iov.iov_len)
			return true;
	}
	return false;
}

static bool message_beyond(u64 at)
{
	struct msghdr message;

	if (get_user(message, at))
		return false;
	return beyond((u64)message.msg_name) || beyond((u64)message.msg_iov) ||
	       beyond((u64)message.msg_control) ||
	       vector_beyond((u64)message.msg_iov, message.msg_iovlen);
}

static bool any_message_beyond(u64 at, u64 count)
{
	for (u64 i = 0; i < min(count, (u64)MMSG_LIMIT); i++)
		if (message_beyond(at + i * sizeof(struct mmsghdr)))
			return true;
	return false;
}

static bool data_beyond(u32 kind, const u64 *a)
{
	switch (kind) {
	case KIND_VECTOR:
		return vector_beyond(a[1], a[2]);
	case KIND_MESSAGE:
		return message_beyond(a[1]);
	case KIND_MESSAGES:
		return any_message_beyond(a[1], (u32)a[2]);
	default:
		return false;
	}
}

void rv64_check_pointers(u64 nr, u64 *a)
{
	u32 left;

	if (nr >= NUMBERS)
		return;
	for (left = rows[nr].arguments; left; left &= left - 1) {
		u64 *argument = &a[__builtin_ctz(left)];

		if (unlikely(beyond(*argument)))
			*argument = NO_ADDRESS;
	}
	if (unlikely(rows[nr].kind) && data_beyond(rows[nr].kind, a))
		a[1] = NO_ADDRESS;
}
