#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sundial run with its clock shifted and scaled: every wait on the guest's own clock
# (clocks_test.c), how long that takes outside, and who inherits the clock.
# TIMEOUT: 300

. selftests/tap.sh
bin=$top/build/selftests/passthrough
limit=150

# clocks WHAT PROG: what clocks_test finds wrong, as one result.
clocks() {
	run "$2"
	[ "$status" = 0 ] && ! grep -q '^not ok' out && grep -q '^1\.\.' out
	result $? "$1" "status $status" "$(grep -B3 '^not ok' out)" "$(tail -n 3 err)"
}

native "$bin/clocks_test"
unlike out '^not ok' "natively every wait is long enough"
clocks "as fast as the machine's" "$bin/clocks_test"
run_opts=(--speed 10)
clocks "ten times as fast" "$bin/clocks_test"
clocks "ten times as fast, static" "$bin/clocks_test-static"
run_opts=(--speed 1/3 --start 2031-05-06)
clocks "a third as fast, from another date" "$bin/clocks_test"
run_opts=(--speed 7/3 --start 1999-12-31)
clocks "a speed that is no whole number" "$bin/clocks_test-static"

# What the guest counts against what this shell counts, with room for a busy machine:
# the speed is between its half and its double.
for speed in 20 1/4; do
	run_opts=(--speed $speed)
	began=${EPOCHREALTIME/./}
	run bash -c 's=${EPOCHREALTIME/./}; read -t '"$([ $speed = 20 ] && echo 60 || echo 0.8)"' < <(exec sleep 1000); e=${EPOCHREALTIME/./}; echo $((e - s)); kill $!'
	outside=$((${EPOCHREALTIME/./} - began)) inside=$(cat out)
	[ $speed = 20 ] && limits=(60000000 66000000 3000000 9000000) || limits=(800000 2000000 3200000 9000000)
	between "$inside" "${limits[0]}" "${limits[1]}" "at speed $speed a wait lasts as long as asked, inside"
	between "$outside" "${limits[2]}" "${limits[3]}" "and as much less or more outside"
done

run_opts=(--start "2031-05-06 07:08:09")
run bash -c 'date -u +%F; exec bash -c "date -u +%F; busybox date -u +%F"'
is "$(sort -u out)" 2031-05-06 "whoever is executed inherits the date"
printf '#!/usr/bin/env -S bash -e\ndate -u +%%F\n' >script
chmod +x script
run ./script
is "$(cat out)" 2031-05-06 "a script of a script"
run $python -c 'import subprocess; print(subprocess.check_output(["date", "-u", "+%F"]).decode(), end="")'
is "$(cat out)" 2031-05-06 "vfork's child"
run $python -c 'import threading, time
threading.Thread(target=lambda: print(time.strftime("%F", time.gmtime()))).start()'
is "$(cat out)" 2031-05-06 "a thread"
done_testing
