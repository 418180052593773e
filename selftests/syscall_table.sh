#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The table of system calls in Documentation is the one that the source generates.

. selftests/tap.sh
table=$top/user/simkernel/syscalls.tbl
"$top/Documentation/syscalls.sh" "$table" "$top/build/sundial" >generated
same "$top/Documentation/syscalls.md" generated "Documentation/syscalls.md is up to date (make docs)"
is "$(grep -c '^| [0-9]' generated)" "$(grep -c '^[EPU](' "$table")" "and has a line for every call"
done_testing
