#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sundial run: the real kernel, files, network and waiting, with a clock of our own, for
# dynamic, static and Go programs alike.
# TIMEOUT: 400

. selftests/tap.sh
need jq
sources=$top/selftests/programs/guests

real_ms() { # COMMAND...: real milliseconds, in $ms
	local start=${EPOCHREALTIME/./}
	"$@"
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
}

# The unit stays short, since waiting is real; natively is the oracle. A busy machine may
# delay either side by a unit, so if they differ both are repeated with a longer one.
agrees() {
	local what=$1 code unit
	shift
	for unit in 0.1 0.5; do
		UNIT=$unit native "$@"
		mv out native.out
		code=$status
		UNIT=$unit run "$@"
		[ "$status" = "$code" ] && cmp -s out native.out && break
	done
	exits "$code" "$what: exit status as natively"
	same out native.out "$what: prints what it prints natively"
}
agrees "bash" bash "$sources/jobs.bash"
agrees "python" $python "$sources/threads.py"
agrees "static Go" "$guests/go-static" spin
agrees "dynamic Go" "$guests/go-dynamic"
for link in linkage linkage-static linkage-static-pie; do agrees "$link" "$guests/$link"; done
agrees "perl" perl "$sources/timers.pl"
command -v node >/dev/null && agrees "node" node "$sources/timers.js"
for how in null abort illegal; do agrees "a guest that crashes ($how)" bash -c '"$1" '$how'; echo $?' _ "$guests/crash"; done

run date +%s
between "$(cat out)" $(($(date +%s) - 5)) $(($(date +%s) + 5)) "without options the date is the machine's"
run_opts=(--start "2031-05-06 07:08:09")
for program in "date -u +%F" "busybox date -u +%F" "perl -MPOSIX -e print(strftime('%F',gmtime))" \
	"$python -c import\tdatetime;print(datetime.date.today())"; do
	words=()
	for word in $program; do words+=("${word//\\t/ }"); done
	run "${words[@]}"
	is "$(cat out)" 2031-05-06 "--start is seen by ${words[0]##*/}"
done

run_opts=(--speed 10)
real_ms run sleep 5
between $ms 450 2500 "at speed 10 a sleep of 5 s takes half a second"
real_ms run busybox sleep 5
between $ms 450 2500 "of a static program too"
real_ms run timeout 5 sleep 100
exits 124 "a time-out" 
between $ms 450 2500 "is scaled"
real_ms run bash -c 'exec 3< <(exec sleep 100); read -r -t 5 -u 3; kill $!'
between $ms 450 2500 "so is one of select"
UNIT=0.2 native $python "$sources/threads.py"
mv out native.out
UNIT=2 run $python "$sources/threads.py"
same out native.out "python at speed 10: threads, asyncio, subprocess, signals"
UNIT=1 run "$guests/go-static"
exits 8 "Go at speed 10"
run bash -c 's=$EPOCHREALTIME; sleep 3; e=$EPOCHREALTIME; echo $((${e/./} - ${s/./}))'
between "$(cat out)" 2900000 6000000 "and its clock agrees with its sleep"
run_opts=(--speed 1/4)
real_ms run sleep 0.3
between $ms 1200 3500 "at speed 1/4 a sleep takes four times as long"
run_opts=()

$python -m http.server 7391 --bind 127.0.0.1 >server.log 2>&1 &
server=$!
echo "from the host" >page
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; (exec 3<>/dev/tcp/127.0.0.1/7391) 2>/dev/null && break; done
run curl -s http://127.0.0.1:7391/page
is "$(cat out)" "from the host" "the network is the machine's"
kill $server
run sh -c 'echo written >file; exit 3'
exits 3 "a status is passed on"
is "$(cat file)" written "files are the machine's"
done_testing
