#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the simulated kernel's own tests on the host's kernel and in virtual
# time, as one TAP stream.
# TIMEOUT: 300
cd "$(dirname "$0")/../.." || exit 1

run()
{
	for bin in build/selftests/simkernel/*_test; do
		echo "#binary $1$(basename "$bin" _test)"
		# shellcheck disable=SC2086
		$2 "$bin" </dev/null 2>&1
		echo "#status $?"
	done
}

{
	run "native:" ""
	run "sim:" "env MAY_SET_CLOCK=1 build/sundial sim --"
} | awk -f selftests/syscalls/combine.awk
