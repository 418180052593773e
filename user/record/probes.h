/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Uprobes on an allocator in one process, by whichever way the kernel has. */
#ifndef RECORD_PROBES_H
#define RECORD_PROBES_H

#include <stdbool.h>
#include <sys/types.h>
#include "record/allocator.h"

struct bpf_program;

/* What is attached; detach ends it. */
struct probes {
	size_t count;
	int fds[2];					     /* uprobe_multi: entries and returns */
	struct bpf_link *links[2 * ALLOCATOR_FUNCTIONS_MAX]; /* or one each */
	size_t link_count;
};

/* Whether the kernel attaches many probes at once (Linux 6.6, 89ae89f53d20). */
bool probes_have_multi(void);

/*
 * Attaches entry and leave to the functions of allocator in the file at path, for
 * process pid alone. The programs were loaded for multi or not. 0 or negative errno.
 */
int probes_attach(struct probes *probes, struct bpf_program *entry, struct bpf_program *leave,
		  bool multi, pid_t pid, const char *path, const struct allocator *allocator);

void probes_detach(struct probes *probes);

#endif
