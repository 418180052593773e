#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every riscv64 program below $PROGS under sundial run: exit status 0 is a pass.
# Where qemu-riscv64 is installed and runs the program to status 0 as well, both must
# print the same.
#
#	make check-rv64 PROGS=DIR [SYSROOT=DIR] [LIMIT=SECONDS]
#
# SYSROOT is where dynamic programs find their libraries, for both.
# TIMEOUT: 86400

# Folders as the caller named them, before the test has one of its own.
progs=$(realpath -e "${PROGS:?the folder with the programs}") || exit 2
sysroot=
[ -z "${SYSROOT:-}" ] || sysroot=$(realpath -e "$SYSROOT") || exit 2
. selftests/tap.sh
limit=${LIMIT:-60}
qemu=$(command -v qemu-riscv64-static || command -v qemu-riscv64)
qemu_options=(-cpu rv64,zba=true,zbb=true,zbs=true,Zfh=true)
if [ "$sysroot" ]; then
	run_opts=(-L "$sysroot")
	qemu_options+=(-L "$sysroot")
fi

is_riscv64() { # an executable ELF file, 64 bits, little endian, machine 243
	[ "$(head -c 6 "$1" | od -An -tx1 | tr -d ' \n')" = 7f454c460201 ] &&
		[ "$(head -c 20 "$1" | tail -c 4 | od -An -tx1 | tr -d ' \n' | grep -c '^0[23]00f300')" = 1 ]
}

compare_with_qemu() { # PROGRAM NAME
	mv out out.sundial
	timeout -k 5 "$limit" "$qemu" "${qemu_options[@]}" "$1" >out.qemu 2>err.qemu </dev/null
	local code=$?
	if [ $code != 0 ]; then
		skip "$2 prints what it prints in qemu" "it ends with status $code there"
		return
	fi
	same out.sundial out.qemu "$2 prints what it prints in qemu"
}

while IFS= read -r -d '' program; do
	is_riscv64 "$program" || continue
	name=${program#"$progs"/}
	run "$program"
	exits 0 "$name" && [ -n "$qemu" ] && compare_with_qemu "$program" "$name"
done < <(find "$progs" -type f -perm -u+x -print0 | sort -z)
[ $tap_count != 0 ] || result 1 "there are riscv64 programs in $progs"
done_testing
