#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The recorder on the kernels of the VM, which attach probes in different ways and
# preempt as they are told: crashes are diagnosed, and nothing is lost unnoticed.

number=0 failed=0

result() { # STATUS NAME FILE
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number $2"
		return
	fi
	echo "not ok $number $2"
	grep -vE '^libbpf: (elf|sec|map|extern|loading|license|looking|prog .*(found|added|relo))' "$3" |
		sed 's/^/# /' | tail -n 40
	failed=1
}

options=

record() { # PROGRAM ARGUMENTS...
	rm -f /tmp/recording
	# shellcheck disable=SC2086 # words are wanted
	SUNDIAL_LIBBPF= ./sundial-record -q --buffer 4 $options -o /tmp/recording -- "$@" >/tmp/log 2>&1
	./sundial-rewind --events 3 /tmp/recording >/tmp/shown 2>&1
	cat /tmp/shown >>/tmp/log
}

says() { # PATTERN NAME
	grep -q "$1" /tmp/shown
	result $? "$2" /tmp/log
}

echo "TAP version 13"
record ./crash-double_free
says "^double free of a block of 100 bytes" "record: a double free is diagnosed"
says "main at .*double_free.c:18" "record: with the line that allocated"
record ./crash-uaf_list
says "^use after free in second" "record: a use after free is diagnosed"
record ./crash-null_dereference
says "^null pointer dereference in main" "record: a null dereference is diagnosed"
record ./crash-written_after_free
says "it said: malloc(): unaligned tcache chunk" "record: an abort has the program's last words"
says "main at .*written_after_free.c:27" "record: and a stack through functions whose return is probed"
record ./crash-deadlock
says "^deadlock: 2 threads wait for each other" "record: who waited for whom is known of a process that was ended"
record ./crash-healthy_memory
says "^no crash, and nothing wrong with memory" "record: nothing is wrong with a healthy program"
record ./crowd
says "^null pointer dereference in crash" "record: a crash of one of 32 threads is diagnosed"
[ "$(grep -c 'wait_in_read at' /tmp/shown)" = 15 ] && [ "$(grep -c ' spin at' /tmp/shown)" = 16 ]
result $? "record: the stacks of all 32 are known" /tmp/log
record ./emit 4 20000
awk '/^[0-9]+ events:/ {
	split($0, word, /[^0-9]+/)
	exit !(word[1] > 80000 && word[1] == word[2] + word[3] + word[4])
}' /tmp/shown
result $? "record: emitted = recorded + overwritten + dropped" /tmp/log
options="--no-sched --func six --func red_zone --func crash --func main"
record ./calls 50 crash
says "^null pointer dereference in crash" "record: probed functions crash as others"
says "main at .*calls.c" "record: with the return addresses that were there before"
./sundial-rewind --all /tmp/recording >/tmp/shown
[ "$(grep -c ' calls six(' /tmp/shown)/$(grep -c ' red_zone returns ' /tmp/shown)" = 50/50 ]
result $? "record: each call is there and each return" /tmp/shown
options="--no-sched --budget 0.001 --func six"
record ./emit 2 60000
./sundial-rewind --all /tmp/recording >/tmp/shown
says "the recorder switches off: syscalls" "record: a source that costs too much is switched off"
options="--no-sched --usdt marks"
record ./marks 5
./sundial-rewind --all /tmp/recording >/tmp/shown
[ "$(grep -c 'passes marks:kinds([0-4x]*, -7, -3, -4, 0x67, ?)' /tmp/shown)" = 5 ]
result $? "record: arguments of USDT probes are there" /tmp/shown
[ "$(grep -c 'passes marks:listened(' /tmp/shown)" = 5 ]
result $? "record: and probes that are passed only if somebody listens" /tmp/shown
options="--no-sched --faults"
record /bin/busybox cat /nowhere
./sundial-rewind --all /tmp/recording >/tmp/shown
says 'open.*: "/nowhere"' "record: paths of system calls are there"
says "page fault at 0x" "record: page faults are there"
./sundial-rewind --json --events 0 /tmp/recording >/tmp/shown 2>&1
grep -o '"cpu":[0-9]*,"node":[0-9]*,"pages":[0-9]*,"elsewhere":[0-9]*' /tmp/shown | awk -F '[:,]' '
	{ bad += $6 == 0 || $8 != 0 || system("test -e /sys/devices/system/cpu/cpu" $2 "/node" $4) }
	END { exit bad || NR < 2 }'
result $? "record: the buffer of each CPU is on its node" /tmp/shown
options=--stream
record ./emit 4 20000
awk '/^[0-9]+ events:/ {
	split($0, word, /[^0-9]+/)
	exit !(word[1] > 80000 && word[1] == word[2] + word[3] + word[4])
}' /tmp/shown
result $? "record: the same when they are streamed" /tmp/log
options=
if [ -w /sys/devices/system/cpu/cpu1/online ]; then
	(
		while [ ! -e /tmp/unplugged ]; do
			echo 0 >/sys/devices/system/cpu/cpu1/online
			echo 1 >/sys/devices/system/cpu/cpu1/online
		done
	) &
	record ./emit 4 20000
	touch /tmp/unplugged
	wait $!
	awk '/^[0-9]+ events:/ {
		split($0, word, /[^0-9]+/)
		exit !(word[1] > 80000 && word[1] == word[2] + word[3] + word[4])
	}' /tmp/shown
	result $? "record: the same while a CPU is unplugged and plugged" /tmp/log
fi
mkdir -m 700 /tmp/crashes
./sundial-record --system --on-crash /tmp/crashes --buffer 1 2>/tmp/log &
recorder=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	grep -q "recording the whole system" /tmp/log && break
	sleep 1
done
./crash-null_dereference
./crash-double_free
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ "$(ls /tmp/crashes | grep -c 'record$')" = 2 ] && break
	sleep 1
done
kill -TERM $recorder
wait $recorder
result $? "record: the whole system's recorder ends by SIGTERM" /tmp/log
./sundial-rewind --events 3 /tmp/crashes/crash-*null* >/tmp/shown 2>&1
cat /tmp/shown >>/tmp/log
says "^null pointer dereference in main" "record: a crash of any process is diagnosed"
./sundial-rewind --events 3 /tmp/crashes/crash-*double* >/tmp/shown 2>&1
cp /tmp/shown /tmp/log
says "main at .*double_free.c" "record: and another's, with its stack"
rm -r /tmp/crashes
echo "1..$number"
exit $failed
