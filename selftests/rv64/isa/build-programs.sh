#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Generates, assembles and links the ISA's test programs.
#
#	build-programs.sh DIR	leaves DIR/NAME, static riscv64 ELF files, and DIR/src/NAME.s

set -eu
here=$(dirname "$0")
out=$1
rm -rf "$out"
python3 -B "$here/programs.py" "$out/src"
for source in "$out"/src/*.s; do
	name=$(basename "$source" .s)
	riscv64-linux-gnu-as -march=rv64gc_zba_zbb_zbs_zfh -o "$out/src/$name.o" "$source"
	options=()
	! grep -q '^# writable-text$' "$source" || options=(--omagic)
	riscv64-linux-gnu-ld --no-relax --no-warn-rwx-segments "${options[@]}" -o "$out/$name" "$out/src/$name.o"
	rm "$out/src/$name.o"
done
