# SPDX-License-Identifier: GPL-2.0-or-later
# Translated blocks, on one thread and on several; with much and with little memory.

RV64_TB_OUT := $(BUILD)/selftests/rv64/tb

$(RV64_TB_OUT)/tb-test: selftests/rv64/tb/tb_test.c selftests/rv64/tb/asm.h \
			$(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) $(RV64_LOCKSTEP_CFLAGS) -o $@ $(filter %.c %.a,$^)

# start and debuggee are programs/ and gdb/'s.
CHECK_DEPS += $(RV64_TB_OUT)/tb-test $(BUILD)/selftests/rv64/bench/kernels.riscv64
CHECKS	   += $(RV64_TB_OUT)/tb-test selftests/rv64/tb/small.sh selftests/rv64/tb/sight.sh
