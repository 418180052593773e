# SPDX-License-Identifier: GPL-2.0-or-later
# A program with a shared library, and gdb on it.

RV64_GDB_OUT := $(BUILD)/selftests/rv64/gdb

$(RV64_GDB_OUT)/libshared.so: selftests/rv64/gdb/library.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -shared -fPIC -Wl,-soname,libshared.so -g -O1 $(WARN) -o $@ $<

$(RV64_GDB_OUT)/debuggee: selftests/rv64/gdb/debuggee.c $(RV64_GDB_OUT)/libshared.so
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -g -O1 $(WARN) -D_GNU_SOURCE -pthread \
		-Wl,-rpath,'$$ORIGIN' -o $@ $^

CHECK_DEPS += $(RV64_GDB_OUT)/debuggee
CHECKS	   += selftests/rv64/gdb/gdb.sh selftests/rv64/gdb/packets.sh
