# SPDX-License-Identifier: GPL-2.0-or-later
# Joins the TAP of several test binaries into one stream. Reads, for each
# binary, "#binary NAME", its output, "#status N". A binary that ends without
# the plan that fits its lines, or whose status disagrees, is itself a failure.
# With -v expected=FILE the tests named there ("NAME: TEST  reason") must fail:
# they are printed as skips, and as a failure once they pass, so that the list
# can only shrink.
function result(ok, name, rest)
{
	number++
	if (name in reason) {
		seen[name] = 1
		if (ok) {
			print "not ok " number " - " name
			print "# passes now: remove it from " expected
			failed = 1
		} else {
			print "ok " number " - " name " # SKIP known to fail: " reason[name]
		}
		return
	}
	print (ok ? "ok " : "not ok ") number " - " name rest
	if (!ok)
		failed = 1
}

BEGIN {
	print "TAP version 13"
	while (expected != "" && (getline line < expected) > 0) {
		if (line ~ /^#/ || line ~ /^[ \t]*$/)
			continue
		split(line, part, /[ \t]+/)
		key = part[1] " " part[2]
		text = line
		sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]*/, "", text)
		reason[key] = text
	}
}

/^#binary / { binary = $2; ran[binary] = 1; lines = 0; plan = -1; bad = 0; next }
/^#status / {
	if (plan != lines)
		result(0, binary ": plan", " (" lines " results, plan " plan ", status " $2 ")")
	else if (($2 != 0) != (bad > 0))
		result(0, binary ": status", " (status " $2 ", " bad " failed)")
	next
}
/^1\.\.[0-9]+$/ { plan = substr($0, 4) + 0; next }
/^TAP version/ { next }
/^(not )?ok [0-9]+ - / {
	ok = /^ok /
	name = $0
	sub(/^(not )?ok [0-9]+ - /, "", name)
	rest = ""
	if (match(name, / # SKIP.*/)) {
		rest = substr(name, RSTART)
		name = substr(name, 1, RSTART - 1)
	}
	lines++
	bad += !ok
	result(ok, binary ": " name, rest)
	next
}
/^#/ { print; next }
{ print "# " $0 }

END {
	for (name in reason)
		if (!(name in seen) && ran[substr(name, 1, index(name, ": ") - 1)]) {
			number++
			print "not ok " number " - " name
			print "# listed in " expected ", but there is no such test"
			failed = 1
		}
	print "1.." number
	exit failed
}
