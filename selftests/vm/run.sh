#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build sundial.ko for Debian's newest kernel of a series, boot that in a VM, run
# the kselftests there, and print their results as one TAP stream.
#
#	selftests/vm/run.sh 6.12
#
# The results come over a second serial port, not from the console. A warning of
# the build, a splat on the console, a program without its full number of
# results, or silence is a failure. QEMU's software emulation is enough; KVM is
# used where it works.

set -u
cd "$(dirname "$0")/../.." || exit 2
series=$1
out=build/vm/$series
kernel=$out/kernel
memory=512M
time_limit=300
number=0 failed=0

report() { # ok|not ok, name
	number=$((number + 1))
	echo "$1 $number linux-$series $2"
	[ "$1" = ok ] || failed=1
}

finish() {
	echo "1..$number"
	exit $failed
}

give_up() { # name, file to show
	report "not ok" "$1"
	tail -n 40 "$2" | sed 's/^/# /'
	finish
}

# From the source that "make install" hands to DKMS, so that it is known to be all of it.
build_module() {
	rm -rf "$out/dkms"
	env -u MAKEFLAGS -u MAKELEVEL make -s install-kmod DESTDIR="$PWD/$out/dkms" || return
	module=$(echo "$PWD/$out"/dkms/usr/src/sundial-*)
	make -C "$kernel/headers" M="$module" W=1 C=2 modules
}

make_initramfs() {
	local root=$out/initramfs
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/tests"
	cp selftests/vm/init "$root/init" && chmod +x "$root/init"
	cp /bin/busybox "$root/bin/" && cp "$module/sundial.ko" "$root/"
	cp build/selftests/clock/vm/*_test "$root/tests/"
	strip "$root"/tests/*
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initramfs.gz"
}

# Starts the VM with this accelerator; its process is $vm.
start() {
	rm -f "$out/console.log" "$out/result.log"
	timeout -k 5 "$time_limit" qemu-system-x86_64 -machine q35 "$@" -cpu max -smp 2 -m $memory \
		-kernel "$kernel/vmlinuz" -initrd "$out/initramfs.gz" \
		-append "console=ttyS0 loglevel=5 panic=-1 panic_on_warn=1 oops=panic softlockup_panic=1" \
		-display none -monitor none -net none -no-reboot \
		-serial "file:$out/console.log" -serial "file:$out/result.log" >"$out/qemu.log" 2>&1 &
	vm=$!
}

# Whether KVM works is found by trying: it can be there, be opened, and then stop
# in the first instructions of a kernel. One that works has booted in a second.
try_kvm() {
	local tenths
	[ -w /dev/kvm ] || return 1
	start -accel kvm
	for ((tenths = 0; tenths < 150; tenths++)); do
		grep -q '^#: booted' "$out/result.log" 2>/dev/null && return 0
		grep -qi 'error\|emulation failure' "$out/qemu.log" && break
		kill -0 $vm 2>/dev/null || break
		sleep 0.1
	done
	kill $vm 2>/dev/null
	wait $vm 2>/dev/null
	return 1
}

boot() {
	if try_kvm; then
		accelerator=KVM
	else
		accelerator="software emulation"
		start -accel tcg,thread=multi
	fi
	wait $vm
}

# The programs' TAP streams as one: renumbered, each held to its own plan.
merge() {
	tr -d '\r' <"$out/result.log" | awk -v series="$series" -v number="$number" '
	function result(status, text) { print status " " ++number " linux-" series " " text; if (status != "ok") bad = 1 }
	/^#: booted/ { booted = 1 }
	/^#: ok / { sub(/^#: ok /, ""); result("ok", $0); next }
	/^#: not ok / { sub(/^#: not ok /, ""); result("not ok", $0); next }
	/^#: begin/ { name = $3; plan = -1; seen = 0; programs++; next }
	/^#: end/ {
		if (plan != seen) result("not ok", name " planned " plan " results, printed " seen)
		else if ($4 != 0 && !wrong) result("not ok", name " ended with status " $4)
		name = ""; wrong = 0
		next
	}
	/^#: finished/ { finished = 1 }
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; next }
	/^TAP version/ { next }
	/^ok / { seen++; sub(/^ok [0-9]+ */, ""); result("ok", name " " $0); next }
	/^not ok / { seen++; wrong++; sub(/^not ok [0-9]+ */, ""); result("not ok", name " " $0); next }
	{ print /^#/ ? $0 : "# " $0 }
	END {
		if (!booted) result("not ok", "boots")
		else if (!finished) result("not ok", "runs to its end" (name ? ", not only into " name : ""))
		if (!programs) result("not ok", "runs any test")
		print number, bad + 0 > "/dev/stderr"
	}'
}

splat='BUG:|WARNING:|Oops|general protection|Call Trace|Kernel panic|Bad page|list_(add|del) corruption|refcount_t|rcu.*stall|soft lockup|hung_task|UBSAN|KASAN'

main() {
	mkdir -p "$out"
	echo "TAP version 13"
	selftests/vm/kernel.sh "$series" "$kernel" >"$out/kernel.log" 2>&1 ||
		give_up "the kernel and its headers can be had" "$out/kernel.log"
	build_module >"$out/build.log" 2>&1 || give_up "the module builds" "$out/build.log"
	if grep -iE 'warning|error' "$out/build.log" | grep -v '^warning: the compiler differs' >"$out/warnings.log"; then
		give_up "the module builds without a warning of the compiler or sparse" "$out/warnings.log"
	fi
	report ok "the module builds for $(cat "$kernel/release") without a warning of the compiler or sparse"
	make_initramfs >"$out/initramfs.log" 2>&1 || give_up "an initramfs is made" "$out/initramfs.log"
	boot
	echo "# ran under $accelerator"
	[ -e "$out/result.log" ] || : >"$out/result.log"
	merge 2>"$out/merged"
	read -r number merge_failed <"$out/merged"
	[ "$merge_failed" = 0 ] || failed=1
	if grep -nE "$splat" "$out/console.log" >"$out/splats.log" 2>/dev/null || [ ! -s "$out/console.log" ]; then
		give_up "the console shows no splat" "$out/console.log"
	fi
	report ok "the console shows no splat"
	[ $failed = 0 ] || tail -n 20 "$out/console.log" | sed 's/^/# console: /'
	finish
}

main
