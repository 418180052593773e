#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a host's own kernel would not let a test do: set the clock while others
# wait for a date, and use up a limit of CPU time.

. selftests/tap.sh

cat >want <<'END'
adjtimex: 1, 100 s
monotonic: 10 s
semaphore: Connection timed out after 10 s
settimeofday: 0, -3500 s
sleep: 0 after 10 s
timer: signal 1 after 10 s
END
sim "$top/build/selftests/simkernel/set_clock"
if [ "$(id -u)" != 0 ]; then
	like out 'clock_settime: Operation not permitted' "only root sets a host's clock"
else
	exits 0 "a guest sets its host's clock"
	sort out >sorted
	same sorted want "who waits for a date hears of it"
fi

sim_opts=(--quantum 10)
sim bash -c 'ulimit -t 1; while :; do :; done'
exits 137 "RLIMIT_CPU ends a program that makes no call"
sim "$python" -c '
import resource, signal, time
resource.setrlimit(resource.RLIMIT_CPU, (1, 3))
signal.signal(signal.SIGXCPU, lambda *_: print("SIGXCPU", int(time.process_time()), flush=True))
while True:
    time.process_time()
'
exits 137 "the hard limit kills"
printf 'SIGXCPU 1\nSIGXCPU 2\n' >want
same out want "a warning each second from the soft one on"
done_testing
