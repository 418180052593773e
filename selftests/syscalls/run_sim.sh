#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every system-call test in virtual time, the same binaries that
# run_native.sh runs on the host's kernel and as the same users, and prints one
# TAP stream. The tests named in expected_sim.txt fail for the reason given
# there; one of them that passes is a failure of this script, so that the list
# only shrinks.
# TIMEOUT: 900
cd "$(dirname "$0")/../.." || exit 1
dir=build/selftests/syscalls
limit=${SYSCALLS_LIMIT:-120} # real seconds for one binary

# run PREFIX COMMAND...: every binary in virtual time, started by that command
run()
{
	prefix=$1
	shift
	for bin in "$dir"/*_test; do
		echo "#binary $prefix$(basename "$bin" _test)"
		timeout -k 5 "$limit" "$@" build/sundial sim --quiet -- "$bin" </dev/null 2>&1
		echo "#status $?"
	done
}

{
	if [ "$(id -u)" != 0 ]; then
		run "as-user:"
	else
		run ""
		as_user="setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all"
		# Through a shell: setpriv itself still executes with root's capabilities.
		if $as_user sh -c '"$0" --version' "$PWD/build/sundial" >/dev/null 2>&1; then
			run "as-user:" $as_user
		else
			echo "#binary as-user"
			echo "1..1"
			echo "ok 1 - every_test # SKIP another user does not reach this folder"
			echo "#status 0"
		fi
	fi
} | awk -v expected=selftests/syscalls/expected_sim.txt -f selftests/syscalls/combine.awk
