#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian trixie's riscv64 packages in a folder of their own, for sundial run -L:
#
#	selftests/rv64/sysroot.sh [PACKAGE...]
#
# unpacks the packages (default: those of sysroot.txt) and what they depend on into
# build/rv64/root, or with ARCH=amd64 into build/rv64/amd64/root: the same versions of the
# same programs. Nothing of the machine's own packages is touched: apt gets a
# configuration, lists and a status file of its own, and packages are only unpacked,
# never installed, so their scripts do not run. The mirror and its keys are the
# machine's. Packages that are there already are not fetched again.

set -eu
cd "$(dirname "$0")/../.."
arch=${ARCH:-riscv64}
top=$PWD/build/rv64
[ "$arch" = riscv64 ] || top=$top/$arch
root=$top/root
apt=$top/apt

# Where the machine takes its own Debian from: the first source with a bookworm or any
# other Debian suite, in either format of sources.
mirror() {
	local uri
	uri=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 2>/dev/null |
		sed -n 's/^Debian \([^ ]*debian\/\)$/\1/p' | head -1)
	[ -n "$uri" ] || uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
		/etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^URIs: *\([^ ]*debian\)\/* *$/\1/p; s/^deb \(\[.*\] \)\?\([^ ]*debian\)\/* .*/\2/p' |
		head -1)
	[ -n "$uri" ] || { echo "no Debian mirror among the machine's sources" >&2; exit 1; }
	echo "$uri"
}

configure() {
	mkdir -p "$apt"/{lists/partial,cache/archives/partial,etc/preferences.d} "$root"
	[ -e "$apt/status" ] || : >"$apt/status"
	cat >"$apt/sources.list" <<-END
		deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) trixie main
	END
	cat >"$apt/apt.conf" <<-END
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Dir::Etc::SourceList "$apt/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "$apt/etc/preferences.d";
		Dir::State "$apt";
		Dir::State::Lists "$apt/lists";
		Dir::State::Status "$apt/status";
		Dir::Cache "$apt/cache";
		Debug::NoLocking "true";
	END
	export APT_CONFIG=$apt/apt.conf
}

# Names of the packages and all that they need, as apt would install them.
wanted() {
	apt-get -s -o Debug::pkgProblemResolver=no install "$@" |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}

configure
[ $# -gt 0 ] || set -- $(sed 's/#.*//' selftests/rv64/sysroot.txt)
ls "$apt"/lists/*Packages* >/dev/null 2>&1 || apt-get -q update >&2
mkdir -p "$top/unpacked"
cd "$apt/cache/archives"
packages=$(wanted "$@")
[ -n "$packages" ] || { echo "apt does not find all of: $*" >&2; exit 1; }
missing=()
for package in $packages; do
	[ -e "$top/unpacked/$package" ] || missing+=("$package")
done
# In parts, so that what has come stays when the rest does not.
for ((i = 0; i < ${#missing[@]}; i += 40)); do
	part=("${missing[@]:i:40}")
	apt-get -q download "${part[@]}" >&2
	for package in "${part[@]}"; do
		file=$(ls -t "$package"_*.deb | head -1)
		dpkg-deb -x "$file" "$root"
		rm -f "$file"
		touch "$top/unpacked/$package"
	done
done
# What a package's script would have done for the loader to be found by its usual name.
[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
echo "$root"
