#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hundred kills: of guests inside a call, an event, an exec, a hand-over of the run
# token, of guests anywhere, of the supervisor anywhere. Each time nothing may be left
# behind (processes, shared memory, files), and the simulation goes on without the dead
# process or ends with a report that names it; it never hangs.
#
# Where a kill falls is chosen by $SEED (default: 1), which is printed.
# TIMEOUT: 900

. selftests/tap.sh
need jq bash pgrep
RANDOM=${SEED:-1}
echo "# SEED=${SEED:-1}"
limit=60
export SUNDIAL_KILL_TEST=$$
mkdir -p files
export TMPDIR=$work/files

cat >work.bash <<'END'
for i in 1 2 3 4 5 6; do (sleep $i; echo $i | cat >/dev/null) & done
for i in 1 2 3 4 5 6 7 8; do sleep 0.$i; x=$(echo $i | tr 1-8 a-h); done
wait
echo "done"
END

# Processes of this test that have a simulation's memory mapped: they carry the
# variable in their environment.
mine() {
	local pid
	for pid in $(grep -l memfd:sundial /proc/[0-9]*/maps 2>/dev/null | cut -d / -f 3); do
		grep -qz "^SUNDIAL_KILL_TEST=$SUNDIAL_KILL_TEST$" "/proc/$pid/environ" 2>/dev/null &&
			echo "$pid"
	done
	return 0
}

shared_before=$(ls -A /dev/shm)
tmp_before=$(ls -A files)

nothing_left() { # NAME: processes end a moment after their supervisor
	local left tries=0
	while left=$(mine) && [ -n "$left" ] && [ $tries -lt 100 ]; do
		sleep 0.02
		tries=$((tries + 1))
	done
	[ -z "$left" ] && [ "$(ls -A /dev/shm)" = "$shared_before" ] &&
		[ "$(ls -A files)" = "$tmp_before" ]
	result $? "$1: nothing is left behind" "processes: $left" \
		"$(for p in $left; do ps -o pid,ppid,stat,args -p "$p" | tail -n 1; done)" \
		"shared memory: $(ls -A /dev/shm)" "files: $(ls -A files)"
}

survived=0 reported=0 main_died=0

# What a run may end with: the program's own end, its death, or a report.
good_end() { # NAME
	if [ "$status" = 0 ] && grep -q '^done$' out; then
		survived=$((survived + 1))
		result 0 "$1: the rest goes on"
	elif [ "$status" = 137 ] && grep -q 'was killed by signal 9' err; then
		main_died=$((main_died + 1))
		result 0 "$1: the program itself is dead, and that is said"
	elif [ "$status" = 125 ] && grep -Eq 'killed from outside' err; then
		reported=$((reported + 1))
		result 0 "$1: the end is reported"
	else
		result 1 "$1: it goes on or ends with a report" "status $status" \
			"$(tail -n 5 out)" "$(tail -n 10 err)"
	fi
}

sim bash work.bash
exits 0 "the program ends by itself when nobody kills it" || done_testing
calls=$(jq '[.syscalls[].count] | add' stats.json)
events=$(stat_of events)
execs=$(jq '.syscalls.execve.count' stats.json)
switches=$(stat_of switches)
echo "# $calls calls, $events events, $execs execs, $switches hand-overs"

at_points() { # POINT HIGHEST COUNT
	local i n
	for ((i = 0; i < $3; i++)); do
		n=$(((RANDOM * 32768 + RANDOM) % $2 + 1))
		sim_opts=(--fault "$1:$n")
		sim bash work.bash
		good_end "killed $1, pass $n"
		nothing_left "killed $1, pass $n"
	done
	sim_opts=()
}
at_points in-call "$calls" 20
at_points in-event "$events" 15
at_points in-exec "$execs" 10
at_points in-handoff "$switches" 15

# A guest, chosen at random among those that are there after a random moment.
long='for round in {1..25}; do . ./work.bash >/dev/null; done; echo done'
hit=0
for i in {1..20}; do
	timeout -k 5 $limit "$SUNDIAL" sim --quiet -- bash -c "$long" >out 2>err </dev/null &
	job=$!
	sleep 0.$((RANDOM % 5))$((RANDOM % 10))
	victims=($(pgrep -P "$(pgrep -P $job)" 2>/dev/null))
	[ ${#victims[@]} = 0 ] ||
		{ kill -9 "${victims[RANDOM % ${#victims[@]}]}" && hit=$((hit + 1)); } 2>/dev/null
	wait $job
	status=$?
	good_end "guest killed, number $i"
	nothing_left "guest killed, number $i"
done
[ $hit -ge 10 ]
result $? "kills hit a guest that was there ($hit of 20)"

# A guest that only computes, while another waits for it.
for i in {1..5}; do
	timeout -k 5 $limit "$SUNDIAL" sim --quiet -- bash -c \
		'(exec -a spinner bash -c "while :; do :; done") & sleep 1; wait; echo done' \
		>out 2>err </dev/null &
	job=$!
	sleep 0.$((RANDOM % 3 + 1))
	for pid in $(mine); do
		grep -aq '^spinner' "/proc/$pid/cmdline" 2>/dev/null && kill -9 "$pid"
	done
	wait $job
	status=$?
	good_end "spinning guest killed, number $i"
	nothing_left "spinning guest killed, number $i"
done

# The supervisor: nobody is there to report, but nobody may stay either.
for i in {1..20}; do
	"$SUNDIAL" sim --quiet -- bash -c "$long" >out 2>err </dev/null &
	job=$!
	sleep 0.$((RANDOM % 5))$((RANDOM % 10))
	kill -9 $job 2>/dev/null
	wait $job 2>/dev/null
	nothing_left "supervisor killed, number $i"
done

echo "# went on: $survived, ended with a report: $reported, the program itself died: $main_died"
[ $survived -gt 0 ] && [ $reported -gt 0 ] && [ $main_died -gt 0 ]
result $? "the kills reached all three ways to end"
done_testing
