// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ioctls: what each is made on, the fields of its structure, and the errors
 * that <linux/sundial.h> names for it. Any other error is a finding, and so is an
 * output that changed though the call failed, an input that changed at all, or a
 * success in spite of an unknown flag or of padding that is not zero.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

enum how {
	IN_PAD,	  /* zero */
	IN_FLAGS, /* limit: the known bits */
	IN_ENUM,  /* limit: the greatest */
	IN_UP_TO, /* limit: the greatest that is valid, one more that is not */
	IN_TIME,
	IN_NUMBER,
	IN_PAGES, /* of a clock */
	IN_INDEX, /* of a page of the clock */
	IN_COARSE,
	IN_SLOT,
	IN_SLOTS, /* how many from there */
	IN_VCPU,
	IN_TIMEOUT,
	IN_ADDRESS,
	IN_LENGTH,
	IN_WORD,
	IN_TID,
	OUT,	  /* what the kernel says */
	OUT_TIME, /* what a user may have chosen */
	OUT_ZERO,
};

struct field {
	unsigned short offset, size;
	enum how how;
	__u64 limit;
};

struct call {
	const char *name;
	unsigned long command;
	enum object_type on;
	bool makes; /* returns a descriptor */
	bool blocks;
	bool changes;	/* needs a writable descriptor */
	int out_anyway; /* an error with which outputs are written nevertheless */
	int errors[10];
	struct field fields[14];
};

