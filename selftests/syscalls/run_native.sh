#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every system-call test on the host's kernel and prints one TAP stream.
# As root it runs them twice, the second time as an unprivileged user, since
# half of the errors of the permission checks can only be seen from there.
# TIMEOUT: 900
cd "$(dirname "$0")/../.." || exit 1
dir=build/selftests/syscalls

# run PREFIX COMMAND...: every binary, started by that command
run()
{
	prefix=$1
	shift
	for bin in "$dir"/*_test; do
		echo "#binary $prefix$(basename "$bin" _test)"
		"$@" "$bin" </dev/null 2>&1
		echo "#status $?"
	done
}

{
	if [ "$(id -u)" != 0 ]; then
		run "as-user:"
	else
		run ""
		run "as-user:" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all
	fi
} | awk -f selftests/syscalls/combine.awk
