#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# riscv64 files that are truncated, malformed or hostile: one line of error and a
# status, or the program's own death by a signal; never a fault of the engine, a hang or
# a process left behind.
# TIMEOUT: 300

. selftests/tap.sh
bin=$top/build/selftests/rv64/programs
limit=20

# patched NAME OFFSET HEX: a copy of start with bytes replaced
patched() {
	cp "$bin/start" "$1"
	printf "$(sed 's/../\\x&/g' <<<"$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# refused NAME STATUS TEXT: one line that says what
refused() {
	run "./$1"
	is "$status" "$2" "$1: status $2"
	is "$(wc -l <err)" 1 "$1: one line"
	like err "$3" "$1: says $3"
}

# survived NAME: however it ends, the engine has not failed
survived() {
	run "./$1"
	! grep -q "inside the engine" err && [ "$status" != 124 ] && [ "$(wc -l <err)" -le 2 ]
	result $? "$1: the engine is whole" "status $status" "$(head -5 err)"
}

head -c 40 "$bin/start" >cut-in-header && chmod 755 cut-in-header
refused cut-in-header 126 "neither an ELF|damaged|not a program"
head -c 100 "$bin/start" >cut-in-table && chmod 755 cut-in-table
refused cut-in-table 126 damaged
head -c 20000 "$bin/start" >cut-in-text && chmod 755 cut-in-text
survived cut-in-text
patched class32 4 01
refused class32 126 "RISC-V"
patched big-endian 5 02
refused big-endian 126 "big-endian"
patched object 16 0100
refused object 126 "not a program"
patched no-headers 56 0000
refused no-headers 126 "no program headers"
patched many-headers 56 ffff
survived many-headers
patched entry-nowhere 24 f0ffffffffff0000
survived entry-nowhere
patched entry-odd 24 0100000000000000
survived entry-odd

# The program headers begin at 64, 56 bytes each: type, flags, offset, vaddr, paddr, filesz,
# memsz, align. Every field of the first loadable segment gets values that must not hurt.
segment=$((64 + 56 * $(readelf -lW "$bin/start" | awk '/^  [A-Z]/ && $2 != "Offset" && $1 != "Type" {
	if ($1 == "LOAD") { print n; exit } n++ }' )))
for field in 8:offset 16:vaddr 32:filesz 40:memsz 48:align; do
	for value in ffffffffffffffff 0000000000000080 ffffff3f00000000 0000000040000000 \
		0100000000000000 f0ffffffffffff7f; do
		name=${field#*:}-$value
		patched "$name" $((segment + ${field%:*})) "$value"
		survived "$name"
	done
done

# An interpreter that is missing, found in a sysroot, or something else there.
run "$bin/start-dynamic"
is "$status $(wc -l <err)" "127 1" "a missing ELF interpreter: status 127, one line"
like err "ld-linux-riscv64-lp64d.so.1 is missing.*-L" "and says that -L helps"
run "$bin/start" "$bin/start-dynamic"
is "$status $(wc -l <err)" "127 1" "the same in an execve"
mkdir -p sysroot/lib
cp "$bin/start" sysroot/lib/ld-linux-riscv64-lp64d.so.1
run_opts=(-L sysroot)
run "$bin/start-dynamic"
exits 42 "the ELF interpreter of a sysroot is used"
head -c 70 "$bin/start" >sysroot/lib/ld-linux-riscv64-lp64d.so.1
run "$bin/start-dynamic"
is "$status $(wc -l <err)" "126 1" "a damaged ELF interpreter: status 126, one line"
cp /bin/true sysroot/lib/ld-linux-riscv64-lp64d.so.1
run "$bin/start-dynamic"
is "$status $(wc -l <err)" "126 1" "an x86-64 ELF interpreter: status 126, one line"
run_opts=(-L /no/such/folder)
run "$bin/start-dynamic"
is "$status $(wc -l <err)" "125 1" "a sysroot that is missing: status 125, one line"
run_opts=()

# Random damage by a fixed seed.
RANDOM=7
for n in $(seq 20); do
	cp "$bin/start" "random-$n"
	for i in 1 2 3 4 5 6; do
		printf "\\x$(printf %02x $((RANDOM % 256)))" |
			dd of="random-$n" bs=1 seek=$((RANDOM % 400 + 4)) conv=notrunc 2>/dev/null
	done
	survived "random-$n"
done
# The same damage to an x86-64 file of the same layout shows what Linux makes of it.
$python "$top/selftests/rv64/programs/damage.py" 400 11
"$bin/exec-each-native" x86/* >linux
run "$bin/exec_each" riscv/*
same out linux "400 damaged files run, die and are refused as they do in Linux"
is "$(awk '{ print $2, $3 }' linux | sort -u | tr '\n' ' ')" "dies  is refused: runs  " \
	"and there are all three kinds"
done_testing
