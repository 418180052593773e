#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Get Debian's newest cloud kernel of a series, and what builds modules for it.
#
#	selftests/vm/kernel.sh 6.12 OUT
#
# Leaves OUT/vmlinuz, OUT/headers (a link) and OUT/release. Packages are only
# unpacked: installing a kernel would run the hooks of this machine's own boot.
# What is there already is used again until "make clean".

set -eu
series=$1 out=$2
[ ! -e "$out/release" ] || exit 0

pattern="^linux-image-${series//./\\.}\.[0-9].*-cloud-amd64-unsigned\$"
image=$(apt-cache search --names-only "$pattern" | cut -d' ' -f1 | sort -V | tail -1)
if [ -z "$image" ]; then
	echo "no package linux-image-$series.*-cloud-amd64-unsigned: run apt-get update; Debian 12 with its security archive is expected" >&2
	exit 1
fi
release=${image#linux-image-}
release=${release%-unsigned}
packages=("$image" "linux-headers-$release")
# the parts of the headers that are shared between flavours, or are programs
mapfile -t parts < <(apt-cache depends "linux-headers-$release" |
	sed -n 's/^ *Depends: \(linux-headers-.*-common\|linux-kbuild-.*\)$/\1/p')
packages+=("${parts[@]}")

rm -rf "$out"
mkdir -p "$out/debs" "$out/root"
(cd "$out/debs" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}")
for deb in "$out"/debs/*.deb; do
	dpkg -x "$deb" "$out/root"
done
rm -r "$out/debs"

# They expect to be at / .
top=$(realpath "$out/root")
headers=$top/usr/src/linux-headers-$release
sed -i "s| /usr/src| $top/usr/src|" "$headers/Makefile"
find "$top/usr" -type l -lname '/usr/*' | while read -r link; do
	ln -sfn "$top$(readlink "$link")" "$link"
done
rm -r "$top/lib"
mv "$top/boot/vmlinuz-$release" "$out/vmlinuz"
ln -s "$headers" "$out/headers"
echo "$release" >"$out/release"
