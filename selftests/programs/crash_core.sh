#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that crashes leaves a core file exactly where Linux's rules say so.

. selftests/tap.sh
need jq

if [ "$(cat /proc/sys/kernel/core_pattern)" = core ]; then
	mkdir -p cores
	(cd cores && ulimit -c 0 && sim "$guests/crash" null)
	is "$(ls cores)" "" "no core where the limit is 0"
	(cd cores && ulimit -c unlimited && sim bash -c '"$1" abort; echo' _ "$guests/crash")
	like "err" "Aborted.*core dumped" "a core where the limit allows it"
	[ -s "$(ls cores/core* 2>/dev/null | head -n 1)" ]
	result $? "which is there"
else
	skip "core files" "core_pattern is not \"core\""
fi
done_testing
