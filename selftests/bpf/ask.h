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

#endif /* SELFTESTS_BPF_ASK_H */
