#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processor time of programs natively, under qemu-riscv64 and under sundial run.
#
#	selftests/rv64/bench/run.sh [KERNEL...]
#
# Without arguments: all kernels, then the Debian programs of programs.txt, of trixie in
# both architectures. RUNS=3 says of how many runs the fastest counts. PAIRS=DIR adds
# every NAME.riscv64 in DIR that has a NAME.x86_64 beside it; both are run without
# arguments. Ratios are to native time; the last line of each part has their geometric
# means and that of QEMU to Sundial. A program that prints something else under Sundial
# than natively or under QEMU fails the run.

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

# one NAME: times native[@], and guest[@] with its libraries below root
one() {
	local name=$1 n s emulated=-

	n=$(best "$work/native" "${native[@]}")
	s=$(best "$work/sundial" build/sundial run ${root:+-L "$root"} "${guest[@]}")
	if ! cmp -s "$work/native" "$work/sundial"; then
		echo "$name: the output differs from the native one's" >&2
		failed=1
	fi
	if [ "$qemu" ]; then
		emulated=$(best "$work/qemu" "$qemu" ${root:+-L "$root"} "${guest[@]}")
		if ! cmp -s "$work/qemu" "$work/sundial"; then
			echo "$name: the output differs from QEMU's" >&2
			failed=1
		fi
	fi
	echo "$name $n $emulated $s"
}

kernels() {
	local kernel

	root=
	for kernel in ${*:-$("$out/kernels.x86_64")}; do
		native=("$out/kernels.x86_64" "$kernel")
		guest=("$out/kernels.riscv64" "$kernel")
		one "$kernel"
	done
	for guest in ${PAIRS:+"$PAIRS"/*.riscv64}; do
		native=${guest%.riscv64}.x86_64
		[ -x "$native" ] && one "$(basename "${guest%.riscv64}")"
	done
	return $failed
}

# programs.txt: a name, then the program below usr/bin and its arguments as in a shell.
programs() {
	local x86=build/rv64/amd64/root name command words packages

	packages=$(sed -n 's/^# packages: //p' selftests/rv64/bench/programs.txt)
	ARCH=amd64 selftests/rv64/sysroot.sh $packages >"$work/log" 2>&1 &&
		selftests/rv64/sysroot.sh $packages >>"$work/log" 2>&1 || {
		echo "no Debian programs: $(tail -n 1 "$work/log")" >&2
		return 1
	}
	root=build/rv64/root
	awk 'BEGIN { for (i = 0; i < 200000; i++) { x = (x * 1103515245 + 12345) % 2147483648
		print x, substr("lorem ipsum dolor sit amet consectetur", x % 30 + 1, 9), x % 977 } }' \
		>"$work/data"
	while read -r name command; do
		eval "words=($command)"
		native=("$x86/usr/lib64/ld-linux-x86-64.so.2" --library-path "$x86/usr/lib/x86_64-linux-gnu"
			"$x86/usr/bin/${words[0]}" "${words[@]:1}")
		guest=("$root/usr/bin/${words[0]}" "${words[@]:1}")
		one "$name"
	done < <(sed '/^#/d' selftests/rv64/bench/programs.txt)
	return $failed
}

table() {
	awk -v title="$1" '
	BEGIN { printf "%-20s %8s %8s %8s %8s %8s %8s\n", title, "native", "qemu", "sundial",
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
}

kernels "$@" | table kernel
status=${PIPESTATUS[0]}
if [ $# = 0 ]; then
	programs | table "Debian's"
	[ "${PIPESTATUS[0]}" = 0 ] || status=1
fi
exit "$status"
