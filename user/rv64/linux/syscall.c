// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From an ecall to its answer, by the table in calls.def. A call is answered with
 * guest registers untouched, so that one which a signal comes before is simply made
 * again: pc stays at the ecall.
 */
#include <errno.h>
#include <string.h>
#include "rv64/exec.h"
#include "rv64/linux/linux.h"
#include "simkernel/host.h"

#define X_A0		10
#define X_A7		17
#define NR_MAX		512
#define NR_RT_SIGRETURN 139

enum kind {
	KIND_UNKNOWN,
	KIND_PASS,
	KIND_PATH,
	KIND_TIME,
	KIND_OWN,
	KIND_HOST,
	KIND_NONE,
};

struct row {
	const char *name;
	long (*own)(struct rv64_thread *t, const u64 *a);
	u16 host;
	u8 kind, path;
};

#define PASS(nr, name)	  ;
#define PATH(nr, name, i) ;
#define TIME(nr, name)	  ;
#define NONE(nr, name)	  ;
#define OWN(nr, name)	  long rv64_sys_##name(struct rv64_thread *t, const u64 *a);
#define HOST(nr, name)	  OWN(nr, name)
#include "rv64/linux/calls.def"
#undef PASS
#undef PATH
#undef TIME
#undef OWN
#undef HOST
#undef NONE

static const struct row rows[NR_MAX] = {
#define PASS(nr, name)	  [nr] = {#name, NULL, SYS_##name, KIND_PASS, 0},
#define PATH(nr, name, i) [nr] = {#name, NULL, SYS_##name, KIND_PATH, i},
#define TIME(nr, name)	  [nr] = {#name, NULL, SYS_##name, KIND_TIME, 0},
#define OWN(nr, name)	  [nr] = {#name, rv64_sys_##name, 0, KIND_OWN, 0},
#define HOST(nr, name)	  [nr] = {#name, rv64_sys_##name, SYS_##name, KIND_HOST, 0},
#define NONE(nr, name)	  [nr] = {#name, NULL, SYS_##name, KIND_NONE, 0},
#include "rv64/linux/calls.def"
#undef PASS
#undef PATH
#undef TIME
#undef OWN
#undef HOST
#undef NONE
};

static u32 unknown[NR_MAX];

void rv64_count_unknown(u64 nr)
{
	__atomic_fetch_add(&unknown[min(nr, NR_MAX - 1UL)], 1, __ATOMIC_RELAXED);
}

void rv64_print_unknown(FILE *file)
{
	int nr;

	for (nr = 0; nr < NR_MAX; nr++)
		if (unknown[nr])
			fprintf(file, "system call %d%s%s%s answered ENOSYS: %u times\n", nr,
				rows[nr].name ? " (" : "", rows[nr].name ? rows[nr].name : "",
				rows[nr].name ? ")" : "", unknown[nr]);
}

/* What user/passthrough passes on. */
long native_host_call(const u64 call[7])
{
	return rv64_host_call(call, &rv64_self->pending);
}

long rv64_pass(u64 nr, const u64 *a)
{
	if (rv64_simulated())
		return rv64_sim_call(rv64_self, nr, a);
	return pass_call(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long answer(struct rv64_thread *t, const struct row *row, u64 nr, const u64 *a)
{
	u64 b[6];
	char path[PATH_MAX];
	long ret;

	switch (row->kind) {
	case KIND_OWN:
	case KIND_HOST:
		return row->own(t, a);
	case KIND_PASS:
		return rv64_pass(row->host, a);
	case KIND_TIME:
		return pass_time_call(row->host, a, &ret) ? ret : rv64_pass(row->host, a);
	case KIND_PATH: /* lgetxattr and its kin are those that do not follow */
		memcpy(b, a, sizeof(b));
		b[row->path] = rv64_sysroot_user(b[row->path], row->name[0] != 'l', path);
		return rv64_pass(row->host, b);
	default:
		rv64_count_unknown(nr);
		return -ENOSYS;
	}
}

/* The same in a simulation. */
static long answer_simulated(struct rv64_thread *t, const struct row *row, const u64 *a)
{
	switch (row->kind) {
	case KIND_OWN:
	case KIND_PATH:
		return answer(t, row, 0, a);
	case KIND_UNKNOWN:
		return rv64_sim_call(t, SYSCALL_SLOTS, a); /* its report counts it */
	default:
		return rv64_sim_call(t, row->host, a);
	}
}

void rv64_syscall(struct rv64_thread *t)
{
	static const struct row nothing;
	u64 *x = t->cpu.x, nr = x[X_A7];
	const struct row *row = nr < NR_MAX ? &rows[nr] : &nothing;
	u64 a[6];
	long ret;

	memcpy(a, &x[X_A0], sizeof(a));
	rv64_check_pointers(nr, a);
	if (rv64_simulated()) {
		rv64_sim_begin_call(t);
		rv64_sim_end_call(t, answer_simulated(t, row, a));
		return;
	}
	/* A signal's return changes registers before it is over, and does not wait. */
	if (!rv64_debugged(t) || nr == NR_RT_SIGRETURN || rv64_gdb_call_begin(t, &ret))
		ret = answer(t, row, nr, a);
	if (unlikely(t->gdb.in_call) && !rv64_gdb_call_end(t, ret))
		return;
	if (ret == PASS_RESTART || ret == RV64_KEEP_STATE)
		return;
	x[X_A0] = ret;
	t->cpu.pc += 4;
}
