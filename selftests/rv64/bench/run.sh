#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processor time of programs natively, under qemu-riscv64 and under sundial run.
#
#	selftests/rv64/bench/run.sh [KERNEL...]
#
# RUNS=3 says of how many runs the fastest counts. PAIRS=DIR adds every NAME.riscv64 in
# DIR that has a NAME.x86_64 beside it; both are run without arguments. Ratios are to
# native time; the last line has their geometric means and that of QEMU to Sundial. A
# program that prints something else under Sundial than under QEMU fails the run.

cd "$(dirname "$0")/../../.." || exit 2
out=build/selftests/rv64/bench
runs=${RUNS:-3}
work=$(mktemp -d /tmp/sundial-bench-rv64.XXXXXX) || exit 2
trap 'rm -rf "$work"' EXIT
qemu=$(command -v qemu-riscv64-static || command -v qemu-riscv64)
TIMEFORMAT=%U
failed=0

# best OUTPUT COMMAND...: the least user time of all runs
best() {
	local output=$1 i

	shift
	for ((i = 0; i < runs; i++)); do
		{ time timeout 300 "$@" >"$output" 2>/dev/null </dev/null; } 2>&1
	done | sort -n | head -1
}

# one NAME X86-64 RISCV64 [ARGUMENT]
one() {
	local name=$1 native=$2 guest=$3 emulated=-

	shift 3
	local n s
	n=$(best "$work/native" "$native" "$@")
	s=$(best "$work/sundial" build/sundial run "$guest" "$@")
	if [ "$qemu" ]; then
		emulated=$(best "$work/qemu" "$qemu" "$guest" "$@")
		if ! cmp -s "$work/qemu" "$work/sundial"; then
			echo "$name: the output differs from QEMU's" >&2
			failed=1
		fi
	fi
	echo "$name $n $emulated $s"
}

{
	for kernel in ${*:-$("$out/kernels.x86_64")}; do
		one "$kernel" "$out/kernels.x86_64" "$out/kernels.riscv64" "$kernel"
	done
	for guest in ${PAIRS:+"$PAIRS"/*.riscv64}; do
		native=${guest%.riscv64}.x86_64
		[ -x "$native" ] && one "$(basename "${guest%.riscv64}")" "$native" "$guest"
	done
	exit $failed
} | awk '
	BEGIN { printf "%-20s %8s %8s %8s %8s %8s %8s\n", "", "native", "qemu", "sundial",
		"qemu/n", "sund./n", "qemu/s" }
	{
		n = $2 + 0.005; s = $4 + 0.005; q = $3 + 0.005
		printf "%-20s %8s %8s %8s", $1, $2, $3, $4
		if ($3 == "-") { printf " %8s %8.2f\n", "", s / n; next }
		printf " %8.2f %8.2f %8.2f\n", q / n, s / n, q / s
		ln += log(q / n); ls += log(s / n); lq += log(q / s); count++
	}
	END { if (count) printf "%-20s %26s %8.2f %8.2f %8.2f\n", "geometric mean", "",
		exp(ln / count), exp(ls / count), exp(lq / count) }'
exit "${PIPESTATUS[0]}"
