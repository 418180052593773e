# SPDX-License-Identifier: GPL-2.0-or-later
# riscv64 programs in a simulation, beside x86-64 ones.

RV64_SIM := $(BUILD)/selftests/rv64/sim

$(RV64_SIM)/mixed.x86_64: selftests/rv64/sim/mixed.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -o $@ $<

$(RV64_SIM)/%.riscv64: selftests/rv64/sim/%.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -static $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

CHECK_DEPS += $(addprefix $(RV64_SIM)/, mixed.x86_64 mixed.riscv64 spin.riscv64)
CHECKS	   += selftests/rv64/sim/sim.sh
