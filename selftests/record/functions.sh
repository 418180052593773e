#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Functions by probes: every call is there with its return, and no program notices.

. selftests/record/record.sh
calls=$top/build/record/calls

# of TYPE FUNCTION: how many events
of() {
	jq --arg type "$1" --arg name "$2" \
		'[.events[] | select(.type == $type and .function == $name)] | length' json
}

# unharmed NAME PROG ARGS...: prints the same and ends the same as without the recorder
unharmed() {
	local name=$1 wanted
	shift
	native "$@"
	wanted=$status
	cp out native.out
	record "$@"
	exits "$wanted" "$name: ends the same" && same out native.out "$name: prints the same"
}

record_opts=(--no-sched --no-malloc --func '*')
unharmed "leaf functions that use the red zone" "$calls" 60
show
is "$(of call work)/$(of call six)/$(of call red_zone)" "1/60/60" "each call is there once"
is "$(of return work)/$(of return six)/$(of return red_zone)" "1/60/60" "and each return"
is "$(jq -c '[.events[] | select(.type == "call" and .function == "six")][7].args' json)" "[7,8,9]" \
	"with the arguments of the call"
is "$(jq '[.events[] | select(.type == "return" and .function == "work")][0].result' json)" 55860 \
	"and its result"
is "$(jq '[.events[] | select(.type == "return")] | all(.duration_ns > 0)' json)" true "and duration"
is "$(of call jump_out)/$(of return jump_out)" "10/0" "calls that are left by longjmp do not return"
is "$(jq '[.counts[].missed] | add' json)" 10 "which is counted"

record "$calls" 100
show
is "$(of call deep)" 101 "calls deeper than the kernel follows are there"
is "$(($(of return deep) + $(jq '[.counts[].missed] | add' json)))" 111 "and the missing returns counted"

unharmed "a crash" "$calls" 10 crash
show
is "$(jq -c '[.crashes[0].stack[] | .function | select(. == "crash" or . == "main")]' json)" \
	'["crash","main"]' "its stack is whole though return addresses were changed"

unharmed "exec" "$calls" 10 exec
show
is "$(of call red_zone)" 210 "calls after an exec are there as well"

record_opts=(--no-sched --no-malloc --func 'main')
unharmed "exceptions of C++" "$top/build/record/corpus/exception"
"$SUNDIAL" record -o recording --func main -- "$top/build/record/corpus/exception" >out 2>err
like err "no returns, since in this program exceptions" "returns are left alone there, which is said"

record_opts=(--no-sched --no-malloc --func 'many_*')
unharmed "5,000 functions" "$top/build/record/many"
show
is "$(jq '[.events[] | select(.type == "call") | .function] | unique | length' json)" 5000 \
	"each of 5,000 functions is there"
is "$(jq '[.events[] | select(.type == "call")] | length' json)" 15000 "each time"

record_opts=(--no-sched --no-malloc --func 'libm.so*:*cos*')
unharmed "a library that is loaded and unloaded again and again" "$top/build/record/loader" 500
show
between "$(jq '[.events[] | select(.type == "call" and (.file | test("libm.so")))] | length' json)" 1 10000 \
	"functions of that library are there"

# Processes that end or execute while probes are put on them.
harmed=0
for wait in 0 0.05 0.1 0.15; do
	"$calls" 100 exec 300 >worker.out 2>&1 &
	worker=$!
	sleep $wait
	timeout 20 "$SUNDIAL" record -q --no-sched --no-syscalls --no-malloc --buffer 1 --func '*' \
		-o recording -p $worker 2>err
	wait $worker || harmed=1
	[ "$(uniq worker.out | wc -l)" = 1 ] || harmed=1
done
is $harmed 0 "none is harmed that ends or executes while probes are put on it"

# A process that runs already: its own functions, without being asked.
"$calls" 10 forever >worker.out 2>&1 &
worker=$!
: >err
timeout 20 "$SUNDIAL" record --no-sched --no-syscalls --buffer 8 -o recording -p $worker 2>err &
recorder=$!
for _ in $(seq 200); do
	grep -q "recording process" err && break
	sleep 0.05
done
like err "functions of .*calls are probed, .*left out: .* expensive" "it says which, and what is left out"
sleep 0.3
kill -INT $recorder
wait $recorder
sleep 0.2
kill -0 $worker
result $? "threads that were in them when the probes went go on" "$(cat worker.out)"
kill $worker
show
between "$(jq '[.events[] | select(.type == "call")] | length' json)" 100 10000000 \
	"calls of a running process are there"
done_testing
