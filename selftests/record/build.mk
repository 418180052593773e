# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the flight recorder.

# Named here and not by the variables of user/record, which comes later.
$(BUILD)/record/file_test: selftests/record/file_test.c $(BUILD)/user/record/libsundial-record.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Ibpf $(CFLAGS) $(WARN) -Wno-missing-field-initializers -o $@ $^

CHECKS += $(BUILD)/record/file_test
