# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever was not given something tries to get it.

INTRUDER_TESTS := $(addprefix $(BUILD)/selftests/intruder/vm/,write_test user_test memory_test)

$(INTRUDER_TESTS): $(BUILD)/selftests/intruder/vm/%: selftests/intruder/%.c selftests/intruder/common.h \
		selftests/device.h include/uapi/linux/sundial.h $(KSELFTEST)/lib.mk
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -Iselftests -static -o $@ $<

VM_TESTS += $(INTRUDER_TESTS)
