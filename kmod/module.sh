#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Build, load, unload and sign sundial.ko for this machine: make load, unload, sign.
#
#	kmod/module.sh build SOURCE		for the kernel in $KERNEL_BUILD
#	kmod/module.sh load FILE [PARAMETER=VALUE...]
#	kmod/module.sh unload
#	kmod/module.sh sign FILE KEY CERTIFICATE
#
# SOURCE is a folder with Kbuild in it, as "make install-kmod" leaves it. Every
# failure is one message that says what to do. Runs in any POSIX shell.

set -eu
here=$(dirname "$0")
release=$(uname -r)
build=${KERNEL_BUILD:-/lib/modules/$release/build}

fail() {
	echo "sundial: $*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || fail "only root may $1 a module: run sudo make $1"
}

need_headers() {
	[ -e "$build/Makefile" ] ||
		fail "no headers to build for this kernel in $build: install linux-headers-$release, or set KERNEL_BUILD"
}

build() {
	need_headers
	make -s -C "$build" M="$(cd "$1" && pwd)" modules ||
		fail "sundial.ko does not build for $build: the compiler's messages are above"
}

from_rule() { # GROUP or MODE
	sed -n "s/^KERNEL==\"sundial\".* $1=\"\([^\"]*\)\".*/\1/p" "$here/60-sundial.rules"
}

# As sysusers.d and udev would, had the package been installed.
apply_permissions() {
	group=$(from_rule GROUP)
	if ! grep -q "^$group:" /etc/group; then
		groupadd --system "$group" ||
			fail "there is no group $group, and it cannot be made: only root can open /dev/sundial"
	fi
	# udev would have the last word, with the permissions of a device it has no rule for
	udevadm settle 2>/dev/null || :
	chgrp "$group" /dev/sundial && chmod "$(from_rule MODE)" /dev/sundial ||
		fail "/dev/sundial cannot be given to the group $group: only root can open it"
}

explain_insmod() { # file, what insmod said
	case $2 in
	*[Kk]ey*was*rejected* | *[Rr]equired*key* | *[Oo]peration*not*permitted*)
		fail "this kernel takes only modules signed with a key it knows (Secure Boot or lockdown):" \
			"sign $1 with make sign KEY=... CERT=... and enrol the certificate as a machine owner key (MOK)," \
			"as Documentation/module.md shows" ;;
	*[Ff]ormat* | *vermagic*)
		fail "$1 was built for another kernel than $release: run make load, which builds it for this one" ;;
	*) fail "$2: see the kernel's log with dmesg" ;;
	esac
}

load() {
	file=$1
	shift
	need_root load
	[ ! -d /sys/module/sundial ] || fail "the module is loaded already: make unload first, to load another build"
	said=$(insmod "$file" "$@" 2>&1) || explain_insmod "$file" "$said"
	apply_permissions
	echo "sundial: loaded; users in the group $group can open /dev/sundial"
}

# Processes with a descriptor or a mapping of the module, as "PID (NAME)".
holders() {
	for process in /proc/[0-9]*; do
		{ ls -l "$process/fd" && cat "$process/maps"; } 2>/dev/null |
			grep -q '/dev/sundial\|anon_inode:\[sundial' || continue
		echo "${process#/proc/} ($(cat "$process/comm" 2>/dev/null))"
	done | tr '\n' ' '
}

unload() {
	need_root unload
	[ -d /sys/module/sundial ] || fail "the module is not loaded"
	rmmod sundial 2>/dev/null && echo "sundial: unloaded" && return
	held=$(holders)
	fail "the module is in use by ${held:-no process, so perhaps by a BPF program (bpftool prog)}: end that first"
}

sign() { # file, key, certificate
	for file; do
		[ -r "$file" ] || fail "cannot read $file: usage is make sign KEY=key.pem CERT=certificate.der [MODULE=sundial.ko]"
	done
	tool=$build/scripts/sign-file
	[ -x "$tool" ] || need_headers
	[ -x "$tool" ] || fail "no $tool: install linux-kbuild, which has it"
	hash=$(sed -n 's/^CONFIG_MODULE_SIG_HASH="\(.*\)"/\1/p' "$build/.config" 2>/dev/null || :)
	"$tool" "${hash:-sha256}" "$2" "$3" "$1" || fail "$1 was not signed: sign-file's message is above"
	echo "sundial: signed $1"
}

command=${1:-}
[ $# = 0 ] || shift
case $command/$# in
build/1) build "$@" ;;
load/0) fail "usage: kmod/module.sh load FILE [PARAMETER=VALUE...]" ;;
load/*) load "$@" ;;
unload/0) unload ;;
sign/3) sign "$@" ;;
*) fail "usage: kmod/module.sh build SOURCE | load FILE [PARAMETER=VALUE...] | unload | sign FILE KEY CERTIFICATE" ;;
esac
