#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that crashes ends as on Linux (status, message, core rules), and the rest
# goes on. The native run is the oracle.
# TIMEOUT: 300

. selftests/tap.sh
need jq

cat >guest.sh <<'END'
for how in null stack abort illegal divide bus trap jump kill thread; do
	"$1" $how &
	wait $!
	echo "$how: $?"
done
sleep 1
echo "the rest goes on"
END
for build in crash crash-static; do
	UNIT=0.01 native bash guest.sh "$guests/$build"
	mv out native.out
	sed 's/^.*line 3: *[0-9]* //' err >native.err
	UNIT=3600 sim bash guest.sh "$guests/$build"
	exits 0 "$build: the shell that watched ends well"
	same out native.out "$build: every status is Linux's"
	sed 's/^.*line 3: *[0-9]* //' err >sim.err
	same sim.err native.err "$build: so is every message"
	UNIT=0.01 native "$guests/$build" handled
	mv out native.out
	sim "$guests/$build" handled
	exits 0 "$build: faults that are handled"
	same out native.out "$build: with Linux's signal, code and address"
done

for how in null:139 abort:134 illegal:132 kill:137; do
	sim "$guests/crash" "${how%:*}"
	exits "${how#*:}" "the simulation's own status after ${how%:*}"
done

sim bash -c '"$1" null & sleep 100 & "$1" stack; wait; date +%s' _ "$guests/crash"
like out "^94668490" "others sleep on while a guest crashes"
done_testing
