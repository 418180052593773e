# SPDX-License-Identifier: GPL-2.0-or-later
# The translator against the interpreter.

RV64_LOCKSTEP_OUT := $(BUILD)/selftests/rv64/lockstep
RV64_LOCKSTEP_CFLAGS := $(CPPFLAGS) $(CFLAGS) $(WARN) -fno-strict-aliasing \
			-Wno-missing-field-initializers -pthread

$(RV64_LOCKSTEP_OUT)/lockstep: selftests/rv64/lockstep/lockstep.c selftests/rv64/lockstep/gen.c \
			       selftests/rv64/lockstep/gen.h $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) $(RV64_LOCKSTEP_CFLAGS) -o $@ $(filter %.c %.a,$^)

CHECK_DEPS += $(RV64_LOCKSTEP_OUT)/lockstep
CHECKS	   += selftests/rv64/lockstep/lockstep.sh
