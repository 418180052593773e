#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every system-call test under `sundial run`, on the host's kernel with the
# engine between, and those about time also with the clock ten times as fast and
# at a quarter; prints one TAP stream. expected_run.txt is to this script what
# expected_sim.txt is to run_sim.sh.
# TIMEOUT: 900
cd "$(dirname "$0")/../.." || exit 1
dir=build/selftests/syscalls
limit=${SYSCALLS_LIMIT:-180} # real seconds for one binary

# run PREFIX BINARY OPTION...
run()
{
	name=$1$2
	program=$dir/$2_test
	shift 2
	echo "#binary $name"
	timeout -k 5 "$limit" build/sundial run "$@" -- "$program" </dev/null 2>&1
	echo "#status $?"
}

{
	for bin in "$dir"/*_test; do
		run "" "$(basename "$bin" _test)"
	done
	for bin in time sleep timer eventfd poll epoll; do
		run fast: "$bin" --speed=10
		run slow: "$bin" --speed=1/4
	done
} | awk -v expected=selftests/syscalls/expected_run.txt -f selftests/syscalls/combine.awk
