#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# jemalloc, linked and preloaded: its locks spin and its background threads wait.

. selftests/tap.sh
need jq

preload=$(ls /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 2>/dev/null) ||
	skip_all "libjemalloc2 is not installed (make deps)"
same_as_native "linked" 1 6 "$guests/jemalloc-linked"
same_as_native "preloaded" 1 6 env LD_PRELOAD="$preload" "$guests/jemalloc"
export MALLOC_CONF=background_thread:true,dirty_decay_ms:100,narenas:2
same_as_native "with background threads" 1 6 "$guests/jemalloc-linked"
unset MALLOC_CONF
sim env LD_PRELOAD="$preload" $python -c 'import threading, time
def f():
    for i in range(50):
        x = [bytearray(j) for j in range(500)]
        time.sleep(0.01)
t = [threading.Thread(target=f) for _ in range(8)]
[x.start() for x in t]
[x.join() for x in t]
print("done")'
is "$(cat out)" "done" "python on jemalloc"
done_testing
