#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Buffers are where they should be, and while nothing crashes nobody looks at them: the
# recorder does not run at all, whatever the program does.

. selftests/record/record.sh

record_opts=(--inject --no-sched)
record "$top/build/record/churn" 2 2000
show
is "$(jq -c '[.placement[] | select(.cpu >= 0) | .elsewhere] | add' json)" 0 \
	"each CPU's buffer is on its node"
is "$(jq '[.placement[] | select(.cpu >= 0) | .pages > 0 and .unused == 0] | all and length > 0' json)" \
	true "every page of it was asked for"
is "$(jq '[.placement[] | select(.cpu < 0) | .elsewhere] | add' json)" 0 \
	"what threads write is on their node"

switches() { # PID: of all its threads
	cat "/proc/$1"/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'
}

# still NAME PROGRAM ARGS...: the recorder does not run while the program does
still() {
	local name=$1 before after recorder target
	shift
	"$SUNDIAL" record --quiet --buffer 16 "${record_opts[@]}" -o recording -- "$@" >/dev/null 2>err &
	recorder=$!
	for _ in $(seq 100); do
		sleep 0.1
		target=$(pgrep -P $recorder)
		[ -n "$target" ] && [ "$(cat "/proc/$target/comm")" = "$(basename "$1")" ] && break
	done
	# It starts, and then has no more to map.
	sleep 1
	before=$(switches $recorder)
	sleep 2
	after=$(switches $recorder)
	kill -0 "$target" && [ -n "$before" ]
	result $? "$name: both run"
	is "$after" "$before" "$name: the recorder was not woken in two seconds"
	kill "$target"
	wait $recorder
	timeout "$limit" "$SUNDIAL" rewind --json --events 0 recording >json
	between "$(jq '[.counts[].emitted] | add' json)" 100000 1000000000000 "$name: while events came"
}

record_opts=()
still "system calls" "$top/build/record/emit" 2 1000000000
record_opts=(--inject)
still "allocations" "$top/build/record/churn" 2 1000000000000
done_testing
