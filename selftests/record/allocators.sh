#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever allocator a process has, linked, static, preloaded or loaded later: a use after
# free is told with the lines of the allocation and of the free, and each call once.

. selftests/record/record.sh
. "$top/selftests/record/places.sh"
programs=$top/build/record/allocators
sources=$top/selftests/record/allocators

# one NAME SOURCE PROGRAM ARGUMENTS...
one() {
	local name=$1 source=$2
	shift 2
	timeout 60 "$SUNDIAL" record -q --buffer 8 -o "$name-$source" -- "$@" >"$name-$source.log" 2>&1
	timeout 60 "$SUNDIAL" rewind --json "$name-$source" >"$name-$source.json" 2>/dev/null
	jq -r "$digest" "$name-$source.json" >"$name-$source.digest"
	rm "$name-$source"
}
preloaded() { # LIBRARY SOURCE
	LD_PRELOAD=$1 one "preloaded-${1%.so*}" "$2" "$programs/plain.${2#*.}"
}
export -f one preloaded
export SUNDIAL programs digest
{
	for program in "$programs"/*; do
		name=$(basename "$program") source=stale.${program##*.}
		if [ "$name" = later.c ]; then
			echo "one later later.c $program libtcmalloc_minimal.so.4"
		else
			echo "one linked-${name%.*} $source $program"
		fi
	done
	for library in libjemalloc.so.2 libmimalloc.so.2 libtcmalloc_minimal.so.4; do
		echo "preloaded $library stale.c"
		echo "preloaded $library stale.cpp"
	done
} >jobs
xargs -P 4 -I {} bash -c '{}' <jobs
for digested in *.digest; do
	source=${digested%.digest} source=${source##*-}
	check "$sources/$source" "${digested%-"$source".digest}"
done
is "$(ls *.digest | wc -l)" 19 "all of them were recorded"
for json in *.json; do
	is "$(jq -c '[.events[] | select(.type == "alloc" or .type == "free")] | group_by(.address // (.words | capture("(?<a>0x[0-9a-f]+)").a))
		| map([.[].type] | . as $t | [range(1; length)] | map($t[.] == $t[. - 1]) | any) | any' "$json")" \
		false "${json%.json}: each call is told once"
done
done_testing
