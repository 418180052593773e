# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel complains of on its console, one line each: "splat LINE: TEXT", or
# "elsewhere TEXT" for a data race that KCSAN saw and that is not ours: a report none
# of whose stacks goes through the module, that is, has "[sundial]" in a line.
# The kernel races with itself in many places that it knows of. What interrupts the module
# is not the module, nor is the workqueue that runs its works. Three of those places it
# calls; only accesses in those functions themselves are passed over:
# ktime_get_mono_fast_ns() reads a latch that changes meanwhile, and looks at its sequence
# again to see that; pollwake() sets, and queue_work_on() marks, a word that the sleeper
# or the worker reads plainly, each behind a barrier of its own.
#
# A line "on purpose from here on" ends it: then the watchers themselves are tested.

function judge(    title, i) {
	title = lines[2]
	if (title !~ /BUG: KCSAN/) {
		for (i = 1; i <= count; i++) line(lines[i], first + i - 1)
	} else if (ours && title !~ /data-race in ktime_get_mono_fast_ns\+/ &&
		   title !~ /data-race in poll_schedule_timeout[.a-z0-9]* \/ pollwake\r?$/ &&
		   title !~ /data-race in move_linked_works \/ queue_work_on\r?$/) {
		for (i = 1; i <= count; i++) print "splat " (first + i - 1) ": " lines[i]
	} else {
		sub(/.*BUG: KCSAN: /, "", title)
		print "elsewhere " title
	}
	count = ours = interrupted = 0
}

# How long a handler of NMIs took says how busy the machine is.
function line(text, number) {
	if (text ~ /INFO: NMI handler .* took too long/)
		return
	if (text ~ /BUG:|WARNING:|INFO: |Oops|general protection|Call Trace|Kernel panic|Bad page|list_(add|del) corruption|refcount_t|rcu.*stall|soft lockup|hung_task|UBSAN|KASAN|KCSAN|ODEBUG|DMA-API|unreferenced object|kmemleak: .*([Dd]isabl|out of memory|Memory pool empty)/)
		print "splat " number ": " text
}

/on purpose from here on/ { exit }
{ text = $0; sub(/^(\[[^]]*\])+ /, "", text) }
text ~ /^====================*\r?$/ && !count { first = NR; lines[++count] = text; next }
count {
	lines[++count] = text
	if (text ~ /^ *\r?$/) interrupted = 0
	if (text ~ /asm_sysvec_/) interrupted = 1
	if (text ~ /\[sundial\]/ && text !~ /^Workqueue:/ && !interrupted) ours = 1
	if (text ~ /^====================*\r?$/ || count > 400) judge()
	next
}
{ line(text, NR) }
END { if (count) judge() }
