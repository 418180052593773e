# SPDX-License-Identifier: GPL-2.0-or-later
# System-call tests: plain C programs that know nothing of Sundial, run on the
# host's kernel (run_native.sh) and in virtual time (run_sim.sh).

SYSCALLS_DIR	:= selftests/syscalls
SYSCALLS_SRCS	:= $(wildcard $(SYSCALLS_DIR)/*_test.c)
SYSCALLS_BINS	:= $(SYSCALLS_SRCS:%.c=$(BUILD)/%)

$(SYSCALLS_BINS): $(BUILD)/$(SYSCALLS_DIR)/%: $(SYSCALLS_DIR)/%.c $(SYSCALLS_DIR)/check.c $(SYSCALLS_DIR)/check.h $(SYSCALLS_DIR)/inet.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $< $(SYSCALLS_DIR)/check.c

ALL	+= $(SYSCALLS_BINS)
CHECKS	+= $(SYSCALLS_DIR)/run_native.sh $(SYSCALLS_DIR)/coverage.sh $(SYSCALLS_DIR)/run_sim.sh $(SYSCALLS_DIR)/run_run.sh

# The same programs for riscv64.
RV64_CC		:= riscv64-linux-gnu-gcc
SYSCALLS_RV64	:= $(SYSCALLS_SRCS:$(SYSCALLS_DIR)/%.c=$(BUILD)/$(SYSCALLS_DIR)/rv64/%)

$(SYSCALLS_RV64): $(BUILD)/$(SYSCALLS_DIR)/rv64/%: $(SYSCALLS_DIR)/%.c $(SYSCALLS_DIR)/check.c $(SYSCALLS_DIR)/check.h $(SYSCALLS_DIR)/inet.h
	@mkdir -p $(@D)
	$(RV64_CC) -static $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $< $(SYSCALLS_DIR)/check.c

CHECK_DEPS += $(SYSCALLS_RV64)
CHECKS	+= $(SYSCALLS_DIR)/run_rv64.sh
