#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# CPython's own tests in `sundial sim`, compared with a native run: see compare.py.
# TIMEOUT: 3000
[ -d /usr/lib/python3.11/test/test_asyncio ] || {
	echo "1..0 # SKIP libpython3.11-testsuite is not installed (make deps)"
	exit 0
}
exec /usr/bin/python3 selftests/cpython/compare.py sim test_os test_fork1 test_select \
	test_selectors test_threadsignals test_time test_socketserver test_mmap test_poll test_epoll
