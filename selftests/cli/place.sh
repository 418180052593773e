#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests share one CPU. When others want it too and another is idle, they move there.

. selftests/tap.sh
need taskset pgrep
[ "$(nproc)" -ge 2 ] || skip_all "needs two CPUs"

idle_ticks() { # of all CPUs but $1
	awk -v not="cpu$1" '/^cpu[0-9]/ && $1 != not { n++; t += $5 } END { print t / n }' /proc/stat
}

"$SUNDIAL" sim --quiet --until 10000d -- bash -c 'echo ready >ready; while :; do :; done' >out 2>err &
job=$!
trap 'kill $job $hog 2>/dev/null' EXIT
for i in {1..200}; do [ -e ready ] && break; sleep 0.05; done
guest=$(pgrep -P $job | head -n 1)
home=$(ps -o psr= -p "$guest" | tr -d ' ')
is "$(taskset -cp "$guest" | sed 's/.*: //')" "$home" "guests are bound to one CPU"
taskset -c "$home" sh -c 'while :; do :; done' &
hog=$!
before=$(idle_ticks "$home")
moved=no
for i in {1..50}; do
	sleep 0.2
	[ "$(taskset -cp "$guest" | sed 's/.*: //')" = "$home" ] || { moved=yes; break; }
done
idle=$(awk -v a="$before" -v b="$(idle_ticks "$home")" -v n="$i" 'BEGIN { print int((b - a) / (n * 20) * 100) }')
if [ $moved = no ] && [ "$idle" -lt 80 ]; then
	skip "guests move to an idle CPU" "no other CPU was idle, only $idle %"
else
	is $moved yes "guests move to an idle CPU"
fi
kill $hog $job
wait $job
is $? 143 "and end as they would"
done_testing
