#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which events rewind shows: by time, thread, CPU, host and a filter, alike in every output.

. selftests/record/record.sh
record "$top/build/record/corpus/uaf_threads"
show
total=$(jq '.events | length' json)
main=$(jq '.crashes[0].tid' json)

# chosen OPTIONS...: into $work/chosen, one event a line
chosen() {
	timeout "$limit" "$SUNDIAL" rewind --json "$@" recording 2>err | jq -c '.events[]' >chosen
}

# selects JQ-CONDITION NAME OPTIONS...: exactly the events of which that is true
selects() {
	local condition=$1 name=$2
	shift 2
	chosen "$@"
	jq -c --argjson main "$main" ".events[] | select($condition)" json >wanted
	between "$(wc -l <wanted)" 1 $((total - 1)) "$name: there are some, and others"
	same chosen wanted "$name"
}

selects '.tid == $main' "--thread" --thread "$main"
chosen --cpu 1
jq -c '.events[] | select(.cpu == 1)' json >wanted
same chosen wanted "--cpu"
selects '.type == "alloc" or .type == "free"' "--filter type=alloc,free" --filter type=alloc,free
selects '.tid != $main and (.words | contains("mmap") | not)' "--filter with not and ~" \
	--filter "not tid=$main and text!~mmap"
selects '(.type == "free" or .type == "signal") and .tid == $main' "--filter with parentheses" \
	--filter "(type=free or type=signal) tid=$main"
selects '.words | contains("SIGSEGV")' "--filter with a word alone" --filter SIGSEGV
chosen --filter "comm=uaf_threads"
between "$(jq -s "map(select(.tid == $main)) | length" chosen)" 10 "$total" \
	"--filter comm: a thread has its program's name"
chosen --host "$(uname -n)"
is "$(wc -l <chosen)" "$total" "--host: all events are this machine's"
chosen --host elsewhere
is "$(wc -l <chosen)" 0 "and none are another's"

first=$(jq '.events[0].host_ns' json)
crash=$(jq '.events[] | select(.type == "deliver") | .host_ns' json)
middle=$(jq '.events[length / 2 | floor].host_ns' json)
seconds=$(awk -v a="$first" -v b="$middle" 'BEGIN { printf "%.9f", (b - a) / 1e9 }')
selects ".host_ns >= $middle" "--after" --after "$seconds"
selects ".host_ns <= $middle" "--before" --before "$seconds"
chosen --window 100us --before crash
is "$(jq -s "[.[].host_ns | . <= $crash + 2000 and . >= $crash - 102000] | all and length > 0" chosen)" \
	true "--window --before crash: the time up to the crash"
like chosen '"type":"deliver"' "the crash is the end of it"
unlike chosen '"type":"exit".*SIGSEGV' "and nothing is after it"
chosen --at "$seconds" --window 20us
is "$(jq -s "[.[].host_ns | (. - $middle | fabs) <= 10001] | all and length > 0" chosen)" true \
	"--at --window: around a moment"
clock=$(jq -r '(.realtime_ns - .monotonic_ns) as $d | '"$middle"' + $d | . / 1e9 | floor |
	strftime("%H:%M:%S")' json)
TZ=UTC chosen --at "$clock" --window 3s
is "$(wc -l <chosen)" "$total" "--at with the time of a clock"

"$SUNDIAL" rewind --all --filter type=alloc recording >text
is "$(grep -c ' = 0x' text)" "$(jq '[.events[] | select(.type == "alloc")] | length' json)" \
	"text shows the same"
"$SUNDIAL" rewind --events 3 --thread "$main" recording >text
like text "^timeline, 3 of $total events" "--events: the last ones of those"
for wrong in "--at yesterday" "--filter tid=" "--filter (tid=1" "--filter tid=1)" "--filter color=red" \
	"--filter text='a" "--cpu x" "--window -1s"; do
	capture "$SUNDIAL" rewind $wrong recording
	exits 125 "$wrong is refused"
	like err "${wrong%% *}" "$wrong: naming the option"
done
record true
capture "$SUNDIAL" rewind --before crash recording
like err "no crash" "a crash that is not there is no time"
done_testing
