#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of the module in a debug kernel, which debug_kernel.sh builds the first
# time; that takes minutes.
#
#	selftests/vm/debug.sh FLAVOUR [WORDS FOR run.sh]
#
# A report does not end the boot (panic_on_warn), so that one run shows them all.
set -eu
cd "$(dirname "$0")/../.."
flavour=$1
shift
kernel=build/vm/debug/$flavour
mkdir -p "$kernel"
if ! selftests/vm/debug_kernel.sh "$flavour" "$kernel" >"$kernel/build.log" 2>&1; then
	tail -n 20 "$kernel/build.log" | sed 's/^/# /'
	echo "not ok 1 the $flavour kernel builds"
	exit 1
fi
append="panic_on_warn=0"
[ "$flavour" != kasan ] || append+=" kasan_multi_shot page_poison=1"
exec selftests/vm/run.sh --kernel "$kernel" --name "$flavour" --boot 2,full --time-factor 10 --memory 1536 \
	--append "$append" "$@"
