#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that crash, each with what sundial rewind must say of it, and healthy ones of
# which it must say nothing: kind and places are in comments of the programs. Each is
# recorded by probes, and again with the injected library.
# TIMEOUT: 300

. selftests/record/record.sh
. "$top/selftests/record/places.sh"
corpus=$top/build/record/corpus
sources=$top/selftests/record/corpus

# Most of the time is the kernel's, attaching and detaching: so several at once.
make_one() { # HOW SOURCE
	local option=() program=$corpus/${2%.*}
	[ "$1" = probes ] || option=(--inject)
	timeout 60 "$SUNDIAL" record -q --buffer 8 "${option[@]}" -o "$1-$2" -- "$program" >"$1-$2.log" 2>&1
	timeout 60 "$SUNDIAL" rewind --json --events 0 "$1-$2" 2>/dev/null | jq -r "$digest" >"$1-$2.digest"
	rm "$1-$2"
}
export -f make_one
export RUST_BACKTRACE=0
export SUNDIAL corpus digest
for how in probes inject; do
	ls "$sources" | xargs -P 4 -I {} bash -c "make_one $how {}"
	for source in "$sources"/*; do
		check "$source" $how
	done
done
# announced PROGRAM HOW: on the terminal, when it happens
announced() { like "probes-$1.log" "^sundial: ${1%%.*}\[[0-9]+\] $2" "$1 is announced: $2"; }
announced wild_pointer.c "crashed: SIGSEGV at 0x123456789000; see: sundial rewind"
announced assertion.c "crashed: SIGABRT; see"
announced truncated_map.c "crashed: SIGBUS at"
announced division.c "crashed: SIGFPE at"
announced trap.c "crashed: SIGILL at"
announced go_panic.go "was ended by a Go panic; see"
announced rust_unwrap.rs "was ended by a Rust panic; see"
announced asan_overflow.c "was ended by a sanitizer; see"
unlike probes-healthy_words.c.log "^sundial" "and a program that only speaks of such is not"
done_testing
