#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a person is shown of the translator: --stats, --dump and --perf-map.

. selftests/tap.sh

kernels=$top/build/selftests/rv64/bench/kernels.riscv64

$SUNDIAL run --stats "$kernels" sieve >out 2>err
is "$(cut -d' ' -f1 out)" sieve "a program runs with --stats as without"
for name in "loop iterations" "jump-cache hits" "hash hits" "hints used" translations \
	"chained exits, slot 0" "chained exits, slot 1" "nochain exits" "real exits" \
	"chains patched" cycles "already chained" "host code bytes" "time in translation"; do
	like err "^  $name +[0-9]" "--stats counts: $name"
done
grep -A1 'hottest blocks' err | tail -1 >hottest
like hottest ' sieve(\+|$)' "the hottest block is in the hottest function"

$SUNDIAL run --dump=in,ir,out "$kernels" 2>&1 >out | awk '/^TB/ { on = /\(main\)/ } on' >main
like main 'addi sp,sp,-' "--dump=in prints the guest's instructions"
like main 'ADD/0.0 x2, x2, -' "--dump=ir prints the IR"
like main '^  [0-9a-f]{2}( [0-9a-f]{2}){31}$' "--dump=out prints the host's code"

$SUNDIAL run --perf-map "$kernels" sieve >out 2>err &
wait $!
mv "/tmp/perf-$!.map" map
like map ' sieve(\+|$)' "the map for perf names guest functions"

for bytes in 1000 20000 1073741824; do
	$SUNDIAL run --tb-size=$bytes "$kernels" >out 2>err
	is "$(tail -1 out)" single-precision "code memory may have $bytes bytes"
done
$SUNDIAL run --tb-size=3000000000 "$kernels" >out 2>err
is $? 125 "code memory larger than jumps reach is refused"
like err '1 GiB' "and the limit named"

done_testing
