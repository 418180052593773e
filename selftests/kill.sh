#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 of any guest or of the supervisor, at any time, leaves nothing behind; the rest
# goes on, or ends with a report. A hundred kills of a workload that never rests: forks,
# execs, pipes, threads, signals, timers. KILL_SEED repeats a series.
# TIMEOUT: 600

. selftests/tap.sh
kills=${KILL_COUNT:-100}
RANDOM=${KILL_SEED:-$$}
echo "# KILL_SEED=${KILL_SEED:-$$}"

cat >workload.sh <<'END'
trap 'n=$((n + 1))' USR1
(while :; do seq 1 50 | sort -rn | tail -n 1; done) >seq.out &
(while :; do sleep 0.5; kill -USR1 $$; done) &
(while :; do (exit 3); /bin/true; done) &
/usr/bin/python3 -c '
import threading, time, queue
q = queue.Queue(2)
def feed():
    while True:
        q.put(1)
        time.sleep(0.01)
for _ in range(4):
    threading.Thread(target=feed, daemon=True).start()
while True:
    q.get(timeout=60)' &
while :; do sleep 1; done
END

alive() { # how many processes of session $1 there are
	ps -o pid=,stat= -s "$1" | awk '$2 !~ /^Z/' | wc -l
}

# one_kill guest|supervisor: prints what went wrong
one_kill() {
	local target=$1 session supervisor victim victims name status waited
	setsid "$SUNDIAL" sim --quiet --no-progress -- bash workload.sh >run.out 2>run.err </dev/null &
	supervisor=$!
	session=$supervisor
	sleep "0.$((RANDOM % 5))$((RANDOM % 10))$((RANDOM % 10))"
	victim=$supervisor
	if [ "$target" = guest ]; then
		mapfile -t victims < <(ps -o pid= -s "$session" | awk -v s="$supervisor" '$1 != s { print $1 }')
		[ ${#victims[@]} -gt 0 ] || { echo "no guest yet"; victims=("$supervisor"); }
		victim=${victims[RANDOM % ${#victims[@]}]}
	fi
	name=$(cat "/proc/$victim/comm" 2>/dev/null)
	kill -KILL "$victim" 2>/dev/null
	sleep 0.1
	if [ "$victim" != "$supervisor" ]; then
		# What is left must still answer, or have ended by itself and said so.
		kill -TERM "$supervisor" 2>/dev/null
	fi
	for waited in {1..100}; do
		kill -0 "$supervisor" 2>/dev/null || break
		sleep 0.1
	done
	[ "$waited" -lt 100 ] || echo "after the death of $name: the supervisor does not end"
	kill -KILL "$supervisor" 2>/dev/null
	wait "$supervisor" 2>/dev/null
	status=$?
	for waited in {1..30}; do
		[ "$(alive "$session")" = 0 ] && break
		sleep 0.1
	done
	if [ "$(alive "$session")" != 0 ]; then
		echo "after the death of $name: left $(ps -o comm= -s "$session" | tr '\n' ' ')"
		ps -o pid= -s "$session" | xargs -r kill -KILL 2>/dev/null
	fi
	[ "$victim" = "$supervisor" ] || [ $status != 0 ] || echo "after the death of $name: status 0"
	[ "$victim" = "$supervisor" ] || [ $status = 143 ] || [ -s run.err ] ||
		echo "after the death of $name: status $status and no word about it"
}

shared() { ls /dev/shm /tmp 2>/dev/null | grep -i sundial | sort; }

shared >before
for target in guest supervisor; do
	problems=()
	for ((i = 0; i < kills / 2; i++)); do
		mapfile -t said < <(one_kill $target 2>/dev/null)
		problems+=("${said[@]}")
	done
	[ ${#problems[@]} = 0 ]
	result $? "$((kills / 2)) kills of a $target" "${problems[@]}"
done
shared >after
same after before "no shared memory and no file is left"

"$SUNDIAL" sim --quiet -- bash -c '
	sleep 1000 & victim=$!
	echo ready >ready
	i=0; while [ -d /proc/$victim ] && [ $i -lt 100000 ]; do i=$((i + 1)); sleep 0.001; done
	wait $victim; echo "victim $?"; sleep 1d; date +%d' >out 2>err &
supervisor=$!
for waited in {1..100}; do [ -e ready ] && break; sleep 0.05; done
victim=$(ps -o pid=,comm= --ppid "$supervisor" | awk '$2 == "sleep" { print $1; exit }')
kill -KILL "${victim:-0}" 2>/dev/null
wait "$supervisor"
is $? 0 "when a guest is killed from outside, the others go on"
like out "^victim 137$" "its parent is told"
like err "sleep" "and the report names it"
done_testing
