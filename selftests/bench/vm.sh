#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Measure the module in a VM, with two models of preemption.
#
#	selftests/bench/vm.sh
#
# Boots Debian's 6.12 under QEMU with nothing but wait_bench and tb_bench and prints
# their rows; they are kept in build/bench/vm-MODEL.jsonl. Under software emulation
# every instruction costs what it should not: only the ratios mean something, on a
# machine that has nothing else to do. A SYNC waits for CPUs of the VM that run, and
# so for this machine to run them: the VM has no more CPUs than the machine.
#
# In the boots "counted" QEMU's clock counts instructions, on one CPU, so what this
# machine does besides is not seen at all, nor what an instruction costs. One of them
# has no security modules: Debian's kernel asks Tomoyo about every ioctl, though it has
# no policy.

set -eu
cd "$(dirname "$0")/../.."
out=build/bench/vm
kernel=build/vm/6.12/kernel
mkdir -p "$out"

selftests/vm/kernel.sh 6.12 "$kernel"
rm -rf "$out/dkms" "$out/root"
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s install-kmod DESTDIR="$PWD/$out/dkms"
module=$(echo "$PWD/$out"/dkms/usr/src/sundial-*)
make -s -C "$kernel/headers" M="$module" modules >"$out/build.log" 2>&1 || { cat "$out/build.log"; exit 1; }

mkdir -p "$out/root/bin"
cp /bin/busybox "$out/root/bin/"
cp "$module/sundial.ko" build/bench/wait_bench build/bench/tb_bench "$out/root/"
cat >"$out/root/init" <<'END'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox mkdir -p /proc /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
exec >/dev/ttyS1 2>&1 </dev/null
/bin/busybox insmod /sundial.ko
case $(/bin/busybox cat /proc/cmdline) in
*counted*) /wait_bench alone; /tb_bench alone ;;
*) /wait_bench; /tb_bench ;;
esac
/bin/busybox poweroff -f
END
chmod +x "$out/root/init"
(cd "$out/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initramfs.gz"

status=0
cpus=$(nproc)
cpus=$((cpus > 3 ? 3 : cpus))

boot() { # name, words for the kernel, QEMU's options...
	local name=$1 words=$2
	shift 2
	rm -f "$out/result.log"
	timeout -k 5 600 qemu-system-x86_64 -machine q35 "$@" -cpu max -m 1024M \
		-kernel "$kernel/vmlinuz" -initrd "$out/initramfs.gz" \
		-append "console=ttyS0 loglevel=5 panic=-1 oops=panic tsc=reliable no_timer_check $words $name" \
		-display none -monitor none -net none -no-reboot \
		-serial "file:$out/console.log" -serial "file:$out/result.log" >"$out/qemu.log" 2>&1 || true
	tr -d '\r' <"$out/result.log" | sed -n 's/^# {/{/p' >"build/bench/vm-$name.jsonl"
	if [ "$(grep -c '^1\.\.[1-9]' "$out/result.log")" != 2 ]; then # each program's plan, which comes last
		echo "$name: not every measure was taken" >&2
		tail -n 20 "$out/result.log" "$out/console.log" >&2
		status=1
	fi
	echo "$name"
	sed 's/.*"name": "\([^"]*\)".*"peer": "\([^"]*\)".*"ratio": \([0-9.]*\).*/  \1: \3 times \2/' \
		"build/bench/vm-$name.jsonl"
}

boot counted preempt=none -accel tcg,thread=single -icount shift=0,sleep=off -smp 1
boot counted-bare "preempt=none lsm=capability" -accel tcg,thread=single -icount shift=0,sleep=off -smp 1
boot none preempt=none -accel tcg,thread=multi -smp "$cpus"
boot full preempt=full -accel tcg,thread=multi -smp "$cpus"
exit $status
