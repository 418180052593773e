#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What sundial doctor says of the module and of BPF in the VM, where it is loaded:
# Debian's headers for Linux 6.1 make a module without BTF, those for 6.12 one with.

number=0 failed=0

says() { # LINE-PATTERN NAME
	number=$((number + 1))
	if grep -q "$1" /tmp/doctor; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
		sed 's/^/# /' /tmp/doctor
		failed=1
	fi
}

echo "TAP version 13"
./sundial doctor >/tmp/doctor 2>&1
says "^kernel module  *yes  */dev/sundial can be opened" "doctor: the module is there"
says "^BPF  *yes" "doctor: BPF can be used"
says "^BTF  *yes" "doctor: the kernel has its types"
case $(uname -r) in
6.1.*)
	says "^BPF functions of the module  *no  *.*built without BTF" "doctor: no functions for BPF, and why"
	says "instead: BPF programs read clock pages in a mappable array" "doctor: what stands in for them"
	;;
*) says "^BPF functions of the module  *yes" "doctor: the module has functions for BPF" ;;
esac
echo "1..$number"
exit $failed
