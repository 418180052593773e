#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Python: time, threading, asyncio, subprocess, multiprocessing, signals.
# TIMEOUT: 300

. selftests/tap.sh
need jq $python
limit=120

same_as_native "python" 33 40 $python "$top/selftests/programs/guests/threads.py"

sim $python -c 'import time, datetime; time.sleep(86400 * 365); print(datetime.datetime.now())'
like out "^2000-12-31 00:00:0" "a year later"
sim $python -c '
import time
ids = [n for n in dir(time) if n.startswith("CLOCK_")]
a = {n: time.clock_gettime(getattr(time, n)) for n in ids}
time.sleep(1000)
b = {n: time.clock_gettime(getattr(time, n)) for n in ids}
for n in sorted(ids):
    print(n, "cpu" if b[n] - a[n] < 100 else "wall")'
sed 's/^/# /' out
is "$(grep -c 'CPUTIME_ID cpu' out)" 2 "CPU-time clocks do not count sleep"
is "$(grep -v CPUTIME out | grep -c wall)" "$(grep -vc CPUTIME out)" "all others do"
done_testing
