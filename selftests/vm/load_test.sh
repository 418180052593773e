#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What make load and make unload run, kmod/module.sh, in the VM: that it works, and
# what it says when it does not. Runs as root while the module is not loaded, and as
# the last program, since it locks the kernel down.

number=0 failed=0
module=/modules/sundial.ko

check() { # name, command...
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >/tmp/said 2>&1; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		sed 's/^/# /' /tmp/said
		failed=1
	fi
}

# refuses PATTERN COMMAND...: it fails with one line, which matches
refuses() {
	local pattern=$1
	shift
	"$@" && return 1
	[ "$(grep -c . /tmp/said)" = 1 ] && grep -q "^sundial: .*$pattern" /tmp/said
}

as_outsider() { su -s /bin/sh outsider -c "$*"; }
device_is() { [ "$(stat -c %a:%U:%G /dev/sundial)" = "$1" ]; }
no_module() { [ ! -d /sys/module/sundial ]; }

echo "TAP version 13"
check "unload says that nothing is loaded" refuses "is not loaded" ./module.sh unload
check "load wants root" refuses "only root.*sudo make load" as_outsider "./module.sh load $module"
check "build says which headers are missing" refuses "install linux-headers-$(uname -r)" ./module.sh build /tmp
head -c 1000 $module >/tmp/broken.ko
check "load says that a module is of another kernel" refuses "make load, which builds it" ./module.sh load /tmp/broken.ko
check "load names what insmod answered otherwise" refuses "Invalid argument.*dmesg" ./module.sh load $module max_tb_slots=x
sed -i '/^sundial:/d' /etc/group
# busybox has no groupadd
printf '#!/bin/sh\necho "$2:x:991:" >>/etc/group\n' >/bin/groupadd
chmod +x /bin/groupadd
check "load" ./module.sh load $module max_clock_pages=77
check "with its parameters" grep -q 77 /sys/module/sundial/parameters/max_clock_pages
check "it makes the group" grep -q '^sundial:' /etc/group
check "and gives it the device" device_is 660:root:sundial
check "load says that it is loaded" refuses "already.*make unload" ./module.sh load $module
check "unload wants root" refuses "only root.*sudo make unload" as_outsider "./module.sh unload"
exec 3</dev/sundial
check "unload names who uses it" refuses "in use by $$ (load_test)" ./module.sh unload
exec 3<&-
check "unload" ./module.sh unload
check "it is gone" no_module

check "load again" ./module.sh load $module
mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
if echo integrity 2>/dev/null >/sys/kernel/security/lockdown; then
	check "a locked-down kernel still shows what there is" grep -q "^domain " /sys/kernel/debug/sundial/domains
	check "and unloads" ./module.sh unload
	check "load says that a locked-down kernel wants a signature" \
		refuses "Secure Boot or lockdown.*make sign.*MOK" ./module.sh load $module
	check "and does not load" no_module
else
	number=$((number + 1))
	echo "ok $number # SKIP this kernel has no lockdown"
	check "and unloads" ./module.sh unload
fi
echo "1..$number"
exit $failed
