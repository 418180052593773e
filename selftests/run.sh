#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Run test programs that print TAP, two at a time, and sum up.
#
#	selftests/run.sh TEST...
#
# Each test runs from the top of the tree under selftests/guard (own session, a
# time-out, nothing left behind), with its output in build/check/NAME.log. A script
# may ask for another time-out than the default with a line "# TIMEOUT: SECONDS"; one
# that keeps several processors busy says "# WIDE", and no two such run at once.
# CHECK_JOBS is how many run at once.
# Printed: one line a test, every "not ok", every skip with its reason, and last
#
#	N passed, N failed, N skipped
#
# A test that prints no result, fewer results than it planned, or exits non-zero
# without a "not ok", counts as a failure. Exit status 0 only if nothing failed.

set -u
cd "$(dirname "$0")/.." || exit 2
# A make that a test starts must not look for the job server of the one that started us.
unset MAKEFLAGS MFLAGS MAKELEVEL
guard=build/selftests/guard
logs=build/check
default_timeout=${CHECK_TIMEOUT:-180}
mkdir -p "$logs"

at_once=${CHECK_JOBS:-$(($(nproc) < 2 ? 1 : 2))}
passed=0 failed=0 skipped=0
declare -A running=() began=() # by pid

log_name() {
	local name=${1#build/}
	name=${name#selftests/}
	name=${name%.sh}
	echo "${name//\//-}"
}

time_limit() {
	local asked
	asked=$(head -c 4096 "$1" 2>/dev/null | tr -d '\0' |
		sed -n 's/^# TIMEOUT: \([0-9]\+\)$/\1/p' | head -1)
	echo "${asked:-$default_timeout}"
}

is_wide() { head -c 4096 "$1" 2>/dev/null | tr -d '\0' | grep -q '^# WIDE$'; }

# Prints "passed failed skipped" of one log, given the test's exit status; every
# line about a failure or a skip is appended to the log as "#! text" or "#? text".
judge() {
	awk -v status="$2" -v log_file="$1" '
	function bad(text) { fail++; print "#! " text >> log_file }
	/^1\.\.0/ { none = 1; reason = $0; sub(/^1\.\.0[ #]*(SKIP|skip)? */, "", reason) }
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
	/^not ok/ { seen++; bad($0); next }
	/^ok/ {
		seen++
		if (match($0, /# *[Ss][Kk][Ii][Pp]/)) { skip++; print "#? " $0 >> log_file }
		else pass++
	}
	END {
		if (none && !seen) { skip++; print "#? " reason >> log_file }
		else if (!seen) bad("printed no result (exit status " status ")")
		else if (planned && plan != seen && !fail)
			bad("planned " plan " results, printed " seen)
		else if (!planned && !fail) bad("printed no plan: it stopped half way")
		if (status && !fail && !(status == 4 && skip)) bad("exit status " status)
		print pass + 0, fail + 0, skip + 0
	}' "$1"
}

# begin TEST: starts it beside those that run already.
begin() {
	local test=$1 log
	log=$logs/$(log_name "$test").log
	if [ ! -x "$test" ]; then
		echo "not ok - $test is not there or not executable" >"$log"
		(exit 127) &
	else
		"$guard" "$(time_limit "$test")" "$PWD/$test" >"$log" 2>&1 </dev/null &
	fi
	running[$!]=$test
	began[$!]=$SECONDS
}

# finish: waits for one of those that run, and prints what became of it.
finish() {
	local pid status name log p f s
	wait -n -p pid "${!running[@]}"
	status=$?
	name=$(log_name "${running[$pid]}")
	log=$logs/$name.log
	unset "running[$pid]"
	read -r p f s < <(judge "$log" "$status")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-4s %-44s %4d passed %3d failed %3d skipped %5d s\n' \
		"$([ "$f" = 0 ] && echo ok || echo FAIL)" "$name" "$p" "$f" "$s" $((SECONDS - began[$pid]))
	sed -n 's/^#! /     /p' "$log"
	sed -n 's/^#? ok[ 0-9]*-* */     skip: /p; s/^#? /     skip: /p' "$log" | sed 's/# *SKIP */– /'
	[ "$f" = 0 ] || echo "     see $log"
}

# The number of the first test of $waiting that may begin now.
first_that_may() {
	local i test wide=0
	for test in "${running[@]}"; do
		! is_wide "$test" || wide=1
	done
	for i in "${!waiting[@]}"; do
		[ $wide = 0 ] || ! is_wide "${waiting[i]}" || continue
		echo "$i"
		return
	done
	return 1
}

# Guards end their tests when they are told to end.
stop() {
	[ ${#running[@]} = 0 ] || kill "${!running[@]}" 2>/dev/null
	wait
	exit 130
}

trap stop INT TERM
if [ $# = 0 ]; then
	echo "usage: selftests/run.sh TEST..." >&2
	exit 2
fi
waiting=("$@")
while [ ${#waiting[@]} -gt 0 ]; do
	if [ ${#running[@]} -lt "$at_once" ] && next=$(first_that_may); then
		begin "${waiting[next]}"
		unset "waiting[next]"
	else
		finish
	fi
done
while [ ${#running[@]} -gt 0 ]; do
	finish
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
