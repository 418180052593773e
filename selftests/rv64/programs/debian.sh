#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian trixie's riscv64 programs from a private root (sysroot.sh) under sundial run -L.
# TIMEOUT: 1800

. selftests/tap.sh
root=$top/build/rv64/root
limit=280
( cd "$top" && timeout 900 selftests/rv64/sysroot.sh ) >"$work/sysroot.log" 2>&1 ||
	skip_all "no riscv64 packages: $(tail -n 1 "$work/sysroot.log")"
run_opts=(-L "$root")

# prints WHAT EXPECTED PROG ARGS...: a program of the root
prints() {
	local what=$1 want=$2 prog=$3
	shift 3
	run "$root/usr/bin/$prog" "$@"
	is "$(cat out)" "$want" "$what" || head -n 5 err | sed 's/^/#   /'
}

prints "busybox-static" riscv64 busybox uname -m
prints "busybox's shell" "3 a-b" busybox sh -c 'echo $(echo x y z | wc -w) $(echo a b | tr " " -)'
prints "bash: pipes, functions, arrays" "6 riscv64" bash -c \
	'f() { local s=0; for i in "$@"; do ((s += i)); done; echo $s; }; a=(1 2 3); echo $(f "${a[@]}") $(uname -m | cat)'
prints "bash: a trap, wait and status" "got 7" bash -c \
	'trap "echo -n got" USR1; kill -USR1 $$; (exit 7) & wait $!; echo " $?"'
prints "bash: job control" "Terminated" bash -c \
	'sleep 100 & p=$!; kill $p; wait $p; echo $? | sed s/143/Terminated/'
prints "sqlite3: a file, sums in floating point" "1000|499500.0|31.607" sqlite3 db \
	'create table t(x real); with recursive c(n) as (select 0 union all select n+1 from c where n<999) insert into t select n from c; select count(*), sum(x), round(sqrt(count(*) - 1), 4) from t;'
prints "perl: regular expressions, sort, its own modules" "c-b-a 3.14" perl -MPOSIX=floor -MList::Util=sum \
	-e '$_ = "a1b2c3"; print join("-", reverse sort /[a-z]/g), " ", floor(314.9) / 100, "\n"'
prints "python3: json, big integers, threads" '{"n": 1267650600228229401496703205376, "s": 45}' python3 -c '
import json, threading
r = []
ts = [threading.Thread(target=r.append, args=(i,)) for i in range(10)]
[t.start() for t in ts]; [t.join() for t in ts]
print(json.dumps({"n": 2**100, "s": sum(r)}))'
prints "python3: subprocess, sockets" "riscv64 hi" python3 -c '
import subprocess, socket
a, b = socket.socketpair(); a.send(b"hi")
print(subprocess.check_output(["uname", "-m"]).decode().strip(), b.recv(9).decode())'
prints "lua5.4" "0.1 fib 610" lua5.4 -e \
	'local function f(n) return n < 2 and n or f(n-1) + f(n-2) end print(1/10 .. " fib " .. f(15))'
prints "luajit, its JIT on" "50000005000000 true" luajit -e \
	'local s = 0 for i = 1, 1e7 do s = s + i end print(string.format("%d", s) .. " " .. tostring(jit.status()))'
prints "openssl: a digest" \
	"SHA2-256(stdin)= 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" \
	bash -c 'printf hello | openssl sha256'
prints "git: init, commit, log" "first" bash -c \
	'git init -q repo && cd repo && echo a >f && git add f && git -c user.name=n -c user.email=e@e commit -qm first && git log --format=%s'
prints "make with two jobs" "a b" bash -c \
	'printf "all: a b\n\t@cat a b | xargs\na b:\n\t@echo \$@ >\$@\n" >Makefile && make -s -j2'
prints "tar and xz round trip" "kept" bash -c \
	'echo kept >kept && tar cJf t.txz kept && rm kept && tar xJf t.txz && cat kept'
