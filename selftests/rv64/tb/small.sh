#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tb-test with 8 KiB of code memory, which is flushed all the time.

exec "$(dirname "$0")/../../../build/selftests/rv64/tb/tb-test" small
