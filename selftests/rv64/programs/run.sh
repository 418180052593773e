#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# riscv64 programs under sundial run: what they find at their start, signals and their
# frames, a clock that is shifted and scaled, programs of both machines that execute
# each other.
# TIMEOUT: 900

. selftests/tap.sh
bin=$top/build/selftests/rv64/programs
limit=280

export SHOWN=here
run "$bin/start"
exits 42 "the exit status is the program's"
for want in "machine riscv64" "argv0 $bin/start" "execfn $bin/start" "hwcap 112d" "page 4096" \
	"env here" "exe start" "cmdline $bin/start" "isa.*: rv64imafdc"; do
	like out "^$want" "a program finds: ${want%% *}"
done
native $python -c 'import subprocess, sys; subprocess.run(sys.argv[1:], close_fds=True)' \
	"$SUNDIAL" run -- "$bin/start"
like out "^descriptors$" "the engine holds no descriptor"
native "$top/build/sundial-binfmt-riscv64" "$bin/start" typed
exits 42 "started as the kernel's binfmt_misc starts it"
like out "^argv0 typed$" "argv[0] is what was typed"
"$SUNDIAL" doctor >doctor
line=$(sed -n "s/^printf '%s' '\\(.*\\)' >.*/\\1/p" doctor)
IFS=: read -r _ name type offset magic mask interpreter flags <<<"$line"
is "$name $type $offset $flags" "sundial-riscv64 M  P" "doctor prints binfmt_misc's line"
printf "$magic" >magic
cmp -s -n 7 magic "$bin/start" && cmp -s -i 18 -n 2 magic "$bin/start"
result $? "its magic is that of a riscv64 ELF file" "$(od -c magic)"
[ -x "$interpreter" ]
result $? "and its interpreter is there"
"$SUNDIAL" run -- "$bin/start" | cat >piped
is "$(head -n 1 piped)" "machine riscv64" "standard output may be a pipe"

# each WHAT: every result in out, with what it is about.
each() {
	local what=$1 verdict name
	sed 's/^\(\(not \)\?ok\) [0-9]* - /\1 /' out >results
	while read -r verdict name; do
		case $verdict in
		ok) result 0 "$what: $name" ;;
		not) result 1 "$what: ${name#ok }" "$(grep '^#' results)" ;;
		esac
	done < <(grep -E '^(not )?ok ' results)
	like out "^1\.\.[1-9]" "every test of $what ran"
}

run "$bin/frame_test"
each signals
run "$bin/written"
each "code that is written to"
native "$bin/no_clock_calls" "$SUNDIAL" run -- "$bin/counters"
each "clocks without a system call"
native "$bin/no_clock_calls" "$SUNDIAL" run --speed 7 --start 2031-05-06 -- "$bin/counters"
each "clocks without a system call, seven times as fast"

# limited WHAT PROGRAM...: each sets or keeps limits and executes the next; the last shows them.
limited() {
	run "${@:2}"
	is "$(tr '\n' ' ' <out)" "as 524288000 524288000 data 209715200 209715200 100 MiB of data mapped, 300 of data refused 300 MiB read-only mapped, 600 read-only refused " \
		"RLIMIT_AS and RLIMIT_DATA hold $1"
}
set_limits=(set 524288000 209715200)
limited "for what riscv64 executes" "$bin/limits" "${set_limits[@]}" "$bin/limits" show
limited "through two executions" "$bin/limits" "${set_limits[@]}" /bin/sh -c "exec $bin/limits show"
limited "for what riscv64 executes of the other machine" "$bin/limits" "${set_limits[@]}" \
	"$bin/limits.native" show
run "$bin/limits.native" set 4294967296 2147483648 "$bin/limits" show
like out "^as 4294967296 4294967296 data 2147483648 2147483648$" "limits of the other machine's programs are kept"

run "$bin/pointers"
each "addresses beyond the guest's"

for n in 1 2 3; do
	run "$bin/goroutines"
	is "$(cat out)" "1046750 1046750" "1,000 goroutines, garbage collected, run $n"
done

run "$bin/storm"
is "$status $(cat out)" "0 done" "threads, forks, spawns and signals at once"
run_opts=(--tb-size 32768)
run "$bin/storm"
is "$status $(cat out)" "0 done" "the same while code memory is flushed again and again"
run_opts=()

run "$bin/killed"
is "$status $(cat out)" "0 done" "children of vfork may be killed while they translate"

# clocks WHAT: what clocks_test finds wrong, as one result.
clocks() {
	run "$bin/clocks_test"
	[ "$status" = 0 ] && ! grep -q '^not ok' out && grep -q '^1\.\.' out
	result $? "waits on the guest's clock: $1" "status $status" "$(grep -B3 '^not ok' out)"
}
clocks "as fast as the machine's"
run_opts=(--speed 10)
clocks "ten times as fast"

run_opts=(--start 2031-05-06)
run "$bin/start"
like out "^year 2031$" "the clock is shifted"
run "$bin/start" "$bin/start"
like out "^year 2031$" "riscv64 executes riscv64: the clock"
run "$bin/start" /bin/date +%Y
is "$(cat out)" 2031 "riscv64 executes x86-64: the clock"
run /bin/sh -c "uname -m; exec $bin/start"
exits 42 "x86-64 executes riscv64: status"
is "$(head -n 2 out | tr '\n' ' ')" "x86_64 machine riscv64 " "x86-64 executes riscv64: machines"
like out "^year 2031$" "x86-64 executes riscv64: the clock"
printf '#!/bin/sh\n%s | head -n 1; uname -m\n' "$bin/start" >both
chmod +x both
run ./both
is "$(tr '\n' ' ' <out)" "machine riscv64 x86_64 " "a shell script runs programs of both machines"
run "$bin/start" /no/such/program
like err "/no/such/program: No such file or directory" "a program that is missing is ENOENT"
done_testing
