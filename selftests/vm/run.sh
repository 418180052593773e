#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build sundial.ko for a kernel, boot that kernel in a VM, run the kselftests
# there as several users, and print all results as one TAP stream.
#
#	selftests/vm/run.sh --series 6.12 --boot 1,none --boot 2,full
#	selftests/vm/run.sh --kernel DIR --name NAME --boot 2,as-built
#
#	--series SERIES     Debian's newest kernel of it, got by kernel.sh
#	--kernel DIR        or another: DIR/vmlinuz, DIR/headers (what builds modules)
#	                    and DIR/release, as kernel.sh leaves them
#	--name NAME         in the results, and the folder build/vm/NAME
#	--boot NODES,MODEL  boots with so many NUMA nodes, one CPU each but at least two
#	                    in all, and preempt=MODEL; may be given more than once
#	--append WORDS      added to the kernel's command line
#	--memory MIB        of the VM
#	--time-factor N     for slow kernels: N times as long for each program
#	--only PATTERN      of the programs, those whose FOLDER/NAME matches the glob
#
# What runs are the programs of make's VM_TESTS, VM_ROOT_TESTS and VM_LOAD_TESTS (see build.mk).
# Those of VM_PATCH_TESTS run in one boot more, like the last, in which QEMU emulates all
# CPUs by one thread. They attach to tracepoints, for which the kernel rewrites its own
# code while other CPUs run it; with a thread for each CPU, QEMU before 8.1 may translate a
# breakpoint that is there for a moment and keep that:
#
#	thread of CPU 0			thread of CPU 1
#	writes the breakpoint
#					reads it, to translate it
#	writes the new instruction,
#	forgets translations of it
#					notes the translation as one of this page
#	no breakpoint is expected
#					runs into one: Oops
#
# The results come over a second serial port, not from the console. A warning of
# the build, a splat on the console, a program without its full number of
# results, or silence is a failure. QEMU's software emulation is enough; KVM is
# used where it works.

set -u
cd "$(dirname "$0")/../.." || exit 2
series='' kernel='' name='' boots=() append='' memory=512 time_factor=1 only='*'
number=0 failed=0 accelerator=

usage() {
	sed -n 's/^#\t\(selftests.*\)/usage: \1/p' "$0" >&2
	exit 2
}

while [ $# -gt 1 ]; do
	case $1 in
	--series) series=$2 ;;
	--kernel) kernel=$2 ;;
	--name) name=$2 ;;
	--boot) boots+=("$2") ;;
	--append) append=$2 ;;
	--memory) memory=$2 ;;
	--time-factor) time_factor=$2 ;;
	--only) only=$2 ;;
	*) usage ;;
	esac
	shift 2
done
[ $# = 0 ] && [ -n "$series$kernel" ] && [ ${#boots[@]} -gt 0 ] || usage
[ -n "$name" ] || name=${series:-$(basename "$kernel")}
out=build/vm/$name
[ -n "$kernel" ] || kernel=$out/kernel

report() { # ok|not ok, text
	number=$((number + 1))
	echo "$1 $number linux-$name $2"
	[ "$1" = ok ] || failed=1
}

finish() {
	echo "1..$number"
	exit $failed
}

give_up() { # text, file to show
	report "not ok" "$1"
	tail -n 40 "$2" | sed 's/^/# /'
	finish
}

# A make of its own, whoever started us.
quiet_make() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s "$@"; }

# What the tests' config files ask of a kernel, as kselftest has it.
check_config() {
	sed '/^CONFIG/!d' selftests/*/config | sort -u >"$out/config"
	if grep -vxFf "$kernel/headers/.config" "$out/config" >"$out/config.missing"; then
		report "not ok" "the kernel has what selftests/*/config asks for"
		sed 's/^/# /' "$out/config.missing"
	else
		report ok "the kernel has what selftests/*/config asks for"
	fi
}

# From the source that "make install" hands to DKMS, so that it is known to be all of it.
build_module() {
	rm -rf "$out/dkms"
	quiet_make install-kmod DESTDIR="$PWD/$out/dkms" || return
	module=$(echo "$PWD/$out"/dkms/usr/src/sundial-*)
	make -C "$kernel/headers" M="$module" W=1 C=2 modules
}

