#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random programs, translated and interpreted, with the same results: ten million
# instructions with room for all TBs, fewer where code memory is flushed all the time and
# where every instruction is a TB of its own.
# TIMEOUT: 600

cd "$(dirname "$0")/../../.." || exit 2
lockstep=build/selftests/rv64/lockstep/lockstep
count=0

# must NAME ARGUMENTS...
must() {
	local name=$1 output

	shift
	count=$((count + 1))
	if output=$(timeout 400 "$lockstep" "$@" 2>&1); then
		echo "$output" | tail -3
		echo "ok $count - $name"
	else
		echo "$output" | sed 's/^/# /' | head -200
		echo "not ok $count - $name"
	fi
}

echo 1..4
must "ten million random instructions, translated as interpreted" 10000000
must "a million with 12 KiB of code memory" 1000000 12288 2
must "a million in TBs of one instruction" 1000000 0 3 1
must "a million in slices of an exact number of instructions" 1000000 0 4 0 100
