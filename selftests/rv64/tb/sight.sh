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
like main '^ +[0-9a-f]+: (add|sub) r[a-z0-9]+, ' "--dump=out prints the host's code"

$SUNDIAL run --perf-map "$kernels" sieve >out 2>err &
wait $!
mv "/tmp/perf-$!.map" map
like map ' sieve(\+|$)' "the map for perf names guest functions"

mkdir jit
$SUNDIAL run --jitdump jit "$kernels" sieve >out 2>err
$python "$top/selftests/rv64/tb/jitdump.py" jit/jit-*.dump >names 2>err
is "$? $(cat err)" "0 " "a jitdump is as its specification says"
like names '^sieve$' "and names guest functions"
if perf record -k mono -e cpu-clock -o perf.data -- \
	"$SUNDIAL" run --jitdump jit "$kernels" sieve >out 2>err &&
	perf inject --jit -i perf.data -o perf.jit >out 2>err; then
	perf report -i perf.jit --stdio --sort sym 2>err >report
	like report '^ +[0-9]{2}\.[0-9]+% +\[\.\] sieve$' "perf report names them"
else
	skip "perf report names them" "perf does not record here: $(head -1 err)"
fi
rm -rf jit/*
$SUNDIAL run --jitdump jit -L /usr/riscv64-linux-gnu -- \
	"$top/build/selftests/rv64/gdb/debuggee" children >out 2>err
for dump in jit/*.dump; do
	$python "$top/selftests/rv64/tb/jitdump.py" "$dump" | grep -c '^main$'
done | tr '\n' ' ' >mains
like mains '^[1-9][0-9]* [1-9][0-9]* $' "a child of fork has a jitdump of its own, one of vfork has none"
native "$SUNDIAL" run --jitdump /no/such/folder "$kernels" sieve
is "$status $(wc -l <err)" "125 1" "a folder that is missing: status 125, one line"

native "$SUNDIAL" tb --top 3 -- "$kernels" sieve
exits 0 "sundial tb runs a program"
is "$(head -1 out | cut -d' ' -f1)" sieve "which prints what it prints"
is "$(grep -c ' times [0-9]* instructions$' out)" 3 "as many blocks as asked for"
like out '^ *[0-9]{2}\.[0-9]+%  sieve' "the hottest is in the hottest function"
like out '^ +[0-9a-f]+  sb s0,0\(a4\) +\| mov byte ptr \[r[a-z0-9]+\], [a-z]+$' \
	"guest and host code stand side by side"
native "$SUNDIAL" tb -- "$top/build/selftests/rv64/programs/start"
exits 42 "its status is the program's"

# The executions of each block, by its address.
counts() { awk '{ n[$1] += $2 } END { for (pc in n) print pc, n[pc] }' "$1" | sort; }
$SUNDIAL run --tb-log whole "$kernels" sieve >out 2>err
$SUNDIAL run --tb-log flushed --tb-size 20000 "$kernels" sieve >out 2>err
counts whole >whole.counts
counts flushed >flushed.counts
same flushed.counts whole.counts "what was flushed counts as well"
[ "$(wc -l <flushed)" -gt "$(wc -l <flushed.counts)" ]
result $? "and was flushed"
native "$SUNDIAL" run --tb-log both -- "$top/build/selftests/rv64/programs/start" \
	"$top/build/selftests/rv64/programs/start"
is "$(awk '$NF == "main" { n += $2 } END { print n }' both)" 2 "so does what is executed from it"
native "$SUNDIAL" run --tb-log died -L /usr/riscv64-linux-gnu -- \
	"$top/build/selftests/rv64/gdb/debuggee" fault
like died ' main$' "and what a fault ends"
native "$SUNDIAL" tb whole
exits 0 "sundial tb reads a file"
like out '^ *[0-9]{2}\.[0-9]+%  sieve' "and shows the same"

native "$SUNDIAL" tb /no/such/file
is "$status $(wc -l <err)" "125 1" "a file that is missing: status 125, one line"
head -c 1000 whole >cut
native "$SUNDIAL" tb cut
is "$status $(wc -l <err)" "125 1" "a damaged one: status 125, one line"
RANDOM=5 bad=
for n in $(seq 60); do
	head -3 whole >"random-$n"
	bytes=$(wc -c <"random-$n")
	for i in 1 2 3; do
		printf "\\x$(printf %02x $((RANDOM % 256)))" |
			dd of="random-$n" bs=1 seek=$((RANDOM % bytes)) conv=notrunc 2>/dev/null
	done
	native "$SUNDIAL" tb "random-$n"
	[ "$status" = 0 ] || [ "$status $(wc -l <err)" = "125 1" ] || bad+=" $n"
done
is "$bad" "" "60 files damaged at random are shown or refused"

for bytes in 1000 20000 1073741824; do
	$SUNDIAL run --tb-size=$bytes "$kernels" >out 2>err
	is "$(tail -1 out)" single-precision "code memory may have $bytes bytes"
done
$SUNDIAL run --tb-size=3000000000 "$kernels" >out 2>err
is $? 125 "code memory larger than jumps reach is refused"
like err '1 GiB' "and the limit named"

done_testing
