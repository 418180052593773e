#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests built with AddressSanitizer, ThreadSanitizer and MemorySanitizer: they run
# clean, and find what they would find natively.
# TIMEOUT: 240

. selftests/tap.sh
need jq

# ThreadSanitizer cannot place its shadow where the kernel randomises too widely.
export TSAN_OPTIONS=exitcode=66 UNIT=0.01
for sanitizer in address thread memory; do
	program=$guests/sanitized-$sanitizer
	if ! setarch -R "$program" >/dev/null 2>native.err; then
		skip "$sanitizer" "does not run natively on this kernel"
		continue
	fi
	UNIT=3600 sim "$program"
	exits 0 "$sanitizer: a clean program ends well"
	is "$(tr '\n' '|' <out)" "counted 400|child said 5|" "$sanitizer: and prints its results"
	took_virtual 7200 7300 "$sanitizer: in virtual time"
	for how in race overflow free uninitialised leak; do
		setarch -R "$program" $how >native.out 2>native.err
		native_status=$?
		UNIT=3600 sim "$program" $how
		exits "$native_status" "$sanitizer, $how: status as natively"
		is "$(grep -oE 'Sanitizer: [a-z -]+' err | head -n 1)" \
			"$(grep -oE 'Sanitizer: [a-z -]+' native.err | head -n 1)" \
			"$sanitizer, $how: the same report"
	done
done
done_testing
