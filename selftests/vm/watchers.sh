# SPDX-License-Identifier: GPL-2.0-or-later
# Part of init, for debug kernels: what their watchers say only when asked, and
# whether they were awake. On other kernels it does nothing.

leaks=/sys/kernel/debug/kmemleak
races=/sys/kernel/debug/kcsan

# What the kernel itself leaked while it booted is not asked for again.
watchers_begin() {
	[ ! -e $leaks ] || { echo scan >$leaks; echo clear >$leaks; }
}

# Only what is older than five seconds is called a leak, and only what two scans see
# is believed: a pointer can be in a register at the moment of one.
leaks_found() {
	sleep 6
	echo scan >$leaks && sleep 1 && echo scan >$leaks && cat $leaks
}

no_leaks() {
	local found
	found=$(leaks_found) || { echo "kmemleak has switched itself off"; return 1; }
	[ -z "$found" ] || { echo "$found" | sed 's/^/# /'; return 1; }
}

lockdep_awake() { grep -q 'debug_locks: *1' /proc/lockdep_stats; }

# The console has a line before them, so that run.sh does not count these reports.
reports() { # misdeed, what must then be said
	dmesg -c >/dev/null
	insmod /modules/misdeeds.ko deed="$1" 2>/dev/null
	if [ "$1" = leak ]; then leaks_found; else dmesg; fi | grep -q "$2"
}

watchers_end() {
	[ -e $leaks ] || [ -e $races ] || return
	[ ! -e $leaks ] || check "nothing was leaked" no_leaks
	[ ! -e /proc/lockdep_stats ] || check "lockdep was awake to the end" lockdep_awake
	echo "<4>sundial: on purpose from here on" >/dev/kmsg
	if [ -e $races ]; then
		check "a data race is reported" reports race "KCSAN: data-race in race_main"
		return
	fi
	# lockdep ends its work at its own first cycle, and after what KASAN reports.
	check "a leak is reported" reports leak "unreferenced object"
	check "sleeping under a spinlock is reported" reports sleep_in_atomic "sleeping function called"
	check "a use of RCU without its lock is reported" reports dereference_outside_of_rcu "suspicious RCU usage"
	check "a shift too far is reported" reports shift_too_far "UBSAN: shift-out-of-bounds"
	check "an active timer that is made again is reported" reports make_active_timer_again "ODEBUG"
	check "locking both ways is reported" reports lock_both_ways "circular locking dependency"
	check "a use after free is reported" reports use_after_free "KASAN: slab-use-after-free"
}
