#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The shortest demonstration: a day passes, and nobody waits.

. selftests/tap.sh
need jq

limit=20
sim sleep 86400
exits 0 "sleep 86400 ends with status 0"
took_virtual 86400 86401 "and takes a day of virtual time"
between "$(stat_of wall_ns)" 1 10000000000 "in less than 10 s of real time"
between "$(stat_of speedup)" 1000 1e15 "the speed-up is reported"
is "$(stat_of exit_status)" 0 "the exit status is reported"
is "$(cat out err)" "" "a quiet simulation prints nothing of its own"

sim sleep 3652d
took_virtual 315532800 315532801 "ten years pass as well"

sim sleep nonsense
exits 1 "a program's own failure is passed on"
like err "invalid time interval" "with its own message"

sim_opts=(--until 1h)
sim sleep 86400
took_virtual 3600 3600.001 "--until ends the simulation at that time"
sim_opts=(--start "2030-06-01 12:00:00")
sim date -u "+%F %T"
is "$(cat out)" "2030-06-01 12:00:00" "--start sets the date"
sim_opts=()
sim date -u "+%F %T"
is "$(cat out)" "2000-01-01 00:00:00" "time begins on the first of January 2000"

"$SUNDIAL" sim -- sleep 86400 >out 2>err
like err "1 d 00:00:00" "the summary is printed on standard error"
is "$(cat out)" "" "and standard output is the program's alone"
done_testing
