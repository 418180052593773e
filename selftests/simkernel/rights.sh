#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that gives root up loses root's files, at once and after execve, and
# still dies with its supervisor: the host forgets the death signal of a thread
# whose ids change.

. selftests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "only root can give root up"
command -v setpriv >/dev/null || skip_all "setpriv is missing"

drop=(setpriv --reuid 65534 --regid 65534 --clear-groups)
chmod 755 .
echo secret >secret
chmod 600 secret
sim "${drop[@]}" bash -c 'id -u; id -g; cat secret || echo refused'
printf '65534\n65534\nrefused\n' >want
same out want "without root's ids there are no root's files"

"$SUNDIAL" sim -q -- "${drop[@]}" bash -c '(while :; do :; done) & while :; do :; done' &
supervisor=$!
for _ in $(seq 100); do
	guests_now=$(ps -o pid= --ppid $supervisor)
	[ "$(echo "$guests_now" | wc -w)" -ge 2 ] && break
	sleep 0.1
done
# Each has given root up by now, or will not while it spins.
sleep 0.3
kill -9 $supervisor
wait $supervisor 2>/dev/null
left=
for _ in $(seq 50); do
	left=
	for pid in $guests_now; do
		[ -d "/proc/$pid" ] && left="$left $pid"
	done
	[ -z "$left" ] && break
	sleep 0.1
done
[ -z "$left" ] || kill -9 $left
is "$left" "" "guests without root's ids die with their supervisor"
is "$(echo "$guests_now" | wc -w)" 2 "both of them had been there"
done_testing
