#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The clock tests over memfd, cross-compiled for arm64 and run under QEMU's user
# emulation.
# TIMEOUT: 600

set -u
cd "$(dirname "$0")/../.." || exit 2
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || {
	echo "1..0 # SKIP no qemu-aarch64: run make deps"
	exit 0
}
failed=0
echo "TAP version 13"
for name in page_test clock_test map_test race_test fuzz_test reads_test wait_test \
	wait_order_test wait_scaled_test kick_test alarm_test wait_race_test; do
	echo "# $name"
	"$qemu" "build/selftests/clock/arm64/$name" 2>&1
	echo "#: end $name $?"
done | awk '
/^TAP version/ { next }
/^1\.\.[0-9]+/ { plan += substr($1, 4); next }
/^# [a-z]+_test$/ { name = $2 }
/^(not )?ok / {
	seen++
	sub(/^ok [0-9]+/, "ok " seen " " name); sub(/^not ok [0-9]+/, "not ok " seen " " name)
}
/^#: end/ && $4 != 0 { bad = 1 }
{ print }
END { print "1.." plan; exit bad || seen != plan || !seen }'
