# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of the rv64 engine: each folder below has its own.

include $(sort $(wildcard selftests/rv64/*/build.mk))

# Random code, for whoever compares two ways of running it.
$(BUILD)/selftests/rv64/gen.o: selftests/rv64/gen.c selftests/rv64/gen.h $(wildcard user/rv64/*.h user/rv64/*.def)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -Wno-missing-field-initializers -c -o $@ $<

# Programs from outside; PROGS may be a relative path.
.PHONY: check-rv64
check-rv64: $(ALL) $(BUILD)/selftests/guard	## run every riscv64 program in PROGS=DIR, compared with QEMU
	@test -n "$(PROGS)" || { echo "usage: make check-rv64 PROGS=DIR [SYSROOT=DIR] [LIMIT=SECONDS]" >&2; exit 2; }
	@PROGS=$(PROGS) SYSROOT=$(SYSROOT) LIMIT=$(LIMIT) selftests/run.sh selftests/rv64/check.sh

CHECKS += selftests/rv64/check_rv64.sh
