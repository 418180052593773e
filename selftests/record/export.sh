#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What rewind writes for other programs: every field as JSON, trace events for Perfetto,
# folded stacks for flame graphs.

. selftests/record/record.sh
record "$top/build/record/corpus/uaf_threads"
show

# fields TYPE NAMES: each event of that type has these beside the common ones
fields() {
	is "$(jq -c --arg type "$1" '[.events[] | select(.type == $type) | keys - ["cpu", "domain",
		"host_ns", "node", "tgid", "tid", "type", "virtual_ns", "words"] | join(" ")] | unique
		| join("; ")' json)" "\"$2\"" "JSON: fields of $1"
}
fields syscall "args duration_ns name number result unfinished"
fields alloc "address function size_bytes stack"
fields free "address function size_bytes stack"
fields switch "next_tid state"
fields fork "child_tgid child_tid"
fields exec "text"
fields exit "code epoch"
fields signal "address code handler signal target_tid"
fields deliver "address code handler signal target_tid"
page="$top/Documentation/man/sundial-rewind.1"
undocumented=$(jq -r '.events[] | keys[]' json | sort -u | while read -r key; do
	grep -q "\\b$key\\b" "$page" || echo "$key"; done)
is "$undocumented" "" "JSON: the manual names every field"

"$SUNDIAL" rewind --perfetto trace.json recording
result $? "the trace is written"
jq -e . trace.json >/dev/null
result $? "it is JSON"
count() { jq "[.traceEvents[] | select($1)] | length" trace.json; }
is "$(count '.ph == "X" and .cat == "syscall"')" \
	"$(jq '[.events[] | select(.type == "syscall")] | length' json)" "each call is a slice"
is "$(count '.ph == "C"')" \
	"$(jq '[.events[] | select(.type == "alloc" or .type == "free")] | length' json)" \
	"each change of memory is one of the counter"
is "$(count '.ph == "i" and .s == "t"')" "$(jq '[.events[] | select(.type != "syscall"
	and .type != "switch" and .tid != 0)] | length' json)" "each other event is an instant"
is "$(jq -r '.traceEvents[] | select(.ph == "i" and .s == "g") | .name' trace.json)" \
	"$(jq -r '.diagnoses[0].headline' json)" "the crash is one for all, by its diagnosis"
between "$(count '.ph == "X" and .cat == "sched"')" 1 1000 "threads on CPUs are slices"
is "$(jq '[.traceEvents[] | select(.ph == "X") | .dur < 0] | any' trace.json)" false \
	"nothing ends before it begins"
is "$(jq '[.traceEvents | group_by([.pid, .tid])[] | map(select(.ph == "X")) | sort_by(.ts) |
	. as $all | range(1; length) | $all[.].ts >= $all[. - 1].ts + $all[. - 1].dur - 0.01 or
	$all[.].ts + $all[.].dur <= $all[. - 1].ts + $all[. - 1].dur + 0.01] | all' trace.json)" \
	true "slices of a thread follow each other or lie in each other"
is "$(jq -r '[.traceEvents[] | select(.ph == "M" and .name == "thread_name") | .args.name] |
	unique | join(" ")' trace.json)" uaf_threads "threads have names"

record "$top/build/record/corpus/leak"
"$SUNDIAL" rewind --folded recording >folded
like folded '^leak;(.*;)?main;serve[^ ]* 30000$' "folded: live bytes by stack"
unlike folded '[^ ;]+ [0-9]+ |[^0-9]$' "folded: each line is a stack and a number"
"$SUNDIAL" rewind --folded=calls recording >folded
like folded '^leak [0-9]+;clock_nanosleep [0-9]+$' "folded: time by call"
capture "$SUNDIAL" rewind --json --folded recording
exits 125 "two outputs at once are refused"
done_testing
