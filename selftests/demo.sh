#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make demo: run real, unmodified programs through days of virtual time, and show for
# each what it is, how long it took in both times, and how its calls were answered.
# The numbers are the simulator's own (--stats=FILE). Programs that this machine does
# not have are left out, by name.

set -u
cd "$(dirname "$0")/.." || exit 2
top=$PWD
work=$top/build/demo
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1
# Without the last one a simulated python, which sees virtual dates of its own files, would
# renew the machine's byte code.
export LC_ALL=C TZ=UTC PYTHONDONTWRITEBYTECODE=1
missing=() failed=0

duration() { # seconds, in words
	awk -v s="$1" 'BEGIN {
		if (s >= 2 * 86400) printf "%.1f days", s / 86400
		else if (s >= 2 * 3600) printf "%.1f hours", s / 3600
		else if (s >= 120) printf "%.1f min", s / 60
		else if (s >= 1) printf "%.2f s", s
		else printf "%.0f ms", s * 1000 }'
}

linkage() {
	local magic
	magic=$(head -c 2 "$1")
	if [ "$magic" = '#!' ]; then
		echo script
	elif LC_ALL=C grep -aq 'Go build' "$1" && ! readelf -l "$1" 2>/dev/null | grep -q INTERP; then
		echo "static Go"
	elif readelf -l "$1" 2>/dev/null | grep -q INTERP; then
		echo dynamic
	else
		echo static
	fi
}

# show WHAT WANTED-STATUS PROGRAM ARGS...
show() {
	local what=$1 want=$2 program code line
	shift 2
	program=$(command -v "$1") || { missing+=("$1"); return; }
	rm -f stats.json
	timeout 60 "$top/build/sundial" sim --quiet --stats=stats.json -- "$@" >>log 2>&1 </dev/null
	code=$?
	if [ "$code" != "$want" ] || [ ! -s stats.json ]; then
		printf '%-34s failed with status %s, see build/demo/log\n' "$what" "$code"
		failed=1
		return
	fi
	read -r line < <(jq -r '[.virtual_ns / 1e9, .wall_ns / 1e9, .speedup, .page_reads,
		.arena_calls, .host_calls] | @tsv' stats.json)
	set -- $line
	printf '%-34s %-9s %12s %9s %13.0f %8s %8s %8s\n' "$what" \
		"$(linkage "$(readlink -f "$program")")" "$(duration "$1")" "$(duration "$2")" \
		"$3" "$4" "$5" "$6"
}

printf '%-34s %-9s %12s %9s %13s %26s\n' "" "" virtual wall "" "calls answered from"
printf '%-34s %-9s %12s %9s %13s %8s %8s %8s\n' program linkage time time speed-up page arena host

show "sleep 86400" 0 sleep 86400
cat >jobs.bash <<'END'
trap 'echo "it is $(date)"' EXIT
for day in 1 2 3 4 5 6 7; do (sleep "${day}d"; date) & done
wait
END
show "bash, 7 background jobs" 0 bash jobs.bash
cat >tasks.py <<'END'
import asyncio, threading, time
async def main():
    await asyncio.gather(*(asyncio.sleep(i * 3600) for i in range(100)))
    print("hours passed:", time.monotonic() // 3600)
for _ in range(50):
    threading.Timer(86400, print, ["a day"]).start()
asyncio.run(main())
END
show "python3, 100 tasks, 50 threads" 0 /usr/bin/python3 tasks.py
UNIT=86400 show "go, 1,000 goroutines, GC" 8 "$top/build/guests/go-static"
cat >timers.js <<'END'
let n = 0;
const t = setInterval(() => { if (++n === 24 * 60) clearInterval(t); }, 60000);
END
show "node, a timer every minute" 0 node timers.js
cat >redis.sh <<'END'
redis-server --hz 1 --port 7390 --save "" >redis.log &
until redis-cli -p 7390 ping >pong 2>&1; do sleep 0.1; done
redis-cli -p 7390 set key value EX 7200
sleep 7190; redis-cli -p 7390 get key
sleep 20; redis-cli -p 7390 get key
redis-cli -p 7390 shutdown nosave
wait
END
command -v redis-server >/dev/null && show "redis, a key expires" 0 bash redis.sh || missing+=(redis-server)
printf 'int main(void) { return 0; }\n' >empty.c
show "gcc compiles a file" 0 gcc -c empty.c
show "busybox sh" 0 busybox sh -c 'busybox sleep 604800; busybox date'


# A small cron with a bug that needs a week to show, and who freed what it used.
echo
cp "$top"/selftests/demo/{nightly.c,table} .
cc -g -o nightly nightly.c || failed=1
echo '$ sundial sim --record week.rec -- ./nightly table'
timeout 60 "$top/build/sundial" sim --record week.rec -- ./nightly table 2>&1 | tail -n 9
echo '$ sundial rewind week.rec'
timeout 60 "$top/build/sundial" rewind --events 4 week.rec >week.txt 2>&1
sed "s|$work/||" week.txt
grep -q 'forget_jobs at .*nightly.c:48' week.txt || failed=1
echo

[ ${#missing[@]} = 0 ] || echo "Not installed, so not shown: ${missing[*]}"
echo "What they printed: build/demo/log"
exit $failed
