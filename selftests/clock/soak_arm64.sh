#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# reads_test for arm64 under QEMU's user emulation, for make soak.
# TIMEOUT: 172800

cd "$(dirname "$0")/../.." || exit 2
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || {
	echo "1..0 # SKIP no qemu-aarch64: run make deps"
	exit 0
}
exec "$qemu" build/selftests/clock/arm64/reads_test
