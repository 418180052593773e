# SPDX-License-Identifier: GPL-2.0-or-later
# Threads: the memory model, and locks and queues under load.

RV64_THREADS := $(BUILD)/selftests/rv64/threads

$(RV64_THREADS)/%: selftests/rv64/threads/%.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -static $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

CHECK_DEPS += $(RV64_THREADS)/litmus $(RV64_THREADS)/stress
CHECKS	   += selftests/rv64/threads/threads.sh
