#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The inline readers need nobody and keep their order: no undefined symbol, no
# vector register, one load for a MANUAL count, and on arm64, where QEMU on x86
# cannot show a missing barrier, the instructions that order the accesses.

set -u
cd "$(dirname "$0")/../.." || exit 2
out=build/selftests/clock
number=0 failed=0

check() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		failed=1
	fi
}

# Instructions of one function, mnemonic first.
body() {
	"$2objdump" -d --no-show-raw-insn "$out/readers-$1.o" |
		awk -v name="<$3>:" '$2 == name { on = 1; next } !NF { on = 0 } on { $1 = ""; print substr($0, 2) }'
}
x86() { body x86_64 "" "$1"; }
arm() { body arm64 aarch64-linux-gnu- "$1"; }


calls_nobody() { [ -s "$out/readers-$1.o" ] && [ -z "$(nm -u "$out/readers-$1.o")" ]; }
no_vectors() { [ -n "$(x86 read_clock)" ] && ! "${2}objdump" -d "$out/readers-$1.o" | grep -qE '%[xyz]mm'; }
one_load() { [ "$(x86 read_manual | sed '/^ret/q' | tr -s '\n ' '; ')" = 'mov 0x18(%rdi),%rax;ret;' ]; }
no_lock() { [ -n "$(x86 tick)" ] && ! x86 tick | grep -q '^lock' && x86 tick | grep -q '^cmpxchg'; }
has() { [ "$(arm "$1" | grep -cE "^($2)")" -ge "$3" ]; }
# seq is looked at again through a register that the counter's value went into
dependent() { arm read_scaled | awk '/cntvct_el0/ { on = 1 } on && /^and.*xzr/ { found = 1 } END { exit !found }'; }
dependent_x86() { x86 read_scaled | awk '/^rdtsc/ { on = 1 } on && /^and +\$0x0/ { found = 1 } END { exit !found }'; }

echo "TAP version 13"
echo "1..12"
check "x86-64: the readers call nobody" calls_nobody x86_64
check "arm64: the readers call nobody" calls_nobody arm64
check "x86-64: no vector register" no_vectors x86_64 ""
check "x86-64: a MANUAL count is one load" one_load
check "x86-64: a tick is one unlocked compare-and-exchange" no_lock
check "x86-64: seq is looked at again only after the counter was read" dependent_x86
check "arm64: a MANUAL count is loaded with acquire" has read_manual 'ldap?r' 1
check "arm64: seq is loaded with acquire, and the copy before the second look" \
	eval 'has read_scaled "ldap?r" 1 && has read_scaled "dmb" 1'
check "arm64: seq is looked at again only after the counter was read" dependent
check "arm64: a set is a release" has set 'stlr' 1
check "arm64: a tick is a release" has tick 'stlxr' 1
check "arm64: a writer makes seq odd and even with release, a barrier after each" \
	eval 'has write_rate "stlr" 2 && has write_rate "dmb" 2'
exit $failed
