# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of the rv64 engine: each folder below has its own.

include $(sort $(wildcard selftests/rv64/*/build.mk))
