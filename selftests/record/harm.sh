#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder that is killed, finds the disk full, or comes late: the program does not
# notice, nothing is left behind, and nothing is lost unnoticed.

. selftests/record/record.sh

adds_up() { # NAME
	jq -e '[.counts[] | .emitted == .recorded + .overwritten + .busy + .overtaken + .paused
		+ .unfinished] | all and length > 0' json >/dev/null
	result $? "$1" "$(jq -c '.counts[]' json)"
}

cat >worker.py <<'END'
import os, time
print(os.getpid(), flush=True)
n = 0
while not os.path.exists("stop"):
    n += len([bytes(100 + i) for i in range(50)])
    time.sleep(0.002)
print("done", n % 50)
END

# held PID KIND: the numbers of its BPF programs, links or maps
held() { sed -n "s/^${2}_id:[[:space:]]*//p" "/proc/$1/fdinfo/"* 2>/dev/null | sort -un; }

# gone KIND NUMBERS...: whether the kernel has none of them any longer
gone() {
	local kind=$1 number
	shift
	for number; do
		for _ in $(seq 200); do
			bpftool "$kind" show id "$number" >/dev/null 2>&1 || continue 2
			sleep 0.05
		done
		echo "$kind $number is still there"
	done
}

# killed NAME OPTIONS...: the recorder is killed in the middle
killed() {
	local name=$1 pid recorder programs maps links
	shift
	rm -f stop worker.out
	"$SUNDIAL" record -q --buffer 4 "$@" -o killed -- "$python" worker.py >worker.out 2>&1 &
	recorder=$!
	for _ in $(seq 300); do
		[ -s worker.out ] && break
		sleep 0.05
	done
	pid=$(head -n 1 worker.out)
	sleep 0.2
	programs=$(held $recorder prog) maps=$(held $recorder map) links=$(held $recorder link)
	between "$(echo $programs | wc -w)" 3 100 "$name: the recorder has programs in the kernel"
	kill -KILL $recorder
	wait $recorder 2>/dev/null
	kill -0 "$pid"
	result $? "$name: the program lives on without its recorder"
	is "$(gone prog $programs; gone map $maps; gone link $links)" "" "$name: nothing of it is left in the kernel"
	is "$(ls -d killed* 2>/dev/null)" "" "$name: nor on the disk"
	touch stop
	for _ in $(seq 300); do
		grep -q done worker.out && break
		sleep 0.05
	done
	is "$(tail -n 1 worker.out)" "done 0" "$name: and the program ends as it would have"
}
if command -v bpftool >/dev/null; then
	pinned=$(find /sys/fs/bpf 2>/dev/null)
	killed "kill -9"
	killed "kill -9 with the library injected" --inject
	is "$(find /sys/fs/bpf 2>/dev/null)" "$pinned" "nothing was pinned"
else
	skip "kill -9" "bpftool is not installed"
fi

# A file system of 1 MiB, for a file of several.
mkdir -p small
if mount -t tmpfs -o size=1m tmpfs small 2>/dev/null; then
	capture "$SUNDIAL" record -q --buffer 16 --no-sched -o small/recording -- "$top/build/record/emit" 2 20000
	exits 0 "a full disk: the program's status is its own"
	like err "small/recording is not complete: No space left" "it is said"
	like err "small/recording.partial" "and where the beginning is"
	is "$(ls small)" recording.partial "a file that is not complete does not have its name"
	timeout "$limit" "$SUNDIAL" rewind --json small/recording.partial >json
	is "$(jq -r .whole json)" false "it opens, as one that is cut off"
	between "$(jq '.events | length' json)" 1000 100000 "up to its last whole block"
	umount small
else
	skip "a full disk" "tmpfs cannot be mounted"
fi

# It has made events, and makes more when the recorder says that it records.
sh -c "$top/build/record/emit 1 1000; touch ready; while [ ! -e go ]; do sleep 0.05; done
	exec $top/build/record/emit 2 20000" &
late=$!
while [ ! -e ready ]; do sleep 0.05; done
"$SUNDIAL" record --buffer 1 --no-sched --no-malloc --no-func -o recording -p $late 2>late.err &
recorder=$!
for _ in $(seq 300); do
	grep -q "recording process" late.err && break
	sleep 0.05
done
touch go
wait $recorder
is $? 0 "a recorder that comes late ends with the program"
show
adds_up "emitted = recorded + overwritten + dropped, from then on"
is "$(jq '[.events[] | select(.name == "getppid") | .args[0]] | max' json)" 19999 \
	"the newest event is there"
done_testing
