#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# stress-ng's stressors of what a simulated kernel answers itself: timers, futexes,
# pipes, clone, signals. A bounded number of operations each, its own checks on.
# TIMEOUT: 400

. selftests/tap.sh
need jq stress-ng

# stress NAME OPERATIONS [OPTION...]
stress() {
	local name=$1 ops=$2
	shift 2
	sim stress-ng --"$name" 2 --"$name"-ops "$ops" --timeout 600 --verify --metrics-brief \
		--temp-path "$work" "$@"
	exits 0 "$name: ends well" &&
	unlike err "fail:|error:" "$name: finds nothing wrong" &&
	like err "successful run completed|passed: 2" "$name: both instances passed"
}

stress timer 20000
stress itimer 2000
stress timerfd 2000
stress futex 5000
stress pipe 20000
stress clone 500
stress fork 500
stress vfork 500
stress sigq 20000
stress kill 20000
stress sigsuspend 5000
stress sigpending 5000
stress sigfd 5000
stress poll 2000
stress epoll 500
stress eventfd 5000
stress nanosleep 2000
stress switch 20000
stress sem 5000
done_testing
