#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that crash, each with what sundial rewind must say of it, and healthy ones of
# which it must say nothing. A program's second line has the kind; comments on its lines
# name the places: allocated, freed, freed-again, used, crashed.
# TIMEOUT: 300

. selftests/record/record.sh

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

check_crash() { # SOURCE KIND
	local file=$1 kind=$2 name role line
	name=$(basename "$file")
	is "$(jq -r '.diagnoses[0].kind // "nothing"' json)" "$kind" "$name: is a $kind" || return
	while read -r role line; do
		at_place json "$role" "$name" "$line"
		result $? "$name: $role at line $line" \
			"$(jq -r '.diagnoses[0].places[] | "\(.role): \([.stack[] | "\(.function) \(.line)"])"' json)"
	done < <(places "$file")
}

for source in "$top"/selftests/record/corpus/*.c*; do
	name=$(basename "$source")
	kind=$(sed -n 's|^/\* expect: \(.*\) \*/|\1|p' "$source")
	record "$top/build/record/corpus/${name%.*}"
	show
	check_crash "$source" "$kind"
done
done_testing
