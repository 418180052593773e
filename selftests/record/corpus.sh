#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that crash, each with what sundial rewind must say of it, and healthy ones of
# which it must say nothing. A program's second line has the kind; comments on its lines
# name the places: allocated, freed, freed-again, used, crashed. Each is recorded by
# probes, and again with the injected library.
# TIMEOUT: 300

. selftests/record/record.sh
corpus=$top/build/record/corpus

# places FILE: what the comments of a source say, as "ROLE LINE"
places() {
	sed -n 's|.*/\* \([a-z-]*\) \*/$|\1|p;=' "$1" | awk '/^[a-z]/ { role = $0; next }
		role { print role, $0; role = "" }'
}

# at_place JSON ROLE FILE LINE: whether a frame of that place is there
at_place() {
	jq -e --arg role "$2" --arg file "$3" --argjson line "$4" \
		'any(.diagnoses[0].places[] | select(.role == $role) | .stack[];
		     .line == $line and (.file // "" | endswith("/" + $file)))' "$1" >/dev/null
}

check() { # SOURCE HOW
	local source=$1 how=$2 json name kind role line
	name=$(basename "$source")
	json=$how-${name%.*}.json
	kind=$(sed -n 's|^/\* expect: \(.*\) \*/|\1|p' "$source")
	is "$(jq -r '.diagnoses[0].kind // "nothing"' "$json")" "$kind" "$how, $name: $kind" || return
	while read -r role line; do
		at_place "$json" "$role" "$name" "$line"
		result $? "$how, $name: $role at line $line" \
			"$(jq -r '.diagnoses[0].places[] | "\(.role): \([.stack[] | "\(.function) \(.line)"])"' "$json")"
	done < <(places "$source")
}

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
