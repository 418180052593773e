#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's busybox-static: a static program that is its own shell and tools.
# TIMEOUT: 240

. selftests/tap.sh
need jq busybox

same_as_native "jobs in busybox sh" 6 8 busybox sh "$top/selftests/programs/guests/jobs.bash"

sim busybox sh -c 'busybox sleep 3600; busybox date -u "+%F %T"'
is "$(cat out)" "2000-01-01 01:00:00" "its date sees what its sleep took"
took_virtual 3600 3601 "an hour passes"
sim busybox timeout 60 busybox sleep 3600
took_virtual 60 62 "its timeout ends a sleep"
sim busybox usleep 2500000
took_virtual 2.5 2.6 "its usleep"
sim busybox sh -c 'busybox yes | busybox head -n 100000 | busybox md5sum'
is "$(cut -c1-32 out)" "$(yes | head -n 100000 | md5sum | cut -c1-32)" "a pipeline that ends by SIGPIPE"
done_testing
