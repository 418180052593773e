#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A crash of one of 32 threads yields registers and stack of all of them.

. selftests/record/record.sh

# in_function NAME: how many threads of the crash were there, from its stack
in_function() {
	jq --arg name "$1" '[.crashes[] | select(any(.stack[]; .function == $name))] | length' json
}

record_opts=(--no-sched)
record "$top/build/record/crowd"
exits 139 "the program ends by its signal"
show
is "$(jq '.crashes | length' json)" 33 "33 threads were kept"
is "$(jq '[.crashes[].tid] | unique | length' json)" 33 "each of them once"
is "$(jq '[.crashes[] | select(.first)] | length' json)" 1 "one is the first"
is "$(in_function crash)" 1 "one crashed"
is "$(in_function wait_in_read)" 15 "15 waited in read"
is "$(in_function spin)" 16 "16 were running"
is "$(in_function main)" 1 "and main waited for them"
is "$(jq '[.events[] | select(.words | test("^read.* interrupted"))] | length' json)" 15 \
	"15 calls of read were interrupted"
"$SUNDIAL" rewind recording >text
like text "^null pointer dereference in crash" "the crash is said first"
is "$(grep -c 'wait_in_read at' text)" 15 "and the other threads are shown"
done_testing
