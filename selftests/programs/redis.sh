#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# redis-server and redis-cli over loopback TCP and a UNIX socket; keys expire.
# TIMEOUT: 240

. selftests/tap.sh
need jq redis-server redis-cli

cat >guest.sh <<'END'
redis-server --hz 1 --bind 127.0.0.1 --port 7379 --unixsocket "$PWD/redis.sock" --save "" \
	--appendonly no --daemonize no --dir "$PWD" >server.log 2>&1 &
server=$!
tcp="redis-cli -p 7379" unix="redis-cli -s $PWD/redis.sock"
until [ "$($tcp ping 2>/dev/null)" = PONG ]; do sleep 0.1; done
$tcp set short 1 EX 3600
$tcp set long 2 EX 86400
$unix incrby counter 41
$unix incr counter
sleep 3590
echo "short $($unix get short), ttl below 11: $(($($tcp ttl short) < 11))"
sleep 20
echo "short is gone: $($tcp exists short)"
echo "long $($tcp get long)"
sleep 1d
echo "expired: $($unix dbsize) left"
$tcp eval 'local n = 0 for i = 1, 1000 do n = n + redis.call("incr", "lua") end return n' 0
$tcp lpush done 1 >pushed
($tcp blpop queue 100 | tr '\n' ' '; echo) &
popper=$!
sleep 5
$tcp rpush queue item
wait $popper
$tcp blpop nothing 50
$tcp subscribe news >heard & subscriber=$!
sleep 1
$tcp publish news today
sleep 1
kill $subscriber
grep -c today heard
$tcp bgsave
sleep 10
$tcp lastsave | wc -c
[ -s dump.rdb ] && echo saved
$unix shutdown nosave
wait $server
echo "server $?"
END
cat >want <<'END'
OK
OK
41
42
short 1, ttl below 11: 1
short is gone: 0
long 2
expired: 1 left
500500
1
queue item 

1
1
Background saving started
10
saved
server 0
END
limit=150
sim bash guest.sh
exits 0 "the session ends well"
same out want "keys expire, queues block, snapshots are written, in virtual time"
took_virtual 90070 90200 "a day and more passes"
redis-check-rdb dump.rdb >checked 2>&1
is $? 0 "the snapshot is whole when read natively"

sim bash -c 'redis-server --port 7380 --save "" >server.log & sleep 1
	redis-benchmark -p 7380 -q -n 2000 -c 20 -t set,get,lpush,ping_inline >bench.out; echo $?
	redis-cli -p 7380 shutdown nosave; wait'
is "$(head -n 1 out)" 0 "redis-benchmark, twenty connections"
done_testing
