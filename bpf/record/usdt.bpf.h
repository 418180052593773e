/* SPDX-License-Identifier: GPL-2.0 */
/* Probes that are in the program's source (USDT), with their arguments. */
#ifndef RECORD_USDT_BPF_H
#define RECORD_USDT_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RECORD_USDTS_MAX);
	__type(key, __u32);
	__type(value, struct record_usdt_spec);
} usdt_specs SEC(".maps");

static __always_inline __u64 register_of(struct pt_regs *regs, __u8 word)
{
	__u64 value = 0, offset = word * sizeof(value);

	asm volatile("%0 &= 0xff" : "+r"(offset));
	if (offset >= sizeof(*regs))
		return 0;
	bpf_probe_read_kernel(&value, sizeof(value), (void *)regs + offset);
	return value;
}

/* No more than the argument has: what follows it may not be mapped. */
static __always_inline long read_sized(__u64 *value, __s32 bytes, const void *address)
{
	*value = 0;
	switch (bytes) {
	case 1:
		return bpf_probe_read_user(value, 1, address);
	case 2:
		return bpf_probe_read_user(value, 2, address);
	case 4:
		return bpf_probe_read_user(value, 4, address);
	default:
		return bpf_probe_read_user(value, 8, address);
	}
}

/* Whether the argument could be read. */
static __always_inline bool argument_value(struct pt_regs *regs,
					   const struct record_argument *argument, __u64 *value)
{
	__s32 bytes = argument->bytes < 0 ? -argument->bytes : argument->bytes;
	__s32 bits = 64 - 8 * bytes;
	__u64 address;

	*value = argument->value;
	switch (argument->kind) {
	case RECORD_ARGUMENT_CONSTANT:
		return true;
	case RECORD_ARGUMENT_REGISTER:
		*value = register_of(regs, argument->base);
		break;
	case RECORD_ARGUMENT_MEMORY:
		address = argument->value + register_of(regs, argument->base);
		if (argument->index != RECORD_NO_REGISTER)
			address += register_of(regs, argument->index) * argument->scale;
		if (read_sized(value, bytes, (const void *)address))
			return false;
		break;
	default:
		*value = 0;
		return false;
	}
	bits &= 63;
	*value <<= bits;
	*value = argument->bytes < 0 ? (__u64)((__s64)*value >> bits) : *value >> bits;
	return true;
}

SEC("uprobe")
int on_usdt(struct pt_regs *regs)
{
	__u32 probe = (__u32)bpf_get_attach_cookie(regs);
	struct record_usdt_spec *spec;
	__u64 values[RECORD_ARGUMENTS] = {};
	struct record_usdt *event;
	__u8 bad = 0;

	if (source_is_off(RECORD_SOURCE_FUNCTIONS) || !this_process())
		return 0;
	count_hit(probe);
	spec = bpf_map_lookup_elem(&usdt_specs, &probe);
	if (!spec)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < RECORD_ARGUMENTS; i++)
		if (i < spec->count && !argument_value(regs, &spec->arguments[i], &values[i]))
			bad |= 1U << i;
	event = begin(RECORD_USDT, sizeof(*event));
	if (!event)
		return 0;
	event->probe = probe;
	event->count = spec->count;
	event->bad = bad;
	event->pad = 0;
	__builtin_memcpy(event->args, values, sizeof(values));
	commit(event);
	return 0;
}

#endif