prints "jq" '{"a":[1.5,"é"]}' jq -nc '{a: [3/2, "é"]}'
prints "bc: 30 digits" "1.414213562373095048801688724209" bash -c 'echo "scale=30; sqrt(2)" | bc'

# The same root in a simulation, beside the machine's own programs.
sim_opts=(-L "$root" --cpu-time instructions)
simulated() { # WHAT EXPECTED PROG ARGS...
	local what=$1 want=$2 prog=$3
	shift 3
	sim "$root/usr/bin/$prog" "$@"
	is "$(cat out)" "$want" "in a simulation: $what" || head -n 5 err | sed 's/^/#   /'
}
simulated "bash sleeps a day, runs jobs and traps" "2 Jan 2000, got 7" bash -c \
	'sleep 86400; date +"%-d %b %Y," | tr "\n" " "; trap "echo -n got" USR1; kill -USR1 $$; (exit 7) & wait $!; echo " $?"'
simulated "python3: threads, processes, sockets, a long sleep" "45 riscv64 hi 3600" python3 -c '
import subprocess, socket, threading, time
r = []
ts = [threading.Thread(target=r.append, args=(i,)) for i in range(10)]
[t.start() for t in ts]; [t.join() for t in ts]
a, b = socket.socketpair(); a.send(b"hi")
begin = time.time(); time.sleep(3600)
print(sum(r), subprocess.check_output(["uname", "-m"]).decode().strip(), b.recv(9).decode(), round(time.time() - begin))'
simulated "git: the virtual date of a commit" "first 2000" bash -c \
	'git init -q dated && cd dated && echo a >f && git add f && git -c user.name=n -c user.email=e@e commit -qm first && git log --format="%s %ad" --date=format:%Y'
simulated "luajit, its JIT on" "50000005000000 true" luajit -e \
	'local s = 0 for i = 1, 1e7 do s = s + i end print(string.format("%d", s) .. " " .. tostring(jit.status()))'
sim /bin/sh -c "$root/usr/bin/bash -c 'uname -m; /usr/bin/python3 -c \"import os; print(os.uname().machine)\"' | cat; uname -m"
is "$(tr '\n' ' ' <out)" "riscv64 riscv64 x86_64 " "in a simulation: programs are looked for below the root first"
sim_opts=()

# Coreutils: the same output and status as the machine's own of the same name, where both
# take the same arguments. Versions differ, so only what all versions agree on.
printf '%s\n' delta alpha charlie bravo alpha >words
seq 1 200 >numbers
while read -r program args; do
	[ -n "$program" ] || continue
	native sh -c "$program $args"
	want_status=$status
	mv out want
	run "$root/usr/bin/bash" -c "$program $args"
	[ "$status" = "$want_status" ] && cmp -s out want
	result $? "coreutils: $program $args" "status $status, natively $want_status" \
		"$(diff -u want out | head -10)" "$(head -3 err)"
done <<-'END'
	sort words
	sort -rnk1 numbers
	uniq -c words
	wc words numbers
	head -n 3 numbers
	tail -n 3 numbers
	cut -c1-3 words
	tr a-z A-Z <words
	md5sum words
	sha512sum numbers
	b2sum words
	cksum words
	base64 words
	od -c words
	nl words
	tac numbers
	comm words words
	join words words
	paste words numbers
	fold -w 10 words
	fmt words
	expand words
	factor 600851475143 18446744073709551557
	seq 1 0.25 3
	numfmt --to=iec 123456789
	printf '%5.2f|%x' 3.14159 255
	expr 6 \* 7
	test 3 -lt 4
	basename /a/b.c .c
	dirname /a/b/c
	realpath -m a/../b
	stat -c '%s %a %F' words
	ls -1 words numbers
	ls /no/such/file
	cat /no/such/file
	date -u -d @86400 +%F
	dd if=numbers bs=7 count=9 status=none
	truncate -s 9 words.cut
	split -l 100 numbers part.
	tsort words
	shuf -n 0 words
	env -i A=1 env
	timeout 0.1 sleep 9
	nice -n 3 nice
	id -u
	false
END
done_testing
