#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user without capabilities: a clear error that says what is missing and what works, and
# that works.

. selftests/record/record.sh
. "$top/selftests/record/places.sh"
corpus=$top/build/record/corpus
sources=$top/selftests/record/corpus
[ "$(id -u)" = 0 ] || skip_all "needs root, to become another user"
need setpriv
chmod 777 .

# nobody CAPABILITIES: with these alone, as a command's beginning
nobody() {
	echo setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "$1" --ambient-caps "$1"
}

capture $(nobody -all) "$SUNDIAL" record -o none -- true
exits 125 "without capabilities it fails"
like err "CAP_BPF and CAP_PERFMON are missing" "it names those that are missing"
like err "sundial record --inject -- PROGRAM" "and says what works without"
is "$(grep -c . err)" 1 "in one line"
capture $(nobody +bpf) "$SUNDIAL" record -o none -- true
like err ": CAP_PERFMON is missing" "only those that are"
capture $(nobody +bpf,+perfmon) "$SUNDIAL" record -q -o both -- true
exits 0 "with both it records"

make_one() { # SOURCE
	timeout 60 $nobody "$SUNDIAL" record --inject \
		-o "nobody-$1" -- "$corpus/${1%.*}" >"nobody-$1.out" 2>"nobody-$1.err"
	echo $? >"nobody-$1.status"
	timeout 60 "$SUNDIAL" rewind --json --events 5 "nobody-$1" >"nobody-$1.json"
	jq -r "$digest" "nobody-$1.json" >"nobody-$1.digest"
}
export -f make_one
export SUNDIAL corpus digest nobody="$(nobody -all)"
chosen="uaf_list.c uaf_object.cpp double_free.c invalid_free_inside.c heap_overflow_large.c thread_of_32.c
	null_dereference.c null_call.c stack_overflow.c trap.c truncated_map.c division.c child.c
	raised_again.c rust_uaf.rs healthy_memory.c healthy_threads.c healthy_handled.c healthy_children.c"
xargs -n 1 -P 4 bash -c 'make_one "$0"' <<<"$chosen"
for source in $chosen; do
	check "$sources/$source" nobody
done
is "$(cat nobody-uaf_list.c.status)/$(cat nobody-healthy_memory.c.status)" 139/0 \
	"the exit status is the program's"
is "$(cat nobody-healthy_memory.c.out)" "done" "and its output"
like nobody-uaf_list.c.err "^sundial: uaf_list\[[0-9]+\] crashed: SIGSEGV; see" "the crash is announced"
like nobody-uaf_list.c.err "without CAP_BPF and CAP_PERFMON: allocations and crashes only" \
	"and what is not recorded"
is "$(jq '.crashes | length' nobody-thread_of_32.c.json)" 32 "all 32 threads are kept"
is "$(stat -c %a/%u nobody-uaf_list.c)" 600/65534 "the file is the user's"

# stops PROGRAM...: a program that is stopped and continued, as by a shell
cat >stops.py <<'END'
import os, signal, sys
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(3)
print(os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1]))
os.kill(child, signal.SIGCONT)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
END
capture $(nobody -all) "$SUNDIAL" record -q --inject -o stops -- "$python" stops.py
is "$(tr '\n' ' ' <out)" "True 3 " "a child that is stopped stops, and goes on when it is told"

if [ "$(cut -c 1 /proc/sys/kernel/core_pattern)" = "|" ]; then
	skip "core dumps are made as without" "core_pattern is a program's"
else
	ulimit -c unlimited
	for how in "" "$(nobody -all)"; do
		mkdir -m 777 cores
		for options in "" --inject; do
			[ -z "$how$options" ] || [ "$options" ] || continue
			(cd cores && timeout 60 $how "$SUNDIAL" record -q $options -o ../cored \
				-- "$corpus/null_dereference" 2>/dev/null)
		done
		between "$(ls cores | wc -l)" 1 2 "core dumps are made as without${how:+, by ptrace too}"
		rm -rf cores cored
	done
fi
done_testing
