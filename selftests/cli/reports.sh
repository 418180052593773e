#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What sundial says at the end, and its exit status.

. selftests/tap.sh
need jq

loud() { capture "$SUNDIAL" sim "${sim_opts[@]}" -- "$@"; }

loud bash -c 'sleep 3600; exit 3'
exits 3 "the program's own status"
is "$(grep -c '^sundial: ' err)" 1 "one line of summary"
like err "01:00:00\.[0-9]+ virtual in .*seed 1: .*page.*arena.*host" "times, seed, and who answered"
sim bash -c 'exit 3'
is "$(cat err)" "" "--quiet: nothing to say"
sim_opts=(--seed 77) && loud true
like err "seed 77" "the seed is printed"
sim_opts=(--stats) && loud bash -c 'date >/dev/null'
like err "^call +count +page +arena +host +errors" "--stats prints a table"
like err "^openat +[0-9]+ " "with each call"
like err "^\(clock reads\) +[1-9]" "and the clock reads"
sim_opts=()

for sig in TERM SEGV KILL; do
	sim bash -c "kill -$sig \$\$; sleep 1"
	exits $((128 + $(kill -l $sig))) "SIG$sig: 128 and its number"
	like err "bash was killed by signal $(kill -l $sig) \(SIG$sig\)" "SIG$sig: is named"
done

# Every thread waits for ever.
mkfifo fifo
sim bash -c 'cat fifo'
exits 125 "deadlock: status 125"
like err "deadlock after 0\.[0-9]+ s of virtual time" "deadlock: is named, with its time"
like err "process 100[01] thread 100[01] \((cat|bash)\) sleeps in (openat|wait4)$" "deadlock: lists who waits, and in which call"
is "$(stat_of end)" deadlock "deadlock: in the statistics"
sim_opts=(--fault in-exec:1)
sim bash -c 'cat /nowhere; echo $?'
is "$status $(cat out)" "0 137" "killed in an exec: the rest goes on"
like err "process 1001 \(bash\) was killed from outside" "killed in an exec: the report names the process"
sim_opts=(--fault in-call:20)
sim bash -c 'exit 3'
exits 125 "killed in a call: status 125"
like err "process 1000 \(bash\) was killed from outside .*last call: [a-z0-9_]+\)" "killed in a call: the report names process and call"
sim_opts=()

# Ended from outside.
for sig in INT TERM QUIT; do
	"$SUNDIAL" sim --quiet -- bash -c 'echo ready >ready; while :; do :; done' >out 2>err &
	job=$!
	for i in {1..200}; do [ -e ready ] && break; sleep 0.05; done
	rm -f ready
	kill -$sig $job
	wait $job
	is $? $((128 + $(kill -l $sig))) "SIG$sig to sundial: 128 and its number"
	like err "ended by SIG$sig after" "SIG$sig to sundial: a report"
done

# Stopped by a terminal, the guests stop too.
"$SUNDIAL" sim --quiet -- bash -c 'echo ready >ready; while :; do [ -e stop ] && break; done; echo done' >out 2>err &
job=$!
for i in {1..200}; do [ -e ready ] && break; sleep 0.05; done
kill -TSTP $job
states() { ps -o stat= -p $job --ppid $job | cut -c 1 | sort -u | tr -d '\n'; }
for i in {1..100}; do [ "$(states)" = T ] && break; sleep 0.05; done
is "$(states)" T "SIGTSTP stops sundial and its guests"
kill -CONT $job
touch stop
wait $job
is "$? $(cat out)" "0 done" "SIGCONT lets them go on"

# JSON
sim bash -c 'sleep 10; cat /nowhere 2>/dev/null; exit 5'
is "$(jq -r '[.end, .exit_status, .seed, .start_ns] | @csv' stats.json)" \
	'"exited",5,1,946684800000000000' "JSON: end, status, seed, start"
between "$(stat_of virtual_ns)" 10000000000 10100000000 "JSON: virtual time"
is "$(jq '[.syscalls[].count] | add' stats.json)" \
	"$(jq '.arena_calls + .host_calls' stats.json)" "JSON: every call is counted once"
[ "$(jq .syscalls.clock_nanosleep.count stats.json)" -ge 1 ] &&
	[ "$(jq '.syscalls | [.openat, .open] | map(select(. != null).errors) | add' stats.json)" -ge 1 ]
result $? "JSON: calls by name, with errors"
cp stats.json first.json
sim bash -c 'sleep 10; cat /nowhere 2>/dev/null; exit 5'
is "$(jq -S 'del(.wall_ns, .speedup)' stats.json)" "$(jq -S 'del(.wall_ns, .speedup)' first.json)" \
	"JSON: all but the wall clock's figures is repeatable"

capture "$SUNDIAL" --version
like out "^sundial [0-9]+\.[0-9]+" "--version"
capture "$SUNDIAL" help sim
like out "^ +--start=DATE" "help sim"
capture "$SUNDIAL" doctor
exits 0 "doctor: sim can run here"
like out "^syscall user dispatch +yes" "doctor: a table"
capture "$SUNDIAL" doctor --json
is "$(jq .sim out)" true "doctor --json"
is "$(jq '[.probes[] | select(.needed and .state == "no")] | length' out)" 0 "doctor: nothing needed is missing"
capture "$top/build/selftests/deny" 1 "$SUNDIAL" doctor --json
exits 1 "doctor: 1 where sim cannot run"
is "$(jq -r '.probes[] | select(.needed and .state == "no").name' out)" "syscall user dispatch" \
	"doctor: names what is missing"
done_testing
