/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Uprobes on places of one file, by whichever way the kernel has. */
#ifndef RECORD_PROBES_H
#define RECORD_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_program;
struct bpf_link;

struct probe_site {
	uint64_t offset;  /* in the file */
	uint64_t cookie;  /* what the program finds by bpf_get_attach_cookie() */
	uint64_t counter; /* offset of a counter of those that listen, or 0 */
};

/* What is attached; zeroed before the first attach, ended by detach. */
struct probes {
	size_t count;	/* of places */
	size_t refused; /* places that the kernel would not probe */
	int *fds;	/* uprobe_multi: some places each */
	size_t fd_count;
	struct bpf_link **links; /* or one each */
	size_t link_count;
};

/* Without uprobe_multi each place costs a grace period when it is detached. */
#define PROBES_MAX_WITHOUT_MULTI 100

/* Whether the kernel attaches many probes at once (Linux 6.6, 89ae89f53d20). */
bool probes_have_multi(void);

/*
 * Attaches program to sites of the file at path, for process pid alone, or for all that
 * map it if that is 0. The program was loaded for multi or not. Places that cannot be
 * probed are counted and left out. 0 or negative errno; then nothing more is attached.
 */
int probes_attach(struct probes *probes, struct bpf_program *program, bool at_return, bool multi,
		  pid_t pid, const char *path, const struct probe_site *sites, size_t count);

void probes_detach(struct probes *probes);

#endif
