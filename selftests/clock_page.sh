#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Answering clock reads by system calls instead of from the page, and trapping system
# calls instead of patching their sites, change speed and nothing else.
# TIMEOUT: 300

. selftests/tap.sh
need jq
sources=$top/selftests/programs/guests

compare() {
	local what=$1 option
	shift
	export UNIT=60
	sim_opts=()
	sim "$@"
	mv out page.out
	local page_status=$status page_reads
	page_reads=$(stat_of page_reads)
	for option in --no-clock-page --no-patch; do
		sim_opts=("$option")
		sim "$@"
		is "$status" "$page_status" "$what, $option: the same status"
		same out page.out "$what, $option: the same output"
		[ "$option" = --no-patch ] || is "$(stat_of page_reads)" 0 "$what: no read from the page"
	done
	between "$page_reads" 1 1e12 "$what: by default the page is read"
}

compare "bash" bash "$sources/jobs.bash"
compare "python" $python "$sources/threads.py"
compare "static Go" "$guests/go-static"
compare "static C" "$guests/linkage-static"
compare "a spin on the clock" "$guests/spin" monotonic

# One process alone, by its environment: the same times as its neighbours'.
sim_opts=()
sim bash -c 'date +%s.%N; SUNDIAL_CLOCK_PAGE=off date +%s.%N'
mv out mixed.out
mixed_reads=$(stat_of page_reads)
sim bash -c 'date +%s.%N; SUNDIAL_CLOCK_PAGE=on date +%s.%N'
same out mixed.out "a process without the page sees the times it would see with it"
between "$mixed_reads" 1 "$(($(stat_of page_reads) - 1))" "and only it does without"
done_testing
