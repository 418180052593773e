#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the options of sundial sim do, seen by a program.

. selftests/tap.sh
need jq

starts() { # DATE SECONDS NAME
	sim_opts=(--start "$1")
	sim date +%s
	is "$(cat out)" "$2" "$3"
	sim_opts=()
}
sim date +%s
is "$(cat out)" 946684800 "the default start is 2000-01-01 UTC"
starts 2038-01-19 2147472000 "a date"
starts "2038-01-19 03:14:07" 2147483647 "a date and a time"
starts 2038-01-19T03:14 2147483640 "a T between them, no seconds"
starts "2038-01-19 03:14:07Z" 2147483647 "Z is UTC"
starts "2038-01-19 03:14:07+01:30" 2147478247 "a zone to the east"
starts "2038-01-19 03:14:07-0100" 2147487247 "a zone to the west"
starts @1234567890 1234567890 "seconds since 1970"
starts 2024-02-29 1709164800 "a leap day"
before=$(date +%s)
sim_opts=(--start now)
sim date +%s
between "$(cat out)" "$before" "$((before + 60))" "now"
sim_opts=(--start @1234567890.75)
sim date +%N
like out "^7500" "a fraction of a second"

until_after() { # DURATION SECONDS
	sim_opts=(--until "$1")
	sim sleep 10000000
	exits 0 "--until '$1': status 0"
	is "$(stat_of virtual_ns)" "$2" "--until '$1': ends at that nanosecond"
	is "$(stat_of end)" until "--until '$1': and says so"
	sim_opts=()
}
until_after 10s 10000000000
until_after "5 min" 300000000000
until_after 2d 172800000000000
until_after "1h 30m" 5400000000000
until_after 1.5 1500000000
until_after 250ms 250000000

sim_opts=(--seed 1) && sim od -An -x -N 16 /dev/urandom && mv out first
sim od -An -x -N 16 /dev/urandom
same out first "--seed: the same seed, the same random numbers"
sim_opts=(--seed 2) && sim od -An -x -N 16 /dev/urandom
! cmp -s out first
result $? "--seed: another seed, others"

sim_opts=(--cpus 3) && sim nproc
is "$(cat out)" 3 "--cpus is what nproc says"
sim_opts=(--hostname tower) && sim uname -n
is "$(cat out)" tower "--hostname is what uname says"

sim_opts=() && sim bash -c 'date +%s.%N; sleep 5; date +%s.%N' && mv out first
reads=$(stat_of page_reads)
sim_opts=(--no-clock-page) && sim bash -c 'date +%s.%N; sleep 5; date +%s.%N'
is "$(sed 's/\..*//' out)" "$(sed 's/\..*//' first)" "--no-clock-page: the same results"
[ "$reads" -gt 0 ] && [ "$(jq -r .page_reads stats.json)" = 0 ]
result $? "--no-clock-page: no read from the page, otherwise $reads"
sim_opts=(--no-patch) && sim bash -c 'date +%s.%N; sleep 5; date +%s.%N'
same out first "--no-patch: the same results"
is "$(jq -r .patched_sites stats.json)" 0 "--no-patch: no site is patched"

# Logs
for mode in standard deterministic; do
	rm -rf logs
	sim_opts=(--strace logs --strace-mode $mode) && sim bash -c 'sleep 3 & cat /nowhere; wait'
	is "$(ls logs | wc -l)" 3 "--strace: a file for each of three processes ($mode)"
	like logs/bash.1000.strace '^1000 [0-9.]+ wait4\(-1, .*\) = 100[12] <[0-9.]+>$' "a call with its result"
	like logs/bash.1000.strace '^1000 [0-9.]+ --- SIGCHLD \{' "a signal"
	like logs/bash.1000.strace '^1000 [0-9.]+ exit_group\(1?0?\) = \?$' "a call that does not return"
	like logs/bash.1000.strace '^1000 [0-9.]+ \+\+\+ exited with [01] \+\+\+$' "the end"
	cat logs/* >all
	like all '"/nowhere", .* = -1 ENOENT <' "an error by its name"
	like all 'execve\(".*/sleep", .*\) = 0$' "an exec that worked"
	like all 'clock_nanosleep\(CLOCK_REALTIME, 0, \{tv_sec=3, tv_nsec=0\}, .*\) = 0 <3\.' "times are virtual"
