#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The table of system calls in Documentation is the one that the command generates.

. selftests/tap.sh
"$SUNDIAL" syscalls --markdown >generated
same "$top/Documentation/syscalls.md" generated "Documentation/syscalls.md is up to date (make docs)"
like generated "^\| *202 \| \`?futex" "and lists futex"
between "$(grep -c '^| *[0-9]' generated)" 330 1000 "and all the others"
done_testing
