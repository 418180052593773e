# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel complains of on its console, one line each: "splat LINE: TEXT", or
# "elsewhere TEXT" for a data race that KCSAN saw and that is not ours: a report none
# of whose stacks goes through the module, that is, has no "[sundial]" in any line.
# The kernel races with itself in many places that it knows of. One of these the
# module comes by: ktime_get_mono_fast_ns() reads a latch that changes meanwhile, and
# looks at its sequence again to see that; only an access in that function itself is
# passed over.
#
# A line "on purpose from here on" ends it: then the watchers themselves are tested.

function judge(    title, i) {
	title = lines[2]
	if (title !~ /BUG: KCSAN/) {
		for (i = 1; i <= count; i++) line(lines[i], first + i - 1)
	} else if (ours && title !~ /data-race in ktime_get_mono_fast_ns\+/) {
		for (i = 1; i <= count; i++) print "splat " (first + i - 1) ": " lines[i]
	} else {
		sub(/.*BUG: KCSAN: /, "", title)
		print "elsewhere " title
	}
	count = ours = 0
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
	if (text ~ /\[sundial\]/) ours = 1
	if (text ~ /^====================*\r?$/ || count > 400) judge()
	next
}
{ line(text, NR) }
END { if (count) judge() }
