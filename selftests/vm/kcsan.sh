#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TIMEOUT: 14400
# The tests of the module in a kernel that watches for data races:
# built by debug_kernel.sh the first time, which takes minutes. Words for run.sh may follow.
set -eu
cd "$(dirname "$0")/../.."
kernel=build/vm/debug/kcsan
mkdir -p "$kernel"
if ! selftests/vm/debug_kernel.sh kcsan "$kernel" >"$kernel/build.log" 2>&1; then
	tail -n 20 "$kernel/build.log" | sed 's/^/# /'
	echo "not ok 1 the kcsan kernel builds"
	exit 1
fi
exec selftests/vm/run.sh --kernel "$kernel" --name kcsan --boot 2,full --time-factor 10 --memory 1536 \
	--append "panic_on_warn=0" "$@"