#define F(type, member, ...)                                                      \
	{                                                                         \
		offsetof(struct sundial_##type, member),                          \
			sizeof(((struct sundial_##type *)0)->member), __VA_ARGS__ \
	}
#define PAIR(type, member) F(type, member[0], IN_PAD), F(type, member[1], IN_PAD)

static const struct call calls[] = {
	{.name = "CLOCK_CREATE",
	 .command = SUNDIAL_CLOCK_CREATE,
	 .on = OBJECT_DEVICE,
	 .makes = true,
	 .errors = {EINVAL, E2BIG, ENOMEM, EMFILE, ENFILE},
	 .fields = {F(clock_create, kind, IN_ENUM, SUNDIAL_KIND_USER),
		    F(clock_create, mode, IN_ENUM, SUNDIAL_MODE_SCALED),
		    F(clock_create, flags, IN_FLAGS, SUNDIAL_CREATE_STEPPABLE),
		    F(clock_create, count, IN_PAGES), F(clock_create, now_ns, IN_TIME),
		    F(clock_create, coarse_ns, IN_COARSE), F(clock_create, realtime_ns, IN_NUMBER),
		    F(clock_create, boottime_ns, IN_NUMBER), F(clock_create, tai_ns, IN_NUMBER),
		    F(clock_create, raw_ns, IN_NUMBER), PAIR(clock_create, pad)}},
	{.name = "CLOCK_INFO",
	 .command = SUNDIAL_CLOCK_INFO,
	 .on = OBJECT_CLOCK,
	 .fields = {F(clock_info, kind, OUT), F(clock_info, mode, OUT), F(clock_info, flags, OUT),
		    F(clock_info, count, OUT), F(clock_info, domain, OUT),
		    F(clock_info, now_ns, OUT_TIME), F(clock_info, page_size, OUT),
		    F(clock_info, writable, OUT), F(clock_info, pad[0], OUT_ZERO),
		    F(clock_info, pad[1], OUT_ZERO), F(clock_info, pad[2], OUT_ZERO)}},
	{.name = "CLOCK_SET",
	 .command = SUNDIAL_CLOCK_SET,
	 .on = OBJECT_CLOCK,
	 .changes = true,
	 .errors = {EINVAL, EPERM, EOPNOTSUPP, ERANGE},
	 .fields = {F(clock_set, now_ns, IN_TIME), F(clock_set, flags, IN_FLAGS, 0),
		    F(clock_set, pad, IN_PAD)}},
	{.name = "CLOCK_ADVANCE",
	 .command = SUNDIAL_CLOCK_ADVANCE,
	 .on = OBJECT_CLOCK,
	 .changes = true,
	 .errors = {EINVAL, EPERM, EOPNOTSUPP, EOVERFLOW},
	 .fields = {F(clock_advance, delta_ns, IN_TIME), F(clock_advance, now_ns, OUT_TIME),
		    F(clock_advance, flags, IN_FLAGS, 0), F(clock_advance, pad, IN_PAD)}},
	{.name = "CLOCK_SET_RATE",
	 .command = SUNDIAL_CLOCK_SET_RATE,
	 .on = OBJECT_CLOCK,
	 .changes = true,
	 .errors = {EINVAL, EPERM, EOPNOTSUPP},
	 .fields = {F(clock_set_rate, mult, IN_NUMBER),
		    F(clock_set_rate, shift, IN_ENUM, SUNDIAL_CLOCK_MAX_SHIFT),
		    F(clock_set_rate, flags, IN_FLAGS, 0)}},
	{.name = "CLOCK_SET_OFFSETS",
	 .command = SUNDIAL_CLOCK_SET_OFFSETS,
	 .on = OBJECT_CLOCK,
	 .changes = true,
	 .errors = {EINVAL, EPERM, EOPNOTSUPP},
	 .fields = {F(clock_set_offsets, realtime_ns, IN_NUMBER),
		    F(clock_set_offsets, boottime_ns, IN_NUMBER),
		    F(clock_set_offsets, tai_ns, IN_NUMBER),
		    F(clock_set_offsets, raw_ns, IN_NUMBER),
		    F(clock_set_offsets, flags, IN_FLAGS, 0), F(clock_set_offsets, pad, IN_PAD)}},
	{.name = "CLOCK_READER",
	 .command = SUNDIAL_CLOCK_READER,
	 .on = OBJECT_CLOCK,
	 .makes = true,
	 .errors = {EINVAL, EMFILE, ENFILE, ENOMEM},
	 .fields = {F(clock_reader, flags, IN_FLAGS, 0), F(clock_reader, pad, IN_PAD)}},
	{.name = "CLOCK_WAIT",
	 .command = SUNDIAL_CLOCK_WAIT,
	 .on = OBJECT_CLOCK,
	 .blocks = true,
	 .errors = {EINVAL, EOPNOTSUPP, EINTR},
	 .fields = {F(clock_wait, deadline_ns, IN_TIME), F(clock_wait, index, IN_INDEX),
		    F(clock_wait, flags, IN_FLAGS, 0), F(clock_wait, now_ns, OUT_TIME),
		    F(clock_wait, pad, IN_PAD)}},
	{.name = "CLOCK_ALARM",
	 .command = SUNDIAL_CLOCK_ALARM,
	 .on = OBJECT_CLOCK,
	 .errors = {EINVAL, EOPNOTSUPP},
	 .fields = {F(clock_alarm, deadline_ns, IN_TIME), F(clock_alarm, index, IN_INDEX),
		    F(clock_alarm, flags, IN_FLAGS, SUNDIAL_ALARM_OFF)}},
	{.name = "CLOCK_KICK",
	 .command = SUNDIAL_CLOCK_KICK,
	 .on = OBJECT_CLOCK,
	 .errors = {EINVAL, EPERM, EOPNOTSUPP},
	 .fields = {F(clock_kick, index, IN_INDEX), F(clock_kick, flags, IN_FLAGS, 0),
		    F(clock_kick, woken, OUT), F(clock_kick, pad, IN_PAD)}},
	{.name = "CLOCK_BIND",
	 .command = SUNDIAL_CLOCK_BIND,
	 .on = OBJECT_CLOCK,
	 .errors = {EINVAL, ESRCH, EPERM, EBUSY, ENOENT, ENOSPC, ENOMEM},
	 .fields = {F(clock_bind, tid, IN_TID), F(clock_bind, index, IN_INDEX),
		    F(clock_bind, word, IN_WORD), F(clock_bind, flags, IN_FLAGS, SUNDIAL_BIND_OFF),
		    F(clock_bind, pad, IN_PAD)}},
	{.name = "TB_CREATE",
	 .command = SUNDIAL_TB_CREATE,
	 .on = OBJECT_DEVICE,
	 .makes = true,
	 .errors = {EINVAL, E2BIG, ENOMEM, EMFILE, ENFILE},
	 .fields = {F(tb_create, slots, IN_UP_TO, SUNDIAL_TB_MAX_SLOTS),
		    F(tb_create, vcpus, IN_UP_TO, SUNDIAL_TB_MAX_VCPUS),
		    F(tb_create, events, IN_UP_TO, SUNDIAL_TB_MAX_EVENTS),
		    F(tb_create, flags, IN_FLAGS, 0), PAIR(tb_create, pad)}},
	{.name = "TB_INFO",
	 .command = SUNDIAL_TB_INFO,
	 .on = OBJECT_TB,
	 .fields = {F(tb_info, slots, OUT), F(tb_info, vcpus, OUT), F(tb_info, events, OUT),
		    F(tb_info, spaces, OUT), F(tb_info, ranges, OUT), F(tb_info, attached, OUT),
		    F(tb_info, pad[0], OUT_ZERO), F(tb_info, pad[1], OUT_ZERO)}},
	{.name = "TB_REGISTER",
	 .command = SUNDIAL_TB_REGISTER,
	 .on = OBJECT_TB,
	 .errors = {EINVAL, ENOSPC, EINTR, ENOMEM},
	 .fields = {F(tb_register, flags, IN_FLAGS, 0), F(tb_register, pad, IN_PAD)}},
	{.name = "TB_ATTACH",
	 .command = SUNDIAL_TB_ATTACH,
	 .on = OBJECT_TB,
	 .errors = {EINVAL, ESTALE, EBUSY, ENOSPC, ENOMEM},
	 .fields = {F(tb_attach, address, IN_ADDRESS), F(tb_attach, length, IN_LENGTH),
		    F(tb_attach, slot, IN_SLOT), F(tb_attach, flags, IN_FLAGS, 0),
		    F(tb_attach, pad, IN_PAD)}},
	{.name = "TB_DETACH",
	 .command = SUNDIAL_TB_DETACH,
	 .on = OBJECT_TB,
	 .errors = {EINVAL, ESTALE, ENOENT},
	 .fields = {F(tb_detach, slot, IN_SLOT), F(tb_detach, flags, IN_FLAGS, 0)}},
	{.name = "TB_INVALIDATE",
	 .command = SUNDIAL_TB_INVALIDATE,
	 .on = OBJECT_TB,
	 .blocks = true,
	 .out_anyway = ETIMEDOUT,
	 .errors = {EINVAL, ESTALE, ETIMEDOUT, EINTR, ENOMEM},
	 .fields = {F(tb_invalidate, slot, IN_SLOT), F(tb_invalidate, count, IN_SLOTS),
		    F(tb_invalidate, flags, IN_FLAGS, SUNDIAL_TB_SYNC),
		    F(tb_invalidate, running, OUT), F(tb_invalidate, timeout_ns, IN_TIMEOUT),
		    F(tb_invalidate, pad, IN_PAD)}},
	{.name = "TB_VCPU",
	 .command = SUNDIAL_TB_VCPU,
	 .on = OBJECT_TB,
	 .errors = {EINVAL, ESTALE, EBUSY, ENOENT},
	 .fields = {F(tb_vcpu_call, vcpu, IN_VCPU),
		    F(tb_vcpu_call, flags, IN_FLAGS, SUNDIAL_TB_VCPU_OFF)}},
	{.name = "TB_QUIESCENT",
	 .command = SUNDIAL_TB_QUIESCENT,
	 .on = OBJECT_TB,
	 .errors = {EINVAL},
	 .fields = {F(tb_quiescent, flags, IN_FLAGS, 0), F(tb_quiescent, pad, IN_PAD)}},
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* Of a module that is older than this header; found before anything runs. */
static bool missing[CALLS];

_Static_assert(CALLS <= MAX_CALLS, "statistics for every call");

unsigned int call_count(void)
{
	return CALLS;
}

const char *call_name(unsigned int call)
{
	return calls[call].name;
}

bool call_missing(unsigned int call)
{
	return missing[call];
}

/* Prints the calls that the module does not have; returns how many. */
unsigned int calls_missing(int device)
{
	struct sundial_clock_create how = {.count = 1};
	struct sundial_tb_create set = {.slots = 1};
	int fds[] = {[OBJECT_DEVICE] = device,
		     [OBJECT_CLOCK] = ioctl(device, SUNDIAL_CLOCK_CREATE, &how),
		     [OBJECT_TB] = ioctl(device, SUNDIAL_TB_CREATE, &set)};
	unsigned int i, count = 0;

	for (i = 0; i < CALLS; i++) {
		int fd = fds[calls[i].on];

		missing[i] = fd < 0 || (ioctl(fd, calls[i].command, NULL) < 0 && errno == ENOTTY);
		count += missing[i];
		if (missing[i])
			printf("# the module does not know %s\n", calls[i].name);
	}
	close(fds[OBJECT_CLOCK]);
	close(fds[OBJECT_TB]);
	return count;
}

static size_t bytes_of(const struct call *call)
{
	return _IOC_SIZE(call->command);
}

/* A number of something that has limit of them: mostly one that is there. */
static __u64 near(struct fuzz *f, __u64 limit)
{
	__u64 choice = below(f, 16), inside = limit ? below(f, limit) : 0, other = number(f);

	if (choice == 0)
		return limit;
	return choice == 1 ? other : inside;
}

static __u64 up_to(struct fuzz *f, __u64 limit)
{
	__u64 choice = below(f, 64), small = below(f, 9);

	if (choice < 3)
		return limit + choice - 1;
	return choice == 3 ? ~0U : small;
}

static __u64 address(struct fuzz *f)
{
	__u64 choice = below(f, 32), inside = below(f, ARENA_PAGES), other = number(f);

	if (choice == 0)
		return other;
	if (choice == 1)
		return (other & ~0xfffULL) | 1ULL << 46;
	return (__u64)(uintptr_t)f->arena + inside * PAGE + (choice == 2 ? 8 : 0);
}

static __u64 word(struct fuzz *f)
{
	__u64 choice = below(f, 16), at = address(f), offset = below(f, PAGE / 4) * 4;

	if (choice < 10)
		return 0;
	return at + (choice == 15 ? 2 : offset);
}

static __u64 pages(struct fuzz *f)
{
	static const __u64 rare[] = {0, SUNDIAL_CLOCK_MAX_PAGES + 1, ~0U, 1000};
	__u64 choice = below(f, 64), some = 1 + below(f, 8);

	if (choice < 4)
		return rare[choice];
	return choice < 40 ? 1 : some;
}

static __u64 coarse(struct fuzz *f)
{
	__u64 choice = below(f, 16), valid = below(f, SUNDIAL_CLOCK_MAX_COARSE_NS + 1ULL),
	      other = number(f);

	if (choice < 8)
		return 0;
	return choice == 8 ? other : valid;
}

static __u64 timeout(struct fuzz *f)
{
	__u64 choice = below(f, 8), some = below(f, 1000000);

	if (choice < 4)
		return 0;
	return choice == 4 ? SUNDIAL_TB_FOREVER : some;
}

static __u64 value(struct fuzz *f, const struct field *field, const struct object *on)
{
	switch (field->how) {
	case IN_TIME:
		return time_ns(f);
	case IN_NUMBER:
		return number(f);
	case IN_PAGES:
		return pages(f);
	case IN_COARSE:
		return coarse(f);
	case IN_UP_TO:
		return up_to(f, field->limit);
	case IN_INDEX:
		return near(f, on->count);
	case IN_SLOT:
		return near(f, on->slots);
	case IN_SLOTS:
		return one_in(f, 2) ? 1 : near(f, on->slots);
	case IN_VCPU:
		return near(f, on->vcpus);
	case IN_TIMEOUT:
		return timeout(f);
	case IN_ADDRESS:
		return address(f);
	case IN_LENGTH:
		return one_in(f, 16) ? number(f) : (1 + below(f, 16)) * PAGE;
	case IN_WORD:
		return word(f);
	case IN_TID:
		return some_thread(f);
	default:
		return 0;
	}
}

/* Values that the header refuses, whatever else is in the structure. Sets *refused. */
static __u64 restricted(struct fuzz *f, const struct field *field, bool *refused)
{
	bool wrong = one_in(f, 40);
	__u64 noise = draw(f), result;

	switch (field->how) {
	case IN_PAD:
		result = wrong ? noise : 0;
		*refused |= field->size == 4 ? (__u32)result : result;
		return result;
	case IN_FLAGS:
		result = wrong ? noise : noise & field->limit;
		*refused |= (__u32)result & ~field->limit;
		return result;
	default: /* IN_ENUM */
		result = wrong ? noise : noise % (field->limit + 1);
		*refused |= (__u32)result > field->limit;
		return result;
	}
}

/* Fills a structure; returns whether the call must refuse it. */
static bool fill(struct fuzz *f, const struct call *call, const struct object *on,
		 unsigned char *bytes)
{
	const struct field *field;
	bool refused = false;
	__u64 v;

	memset(bytes, POISON, bytes_of(call));
	for (field = call->fields; field->size; field++) {
		if (field->how >= OUT)
			continue;
		if (field->how <= IN_ENUM)
			v = restricted(f, field, &refused);
		else
			v = value(f, field, on);
		memcpy(bytes + field->offset, &v, field->size);
	}
	return refused;
}

/* Where the structure lies; what is not good must not be read, or not be written. */
enum lies { GOOD, READ_ONLY, BAD };

static enum lies lay(struct fuzz *f, const unsigned char *bytes, size_t size, unsigned char **at)
{
	__u64 choice = below(f, 32), offset = below(f, PAGE - size), cut = 1 + below(f, size);

	switch (choice) {
	case 0:
		*at = NULL;
		return BAD;
	case 1:
		*at = (unsigned char *)(one_in(f, 2) ? 0xffff888000001000ULL
						     : 0xffffffff81000000ULL);
		return BAD;
	case 2:
		*at = f->edge + PAGE - size + cut;
		memcpy(*at, bytes, size - cut);
		return BAD;
	case 3:
		*at = f->read_only + offset;
		mprotect(f->read_only, PAGE, PROT_READ | PROT_WRITE);
		memcpy(*at, bytes, size);
		mprotect(f->read_only, PAGE, PROT_READ);
		return READ_ONLY;
	case 4:
		*at = f->edge + offset;
		break;
	default:
		*at = f->edge + (offset & ~7ULL);
	}
	memcpy(*at, bytes, size);
	return GOOD;
}

static bool documented(const struct call *call, int error)
{
	size_t i;

	for (i = 0; i < sizeof(call->errors) / sizeof(call->errors[0]); i++)
		if (error && call->errors[i] == error)
			return true;
	return false;
}

bool looks_leaked(__u64 v)
{
	return (v >= 0xffff800000000000ULL && v != ~0ULL) || v == 0x6b6b6b6b6b6b6b6bULL ||
	       v == 0xaaaaaaaaaaaaaaaaULL || v == 0x5a5a5a5a5a5a5a5aULL ||
	       v == 0xccccccccccccccccULL;
}

/* What a call may have written: its outputs, if it succeeded. */
static void check_bytes(struct fuzz *f, const struct call *call, bool outputs,
			const unsigned char *before, const unsigned char *after)
{
	const struct field *field;
	unsigned char kept[256];
	__u64 v;

	memcpy(kept, after, bytes_of(call));
	for (field = call->fields; outputs && field->size; field++) {
		if (field->how < OUT)
			continue;
		v = 0;
		memcpy(&v, after + field->offset, field->size);
		if (field->how == OUT_ZERO && v)
			fail(f, "%s: padding at byte %u is %#llx", call->name, field->offset,
			     (unsigned long long)v);
		if (field->how == OUT &&
		    (looks_leaked(v) || (field->size == 4 && looks_leaked(v << 32 | v))))
			fail(f, "%s: the output at byte %u is %#llx", call->name, field->offset,
			     (unsigned long long)v);
		memcpy(kept + field->offset, before + field->offset, field->size);
	}
	if (memcmp(kept, before, bytes_of(call)))
		fail(f, "%s changed what is not its to write", call->name);
}

static void check_error(struct fuzz *f, const struct call *call, const struct object *on, int error,
			enum lies lies)
{
	if (documented(call, error) && (on->type == call->on || f->lenient))
		return;
	if (error == EFAULT && lies != GOOD)
		return;
	if (on->type == OBJECT_OTHER) /* epoll's is EINVAL */
		return;
	if (error == EBADF && (on->fd < 0 || f->lenient))
		return;
	if (error == ENOTTY && (on->type != call->on || missing[call - calls] || f->lenient))
		return;
	fail(f, "%s on a descriptor of type %d: undocumented error %d (%s)", call->name, on->type,
	     error, strerror(error));
}

/* Takes a new descriptor into the pool. */
static void keep_made(struct fuzz *f, const struct call *call, const struct object *on,
		      const unsigned char *bytes, int fd)
{
	unsigned int slot = 1 + below(f, POOL_SLOTS - 1);
	struct object made = *on;

	made.fd = fd;
	if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		fail(f, "%s: the descriptor is not close-on-exec", call->name);
	if (call->command == SUNDIAL_CLOCK_CREATE) {
		const struct sundial_clock_create *how = (const void *)bytes;

		made = (struct object){.fd = fd,
				       .type = OBJECT_CLOCK,
				       .kind = how->kind,
				       .mode = how->mode,
				       .flags = how->flags,
				       .count = how->count};
		look_at_new(f, &made);
	} else if (call->command == SUNDIAL_TB_CREATE) {
		const struct sundial_tb_create *how = (const void *)bytes;

		made = (struct object){.fd = fd,
				       .type = OBJECT_TB,
				       .slots = how->slots,
				       .vcpus = how->vcpus,
				       .events = how->events};
		look_at_new(f, &made);
		if (!one_in(f, 4)) /* most calls need it */
			ioctl(fd, SUNDIAL_TB_REGISTER, &(struct sundial_tb_register){0});
	} else {
		made.reader = true;
		slot = 1 + slot % 10; /* or most would be readers in the end */
	}
	note(f, "  it is in slot %u", slot);
	pool_put(slot, &made);
}

static void one_call(struct fuzz *f, unsigned int which, const struct object *on, unsigned int slot)
{
	const struct call *call = &calls[which];
	unsigned char bytes[256], *at;
	char text[2 * 256 + 1] = "";
	size_t size = bytes_of(call), i;
	bool refused = fill(f, call, on, bytes);
	enum lies lies = lay(f, bytes, size, &at);
	int ret, error;

	for (i = 0; i < size && i < 72; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	note(f, "%s slot %u at %p: %s", call->name, slot, (void *)at, text);
	if (call->blocks)
		interrupt_later(f);
	ret = ioctl(on->fd, call->command, at);
	error = ret < 0 ? errno : 0;
	if (call->blocks)
		interrupt_no_more(f);

	f->stats[which].calls++;
	if (error)
		f->stats[which].failed[error < MAX_ERRNO ? error : 0]++;
	else
		f->stats[which].succeeded++;
	if (error)
		check_error(f, call, on, error, lies);
	else if (on->type != call->on && !f->lenient)
		fail(f, "%s succeeded on a descriptor of type %d", call->name, on->type);
	else if (refused || lies == BAD)
		fail(f, "%s succeeded with %s", call->name,
		     refused ? "what it must refuse" : "a bad address");
	else if (call->changes && (on->reader || on->kind) && !f->lenient)
		fail(f, "%s succeeded on a reader, or on kind USER", call->name);
	else if (ret && !call->makes)
		fail(f, "%s returned %d", call->name, ret);
	if (lies == GOOD)
		check_bytes(f, call, !error || error == call->out_anyway, bytes, at);
	if (!error && call->makes)
		keep_made(f, call, on, bytes, ret);
}

/* A number of our letter that the header does not name. */
static void unknown_call(struct fuzz *f)
{
	unsigned int slot, direction = below(f, 4), nr = 0x70 + below(f, 0x40),
			   size = below(f, 200), i;
	unsigned long command = _IOC(direction, SUNDIAL_IOC_MAGIC, nr, size);
	struct object on = pool_pick(f, OBJECT_CLOCK + below(f, 2), &slot);
	int ret;

	for (i = 0; i < CALLS; i++)
		if (calls[i].command == command)
			return;
	note(f, "unknown %#lx slot %u", command, slot);
	memset(f->edge, POISON, PAGE);
	ret = ioctl(on.fd, command, f->edge);
	if (ret != -1 || (errno != ENOTTY && on.type != OBJECT_OTHER && on.fd >= 0 && !f->lenient))
		fail(f, "unknown call %#lx: not ENOTTY but %d", command, errno);
}

void do_ioctl(struct fuzz *f)
{
	unsigned int which = below(f, CALLS), slot;
	bool anything = one_in(f, 24), unknown = one_in(f, 48);
	struct object on = pool_pick(f, anything ? OBJECT_NONE : calls[which].on, &slot);

	if (unknown)
		unknown_call(f);
	else if (f->puppet && calls[which].makes)
		do_read(f);
	else
		one_call(f, which, &on, slot);
}

/* More of the calls that make objects: the others need some. */
void do_make(struct fuzz *f)
{
	unsigned int which, slot;
	struct object on = pool_pick(f, OBJECT_DEVICE, &slot);
	bool sets = one_in(f, 3);

	for (which = 0; which < CALLS; which++)
		if (calls[which].command == (sets ? SUNDIAL_TB_CREATE : SUNDIAL_CLOCK_CREATE))
			one_call(f, which, &on, slot);
}

static void check_events(struct fuzz *f, const struct object *on, const void *buffer, ssize_t bytes)
{
	const struct sundial_tb_event *event = buffer;

	if (bytes % sizeof(*event))
		fail(f, "read returned %zd bytes: part of an event", bytes);
	for (; bytes >= (ssize_t)sizeof(*event); event++, bytes -= sizeof(*event))
		if (event->reason > SUNDIAL_TB_ENDED || event->slot >= on->slots ||
		    event->start > event->end || looks_leaked(event->start) ||
		    looks_leaked(event->end) || looks_leaked(event->generation))
			fail(f, "event: slot %u reason %u start %#llx end %#llx generation %#llx",
			     event->slot, event->reason, (unsigned long long)event->start,
			     (unsigned long long)event->end, (unsigned long long)event->generation);
}

void do_read(struct fuzz *f)
{
	static const unsigned int sizes[] = {0, 1, 7, 8, 9, 31, 32, 64, 500, 2048};
	unsigned int slot, size = sizes[below(f, 10)], i;
	struct object on = pool_pick(f, OBJECT_CLOCK + below(f, 2), &slot);
	unsigned char *at = one_in(f, 16) ? f->edge + PAGE - size / 2 : f->edge;
	ssize_t got;

	note(f, "read slot %u: %u bytes to %p", slot, size, (void *)at);
	memset(f->edge, POISON, PAGE);
	interrupt_later(f);
	got = read(on.fd, at, size);
	interrupt_no_more(f);
	if (got > (ssize_t)size)
		fail(f, "read of %u bytes returned %zd", size, got);
	if (got < 0 && errno != EINVAL && errno != EAGAIN && errno != EINTR &&
	    errno != EOPNOTSUPP && !(errno == EFAULT && at != f->edge) &&
	    !(errno == EBADF && (on.fd < 0 || f->lenient)) &&
	    !(errno == EIO && f->lenient)) /* another thread's /proc/self/mem by now */
		fail(f, "read: undocumented error %d", errno);
	if (got > 0 && on.type == OBJECT_CLOCK && got != 8 && !f->lenient)
		fail(f, "read of a clock returned %zd bytes", got);
	if (got > 0 && on.type == OBJECT_TB && !f->lenient)
		check_events(f, &on, at, got);
	for (i = got > 0 ? got : 0; at == f->edge && i < PAGE; i++)
		if (f->edge[i] != POISON) {
			fail(f, "read returned %zd and changed byte %u", got, i);
			break;
		}
}

static void look_by_epoll(struct fuzz *f, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | (one_in(f, 2) ? EPOLLET : 0)}, got[2];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(epoll, got, 2, 0);
	if (one_in(f, 2))
		epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
	close(epoll);
}

/* poll, epoll, and the descriptor's own flags. */
void do_wait(struct fuzz *f)
{
	const short asked = POLLIN | POLLOUT | POLLPRI | POLLRDNORM;
	struct object on[3];
	struct pollfd polls[3];
	unsigned int slot, i;

	for (i = 0; i < 3; i++) {
		on[i] = pool_pick(f, OBJECT_CLOCK + below(f, 2), &slot);
		polls[i] = (struct pollfd){.fd = on[i].fd, .events = asked};
		note(f, "poll slot %u", slot);
	}
	if (one_in(f, 4))
		fcntl(on[0].fd, F_SETFL, one_in(f, 4) ? 0 : O_NONBLOCK);
	if (one_in(f, 4))
		look_by_epoll(f, on[1].fd);
	poll(polls, 3, below(f, 2));
	for (i = 0; i < 3; i++)
		if (!f->lenient && on[i].fd >= 0 && on[i].type >= OBJECT_CLOCK &&
		    on[i].type <= OBJECT_TB && polls[i].revents & ~asked & ~POLLERR)
			fail(f, "poll reported %#x", polls[i].revents);
}

void do_stale_calls(struct fuzz *f, int fd, const struct object *object)
{
	struct sundial_tb_attach attach = {.address = (uintptr_t)f->arena, .length = PAGE};
	struct sundial_tb_detach detach = {0};
	struct sundial_tb_invalidate invalidate = {.count = 1};
	struct sundial_tb_vcpu_call vcpu = {0};

	note(f, "the calls of a process that is not registered");
	if (object->type != OBJECT_TB)
		return;
	if (ioctl(fd, SUNDIAL_TB_ATTACH, &attach) != -1 || errno != ESTALE)
		fail(f, "TB_ATTACH in a new process: not ESTALE but %d", errno);
	if (ioctl(fd, SUNDIAL_TB_DETACH, &detach) != -1 || errno != ESTALE)
		fail(f, "TB_DETACH in a new process: not ESTALE but %d", errno);
	if (ioctl(fd, SUNDIAL_TB_INVALIDATE, &invalidate) != -1 || errno != ESTALE)
		fail(f, "TB_INVALIDATE in a new process: not ESTALE but %d", errno);
	if (object->vcpus && (ioctl(fd, SUNDIAL_TB_VCPU, &vcpu) != -1 || errno != ESTALE))
		fail(f, "TB_VCPU in a new process: not ESTALE but %d", errno);
}
