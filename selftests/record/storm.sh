#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The injected library under a thousand threads, and under signals whose handlers
# allocate in the middle of an allocation: nothing hangs, and every event is counted.

. selftests/record/record.sh
export LD_PRELOAD=$top/build/record/bump.so

storm() { # KIND MODE SLACK
	record_opts=(--stacks "$1" --buffer 32 --no-sched --no-syscalls)
	record "$top/build/record/storm" "$2"
	exits 0 "--stacks $1, $2: the program ends as it should"
	LD_PRELOAD='' timeout "$limit" "$SUNDIAL" rewind --json --events 0 recording >json
	between "$(jq '[.counts[] | select(.cpu < 0) | .emitted] | add' json)" "$(cat out)" \
		$(($(cat out) + $3)) "--stacks $1, $2: every event was counted"
	is "$(jq '[.diagnoses[] | select(.kind != "leak")] | length' json)" 0 \
		"--stacks $1, $2: nothing is said to be wrong"
}

# The C library allocates a little for each thread itself, and once for its output.
storm copy threads 4800
storm copy signals 4
storm address signals 4
storm frames signals 4
done_testing
