#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A process that runs already: it is recorded from then on, and is not harmed.

. selftests/record/record.sh

cat >worker.py <<'END'
import sys, time, os
while not os.path.exists("stop"):
    os.stat("/")
    time.sleep(0.01)
print("done")
if len(sys.argv) > 1:
    os.abort()
END

# attach: records the worker $1 until it is told to stop; $2: what stops it
attach() {
	: >attach.err # or what the last one said is taken for it
	"$SUNDIAL" record --buffer 16 -o recording -p "$1" 2>attach.err &
	recorder=$!
	for _ in $(seq 200); do
		grep -q "recording process $1" attach.err && break
		sleep 0.05
	done
	like attach.err "recording process $1" "says when it has begun" || cat attach.err
	sleep 0.3
}

"$python" worker.py >worker.out 2>&1 &
worker=$!
attach $worker
kill -INT $recorder
wait $recorder
is $? 0 "ends by SIGINT"
kill -0 $worker
result $? "the process goes on"
show
is "$(jq -r .whole json)" true "the file is whole"
between "$(jq '[.events[] | select(.type == "syscall" and (.words | contains("nanosleep")))] | length' json)" \
	1 1000000 "its system calls are there"
between "$(jq '[.events[] | select(.type == "alloc")] | length' json)" 1 1000000 "and its allocations"
is "$(jq '.diagnoses | length' json)" 0 "and nothing is said to be wrong"
touch stop
wait $worker
is "$?$(cat worker.out)" "0done" "and it ends as it would have"

rm stop
"$python" worker.py crash >worker.out 2>&1 &
worker=$!
attach $worker
touch stop
wait $worker
is $? 134 "a process that crashes while it is recorded ends by its signal"
wait $recorder
is $? 0 "the recorder ends with it"
like attach.err "crashed: SIGABRT" "and announces the crash"
show
is "$(jq -r '.diagnoses[0].kind' json)" abort "which is diagnosed"

capture setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$SUNDIAL" record -o /dev/null -- true
exits 125 "without privileges it fails"
like err "CAP_BPF and CAP_PERFMON" "and names the capabilities that are missing"
done_testing
