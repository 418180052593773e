#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests work as kselftests: in this tree by make -C selftests, and copied into the
# tree of each kernel whose source is installed, where they build, install and run.
# Without the module the memfd's half runs, and the rest is skipped.
# TIMEOUT: 1800

. selftests/tap.sh
need rsync xz
limit=800
program=page_test

# tests_in FOLDER: what the folder's Makefile should make
tests_in() { (cd "$top/selftests/$1" && printf '%s\n' *_test.c | sed 's/\.c$//' | sort); }

# unpack ARCHIVE: what kselftest needs of a kernel's source; prints the folder
unpack() {
	local name tree
	name=$(basename "$1" .tar.xz)
	tree=$top/build/kselftest/$name
	if [ ! -e "$tree/done" ]; then
		mkdir -p "$tree"
		tar -xJf "$1" -C "$tree" --strip-components=1 --wildcards \
			"$name/scripts/subarch.include" "$name/tools/scripts/*" \
			"$name/tools/testing/selftests/"{Makefile,lib.mk,kselftest.h,kselftest_harness.h,run_kselftest.sh,'kselftest/*'} &&
			touch "$tree/done"
	fi
	echo "$tree"
}

in_tree() { # tree
	local tree=$1 name suite=$1/tools/testing/selftests
	name=$(basename "$tree")
	rm -rf "$work/installed"
	capture "$top/selftests/into-tree.sh" "$tree"
	exits 0 "$name: the tests are copied into its tree"
	capture make -C "$suite" TARGETS=sundial/clock FORCE_TARGETS=1 install KSFT_INSTALL_PATH="$work/installed"
	exits 0 "$name: make install there"
	is "$(sed -n 's/^sundial\/clock://p' installed/kselftest-list.txt | sort)" "$(tests_in clock)" \
		"$name: all programs are listed"
	[ -s installed/sundial/clock/settings ] && [ -s installed/sundial/clock/config ]
	result $? "$name: settings and config are installed"
	capture installed/run_kselftest.sh -t "sundial/clock:$program"
	exits 0 "$name: the installed run_kselftest.sh runs one"
	like out "^ok 1 selftests: sundial/clock: $program" "$name: which passes"
	rm -rf "$suite/sundial"
}

capture make -C "$top/selftests" TARGETS=clock install INSTALL_PATH="$work/here"
exits 0 "make -C selftests install"
is "$(cd here/clock && ls -- *_test)" "$(tests_in clock)" "installs all programs"
capture make -C "$top/selftests" TARGETS=clock run_tests
exits 0 "make -C selftests run_tests"
is "$(sed -n 's/^ok [0-9]* selftests: .*: //p' out | sort)" "$(tests_in clock)" "runs them all, which pass"
is "$(sed -n 's/^# # Totals:.*error:\([0-9]*\)/\1/p' out | sort -u)" 0 "without an error"
if [ -e /dev/sundial ]; then
	skip "the device's tests are skipped" "the module is loaded here"
else
	like out "^# ok [0-9]+ # SKIP no /dev/sundial" "the device's tests are skipped, with the reason"
fi

for archive in /usr/src/linux-source-*.tar.xz; do
	if [ -e "$archive" ]; then
		in_tree "$(unpack "$archive")"
	else
		skip "the tests in a kernel's tree" "no $archive: make deps"
	fi
done
done_testing
