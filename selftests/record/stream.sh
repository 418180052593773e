#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Streaming: everything is in the file, in order, or counted as lost since the disk was
# too slow. At full speed on both CPUs, by probes' buffers and by injected segments.

. selftests/record/record.sh

sum() { jq "[.counts[] | select($2) | .$1] | add" json; }

adds_up() { # NAME
	jq -e '[.counts[] | .emitted == .recorded + .overwritten + .busy + .overtaken + .paused
		+ .unfinished] | all and length > 0' json >/dev/null
	result $? "$1" "$(jq -c '.counts[]' json)"
}

# Far more than the buffers hold.
threads=2 calls=15000
record_opts=(--stream --buffer 1 --no-sched)
record "$top/build/record/emit" $threads $calls
exits 0 "the program runs"
show
adds_up "emitted = recorded + overwritten + dropped on each CPU"
between "$(sum emitted '.cpu >= 0')" $((threads * calls)) $((threads * calls + 2000)) "every event was counted"
is "$(jq '.events | length' json)" \
	"$(($(sum recorded true) + $(jq '[.events[] | select(.unfinished)] | length' json)))" \
	"as many are in the file as it says"
between "$(sum recorded '.cpu >= 0')" 4096 $((threads * calls + 2000)) \
	"more are there than the buffers hold"
jq -c '.events[] | select(.words | startswith("getppid")) | [.tid, .args[0], .args[1]]' json >calls
is "$(sort calls | uniq -d | head -n 3)" "" "no event is there twice"
is "$(jq -s 'group_by(.[0]) | map(map(.[1]) | . == sort) | all' calls)" true \
	"each thread's events are in order"

pairs=20000
record_opts=(--stream --inject --stacks address --buffer 4 --no-sched --no-syscalls)
record "$top/build/record/churn" $threads $pairs
exits 0 "the program runs with the injected library"
show
adds_up "emitted = recorded + dropped"
is "$(sum busy '.cpu < 0')" 0 "nothing is dropped of what the segments can hold"
is "$(jq '[.events[] | select(.type == "alloc" and .size_bytes < 128)] | group_by(.tid)
	| map(length) | map(select(. >= '$pairs')) | length' json)" $threads \
	"each allocation of each thread is in the file"
is "$(jq '[.events[] | select(.type == "alloc" or .type == "free")] | group_by(.tid)
	| map(map(.type) | .[-4000:] | map(select(. == "alloc")) | length)
	| map(select(. == 2000)) | length' json)" $threads "in order"

pairs=3000000
record "$top/build/record/churn" $threads $pairs
exits 0 "the same at full speed on both CPUs"
timeout 60 "$SUNDIAL" rewind --json --events 0 recording >json
adds_up "emitted = recorded + dropped at full speed"
between "$(sum emitted '.cpu < 0')" $((threads * 2 * pairs)) $((threads * 2 * pairs + 200)) \
	"every event was counted at full speed"
is "$(jq '.whole' json)" true "the file is whole"
done_testing
