/* SPDX-License-Identifier: GPL-2.0 */
/* What vclock.bpf.c tells vclock.c. */
#ifndef VCLOCK_H
#define VCLOCK_H

enum vclock_kind {
	VCLOCK_OPENAT,
	VCLOCK_EXEC,
	VCLOCK_EXIT,
	VCLOCK_OFF_CPU,
};

struct vclock_event {
	__u64 host_ns;	  /* CLOCK_MONOTONIC of the machine */
	__u64 virtual_ns; /* the count of the domain; host_ns if there is none */
	__u64 domain;	  /* 0: the host's own time */
	__u32 tid;
	__u32 kind;  /* enum vclock_kind */
	__s32 value; /* EXIT: the exit code */
	__u32 pad;   /* zero */
	char comm[16];
	char text[128]; /* OPENAT, EXEC: the path */
};

#ifdef __cplusplus
static_assert(sizeof(struct vclock_event) == 184, "the same on both sides");
#else
_Static_assert(sizeof(struct vclock_event) == 184, "the same on both sides");
#endif

#endif /* VCLOCK_H */
