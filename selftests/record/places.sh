# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by tests that compare a diagnosis with the comments in the source of the program
# that crashed: its second line has the kind, comments on its lines name the places.

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