done
unlike all '0x7f[0-9a-f]{8}' "no address in a deterministic log"
sim_opts=(--strace logs) && sim bash -c 'cd /; exec cat /nowhere'
unlike logs/bash.1000.strace "$work" "nor the folder that it was started in"

# Folders of the guests' own. This test's folder may itself lie in /tmp.
if unshare -m true 2>/dev/null || unshare -Um true 2>/dev/null; then
	echo secret >"/tmp/sundial-test-$$"
	sim_opts=(--dir host)
	sim bash -c 'ls /tmp /dev/shm; echo mine >/tmp/mine; echo more >/dev/shm/more; sleep 10; cat /tmp/mine'
	rm -f "/tmp/sundial-test-$$"
	exits 0 "--dir: runs"
	unlike out "sundial-test" "--dir: /tmp is not the machine's"
	like out "^mine$" "--dir: /tmp can be used"
	is "$(cat host/tmp/mine host/dev/shm/more)" $'mine\nmore' "--dir: and is kept in the folder"
	[ ! -e /tmp/mine ] && [ ! -e /dev/shm/more ]
	result $? "--dir: nothing reaches the machine's /tmp and /dev/shm"
else
	skip "--dir" "mount namespaces are not permitted here"
	capture "$SUNDIAL" sim --dir host -- true
	exits 125 "--dir is refused where namespaces are not permitted"
fi
sim_opts=()

# Everything above needs no root; where this is root, show it.
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@"; }
mkdir -m 777 theirs
# Through a shell: setpriv itself still executes with root's capabilities.
if [ "$(id -u)" = 0 ] && as_nobody sh -c '"$0" --version' "$SUNDIAL" >out 2>err; then
	as_nobody timeout $limit "$SUNDIAL" sim --quiet --strace theirs/logs --stats=theirs/stats \
		-- bash -c 'sleep 10 & wait; id -u' >out 2>err
	is "$? $(cat out)" "0 65534" "another user can simulate"
	[ -s theirs/logs/bash.1000.strace ] && [ -s theirs/stats ]
	result $? "and gets logs and statistics" "$(cat err)"
	if as_nobody unshare -Um true 2>/dev/null; then
		as_nobody timeout $limit "$SUNDIAL" sim --quiet --dir theirs/host \
			-- bash -c 'id -u; echo mine >/tmp/mine; cat /tmp/mine' >out 2>err
		is "$? $(cat out)" $'0 65534\nmine' "--dir in a user namespace"
	else
		skip "--dir in a user namespace" "they are not permitted here"
	fi
else
	skip "another user can simulate" "this is not root, or the tree is private"
fi

# Two runs
mkdir tmp
export TMPDIR=$work/tmp
echo 'date +%s%N; echo $RANDOM; cat' >calm.bash
echo hello | timeout $limit "$SUNDIAL" sim --verify -- bash calm.bash >out 2>err
is $? 0 "--verify: equal runs"
like out "^hello$" "--verify: standard input reaches the first run"
is "$(grep -c . out)" 3 "--verify: the output is shown once"
like err "verified" "--verify: and that is said"
# What a first run leaves in the file system is what Sundial cannot make equal.
capture "$SUNDIAL" sim --verify -- bash -c 'if [ -e again ]; then echo two; else echo one; fi; touch again'
exits 1 "--verify: runs that differ"
like err "standard output: differs in line 1" "--verify: says where"
like err "first run: +one" "--verify: shows what was"
like err "second run: +two" "--verify: and what came then"
capture "$SUNDIAL" sim --verify --quiet -- bash -c 'exit 7'
exits 7 "--verify: passes on the status"
is "$(ls tmp)" "" "--verify: leaves no files"
done_testing
