#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check-rv64 PROGS=DIR: every riscv64 program below a folder, and nothing else.
# TIMEOUT: 120

. selftests/tap.sh
need riscv64-linux-gnu-as riscv64-linux-gnu-ld
mkdir -p progs/below empty

# program FILE STATUS TEXT
program() {
	printf '%s\n' '.globl _start' '_start:' 'li a0, 1' 'la a1, text' "li a2, ${#3}" 'li a7, 64' ecall \
		"li a0, $2" 'li a7, 93' ecall '.data' "text: .ascii \"$3\"" >"$1.s"
	riscv64-linux-gnu-as -o "$1.o" "$1.s" && riscv64-linux-gnu-ld -o "$1" "$1.o"
	rm "$1.s" "$1.o"
}
program progs/good 0 hello
program progs/below/bad 3 hello
cp progs/good progs/not-executable
chmod -x progs/not-executable
cp /bin/true progs/x86-64
printf '#!/bin/sh\n' >progs/script
chmod +x progs/script

check() { (cd "$top" && PROGS=$1 selftests/rv64/check.sh); }
check "$work/progs" >log 2>&1
is $? 1 "it fails if a program fails"
like log '^ok [0-9]+ - good$' "a program that exits with 0 passes"
like log '^not ok [0-9]+ - below/bad$' "one that does not fails, in folders below too"
like log 'exit status 3' "with its status"
is "$(grep -cE '^(not )?ok .*(not-executable|x86-64|script)' log)" 0 "other files are left alone"
if command -v qemu-riscv64-static qemu-riscv64 >/dev/null; then
	like log '^ok [0-9]+ - good prints what it prints in qemu' "output is compared with qemu's"
else
	skip "output is compared with qemu's" "qemu-riscv64 is not installed"
fi
check "$work/empty" >log 2>&1
is $? 1 "a folder without programs is no pass"
done_testing
