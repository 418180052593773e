#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests work as kselftests: in this tree by make -C selftests, and copied into the
# tree of each kernel whose source is installed, where they build, install and run.
# Without the module the memfd's half runs, and the rest is skipped.
# TIMEOUT: 1800

. selftests/tap.sh
need rsync xz clang bpftool
limit=800
folders=$(cd "$top/selftests" && dirname -- */Makefile | sort)

# tests_in FOLDER: what the folder's Makefile should make
tests_in() { (cd "$top/selftests/$1" && printf '%s\n' *_test.c | sed 's/\.c$//' | sort); }
all_tests() { for folder in $folders; do tests_in "$folder" | sed "s|^|$folder |"; done; }

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
	# shellcheck disable=SC2086,SC2116 # words are wanted
	capture make -C "$suite" TARGETS="$(echo sundial/${folders//$'\n'/ sundial/})" FORCE_TARGETS=1 install KSFT_INSTALL_PATH="$work/installed"
	exits 0 "$name: make install there"
	is "$(sed -n 's/^sundial\/\(.*\):/\1 /p' installed/kselftest-list.txt | sort)" "$(all_tests)" \
		"$name: all programs are listed"
	for folder in $folders; do
		[ -s "installed/sundial/$folder/settings" ] && [ -s "installed/sundial/$folder/config" ]
		result $? "$name: settings and config of $folder are installed"
	done
	capture installed/run_kselftest.sh -t sundial/clock:page_test
	exits 0 "$name: the installed run_kselftest.sh runs one"
	like out "^ok 1 selftests: sundial/clock: page_test" "$name: which passes"
	rm -rf "$suite/sundial"
}

capture make -C "$top/selftests" install INSTALL_PATH="$work/here"
exits 0 "make -C selftests install"
is "$(cd here && ls -- */*_test | tr / ' ')" "$(all_tests)" "installs all programs"
capture make -C "$top/selftests" run_tests
exits 0 "make -C selftests run_tests"
is "$(grep -c '^ok [0-9]* selftests: ' out) of $(grep -c 'ok [0-9]* selftests: ' out)" \
	"$(all_tests | wc -l) of $(all_tests | wc -l)" "runs them all, which pass"
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
