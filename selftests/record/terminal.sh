#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The terminal view, by what is on the screen of a terminal.

. selftests/record/record.sh
"$python" -c 'import pyte' 2>/dev/null || skip_all "python3-pyte is not installed (make deps)"
record "$top/build/record/corpus/uaf_threads"
mv recording crash
# A name that would change the title of the window.
harmful=$work/$'\e]0;owned\a'
cp /bin/true "$harmful"
record "$harmful"
rm -rf "$harmful"
timeout 120 "$python" "$top/selftests/record/terminal.py" "$SUNDIAL rewind" crash recording
