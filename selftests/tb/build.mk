# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of TB sets: one source, two builds. Over device and memfd, static, for
# the VM; over memfd alone for this machine.

TB_OUT	      := $(BUILD)/selftests/tb
TB_BOTH	      := call_test seen_test sync_test queue_test race_test
TB_DEPS	      := selftests/tb/common.h selftests/device.h $(CLOCK_HEADERS) user/lib/sundial_tb.h user/lib/sundial_tbset.h include/uapi/linux/sundial.h $(KSELFTEST)/lib.mk
TB_VM_TESTS   := $(TB_BOTH:%=$(TB_OUT)/vm/%)
TB_HOST_TESTS := $(TB_BOTH:%=$(TB_OUT)/memfd/%)

$(TB_VM_TESTS): $(TB_OUT)/vm/%: selftests/tb/%.c $(TB_DEPS) $(CLOCK_LIB) $(PROVOKED)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -static -o $@ $< $(CLOCK_LIB) $(PROVOKED_LINK)

$(TB_HOST_TESTS): $(TB_OUT)/memfd/%: selftests/tb/%.c $(TB_DEPS) $(CLOCK_LIB)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -DSUNDIAL_TEST_MEMFD_ONLY -o $@ $< $(CLOCK_LIB)

CHECKS	 += $(TB_HOST_TESTS)
VM_TESTS += $(TB_VM_TESTS)

# What only the kernel sees.
$(TB_OUT)/vm/seen_kernel_test: selftests/tb/seen_kernel_test.c $(TB_DEPS) $(CLOCK_LIB) $(PROVOKED)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -static -o $@ $< $(CLOCK_LIB) $(PROVOKED_LINK)

VM_TESTS += $(TB_OUT)/vm/seen_kernel_test

# Invalidations that are held amid their work, by a module of the test's own.
$(TB_OUT)/vm/delay_test: selftests/tb/delay_test.c selftests/tb/module/sundial_delay.h $(TB_DEPS) $(CLOCK_LIB) $(PROVOKED)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -static -o $@ $< $(CLOCK_LIB) $(PROVOKED_LINK)

VM_ROOT_TESTS += $(TB_OUT)/vm/delay_test
VM_MODULES    += selftests/tb/module
