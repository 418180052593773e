#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that crash, each with what sundial rewind must say of it, and healthy ones of
# which it must say nothing. A program's second line has the kind; comments on its lines
# name the places: allocated, freed, freed-again, used, crashed. Each is recorded by
# probes, and again with the injected library.
# TIMEOUT: 300

. selftests/record/record.sh
. "$top/selftests/record/places.sh"
corpus=$top/build/record/corpus

# Most of the time is the kernel's, attaching and detaching: so several at once.
make_one() { # HOW PROGRAM
	local option=()
	[ "$1" = probes ] || option=(--inject)
	timeout 60 "$SUNDIAL" record -q --buffer 8 "${option[@]}" -o "$1-$2" -- "$corpus/$2" >/dev/null 2>&1
	timeout 60 "$SUNDIAL" rewind --json --events 0 "$1-$2" >"$1-$2.json" 2>/dev/null
}
export -f make_one
export SUNDIAL corpus
for how in probes inject; do
	ls "$corpus" | xargs -P 4 -I {} bash -c "make_one $how {}"
	for source in "$top"/selftests/record/corpus/*.c*; do
		check "$source" $how
	done
done
done_testing
