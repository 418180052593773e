#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The system-call tests in sundial run: as fast as the machine's clock, faster, slower.
# What ends otherwise than natively is listed here with its reason.
# TIMEOUT: 600

. selftests/tap.sh
limit=90

# Differences by design, as BINARY/TEST.
expected="
misc_test/segment_bases		%gs is the engine's: ARCH_SET_GS is refused
"
# File times are the machine's, CPU time too: under another speed they do not agree with dates.
scaled="$expected
stat_test/setting_times
stat_test/times_follow_use
"

# outcomes FILE: "NAME ok|fail" of each result; a skip is its own word.
outcomes() {
	sed -nE 's/^ok [0-9]+ - ([a-z0-9_]+).*# SKIP.*/\1 skip/p; t
		s/^ok [0-9]+ - ([a-z0-9_]+).*/\1 ok/p; s/^not ok [0-9]+ - ([a-z0-9_]+).*/\1 fail/p' "$1"
}

# agrees BINARY EXPECTED: every test ends as natively; refused with a skip is not otherwise.
agrees() {
	local bin=$1 list=$2 differ="" test want got
	run "$top/build/selftests/syscalls/$bin"
	outcomes out >got
	while read -r test want; do
		got=$(awk -v t="$test" '$1 == t { print $2 }' got)
		[ "$got" = "$want" ] || [ "$got" = skip ] && continue
		grep -q "^$bin/$test[[:space:]]*" <<<"$list" || differ+="$test: natively $want, here ${got:-nothing}"$'\n'
	done <"$bin.native"
	[ -s "$bin.native" ] && [ -z "$differ" ]
	result $? "$bin ${run_opts[*]}" "$differ" "$(grep -B4 '^not ok' out)" "$(tail -n 3 err)"
}

for bin in "$top"/build/selftests/syscalls/*_test; do
	bin=${bin##*/}
	native "$top/build/selftests/syscalls/$bin"
	outcomes out >"$bin.native"
	run_opts=()
	agrees "$bin" "$expected"
done
for run_opts in "--speed=4" "--speed=1/2"; do
	run_opts=("$run_opts")
	for bin in sleep time timer poll epoll futex futex_pi sigwait signal stop eventfd sysv stat udp; do
		agrees ${bin}_test "$scaled"
	done
done
done_testing
