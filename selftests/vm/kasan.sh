#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of the module in a kernel that watches for memory errors, locking,
# leaks, life times of objects; with failures on demand. Words for run.sh may follow.
# TIMEOUT: 14400
# WIDE
exec "$(dirname "$0")/debug.sh" kasan "$@"
