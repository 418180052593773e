#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole system: a file for each process that crashes, whoever's it is, within limits.

. selftests/record/record.sh
corpus=$top/build/record/corpus
[ "$(id -u)" = 0 ] || skip_all "needs root"

# start OPTIONS...: until it records
start() {
	: >system.err # or what the last one said is taken for it
	"$@" "$SUNDIAL" record --system --on-crash crashes "${options[@]}" 2>system.err &
	recorder=$!
	for _ in $(seq 300); do
		grep -q "recording the whole system" system.err && break
		sleep 0.05
	done
}

# The shell shall not speak of it.
crash() { ("$@") >/dev/null 2>&1 || true; } 2>/dev/null

# stop: by SIGTERM, as a service
stop() {
	kill -TERM $recorder
	wait $recorder
	status=$?
}

# files N COMM...: waits until there are N files of processes of those names
files() {
	local n=$1 names
	shift
	names=$(IFS='|'; echo "$*")
	for _ in $(seq 200); do
		[ "$(ls crashes | grep -cE -- "-($names)-[0-9]*.record\$")" -ge "$n" ] && break
		sleep 0.05
	done
	ls crashes | grep -E -- "-($names)-[0-9]*.record\$"
}

# kind COMM: of the crash of the process of that name
kind() {
	timeout "$limit" "$SUNDIAL" rewind --json --events 0 "$(ls crashes/crash-*-"$1"-*.record | head -n 1)" |
		jq -r '.diagnoses[0] | "\(.kind) \(.places[0].stack[0].function)"'
}

# Names of their own: other tests' programs crash meanwhile, and are in the folder too.
cp "$corpus/null_dereference" 'odd; $(name)'
cp "$corpus/stack_overflow" sys_stack
cp "$corpus/trap" sys_trap
cp "$corpus/healthy_handled" sys_handled
cp "$corpus/abort_call" sys_abort
chmod 711 .
options=()
start
like system.err "recording the whole system" "it begins" || cat system.err
(./sys_stack; echo $? >ended) 2>/dev/null
is "$(cat ended)" 139 "a process that crashes ends as without"
crash setpriv --reuid 65534 --regid 65534 --clear-groups ./sys_trap
crash './odd; $(name)'
./sys_handled
is "$(files 3 sys_stack sys_trap odd____name_ sys_handled | wc -l)" 3 \
	"three unrelated processes crash: three files, none for a fault that is handled"
is "$(kind sys_stack)" "stack-overflow depth" "each with its diagnosis: a stack overflow"
is "$(kind sys_trap)" "illegal-instruction next.cold" "that of another user's process"
is "$(kind odd____name_)" "null-dereference main" "that of one with an odd name, which the file has not"
is "$(stat -c %a crashes)/$(stat -c %a crashes/* | sort -u)" 700/600 "no other user may read them"
like system.err "^sundial: sys_trap\[[0-9]+\] crashed: SIGILL" "they are announced"
stop
is $status 0 "it ends by SIGTERM"
is "$(ls crashes | grep -c partial)" 0 "and no file is unfinished"

touch crashes/crash-20000101T000000.000Z-old-1.record.partial crashes/mine
options=(--max-files 2)
start
for _ in 1 2 3; do crash ./sys_abort; done
files 2 sys_abort >/dev/null
stop
is "$(ls crashes | grep -c '^crash-.*record')" 2 "there are at most as many files as it was told"
is "$(files 1 sys_stack | wc -l)" 0 "the oldest have gone"
[ -e crashes/mine ]
result $? "but nothing else in the folder"

rm -r crashes
options=(--max-rate 1)
capabilities=+bpf,+perfmon,+sys_ptrace,+dac_read_search
mkdir crashes
chown 65534 crashes
start setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps $capabilities \
	--ambient-caps $capabilities --bounding-set -all,$capabilities --no-new-privs
like system.err "recording the whole system" "the service's capabilities suffice" || cat system.err
for _ in 1 2 3; do crash ./sys_abort; done
files 1 '.*' >/dev/null
stop
is "$(ls crashes | wc -l)" 1 "crashes beyond the rate are not written"
between "$(stat -c %u crashes/* 2>/dev/null)" 65534 65534 "and those of root's processes are its user's files"

mkdir -m 777 open
chmod 777 open
capture "$SUNDIAL" record --system --on-crash open
exits 125 "a folder that others can write to is refused"
like err "no other may write" "and it says why"
capture setpriv --reuid 65534 --regid 65534 --clear-groups "$SUNDIAL" record --system --on-crash crashes
exits 125 "without capabilities it fails"

if command -v systemd-analyze >/dev/null; then
	mkdir -p root/usr/bin
	sed "s|@PREFIX@|$work/root/usr|" "$top/user/record/sundial-record.service.in" >sundial-record.service
	cp "$SUNDIAL" root/usr/bin/
	# Of the machine's own units it may say what it likes.
	systemd-analyze verify --man=no ./sundial-record.service 2>&1 | grep sundial >verified
	is "$(cat verified)" "" "systemd finds nothing wrong with the unit"
else
	skip "systemd finds nothing wrong with the unit" "no systemd-analyze"
fi
done_testing
