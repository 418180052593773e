#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Install the Debian packages that selftests/deps.txt names and this machine lacks.
#
#	selftests/deps.sh [TAG]
#
# With TAG only the lines tagged "[TAG]". Needs root or sudo without a password
# prompt only when something is missing.

set -u
here=$(dirname "$0")
tag=${1:-}

wanted() {
	if [ -n "$tag" ]; then
		grep -F "[$tag]" "$here/deps.txt"
	else
		cat "$here/deps.txt"
	fi | sed 's/#.*//' | awk 'NF { print $1 }'
}

missing=()
for package in $(wanted); do
	state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)
	[ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
	echo "deps: everything is installed"
	exit 0
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
	if ! sudo -n true 2>/dev/null; then
		cat >&2 <<-END
		deps: these packages are missing, and installing them needs root:
		    ${missing[*]}
		Run as root:  apt-get install --no-install-recommends ${missing[*]}
		END
		exit 1
	fi
	as_root=(sudo -n)
fi

echo "deps: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
     apt-get -q -y -o DPkg::Lock::Timeout=600)
"${apt[@]}" update >/dev/null || echo "deps: apt-get update failed; trying with the lists that are here" >&2
if ! "${apt[@]}" install --no-install-recommends "${missing[@]}"; then
	echo "deps: apt-get could not install: ${missing[*]} (Debian 12 is expected)" >&2
	exit 1
fi
