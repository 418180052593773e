#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The injected allocator library: every event is accounted for, and the program does not
# notice it.

. selftests/record/record.sh
threads=3 pairs=40000
memory='[.events[] | select(.type == "alloc" or .type == "free")]'

sum() { jq "[.counts[] | select(.cpu < 0) | .$1] | add" json; }

record_opts=(--inject --buffer 4 --no-sched)
record "$top/build/record/churn" $threads $pairs
exits 0 "the program runs"
show
is "$(jq '[.counts[] | .emitted == .recorded + .overwritten + .busy + .overtaken + .paused
	+ .unfinished] | all' json)" true "emitted = recorded + overwritten + dropped"
# Each thread's first record is its name; the C library allocates a little itself.
between "$(sum emitted)" $((threads * (2 * pairs + 1))) $((threads * (2 * pairs + 1) + 200)) \
	"every event was counted"
between "$(sum overwritten)" 1 $((threads * 2 * pairs)) "the oldest were overwritten"
is "$(jq '[.events[] | select((.type == "alloc" or .type == "free") and .size_bytes > 127)] | length > 50' json)" \
	false "no event is torn"
newest=$((pairs & 127))
is "$(jq --argjson newest $newest "$memory"' | map(select(.type == "alloc")) | group_by(.tid)
	| map(select(length > 100) | sort_by(.host_ns) | last | .size_bytes) | unique
	| tostring' json)" "\"[$newest]\"" "the newest event of each thread is there"
is "$(jq '.diagnoses | length' json)" 0 "and nothing is wrong"

# Where allocations were, in two other ways.
for kind in address frames; do
	record_opts=(--stacks $kind --buffer 4 --no-sched --no-syscalls)
	record_opts=(--sample 1 "${record_opts[@]}")
	record "$top/build/record/churn" 1 1000 20
	show
	is "$(jq '[.sampling.stacks[] | select(.samples >= 900) | .stack | map(.function)
		| map(select(. == "through")) | length] | max' json)" \
		"$([ $kind = address ] && echo 1 || echo 16)" "--stacks $kind finds what it should of the stack"
done
record_opts=(--inject --buffer 4 --no-sched)

# What a program sees of itself.
cat >see.py <<'END'
import os, subprocess
print(sorted(k for k in os.environ if "PRELOAD" in k or "SUNDIAL" in k))
print(sorted(os.listdir("/proc/self/fd")))
print(subprocess.run(["sh", "-c", "echo $LD_PRELOAD"], capture_output=True, text=True).stdout)
pid = os.fork()
if pid == 0:
    x = [bytes(1000 + i) for i in range(1000)]
    os._exit(7)
print(os.waitpid(pid, 0)[1])
END
native "$python" see.py
cp out native.out
record "$python" see.py
exits 0 "python3 runs, forks, and starts a shell"
same out native.out "and sees nothing of the library"
show
is "$(jq '.diagnoses | length' json)" 0 "nothing is wrong with it"
between "$(sum emitted)" 1000 100000000 "and its allocations are there"

LD_PRELOAD=libjemalloc.so.2 record "$python" -c 'import os; print(os.environ["LD_PRELOAD"])'
is "$(cat out)" libjemalloc.so.2 "a library that was preloaded already stays"

# Where the library is not, probes are.
probed() { jq '[.events[] | select(.type == "alloc" and .cpu >= 0 and .size_bytes == 127)] | length' json; }

record "$top/build/record/churn-static" 1 1000
exits 0 "a static program runs, without the library"
show
is "$(probed)" 7 "and probes tell what it allocates"
record sh -c "exec '$python' -c 'import time; time.sleep(1); x = [bytes(90000 + i) for i in range(50)]'"
exits 0 "a program that executes another one runs"
show
is "$(jq '[.events[] | select(.type == "alloc" and .cpu >= 0 and .size_bytes >= 90000 and
	.size_bytes < 90150)] | length' json)" 50 "and probes tell what the other one allocates"
done_testing
