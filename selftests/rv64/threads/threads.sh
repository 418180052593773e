#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guest threads are host threads: what RVWMO forbids is never seen, and locks and queues
# of 64 threads lose nothing; translated, with a code cache that is flushed again and
# again, and interpreted.
# TIMEOUT: 600

. selftests/tap.sh
programs=$top/build/selftests/rv64/threads
limit=150

# threads WHAT PROGRAM ARGS...: each result of the program, with the way it was run
threads() {
	local what=$1 name line
	shift
	run "$@"
	while read -r line; do
		name=${line#*- }
		[ "${line%% *}" = ok ]
		result $? "$name ($what)" "$(grep -A 1 -F "$line" out)"
	done < <(grep -E '^(not )?ok ' out)
	is "$(sed -n 's/^1\.\.//p' out)" "$(grep -cE '^(not )?ok ' out)" "all results are there ($what)"
	exits 0 "${1##*/} ends ($what)"
}

threads translated "$programs/litmus"
threads translated "$programs/stress"
run_opts=(--tb-size=16384)
threads "16 KiB of code" "$programs/stress" 500
run_opts=(--interpret)
threads interpreted "$programs/litmus" 2
threads interpreted "$programs/stress" 500
done_testing
