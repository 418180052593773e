#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every system-call test, built for riscv64, under `sundial run` and in virtual
# time under `sundial sim`; prints one TAP stream. expected_rv64.txt is to this script what expected_sim.txt is to
# run_sim.sh.
# TIMEOUT: 1200
cd "$(dirname "$0")/../.." || exit 1
dir=build/selftests/syscalls/rv64
limit=${SYSCALLS_LIMIT:-180} # real seconds for one binary

# run PREFIX BINARY COMMAND...
run()
{
	name=$1$2
	program=$dir/$2_test
	shift 2
	echo "#binary $name"
	timeout -k 5 "$limit" build/sundial "$@" -- "$program" </dev/null 2>&1
	echo "#status $?"
}

{
	for bin in "$dir"/*_test; do
		run "" "$(basename "$bin" _test)" run
		run sim: "$(basename "$bin" _test)" sim --quiet
	done
	for bin in time sleep timer; do
		run fast: "$bin" run --speed=10
	done
} | awk -v expected=selftests/syscalls/expected_rv64.txt -f selftests/syscalls/combine.awk
