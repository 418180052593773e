#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is installed builds under DKMS for another kernel than the running one, and
# what was built can be signed, with keys made here.
# TIMEOUT: 600

. selftests/tap.sh
need dkms openssl modinfo
kernel=$top/build/vm/6.12/kernel
limit=400

capture "$top/selftests/vm/kernel.sh" 6.12 "$kernel"
[ "$status" = 0 ] || skip_all "no headers of a kernel: $(tail -n 1 err)"
release=$(cat "$kernel/release")

make -s -C "$top" install-kmod DESTDIR="$work/root" >/dev/null
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/kmod/dkms.conf")
mkdir tree
capture dkms build "sundial/$version" -k "$release" --dkmstree "$work/tree" --sourcetree "$work/root/usr/src" \
	--kernelsourcedir "$(realpath "$kernel/headers")"
exits 0 "DKMS builds the installed source"
built=$(find tree -name sundial.ko)
is "$(modinfo -F vermagic "$built" | cut -d' ' -f1)" "$release" "for the kernel that it is told"
is "$(modinfo -F parm "$built" | cut -d: -f1 | sort | tr '\n' ' ')" "max_clock_pages max_tb_slots " \
	"its parameters are described"
is "$(modinfo -F license "$built")" GPL "it is GPL"

KERNEL_BUILD=$work/none capture make -s -C "$top" module
exits 2 "make module without headers fails"
like err "^sundial: no headers .*install linux-headers-$(uname -r)" "and says what to install"
KERNEL_BUILD=$kernel/headers capture make -s -C "$top" module
exits 0 "make module with them builds"
module=$work/sundial.ko
cp "$top/build/kmod/usr/src/sundial-$version/sundial.ko" "$module"
is "$(modinfo -F vermagic "$module" | cut -d' ' -f1)" "$release" "a module for their kernel"

openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=sundial test/" \
	-addext extendedKeyUsage=codeSigning -outform DER -keyout key.pem -out cert.der 2>err
result $? "the key of Documentation/module.md can be made" "$(cat err)"
is "$(modinfo -F signer "$module")" "" "what was built is not signed"
KERNEL_BUILD=$kernel/headers capture make -s -C "$top" sign KEY="$work/none" CERT="$work/cert.der" MODULE="$module"
exits 2 "make sign without a key fails"
like err "^sundial: cannot read .*none: usage is make sign KEY=" "and says how it is called"
KERNEL_BUILD=$kernel/headers capture make -s -C "$top" sign KEY="$work/key.pem" CERT="$work/cert.der" MODULE="$module"
exits 0 "make sign"
is "$(modinfo -F signer "$module")" "sundial test" "modinfo shows the signer"
is "$(modinfo -F sig_hashalgo "$module")" sha256 "and the hash that the kernel is configured for"
is "$(tail -c 28 "$module")" "~Module signature appended~" "the signature is appended"
done_testing
