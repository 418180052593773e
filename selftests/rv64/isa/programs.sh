#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The ISA's test programs under the interpreter, and under sundial run, which translates;
# where qemu-riscv64 knows the extension it must agree that each passes, or the program expects what is wrong; but for those
# whose first lines say what qemu 7.2 does wrong.
# TIMEOUT: 600

. selftests/tap.sh
programs=$top/build/selftests/rv64/isa/programs
interpreter=$top/build/selftests/rv64/isa/rv64-isa-run
qemu=$(command -v qemu-riscv64-static || command -v qemu-riscv64)
qemu_cpu=rv64,zba=true,zbb=true,zbs=true,Zfh=true

between "$(find "$programs" -maxdepth 1 -type f | wc -l)" 260 1000 "the programs are there"
limit=20
for program in "$programs"/*; do
	[ -f "$program" ] || continue
	name=${program##*/}
	timeout 20 "$interpreter" "$program" >out 2>&1
	status=$?
	result $status "$name passes in the interpreter" "case $status" "$(head -3 out)"
	run "$program"
	exits 0 "$name passes in sundial run"
	! grep -q '^# not qemu:' "$programs/src/$name.s" || continue
	[ -n "$qemu" ] || continue
	timeout 20 "$qemu" -cpu $qemu_cpu "$program" >out 2>&1
	status=$?
	result $status "$name passes in qemu" "case $status" "$(head -3 out)"
done
[ -n "$qemu" ] || skip "the programs pass in qemu" "qemu-riscv64 is not installed"

# A program that expects something else must fail, with the number of the case.
sed '/^\tli gp, 7$/,/^\tbne/s/^\tli tp, .*/\tli tp, 12345/' "$programs/src/add.s" >broken.s
riscv64-linux-gnu-as -o broken.o broken.s && riscv64-linux-gnu-ld -o broken broken.o
"$interpreter" ./broken
is $? 7 "a program says which case failed"
done_testing
