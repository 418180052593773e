#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page that rewind writes: one file that needs no other, whose script runs, and in which
# nothing of the recording becomes markup.

. selftests/record/record.sh
need node

# A path of which each part would be harm.
evil="$work/<script>alert(1)<"
mkdir -p "$evil"
cp "$top/build/record/corpus/uaf_threads" "$evil/script>\"'&<b>"
# A long call, so that there is room for its name.
record sh -c 'sleep 0.1; exec "$0"' "$evil/script>\"'&<b>"
exits 139 "a program with a name of markup crashes"
"$SUNDIAL" rewind --html page.html recording
result $? "the page is written"

is "$(grep -o '<script' page.html | wc -l) $(grep -o '</script' page.html | wc -l)" "2 2" \
	"it has its two scripts, and no other"
unlike page.html 'alert\(1\)<|<b>"|&<b' "no name is markup"
like page.html 'alert\(1\)&#60;/script&#62;' "it is shown as text"
unlike page.html '(src|href) *=|@import|url\(|https?:' "nothing is loaded from elsewhere"
like page.html "default-src 'none'" "and nothing can be"
like page.html '<h2>use after free in main' "the diagnosis is in words"
for role in used freed allocated; do
	like page.html "data-role=\"$role\"" "it has where memory was $role"
done
like page.html '<b><i> *[0-9]+</i> .*free\(shared\);' "with the line of the source"

timeout "$limit" node "$top/selftests/record/page.mjs" page.html >out 2>err
is "$?$(cat err)" 0 "its script runs, and does what is asked of it"
like out '^drawn: clock_nanosleep$' "calls are drawn by name"
like out '^drawn: (used|freed)$' "what the diagnosis speaks of is marked"
like out '^drawn: CPU [01]$' "CPUs are there as well"
like out '^code: mmap$' "calls are summed up"
like out '^many rectangles, 0 without a place$' "everything has a place"
done_testing
