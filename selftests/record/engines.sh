#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# BPF programs see the virtual time of processes that run under an engine, and leave their
# functions alone.

. selftests/record/record.sh

record "$SUNDIAL" sim -q -- bash -c 'sleep 100000; echo awake'
exits 0 "a simulation that is recorded from outside runs as ever"
like out "^awake" "to its end"
show
is "$(jq '[.events[] | select(.domain != 0) | .virtual_ns] | max >= 100000e9' json)" true \
	"its processes have the virtual time of their page"
is "$(jq '[.events[] | select(.domain == 0) | .host_ns == .virtual_ns] | all' json)" true \
	"whoever is in no domain has the host's"

"$SUNDIAL" run --speed 100 -- bash -c 'while sleep 1; do :; done' &
pid=$!
for ((i = 0; i < 100; i++)); do
	grep -q ^7fd011000000 /proc/$pid/maps && break
	sleep 0.05
done
timeout "$limit" "$SUNDIAL" record -o recording -p $pid >out 2>err &
recorder=$!
for ((i = 0; i < 200; i++)); do
	grep -q "recording process" err && break
	sleep 0.05
done
sleep 0.3
kill -INT $(pgrep -P $recorder)
wait $recorder
like err "runs under Sundial's engine" "-p: it says that functions are not probed"
kill $pid
wait $pid 2>/dev/null
show
jq --argjson pid $pid '[.events[] | select(.domain != 0 and .tgid == $pid)] | (.[-1].virtual_ns - .[0].virtual_ns) /
	(.[-1].host_ns - .[0].host_ns)' json >ratio 2>&1
is "$(jq '[.events[] | select(.domain != 0)] | length > 0' json)" true \
	"-p: a process under sundial run has its page's time"
between "$(cat ratio)" 99 101 "which goes a hundred times as fast"
done_testing
