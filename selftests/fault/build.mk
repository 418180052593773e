# SPDX-License-Identifier: GPL-2.0-or-later
# The module's calls with every allocation in them failing once; for kernels that
# have fault injection, as check-kasan's.

FAULT := $(BUILD)/selftests/fault/vm/fault_test

$(FAULT): selftests/fault/fault_test.c selftests/device.h include/uapi/linux/sundial.h $(KSELFTEST)/lib.mk
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -Iselftests -static -o $@ $<

VM_TESTS += $(FAULT)
