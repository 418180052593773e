# SPDX-License-Identifier: GPL-2.0-or-later
# The TAP streams of one boot as one: renumbered, each program held to its own
# plan. In: what init wrote. Variables: prefix, number (of the last result so far),
# counts (the file for the number of the last result, and whether any was bad),
# only ("*" if all programs run).
#
# A user's skip because it "needs root" is a comment, for the same test ran as root;
# so is a test that was refused the device, for the user outside the group alone, of
# whom it is expected: it must happen.

function result(status, text) {
	print status " " ++number " " prefix " " text
	if (status != "ok") bad = 1
}

function skipped(reason) {
	is_refusal = reason ~ /refuses this user|\/dev\/sundial.*Permission denied/
	if (is_refusal && user == "outsider") refused++
	else if (is_refusal) result("not ok", user " " name ": " reason)
	else if (reason ~ /needs root/ && user != "root") rooted++
	else if (reason ~ /needs root/) result("not ok", user " " name ": " reason)
	else skips[reason]++
}

# One result for all that a program skips for the same reason.
function report_skips(   reason) {
	for (reason in skips) result("ok", user " " name " skips " skips[reason] " # SKIP " reason)
	delete skips
}

function program_ends(status, is_late) {
	if (is_late) result("not ok", user " " name " ends within " status " s")
	else if (none) skipped(none)
	else if (plan != seen) result("not ok", user " " name " planned " plan " results, printed " seen)
	else if (status != 0 && !wrong) result("not ok", user " " name " ended with status " status)
	report_skips()
	if (took >= 10) print "# " user " " name " took " took " s"
	if (rooted) print "# " user " " name ": " rooted " need root and ran as root"
	name = ""
}

/^#: booted/ { booted = 1; next }
/^#: ok / { sub(/^#: ok /, ""); result("ok", $0); next }
/^#: not ok / { sub(/^#: not ok /, ""); result("not ok", $0); next }
/^#: begin/ { name = $3; user = $4; plan = -1; seen = wrong = rooted = 0; none = ""; programs++; next }
/^#: late/ { program_ends($3, 1); next }
/^#: end/ { took = $4; program_ends($3, 0); next }
/^#: finished/ { finished = 1; next }
/^#: provoked/ { next }
/^1\.\.0/ { none = $0; sub(/^1\.\.0[ #]*(SKIP|skip)? */, "", none); if (none == "") none = "no reason given"; next }
/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; next }
/^TAP version/ { next }
/^ok [0-9]+.*# *SKIP/ { seen++; sub(/^.*# *SKIP */, ""); skipped($0); next }
/^ok / { seen++; sub(/^ok [0-9]+ */, ""); result("ok", user " " name " " $0); next }
/^not ok / { seen++; wrong++; sub(/^not ok [0-9]+ */, ""); result("not ok", user " " name " " $0); next }
{ print /^#/ ? $0 : "# " $0 }

END {
	if (!booted) result("not ok", "boots")
	else if (!finished) result("not ok", "runs to its end" (name ? ", not only into " name " as " user : ""))
	if (!programs) result("not ok", "runs any test")
	else if (refused) result("ok", "a user outside the group is refused the device in " refused " tests")
	else if (only == "*") result("not ok", "a user outside the group is refused the device")
	print number, bad + 0 > counts
}
