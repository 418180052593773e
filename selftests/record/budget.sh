#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recording costs no more than it may: what does is switched off, which is said.

. selftests/record/record.sh

# until PATTERN: waits for it in the recorder's words
until_said() {
	local try
	for try in $(seq 300); do
		grep -q "$1" err && return
		sleep 0.1
	done
}

# over_budget PATTERN OPTIONS...: records the worker until PATTERN is said
over_budget() {
	local pattern=$1
	shift
	rm -f recording
	: >err
	timeout 60 "$SUNDIAL" record --no-sched --no-syscalls --buffer 1 "$@" -o recording -p $worker 2>err &
	recorder=$!
	until_said "$pattern"
	kill -INT $recorder
	wait $recorder
	kill -0 $worker
	result $? "$*: the process goes on"
	show
}

"$top/build/record/calls" 10 alone >worker.out 2>&1 &
worker=$!
over_budget 'functions are no longer' --no-malloc
like err 'functions are no longer recorded: [0-9]+ hits took [0-9.]+ % of the CPU time, 5.0 % are' \
	"functions that nobody named have a budget"
over_budget 'functions are no longer' --no-malloc --func six --budget 3%
is "$(jq -c '[.events[] | select(.type == "source")] | .[0] |
	[.source, .budget_permille, .hits > 0, .cost_ns * 1000 > .cpu_ns * 30]' json)" \
	'["functions",30,true,true]' "a record says when and why"
like err 'the recording is not whole' "and the end says so too"
kill $worker

"$python" -c '
while True:
    x = [bytes(600) for i in range(1000)]' &
worker=$!
over_budget 'allocations are no longer' --no-func --budget 1
is "$(jq -r '[.events[] | select(.type == "source").source] | first' json)" malloc \
	"so do allocations"
is "$(jq '.diagnoses | length' json)" 0 "and blocks that are missing then are nobody's mistake"
kill $worker
done_testing
