/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between ask.bpf.c and the tests that load it. */
#ifndef SELFTESTS_BPF_ASK_H
#define SELFTESTS_BPF_ASK_H

/* What one run of a program saw. */
struct answer {
	__u64 now_ns;	  /* by the kfunc */
	__u64 page_ns;	  /* by page 0 of the array */
	__u64 domain;	  /* by the kfunc */
	__u64 virtual_ns; /* by the kfunc, of host_ns */
	__u64 page_at_ns; /* by page 0 of the array, of host_ns */
	__u64 host_ns;	  /* in: 0 is the host's time now, which it then holds */
};

/* Where a program was run. */
enum source {
	SOURCE_SYS_ENTER,
	SOURCE_UPROBE,
	SOURCE_KPROBE,
	SOURCE_TRACEPOINT,
	SOURCE_SWITCH,
	SOURCE_KTHREAD,
	SOURCE_EXIT,
	SOURCE_NMI,
	SOURCE_PERF,
	SOURCE_COUNT
};

struct seen {
	struct answer last;
	__u64 count;
	__u64 tid; /* of the last */
};

/* What hammer is to do, and what it found. */
struct hammering {
	__u32 loops;   /* in: readings, up to 1 << 23 */
	__u32 kfunc;   /* in: 1 by the kfunc, 0 by page 0 of the array */
	__u32 pattern; /* in: enum pattern, which every value must have */
	__u32 pad;
	__u64 last_ns;	/* in and out: the last value */
	__u64 torn;	/* out: values that no writer had published */
	__u64 backward; /* out: values below the one before */
	__u64 changes;	/* out: values other than the one before */
};

enum pattern {
	PATTERN_HALVES, /* both halves of the count are the same number */
	PATTERN_LINE,	/* the count is the host's time, by whatever rate */
	PATTERN_NONE,
};

#endif /* SELFTESTS_BPF_ASK_H */