# Modules that only tests need; their Kbuild finds the top of the tree in $(SUNDIAL).
build_test_modules() {
	local kind folder
	rm -rf "$out/modules"
	while read -r kind folder; do
		[ "$kind" = module ] || continue
		mkdir -p "$out/modules/$folder"
		cp "$folder"/* "$out/modules/$folder/"
		make -C "$kernel/headers" M="$PWD/$out/modules/$folder" SUNDIAL="$PWD" W=1 modules || return
	done <build/vm/manifest
}

# build/selftests/FOLDER/vm/PROGRAM becomes /tests/FOLDER/PROGRAM. Prints the lines of /tests/list.
copy_tests() { # root of the initramfs
	local kind path folder program
	while read -r kind path; do
		folder=${path#build/selftests/}
		folder=${folder%%/*}
		program=$(basename "$path")
		mkdir -p "$1/tests/$folder"
		case $kind in
		all | root | load | patch)
			# shellcheck disable=SC2254 # a glob is wanted
			case $folder/$program in $only) ;; *) continue ;; esac
			cp "$path" "$1/tests/$folder/" || return
			strip "$1/tests/$folder/$program" 2>/dev/null # unless it is a script
			echo "$folder $program $kind"
			;;
		file) cp "$path" "$1/tests/$folder/" || return ;;
		esac
		[ ! -e "selftests/$folder/settings" ] || cp "selftests/$folder/settings" "$1/tests/$folder/"
	done <build/vm/manifest
}

make_initramfs() {
	local root=$out/initramfs
	rm -rf "$root"
	mkdir -p "$root"/{bin,modules,tests,etc}
	cp selftests/vm/init "$root/init" && chmod +x "$root/init"
	cp selftests/vm/watchers.sh "$root/" || return
	cp /bin/busybox "$root/bin/" && cp "$module/sundial.ko" "$root/modules/" || return
	mkdir -p "$root/usr" && cp -r "$out/dkms/usr/lib" "$root/usr/" || return
	[ ! -d "$out/modules" ] || find "$out/modules" -name '*.ko' -exec cp -t "$root/modules/" {} +
	copy_tests "$root" >"$root/tests/list" || return
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initramfs.gz"
}

# The longest that any program may run without a word, and some for the boot.
silence_limit() {
	cat selftests/*/settings 2>/dev/null | awk -F= -v factor="$time_factor" '
	$1 == "timeout" && $2 > longest { longest = $2 }
	END { print (longest ? longest : 45) * factor + 120 }'
}

numa_options() { # nodes
	local node
	for ((node = 0; node < $1; node++)); do
		echo "-object memory-backend-ram,id=node$node,size=$((memory / $1))M"
		echo "-numa node,nodeid=$node,memdev=node$node"
	done
	[ "$1" -lt 2 ] || for ((node = 0; node < $1; node++)); do
		echo "-numa cpu,node-id=$node,socket-id=$node"
	done
}

# Starts the VM with this accelerator; its process is $vm.
start() { # nodes, model, -accel...
	local nodes=$1 model=$2 cpus=$(($1 > 2 ? $1 : 2))
	local line="console=ttyS0 loglevel=5 panic=-1 panic_on_warn=1 oops=panic softlockup_panic=1"
	# A virtual CPU waits for its turn on a busy machine: that is no stall yet.
	line+=" rcupdate.rcu_cpu_stall_timeout=240 watchdog_thresh=60"
	# on a busy machine the kernel finds its TSC unstable, rewrites code, and QEMU trips over
	# that; or it counts too few ticks at boot, and panics for want of a timer
	line+=" tsc=reliable no_timer_check"
	shift 2
	line+=" NODES=$nodes PREEMPT=$model TIME_FACTOR=$time_factor"
	[ "$only$kind" = '*' ] || line+=" ONLY=1"
	[ -z "$kind" ] || line+=" PATCH=1"
	[ "$model" = as-built ] || line+=" preempt=$model"
	rm -f "$boot_out/console.log" "$boot_out/result.log"
	# shellcheck disable=SC2046 # words are wanted
	qemu-system-x86_64 -machine q35 "$@" -cpu max -smp "$cpus,sockets=$cpus" -m "${memory}M" \
		$(numa_options "$nodes") -kernel "$kernel/vmlinuz" -initrd "$out/initramfs.gz" \
		-append "$line $append" -display none -monitor none -net none -no-reboot \
		-serial "file:$boot_out/console.log" -serial "file:$boot_out/result.log" \
		>"$boot_out/qemu.log" 2>&1 &
	vm=$!
}

# Whether KVM works is found by trying: it can be there, be opened, and then stop
# in the first instructions of a kernel. One that works has booted in a second.
try_kvm() { # nodes, model
	local tenths
	[ -w /dev/kvm ] || return 1
	start "$@" -accel kvm
	for ((tenths = 0; tenths < 150; tenths++)); do
		grep -q '^#: booted' "$boot_out/result.log" 2>/dev/null && return 0
		grep -qi 'error\|emulation failure' "$boot_out/qemu.log" && break
		kill -0 $vm 2>/dev/null || break
		sleep 0.1
	done
	kill $vm
	wait $vm
	return 1
} 2>/dev/null

