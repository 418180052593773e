/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recording without BPF: the injected library's allocations, and crashes by ptrace. */
#ifndef RECORD_TRACED_H
#define RECORD_TRACED_H

#include "record/session.h"

/*
 * Runs a target that was started here and has the injected library, until it ends, as
 * session_run() does; its children too. Needs no privilege. Returns the exit status.
 */
int traced_run(const struct session_options *options, struct target *target);

#endif
