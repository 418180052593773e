#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CPython's own test modules, by Debian trixie's riscv64 python3 under sundial run -L.
# Each is one result; a module that is skipped as a whole, or runs nothing, fails.
# TIMEOUT: 5400

. selftests/tap.sh
root=$top/build/rv64/root
limit=1200
( cd "$top" && timeout 900 selftests/rv64/sysroot.sh ) >"$work/sysroot.log" 2>&1 ||
	skip_all "no riscv64 packages: $(tail -n 1 "$work/sysroot.log")"
run_opts=(-L "$root")
for module in json re struct math cmath float long str threading queue signal select mmap io \
	datetime decimal list os posix subprocess ctypes socket asyncio; do
	# The first has the compiler in PATH build a library: that one is for x86-64. The
	# other needs a device of virtual machines.
	run "$root/usr/bin/python3" -m test -i test_null_dlsym -i "ThreadedVSOCK*" "test_$module"
	[ "$status" = 0 ] && grep -q '^Total tests: run=[1-9]' out
	result $? "CPython's test_$module: $(sed -n 's/^Total tests: //p' out)" \
		"status $status" "$(grep -E '^(FAIL|ERROR|test .* (failed|crashed))' out | head)" \
		"$(tail -n 3 err)"
done
done_testing