# A VM that has stopped speaking is ended; what it said last names the program.
wait_for_vm() {
	local limit quiet=0 size last=-1
	limit=$(silence_limit)
	while kill -0 $vm 2>/dev/null; do
		sleep 0.2
		size=$(cat "$boot_out/console.log" "$boot_out/result.log" 2>/dev/null | wc -c)
		[ "$size" = "$last" ] && quiet=$((quiet + 1)) || quiet=0
		last=$size
		[ $quiet -lt $((limit * 5)) ] || kill $vm
	done
	wait $vm
}

# No console at all is one, too.
no_splats() {
	[ -s "$boot_out/console.log" ] || return
	awk -f selftests/vm/splats.awk "$boot_out/console.log" >"$boot_out/splats.log"
	sed -n 's/^elsewhere //p' "$boot_out/splats.log" | sort | uniq -c | sed 's/^ *\([0-9]*\) /# \1 data races elsewhere: /'
	! grep -q '^splat' "$boot_out/splats.log"
}

boot() { # NODES,MODEL[,patch]
	local nodes model kind threads=multi label=$1 merge_failed
	IFS=, read -r nodes model kind <<<"$1"
	[ -z "$kind" ] || threads=single
	boot_out=$out/$1
	mkdir -p "$boot_out"
	if [ "$accelerator" = "software emulation" ] || ! try_kvm "$nodes" "$model"; then
		accelerator="software emulation"
		start "$nodes" "$model" -accel tcg,thread=$threads
	else
		accelerator=KVM
	fi
	wait_for_vm
	echo "# $label ran under $accelerator"
	[ -e "$boot_out/result.log" ] || : >"$boot_out/result.log"
	tr -d '\r' <"$boot_out/result.log" |
		awk -f selftests/vm/merge.awk -v prefix="linux-$name $label" -v number="$number" \
			-v counts="$boot_out/counts" -v only="$only$kind"
	read -r number merge_failed <"$boot_out/counts"
	[ "$merge_failed" = 0 ] || failed=1
	if grep -q "sundial: the tests are over" "$boot_out/console.log"; then
		report ok "$label the console was heard to the end"
	else
		report "not ok" "$label the console was heard to the end"
	fi
	if no_splats; then
		report ok "$label the console shows no splat"
	else
		report "not ok" "$label the console shows no splat"
		grep -h '^splat' "$boot_out/splats.log" | head -n 40 | sed 's/^/# /'
		tail -n 40 "$boot_out/console.log" | sed 's/^/# console: /'
	fi
	[ "$merge_failed" = 0 ] || tail -n 5 "$boot_out/qemu.log" | sed 's/^/# qemu: /'
}

# Over all boots: the errors that the man pages list against those that tests provoked.
check_errnos() {
	local line logs=("${boots[@]/#/$out/}")
	while read -r line; do
		case $line in
		ok*) report ok "${line#ok * }" ;;
		not*) report "not ok" "${line#not ok * }" ;;
		"#"*) echo "$line" ;;
		esac
	done < <(cat "${logs[@]/%//result.log}" | selftests/vm/errnos.py /dev/stdin)
}

# One more for the programs that need it, or only that.
choose_boots() {
	local list=$out/initramfs/tests/list last=${boots[-1]}
	grep -qv ' patch$' "$list" || boots=()
	! grep -q ' patch$' "$list" || boots+=("$last,patch")
}

main() {
	local boot
	mkdir -p "$out"
	echo "TAP version 13"
	[ -z "$series" ] || selftests/vm/kernel.sh "$series" "$kernel" >"$out/kernel.log" 2>&1 ||
		give_up "the kernel and its headers can be had" "$out/kernel.log"
	quiet_make vm-tests >"$out/tests.log" 2>&1 || give_up "the tests build" "$out/tests.log"
	build_module >"$out/build.log" 2>&1 || give_up "the module builds" "$out/build.log"
	build_test_modules >>"$out/build.log" 2>&1 || give_up "the tests' modules build" "$out/build.log"
	if grep -iE 'warning|error' "$out/build.log" | grep -v '^warning: the compiler differs' >"$out/warnings.log"; then
		give_up "the module builds without a warning of the compiler or sparse" "$out/warnings.log"
	fi
	report ok "the module builds for $(cat "$kernel/release") without a warning of the compiler or sparse"
	check_config
	make_initramfs >"$out/initramfs.log" 2>&1 || give_up "an initramfs is made" "$out/initramfs.log"
	choose_boots
	for boot in "${boots[@]}"; do
		boot "$boot"
	done
	[ "$only" != '*' ] || check_errnos
	finish
}

main
