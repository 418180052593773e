# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by tests that compare a diagnosis with the comments in the source of the program
# that crashed: at its top the kind, if need be for one way of recording, and a pattern of
# what must be said; on its lines the places' roles.

# places FILE: what the comments of a source say, as "ROLE LINE"
places() {
	sed -n 's|.*/\* \([a-z-]*\) \*/$|\1|p;=' "$1" | awk '/^[a-z]/ { role = $0; next }
		role { print role, $0; role = "" }'
}

# The first diagnosis: kind, words, and each frame as "ROLE FILE LINE FUNCTION".
digest='.diagnoses[0] | (.kind // "nothing"), ([.headline, .evidence[]?] | tostring),
	(if .kind then "mend: \(.mend)" else empty end),
	(.places[]? | .role as $role | .stack[] |
	 "\($role) \(.file // "?" | sub(".*/"; "")) \(.line) \(.function)")'

check() { # SOURCE HOW: of HOW-NAME.digest, or HOW-NAME.json without the suffix
	local source=$1 how=$2 name kind says role line got
	name=$(basename "$source")
	kind=$(sed -n "s|^/\\* expect: \\([a-z-]*\\)\\( $how\\)\\? \\*/|\\1|p" "$source")
	says=$(sed -n 's|^/\* says: \(.*\) \*/$|\1|p' "$source")
	got=$how-$name.digest
	[ -f "$got" ] || jq -r "$digest" "$how-${name%.*}.json" >"$got"
	is "$(head -n 1 "$got")" "$kind" "$how, $name: $kind" || return
	[ "$kind" = nothing ] || like "$got" '^mend: ..........' "$how, $name: with the likely mend"
	# What only one way of recording can tell has no places in the other.
	grep -q "^/\* expect: .* probes \*/" "$source" && [ "$how" = inject ] && return
	[ -z "$says" ] || like "$got" "$says" "$how, $name: says why"
	while read -r role line; do
		grep -q "^$role $name $line " "$got"
		result $? "$how, $name: $role at line $line" "$(tail -n +2 "$got")"
	done < <(places "$source")
}
