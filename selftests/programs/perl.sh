#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# perl: sleep, alarm, select, fork, pipes and signals.

. selftests/tap.sh
need jq perl

same_as_native "perl" 8 11 perl "$top/selftests/programs/guests/timers.pl"
sim perl -e 'sleep 86400 * 30; print scalar gmtime, "\n"'
is "$(cat out)" "Mon Jan 31 00:00:00 2000" "a month later"
sim perl -e 'print "$$\n"; $s = times; sleep 1000; $c = times; print $c - $s < 100 ? "idle\n" : "busy\n"'
like out "^idle$" "CPU time does not count sleep"
done_testing
