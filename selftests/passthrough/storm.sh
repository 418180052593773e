#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Signals at every moment (storm_test.c), natively and in sundial run; Go's preemption
# signals; stopping and continuing.
# TIMEOUT: 400

. selftests/tap.sh
bin=$top/build/selftests/passthrough

native "$bin/storm_test"
exits 0 "natively: ends"
unlike out '^not ok' "natively: all as Linux promises"
for prog in storm_test storm_test-static storm_test storm_test storm_test; do
	run "$bin/$prog"
	[ "$status" = 0 ] && ! grep -q '^not ok' out && grep -q '^1\.\.' out
	result $? "$prog in sundial run" "status $status" "$(grep -B3 '^not ok' out)" "$(tail -n 3 err)"
done

# Go stops its threads by signals for every garbage collection, wherever they are.
good=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	UNIT=0.01 GOGC=1 GOMAXPROCS=4 run "$guests/go-static" spin
	[ "$status" -lt 100 ] && [ -s out ] && ! grep -qE 'fatal error|SIGSEGV|panic' err && good=$((good + 1))
done
is $good 20 "Go's preemption signals: 20 of 20 runs"

run bash -c 'sleep 1 & p=$!; kill -STOP $p; sleep 0.2
	read -r _ _ state _ </proc/$p/stat; echo $state; kill -CONT $p; wait $p; echo $?'
is "$(tr '\n' ' ' <out)" "T 0 " "a sleep is stopped, continued, and ends"
run bash -c 'trap "" TRAP; exec bash -c "kill -TRAP \$\$; echo alive"'
is "$(cat out)" alive "an ignored fault signal stays ignored by who is executed"
run bash -c 'kill -SEGV $$'
exits 139 "a SIGSEGV that was sent ends the program"
run bash -c 'yes | head -n 1; echo ${PIPESTATUS[0]}'
is "$(tr '\n' ' ' <out)" "y 141 " "SIGPIPE in a pipeline"
done_testing
