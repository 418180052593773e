# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the simulated kernel beyond syscalls/: the same programs run on the
# host's kernel and in virtual time, and must say the same; and a storm of kills.

SIMKERNEL_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard selftests/simkernel/*_test.c))
SIMKERNEL_STORM := $(BUILD)/selftests/simkernel/storm $(BUILD)/selftests/simkernel/set_clock

$(SIMKERNEL_TESTS): $(BUILD)/selftests/simkernel/%: selftests/simkernel/%.c \
		selftests/syscalls/check.c selftests/syscalls/check.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $< selftests/syscalls/check.c

$(SIMKERNEL_STORM): $(BUILD)/%: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

ALL	+= $(SIMKERNEL_TESTS) $(SIMKERNEL_STORM)
CHECKS	+= selftests/simkernel/run.sh selftests/simkernel/storm.sh \
	   selftests/simkernel/clock_and_limits.sh selftests/simkernel/rights.sh \
	   selftests/simkernel/files.sh
