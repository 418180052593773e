#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# USDT probes: each kind of argument, and those that are passed only when one listens.

. selftests/record/record.sh
marks=$top/build/record/marks

native "$marks" 5
is "$(cat out)" "alone" "nobody listens without the recorder"
record_opts=(--no-sched --no-malloc --no-syscalls --usdt 'marks:*')
record "$marks" 5
exits 0 "the program runs"
is "$(cat out)" "listened to" "it is told that somebody listens"
show
is "$(jq -c '[.events[] | select(.probe == "marks:kinds") | .args[0]]' json)" "[0,1,2,3,4]" \
	"each passing is there, with a register"
is "$(jq -c '[.events[] | select(.probe == "marks:kinds") | .args[1:]] | first' json)" \
	"[-7,-3,-4,103,null]" "constants, memory, tables, parts of registers, and what is not known"
is "$(jq -c '[.events[] | select(.probe == "marks:listened") | .args]' json)" "[[0],[1],[2],[3],[4]]" \
	"and those behind a counter"
is "$(jq -r '[.events[] | select(.probe == "marks:kinds") | .words] | first' json)" \
	"passes marks:kinds(0, -7, -3, -4, 0x67, ?)" "in words"

record_opts=(--no-sched --no-malloc --no-syscalls --usdt 'mar*:listened')
record "$marks" 5
show
is "$(jq -c '[.events[] | .probe | select(. != null)] | unique' json)" '["marks:listened"]' \
	"only those that are named"
done_testing
