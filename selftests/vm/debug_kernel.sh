#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build a small debug kernel from Debian's linux-source, and keep its build tree
# for the module's build.
#
#	selftests/vm/debug_kernel.sh FLAVOUR OUT [SERIES]
#
# FLAVOUR is the name of a file selftests/vm/debug/FLAVOUR.config, merged over
# common.config beside it and what the tests' own config files ask for; SERIES is 6.12 unless given. Leaves OUT/vmlinuz,
# OUT/headers (a link) and OUT/release, as kernel.sh does. What is there already is
# used again unless a configuration has changed. JOBS compilers run at once.

set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
flavour=$1 out=$2 series=${3:-6.12}
configs=("$top/selftests/vm/debug/common.config" "$top/selftests/vm/debug/$flavour.config")
configs+=("$top"/selftests/*/config)
jobs=${JOBS:-$(nproc)}
mkdir -p "$out"
out=$(cd "$out" && pwd)
tree=$out/tree

asked=$(cat "${configs[@]}" | sha256sum)
if [ -e "$out/release" ] && [ "$(cat "$out/asked" 2>/dev/null)" = "$asked" ]; then
	exit 0
fi
rm -f "$out/release"

# All flavours of a series are built from one unpacked source, which stays clean.
source=$top/build/vm/source/linux-source-$series
if [ ! -e "$source/.unpacked" ]; then
	archive=/usr/src/linux-source-$series.tar.xz
	[ -e "$archive" ] || {
		echo "no $archive: install Debian's package linux-source-$series" >&2
		exit 1
	}
	rm -rf "$source"
	mkdir -p "$(dirname "$source")"
	tar -xJf "$archive" -C "$(dirname "$source")"
	touch "$source/.unpacked"
fi

# An option that other options keep from being set would silently test nothing.
# One that this series does not know is reported and left out.
verify() {
	local line name missing=0
	while read -r line; do
		name=${line%%=*}
		if [ "${line#*=}" = n ]; then
			! grep -q "^$name=" "$tree/.config" || { echo "$name is set" >&2; missing=1; }
		elif ! grep -qxF "$line" "$tree/.config"; then
			if grep -rqsE "^(menu)?config ${name#CONFIG_}\$" "$source" --include='Kconfig*'; then
				echo "asked for $line, not to be had: $(grep -w "$name" "$tree/.config")" >&2
				missing=1
			else
				echo "$series does not know $name"
			fi
		fi
	done < <(cat "${configs[@]}" | grep '^CONFIG_')
	return $missing
}

unset MAKEFLAGS MFLAGS MAKELEVEL
export KBUILD_BUILD_USER=sundial KBUILD_BUILD_HOST=sundial
mkdir -p "$tree"
cd "$source"
scripts/kconfig/merge_config.sh -Q -n -O "$tree" "${configs[@]}"
verify
make -s O="$tree" -j"$jobs" bzImage modules

cp "$tree/arch/x86/boot/bzImage" "$out/vmlinuz"
ln -sfn "$tree" "$out/headers"
echo "$asked" >"$out/asked"
cp "$tree/include/config/kernel.release" "$out/release"
