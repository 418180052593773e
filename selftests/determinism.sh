#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same seed gives the same bytes: each program runs twice, from two folders, while
# another process keeps the other core busy, and its output, its system calls and its
# statistics are compared. None of these programs is preempted.
# TIMEOUT: 600

. selftests/tap.sh
need jq taskset
limit=120

sources=$top/selftests/programs/guests
# Byte code that somebody else renews meanwhile is a file that changed between two runs.
export PYTHONPYCACHEPREFIX=$work/none
taskset -c 1 sh -c 'while :; do :; done' 2>/dev/null &
hog=$!
trap 'kill $hog 2>/dev/null' EXIT

# Two folders, not made at the same time. Their names are equally long, because $PWD is
# part of a program's environment, and so of its stack: its length moves addresses, by
# which some programs order things. What depends on no address is tried with another
# length as well.
folders=("$work/first" "$work/other")
unequal=("$work/short" "$work/a folder with a longer name")
for folder in "${folders[@]}" "${unequal[@]}"; do
	mkdir -p "$folder/files/inner"
	for name in c a b inner/z inner/y; do echo "$name" >"$folder/files/$name"; done
	printf 'int f(int x) { return x * 3; }\nint main(void) { return f(7); }\n' >"$folder/file.c"
	sleep 0.02
done

# twice WHAT PROGRAM ARGS...
twice() {
	local what=$1 folder n=0 good=1
	shift
	for folder in "${folders[@]}"; do
		n=$((n + 1))
		rm -rf "$work/$n" && mkdir "$work/$n"
		(cd "$folder" && UNIT=60 timeout -k 5 "$limit" taskset -c 0 "$SUNDIAL" sim --quiet \
			--seed 42 --stats="$work/$n/stats" --strace "$work/$n/strace" \
			--strace-mode deterministic -- "$@" \
			>"$work/$n/out" 2>"$work/$n/err" </dev/null
		echo $? >"$work/$n/status")
		jq -S 'del(.wall_ns, .speedup)' "$work/$n/stats" >"$work/$n/stats.json" 2>/dev/null
		rm -f "$work/$n/stats"
	done
	[ -s 1/stats.json ] && [ -d 1/strace ] && [ -n "$(ls 1/strace)" ] || good=0
	[ "$(cat 1/status)" != 124 ] || good=0
	if [ $good = 0 ]; then
		result 1 "$what: runs" "status $(cat 1/status)" "$(tail -n 20 1/err)"
		return
	fi
	same 2/out 1/out "$what: the same output"
	same 2/err 1/err "$what: the same errors"
	same 2/stats.json 1/stats.json "$what: the same statistics and status"
	diff -r 1/strace 2/strace >differ
	result $? "$what: the same system calls in $(ls 1/strace | wc -l) processes" "$(head -n 30 differ)"
}

equal=("${folders[@]}")
folders=("${unequal[@]}")
twice "ls, longer path" ls -li --full-time -R files
twice "static C, longer path" "$guests/linkage-static"
twice "perl, longer path" perl "$sources/timers.pl"
folders=("${equal[@]}")
twice "ls" ls -li --full-time -R files
twice "stat" bash -c 'echo new >files/new; stat files files/* /etc/passwd; rm files/new'
twice "date and random numbers" bash -c 'date +%s.%N; echo $RANDOM $$; head -c 16 /dev/urandom | od -x; mktemp -u'
twice "processes" bash -c 'ps -ef | cat; cat /proc/self/stat /proc/uptime; (sleep 1; echo $BASHPID) & wait'
twice "bash jobs" bash "$sources/jobs.bash"
command -v busybox >/dev/null && twice "busybox" busybox sh "$sources/jobs.bash"
twice "python" $python "$sources/threads.py"
twice "python, addresses and hashes" $python -c 'import os, random, uuid, threading
print(id(object()), hash("x"), random.random(), uuid.uuid4(), os.urandom(8), os.getpid(), threading.get_native_id())'
twice "go" "$guests/go-static"
twice "cgo" "$guests/go-dynamic"
twice "gofmt" gofmt "$sources/go/clocks/main.go"
twice "gcc" gcc -pipe -o program file.c
twice "perl" perl "$sources/timers.pl"
command -v node >/dev/null && twice "node" node "$sources/timers.js"
for link in linkage linkage-static linkage-static-pie; do twice "$link" "$guests/$link"; done
twice "jemalloc" "$guests/jemalloc-linked"
command -v sqlite3 >/dev/null && twice "sqlite3" bash -c 'sqlite3 x.db "CREATE TABLE t AS SELECT random(), datetime(\"now\"); SELECT * FROM t"; rm x.db'
command -v redis-server >/dev/null && twice "redis" bash -c 'redis-server --port 7399 --save "" & sleep 1
	for i in 1 2 3; do redis-cli -p 7399 incr n; done
	redis-cli -p 7399 randomkey; redis-cli -p 7399 info server | grep run_id; redis-cli -p 7399 shutdown nosave; wait'

# The seed matters, or the comparison above would prove little.
for seed in 1 2; do
	"$SUNDIAL" sim --quiet --seed $seed -- od -An -x -N 16 /dev/urandom >seed.$seed 2>err
done
! cmp -s seed.1 seed.2
result $? "another seed gives other random numbers" "$(cat seed.1 err)"
UNIT=60 "$SUNDIAL" sim --quiet --verify -- bash "$sources/jobs.bash" >out 2>err
is $? 6 "--verify agrees, and passes on the status" 
done_testing
