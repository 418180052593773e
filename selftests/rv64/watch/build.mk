# SPDX-License-Identifier: GPL-2.0-or-later
# Code whose page tables change: with the module in the VM, and without it here.

RV64_WATCH := $(BUILD)/selftests/rv64/vm

$(RV64_WATCH)/watched: selftests/rv64/watch/watched.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -static $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

$(RV64_WATCH)/watch_test: selftests/rv64/watch/watch_test.sh
	@mkdir -p $(@D)
	cp $< $@

# The engine without shared libraries, which the VM does not have; ld warns that it loads
# its disassembler by dlopen, which nobody asks it for there.
$(RV64_WATCH)/sundial-binfmt-riscv64: $(BUILD)/sundial-rv64
	@mkdir -p $(@D)
	$(CC) $(RV64_CFLAGS) $(LDFLAGS) -static-pie -Wl,--no-warnings -o $@ $(BUILD)/rv64/main.c.o \
		$(BUILD)/rv64/linux/hostcall.S.o $(RV64_LIB) $(RV64_RT_OBJ) -lm -pthread

VM_TESTS   += $(RV64_WATCH)/watch_test
VM_FILES   += $(RV64_WATCH)/watched $(RV64_WATCH)/sundial-binfmt-riscv64
CHECK_DEPS += $(RV64_WATCH)/watched
CHECKS	   += selftests/rv64/watch/watch.sh
