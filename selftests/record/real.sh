#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Crashes of real programs: built from Debian's sources, with a memory bug that they once
# had put back. The sources are got by apt-get, once; none of them is in this tree.
#
#	selftests/record/real.sh [PACKAGE...]	of bzip2, lua5.3, lua5.2; default: bzip2
# TIMEOUT: 300

packages=("${@:-bzip2}")
. selftests/record/record.sh
need apt-get gcc
cache=$top/build/record/real
here=$top/selftests/record/real
mkdir -p "$cache/lists/partial"
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main" \
	>"$cache/sources.list"

apt() {
	timeout 100 apt-get -q -o Dir::Etc::sourcelist="$cache/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$cache/lists" -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root "$@"
}

# source PACKAGE: its original sources into $work/PACKAGE, the bug put back in FILE
source_of() { # PACKAGE FILE
	if ! ls "$cache/$1"_*.orig.tar.* >/dev/null 2>&1; then
		ls "$cache"/lists/*Sources* >/dev/null 2>&1 || apt update >apt.log 2>&1
		(cd "$cache" && apt source --download-only "$1") >>apt.log 2>&1 || return
	fi
	mkdir "$1"
	tar xf "$cache/$1"_*.orig.tar.?z* -C "$1" --strip-components=1
	cp "$1/$2" before
	sed -i -f "$here/$1.sed" "$1/$2"
	! cmp -s before "$1/$2"
	result $? "$1: the bug is back"
}

# says KIND ROLE FUNCTION...: the diagnosis, and functions that are in the stacks of roles
says() { # PACKAGE KIND ROLE FUNCTION...
	local name=$1 kind=$2
	shift 2
	is "$(jq -r '.diagnoses[0].kind' json)" "$kind" "$name: $kind" || "$SUNDIAL" rewind recording | head -n 60 | sed 's/^/# /'
	while [ $# -gt 1 ]; do
		jq -e --arg role "$1" --arg function "$2" \
			'any(.diagnoses[0].places[] | select(.role == $role) | .stack[]; .function == $function)' \
			json >/dev/null
		result $? "$name: $1 in $2" "$(jq -c '.diagnoses[0].places[] | [.role, .stack[].function]' json)"
		shift 2
	done
}

bzip2() {
	source_of bzip2 bzip2recover.c || return
	gcc -O1 -g -w -o bzip2recover bzip2/bzip2recover.c
	# Three blocks, of which the second one ends before it begins.
	local block='\x31\x41\x59\x26\x53\x59'
	printf "BZh9$block%040d$block$block%040d" 0 0 >damaged.bz2
	record ./bzip2recover damaged.bz2
	show
	says bzip2 use-after-free used main freed bsClose allocated bsOpenWriteStream
}

# lua VERSION FILE
lua() {
	source_of "$1" "$2" || return
	(cd "$1/src" && gcc -O1 -g -w -DLUA_USE_POSIX -o ../../"$1.bin" $(ls ./*.c | grep -v luac.c) -lm -ldl)
	record "./$1.bin" "$here/$1.lua"
	show
}

for package in "${packages[@]}"; do
	case $package in
	bzip2) bzip2 ;;
	lua5.3)
		lua lua5.3 src/lapi.c && says lua5.3 use-after-free used lua_upvaluejoin freed luaC_upvdeccount \
			allocated luaB_load
		;;
	lua5.2)
		lua lua5.2 src/ldo.c && says lua5.2 heap-overflow allocated luaD_reallocstack
		;;
	esac
	[ -d "$package" ] || skip "$package" "Debian's sources are not to be had: $(tail -n 1 apt.log)"
done
done_testing
