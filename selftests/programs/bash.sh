#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bash: background jobs, wait, date, traps, pipelines, coprocesses.
# TIMEOUT: 240

. selftests/tap.sh
need jq bash
script=$top/selftests/programs/guests/jobs.bash

same_as_native "jobs" 10 13 bash "$script"

sim bash -c 'date +%s; sleep 1h & sleep 2h & wait; date "+%F %T"; date +%s | tr 0-9 a-j | wc -c'
is "$(tr '\n' '|' <out)" "946684800|2000-01-01 02:00:00|10|" "date agrees with what was slept"
took_virtual 7200 7201 "jobs sleep at the same time"

sim bash -c 'trap "echo caught" TERM; sleep 1d & wait $! & sleep 1; kill -TERM $$; echo after; exit 9'
is "$(tr '\n' '|' <out)" "caught|after|" "a trap runs"
exits 9 "and the status is the script's"

sim bash -c 'for i in {1..40}; do (sleep $((i % 7)).5; exit $i) & done; n=0; while wait -n; s=$?; [ $s != 127 ]; do n=$((n + s)); done; echo $n'
is "$(cat out)" 820 "forty jobs are waited for, each once"

sim bash -c 'kill -SEGV $$'
exits 139 "death by a signal gives 128 and its number"

sim bash -c 'time -p sleep 90' 
like err "real 9[01]" "the shell's own time command sees virtual time"

sim bash -c 'ps -o pid,ppid,comm | wc -l; echo $$ $PPID | wc -w; [ -d /proc/$$ ] && tr "\0" " " </proc/$$/cmdline | cut -c1-8'
exits 0 "ps and /proc work"
like out "^bash -c" "the command line is in /proc"
done_testing
