#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# memcached and its own clients over loopback TCP and a UNIX socket; keys expire.
# TIMEOUT: 240

. selftests/tap.sh
need jq memcached memccp memccat memcstat

cat >guest.sh <<'END'
me=$(id -un)
memcached -u "$me" -l 127.0.0.1 -p 7211 -U 0 -t 4 >tcp.log 2>&1 &
memcached -u "$me" -s "$PWD/mc.sock" -t 2 >unix.log 2>&1 &
until memcstat --servers=127.0.0.1:7211 >stat 2>&1 && [ -S mc.sock ]; do sleep 0.1; done
printf brief >short
printf lasting >long
for server in 127.0.0.1:7211 "$PWD/mc.sock"; do
	memccp --servers="$server" --expire=3600 short
	memccp --servers="$server" --expire=86400 long
	memccat --servers="$server" short
done
sleep 3590
for server in 127.0.0.1:7211 "$PWD/mc.sock"; do memccat --servers="$server" short; done
sleep 20
for server in 127.0.0.1:7211 "$PWD/mc.sock"; do
	memccat --servers="$server" short || echo "short is gone"
	memccat --servers="$server" long
done
sleep 1d
for server in 127.0.0.1:7211 "$PWD/mc.sock"; do
	memccat --servers="$server" long || echo "long is gone"
done
uptime=$(memcstat --servers=127.0.0.1:7211 | awk '$1 == "uptime:" { print $2 }')
echo "a day of uptime: $((uptime >= 90000 && uptime < 90100))"
kill %1 %2
wait %1
echo "server $?"
END
cat >want <<'END'
brief
brief
brief
brief
short is gone
lasting
short is gone
lasting
long is gone
long is gone
a day of uptime: 1
server 0
END
limit=150
sim bash guest.sh
exits 0 "the session ends well"
same out want "keys expire in virtual time"
took_virtual 90010 90200 "a day and more passes"
done_testing
