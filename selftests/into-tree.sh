#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copy the tests that have kselftest's form, and what they are built from, into a
# kernel's tree.
#
#	selftests/into-tree.sh LINUX
#	make -C LINUX/tools/testing/selftests TARGETS=sundial/clock run_tests

set -eu
tests=${1:?usage: selftests/into-tree.sh LINUX}/tools/testing/selftests
cd "$(dirname "$0")/.."
if [ ! -e "$tests/lib.mk" ]; then
	echo "into-tree.sh: $tests/lib.mk is not there: $1 is not the top of a kernel's source" >&2
	exit 1
fi
rm -rf "$tests/sundial"
mkdir -p "$tests/sundial/user" "$tests/sundial/include/uapi"
cp selftests/kselftest.mk selftests/*.h "$tests/sundial/"
for makefile in selftests/*/Makefile; do
	cp -r "$(dirname "$makefile")" "$tests/sundial/"
done
cp -r user/lib "$tests/sundial/user/"
cp bpf/*.bpf.h "$tests/sundial/include/"
cp -r include/uapi/linux "$tests/sundial/include/uapi/"
