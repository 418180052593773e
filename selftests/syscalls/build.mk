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
