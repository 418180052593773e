/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What system calls name by pointers: paths of files, addresses of sockets. They are
 * read when the call is made, so that one which never returns has them too. Memory that
 * is not there at that moment, since nobody touched it yet, is there when the call has
 * used it: then they are read at its end.
 */
#ifndef RECORD_OPERAND_BPF_H
#define RECORD_OPERAND_BPF_H

const volatile bool keep_operands;
const volatile struct record_shape shapes[RECORD_SHAPES];

#define AGAIN_PATH(index) (1U << (index))
#define AGAIN_ADDRESS	  (1U << 2)

static __always_inline struct record_shape shape_of(long number)
{
	struct record_shape none = {};
	__u64 index = number;

	if (!keep_operands || index >= RECORD_SHAPES)
		return none;
	/* Said again, for Linux 6.1's verifier does not keep what a comparison said. */
	asm volatile("%0 &= %1" : "+r"(index) : "i"(RECORD_SHAPES - 1));
	return shapes[index];
}

/* argument counts from 1 */
static __always_inline __u64 argument_of(const struct record_pending_call *call, __u32 argument)
{
	switch (argument) {
	case 1:
		return call->args[0];
	case 2:
		return call->args[1];
	case 3:
		return call->args[2];
	case 4:
		return call->args[3];
	case 5:
		return call->args[4];
	default:
		return call->args[5];
	}
}

/* A path longer than a record goes on in the next, up to so many. */
#define PATH_PARTS 4

/* Whether the path was read; if not, it is an event only when it is the last try. */
static __always_inline bool path_event(const struct record_pending_call *call, __u32 argument,
				       bool last)
{
	const void *where = (const void *)argument_of(call, argument);
	struct record_path *event;

	for (__u32 offset = 0; offset < PATH_PARTS * (sizeof(event->path) - 1);
	     offset += sizeof(event->path) - 1) {
		char path[sizeof(event->path)] = {};
		long bytes = bpf_probe_read_user_str(path, sizeof(path), where + offset);

		if (bytes < 0 && !last && !offset)
			return false;
		/* Calls that mean a descriptor have an empty path. */
		if (bytes == 1)
			return true;
		event = begin(RECORD_FILE, sizeof(*event));
		if (!event)
			return true;
		event->number = call->number;
		event->argument = argument - 1;
		event->status = bytes < 0		? RECORD_OPERAND_FAULT
				: bytes == sizeof(path) ? RECORD_OPERAND_TRUNCATED
							: RECORD_OPERAND_OK;
		event->offset = offset;
		__builtin_memcpy(event->path, path, sizeof(path));
		commit(event);
		if (bytes != sizeof(path))
			return true;
	}
	return true;
}

/* Where the address is and how long; whether that could be read. */
static __always_inline bool find_address(const struct record_pending_call *call, __u32 argument,
					 bool answered, __u64 *where, __u32 *bytes)
{
	struct {
		__u64 name;
		__u32 bytes, pad;
	} message;

	if (argument == RECORD_MESSAGE) {
		if (bpf_probe_read_user(&message, sizeof(message), (const void *)call->args[1]))
			return false;
		*where = message.name;
		*bytes = message.bytes;
		return true;
	}
	*where = argument_of(call, argument);
	*bytes = argument_of(call, argument + 1);
	if (!answered || !*where)
		return true;
	return !bpf_probe_read_user(bytes, sizeof(*bytes),
				    (const void *)argument_of(call, argument + 1));
}

static __always_inline bool address_event(const struct record_pending_call *call, __u32 argument,
					  bool answered, bool last)
{
	struct record_address *event;
	__u8 address[128] = {};
	__u32 bytes = 0;
	__u64 kept;
	__u64 where = 0;
	bool read = find_address(call, argument, answered, &where, &bytes);

	if (read && (!where || !bytes))
		return true;
	kept = bytes < sizeof(event->address) ? bytes : sizeof(event->address);
	/* The verifier loses what the line before says, and so there is more room. */
	asm volatile("%0 &= 127" : "+r"(kept));
	read = read && !bpf_probe_read_user(address, kept, (const void *)where);
	if (!read && !last)
		return false;
	event = begin(RECORD_NET, sizeof(*event));
	if (!event)
		return true;
	event->number = call->number;
	event->argument = argument == RECORD_MESSAGE ? 1 : argument - 1;
	event->status = !read	       ? RECORD_OPERAND_FAULT
			: kept < bytes ? RECORD_OPERAND_TRUNCATED
				       : RECORD_OPERAND_OK;
	event->bytes = read ? kept : 0;
	__builtin_memcpy(event->address, address, sizeof(event->address));
	commit(event);
	return true;
}

/* At the call. What could not be read is left in call->again. */
static __always_inline void operands_at_call(struct record_pending_call *call)
{
	struct record_shape shape = shape_of(call->number);

	if (shape.paths[0] && !path_event(call, shape.paths[0], false))
		call->again |= AGAIN_PATH(0);
	if (shape.paths[1] && !path_event(call, shape.paths[1], false))
		call->again |= AGAIN_PATH(1);
	if (shape.address && !address_event(call, shape.address, false, false))
		call->again |= AGAIN_ADDRESS;
}

static __always_inline void operands_at_return(const struct record_pending_call *call, long result)
{
	struct record_shape shape = shape_of(call->number);

	if (call->again & AGAIN_PATH(0))
		path_event(call, shape.paths[0], true);
	if (call->again & AGAIN_PATH(1))
		path_event(call, shape.paths[1], true);
	if (call->again & AGAIN_ADDRESS)
		address_event(call, shape.address, false, true);
	if (shape.answered && result >= 0)
		address_event(call, shape.answered, true, true);
}

#endif
