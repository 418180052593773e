#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The VM's runner: a boot that fails, goes silent, loses a result or lets the wrong
# user in must never pass.
# TIMEOUT: 60

. selftests/tap.sh

# verdict NAME LAST-NUMBER BAD LINES: what is made of a boot that wrote those lines
verdict() {
	printf '%b' "$4" >in
	awk -f "$top/selftests/vm/merge.awk" -v prefix=p -v number=10 -v counts=counts \
		-v only="${only:-}" in >out
	is "$(cat counts)" "$2 $3" "$1" || sed 's/^/#   /' out
}

# program USER STATUS LINES: the lines of one program
program() { printf '#: begin f/t %s\n%b#: end %s\n' "$1" "$3" "$2"; }
boot() { printf '#: booted 6.12\n%b#: finished\n' "$1"; }
good=$(program root 0 '1..1\nok 1 a\n')\\n

verdict "results are counted on from the last boot's" 13 0 "$(boot "#: ok insmod\n$good$good")"
verdict "a check of init fails" 12 1 "$(boot "#: not ok insmod\n$good")"
verdict "no boot is a failure" 12 1 ""
verdict "a boot without a program is a failure" 11 1 "$(boot '')"
verdict "a boot that stops in a program is a failure" 12 1 "#: booted 6.12\n#: begin f/t root\n1..2\nok 1 a\n"
like out "runs to its end, not only into f/t as root" "and names it"
verdict "a not ok fails" 11 1 "$(boot "$(program root 1 '1..1\nnot ok 1 a\n')\n")"
verdict "a lost result fails" 12 1 "$(boot "$(program root 0 '1..2\nok 1 a\n')\n")"
verdict "a missing plan fails" 12 1 "$(boot "$(program root 0 'ok 1 a\n')\n")"
verdict "a silent program fails" 11 1 "$(boot "$(program root 0 '')\n")"
verdict "a bad exit status fails" 12 1 "$(boot "$(program root 3 '1..1\nok 1 a\n')\n")"
verdict "a time-out fails" 12 1 "$(boot '#: begin f/t root\n1..2\nok 1 a\n#: late 300\n')"
verdict "a skip stays a skip" 11 0 "$(boot "$(program root 0 '1..1\nok 1 # SKIP no foo\n')\n")"
like out "ok 11 p root f/t skips 1 # SKIP no foo" "with its reason"
verdict "skips for one reason are one result" 11 0 \
	"$(boot "$(program root 0 '1..2\nok 1 # SKIP no foo\nok 2 # SKIP no foo\n')\n")"
verdict "for two reasons they are two" 12 0 \
	"$(boot "$(program root 0 '1..2\nok 1 # SKIP no foo\nok 2 # SKIP no bar\n')\n")"
verdict "a program skipped whole stays a skip" 11 0 "$(boot "$(program root 4 '1..0 # SKIP no foo\n')\n")"
verdict "a user's test that needs root ran as root" 11 0 \
	"$(boot "$good$(program member 0 '1..1\nok 1 # SKIP needs root\n')\n")"
verdict "root cannot say that it needs root" 11 1 "$(boot "$(program root 0 '1..1\nok 1 # SKIP needs root\n')\n")"
refused='1..1\nok 1 # SKIP /dev/sundial refuses this user\n'
verdict "the device may refuse a user outside the group" 12 0 "$(boot "$good$(program outsider 0 "$refused")\n")"
verdict "but not one in it" 12 1 "$(boot "$good$(program member 0 "$refused")\n")"
only='*'
verdict "and must do so" 12 1 "$(boot "$good")"
done_testing
