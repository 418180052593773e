#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that wait by spinning end: on the clock, on sched_yield, on any cheap call,
# and, by preemption that is reported, on memory alone.

. selftests/tap.sh
need jq
limit=30

for how in monotonic coarse time yield getppid; do
	sim "$guests/spin" $how
	exits 3 "spins on $how: ends"
	cp out first
	virtual=$(stat_of virtual_ns)
	sim "$guests/spin" $how
	same out first "spins on $how: prints the same again"
	is "$(stat_of virtual_ns)" "$virtual" "spins on $how: to the same nanosecond"
done
for how in thread alarm; do
	sim "$guests/spin" $how
	exits 3 "spins on memory, set by a $how: ends"
	between "$(stat_of preemptions)" 1 1000000 "spins on memory, set by a $how: preemption is reported"
done
sim $python -c 'import time
t = time.monotonic() + 0.05
while time.monotonic() < t: pass
print("ended")'
is "$(cat out)" ended "python spins on its clock"
done_testing
