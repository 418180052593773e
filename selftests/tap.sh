# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the shell tests: TAP output, a scratch folder, running guests.
#
# Source it from a test that was started at the top of the tree. It provides
#
#	$top, $SUNDIAL, $guests	the tree, the command, the built guest programs
#	$work			an empty folder of this test, the current one
#	sim, run, native	run a program; set $status, fill $work/out, $work/err
#	ok, is, like, ...	one TAP result each
#	done_testing		the plan; every test ends with it
#
# Variables a test may set before calling sim: sim_opts (array), limit (real seconds).

top=$PWD
SUNDIAL=${SUNDIAL:-$top/build/sundial}
guests=$top/build/guests
python=/usr/bin/python3
test_name=$(basename "$0" .sh)
work=$top/build/check/$test_name.d
tap_count=0 tap_failed=0
sim_opts=() run_opts=()
limit=60
status=0

# Names in the error messages of programs must not depend on who runs the test.
export LC_ALL=C TZ=UTC
unset LANG LANGUAGE MAKEFLAGS MAKELEVEL
# A simulated python sees virtual dates of its sources and would renew the byte code of all.
export PYTHONDONTWRITEBYTECODE=1

rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1

# result CONDITION-STATUS NAME [DIAGNOSTIC...]
result() {
	local good=$1 name=$2
	shift 2
	tap_count=$((tap_count + 1))
	if [ "$good" = 0 ]; then
		echo "ok $tap_count - $name"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $name"
	[ $# = 0 ] || printf '%s\n' "$@" | head -60 | sed 's/^/#   /'
	return 1
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# Ends the test, skipped as a whole.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip_all "$program is not installed (make deps)"
	done
}

done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}

is() { # GOT WANT NAME
	[ "$1" = "$2" ]
	result $? "$3" "got:  $1" "want: $2"
}

like() { # FILE EXTENDED-REGEX NAME
	grep -Eq -- "$2" "$1"
	result $? "$3" "no line of $(basename "$1") matches: $2" "$(tail -n 20 "$1")"
}

unlike() { # FILE EXTENDED-REGEX NAME
	! grep -Eq -- "$2" "$1"
	result $? "$3" "$(grep -E -m 5 -- "$2" "$1")"
}

same() { # GOT-FILE WANT-FILE NAME
	cmp -s "$1" "$2"
	result $? "$3" "$(diff -u "$2" "$1" | head -40)"
}

between() { # VALUE LOW HIGH NAME
	awk -v v="$1" -v lo="$2" -v hi="$3" \
		'BEGIN { exit !(v != "" && v + 0 == v && v >= lo && v <= hi) }'
	result $? "$4" "got: $1, want between $2 and $3"
}

# capture COMMAND...: out, err and status of one command, ended after $limit seconds.
capture() {
	timeout -k 5 "$limit" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ "$status" != 124 ] || echo "# $limit s of real time were over: $*" >>"$work/err"
}

native() { capture "$@"; }

# sim PROG ARGS...: in virtual time; leaves $work/stats.json
sim() {
	rm -f "$work/stats.json"
	capture "$SUNDIAL" sim --quiet --stats="$work/stats.json" "${sim_opts[@]}" -- "$@"
}

# run PROG ARGS...: over the host's kernel
run() { capture "$SUNDIAL" run "${run_opts[@]}" -- "$@"; }

# The value of one key of the last simulation's summary, or nothing.
stat_of() { jq -r ".$1 // empty" "$work/stats.json" 2>/dev/null; }

exits() { # STATUS NAME
	[ "$status" = "$1" ]
	result $? "$2" "exit status $status, want $1" "$(tail -n 15 "$work/err")" \
		"$(tail -n 5 "$work/out")"
}

# The last simulation took LOW to HIGH virtual seconds.
took_virtual() { # LOW HIGH NAME
	local ns
	ns=$(stat_of virtual_ns)
	between "$(awk -v ns="$ns" 'BEGIN { if (ns != "") printf "%.6f", ns / 1e9 }')" "$1" "$2" "$3"
}

# same_as_native WHAT LOW HIGH PROG ARGS...
# PROG takes its unit of time, in seconds, from $UNIT. Natively the unit is short,
# simulated it is an hour; what it prints and its status must not depend on that.
# LOW and HIGH bound the virtual time, in units. A busy machine may delay a native run by
# a unit, so if the two differ the native one is repeated with longer units.
same_as_native() {
	local what=$1 low=$2 high=$3 sim_status native_unit
	shift 3
	UNIT=3600 sim "$@"
	sim_status=$status
	mv "$work/out" "$work/sim.out"
	mv "$work/err" "$work/sim.err"
	for native_unit in 0.1 0.4 1.5; do
		UNIT=$native_unit native "$@"
		[ "$status" = "$sim_status" ] && cmp -s "$work/out" "$work/sim.out" && break
	done
	if ! [ -s "$work/out" ]; then
		result 1 "$what: runs natively" "status $status" "$(tail -n 20 "$work/err")"
		return
	fi
	mv "$work/out" "$work/native.out"
	mv "$work/sim.err" "$work/err"
	is "$sim_status" "$status" "$what: exit status as natively" ||
		sed 's/^/#   /' "$work/err" | tail -n 15
	same "$work/sim.out" "$work/native.out" "$what: prints what it prints natively" &&
		took_virtual $((low * 3600)) $((high * 3600)) "$what: takes $low to $high virtual hours"
}
