# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of the rv64 engine: each folder below has its own.

include $(sort $(wildcard selftests/rv64/*/build.mk))

# Random code, for whoever compares two ways of running it.
$(BUILD)/selftests/rv64/gen.o: selftests/rv64/gen.c selftests/rv64/gen.h $(wildcard user/rv64/*.h user/rv64/*.def)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -Wno-missing-field-initializers -c -o $@ $<
