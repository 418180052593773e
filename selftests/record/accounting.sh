#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing is lost unnoticed: every event that was emitted is in the file, or counted as
# overwritten or dropped. A generator numbers its events.

. selftests/record/record.sh
threads=4 calls=50000

# emitted = recorded + overwritten + dropped, of each CPU
adds_up() { # NAME
	jq -e '[.counts[] | .emitted == .recorded + .overwritten + .busy + .overtaken + .paused
		+ .unfinished] | all and length > 0' json >/dev/null
	result $? "$1" "$(jq -c '.counts[]' json)"
}

sum() { jq "[.counts[].$1] | add" json; }

record_opts=(--buffer 1 --no-sched)
record "$top/build/record/emit" $threads $calls
exits 0 "the generator runs"
show
adds_up "emitted = recorded + overwritten + dropped on each CPU, after many laps"
between "$(sum emitted)" $((threads * calls)) $((threads * calls + 2000)) "every event was counted"
between "$(sum overwritten)" $((threads * calls / 2)) $((threads * calls)) "most were overwritten"
is "$(jq '.events | length' json)" \
	"$(($(sum recorded) + $(jq '[.events[] | select(.unfinished)] | length' json)))" \
	"as many are in the file as it says"
jq -c '.events[] | select(.words | startswith("getppid")) | [.tid, .args[0], .result]' json >calls
is "$(sort calls | uniq -d | head -n 3)" "" "no event is there twice"
is "$(jq -s --argjson calls $calls '[.[] | select(.[1] < 0 or .[1] >= $calls)] | length' calls)" 0 \
	"no event is torn"
is "$(jq -s 'map(.[2]) | unique | length' calls)" 1 "each has its own result"
is "$(jq -s 'group_by(.[0]) | map(map(.[1]) | . == sort) | all' calls)" true \
	"each thread's events are in order"
newest=$(jq -s 'map(.[1]) | max' calls)
is "$newest" $((calls - 1)) "the newest is there"

record_opts=(--buffer 64 --no-sched)
record "$top/build/record/emit" 2 20000
show
adds_up "the same when nothing is overwritten"
is "$(sum overwritten)" 0 "then nothing is overwritten"
is "$(jq '[.events[] | select(.words | startswith("getppid"))] | length' json)" \
	$((40000 - $(sum busy) - $(sum overtaken))) "and each event is there that was not dropped"
done_testing
