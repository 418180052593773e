#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is made of a kernel's console: every complaint counts, but a data race that is
# not the module's.
# TIMEOUT: 60

. selftests/tap.sh

# verdict NAME SPLATS ELSEWHERE LINES: how many of each a console with those lines has
verdict() {
	printf '%b' "$4" >in
	awk -f "$top/selftests/vm/splats.awk" in >out
	is "$(grep -c '^splat' out) $(grep -c '^elsewhere' out)" "$2 $3" "$1" || sed 's/^/#   /' out
}

bar='[    1.000000][   T12] ==================================================================\n'
# race LINES: a report with these lines in its stacks
race() { printf '%s' "${bar}[    1.000000][   T12] BUG: KCSAN: data-race in one / other\n$1$bar"; }

verdict "a quiet console" 0 0 "[    0.100000] Linux version 6.12\n[    3.000000][   T1] sundial: loading out-of-tree module\n"
verdict "an empty one" 0 0 ""
verdict "a warning" 2 0 "[    1.0] WARNING: CPU: 0 PID: 1 at a.c:1\n[    1.0] Call Trace:\n"
verdict "a slow machine" 0 0 "[    1.0][    C1] INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 3.120 msecs\n"
verdict "lockdep" 1 0 "[    1.000000][   T12] WARNING: possible circular locking dependency detected\n"
verdict "a leak" 1 0 "unreferenced object 0xffff888001234500 (size 64):\n"
verdict "a watcher that gives up" 1 0 "[    1.0] kmemleak: Memory pool empty, consider increasing\n"
verdict "KASAN, wherever it is" 1 0 "${bar}[    1.0] BUG: KASAN: slab-use-after-free in f\n[    1.0]  f+0x1/0x2\n$bar"
verdict "a data race elsewhere" 0 1 "$(race '[    1.0][   T12]  tick+0x1/0x2\n')"
like out "elsewhere data-race in one / other" "and is named"
verdict "one of the module's" 4 0 "$(race '[    1.0][   T12]  sundial_clock_ioctl+0x1/0x2 [sundial]\n')"
latch=${bar}'[    1.0] BUG: KCSAN: data-race in ktime_get_mono_fast_ns+0xc7/0x180\n[    1.0]  f+0x1/0x2 [sundial]\n'$bar
verdict "the latch of the kernel's time, read by the module" 0 1 "$latch"
polled=${bar}'[    1.0] BUG: KCSAN: data-race in poll_schedule_timeout.constprop.0 / pollwake\n[    1.0]  f+0x1/0x2 [sundial]\n'$bar
verdict "the word of one that polls, set by whom the module wakes by" 0 1 "$polled"
verdict "but no other that the module is in" 4 0 "${polled//pollwake/sundial_poll}"
verdict "a tick that interrupts the module" 0 1 "$(race '[    1.0]  tick+0x1/0x2\n[    1.0]  asm_sysvec_apic_timer_interrupt+0x1/0x2\n[    1.0]  f+0x1/0x2 [sundial]\n')"
verdict "beside it an access of the module" 7 0 "$(race '[    1.0]  tick+0x1/0x2\n[    1.0]  asm_sysvec_apic_timer_interrupt+0x1/0x2\n[    1.0] \n[    1.0]  f+0x1/0x2 [sundial]\n')"
verdict "the workqueue that runs its works" 0 1 "$(race '[    1.0]  process_one_work+0x1/0x2\n[    1.0] Workqueue: sundial f [sundial]\n')"
verdict "both, one after the other" 4 1 "$(race '[    1.0]  tick+0x1/0x2\n')$(race '[    1.0]  f+0x1/0x2 [sundial]\n')"
verdict "a report that never ends" 1 0 "${bar}[    1.0] BUG: KASAN: use-after-free in f\n"
verdict "what is done on purpose afterwards" 0 0 "[    9.0] sundial: on purpose from here on\n[    9.1] WARNING: CPU: 0\n"
done_testing
