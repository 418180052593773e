# SPDX-License-Identifier: GPL-2.0-or-later
# The freestanding image sundial-native: base, loader, native engine and simulated kernel.

RT_CFLAGS := -O2 -g -ffreestanding -fpie -fvisibility=hidden -mgeneral-regs-only -mfsgsbase \
	     -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	     -fno-tree-loop-distribute-patterns -fno-strict-aliasing $(WARN)
RT_CPPFLAGS := $(CPPFLAGS) -Iuser/lib

SIM_SRC := $(wildcard user/simkernel/*.c user/simkernel/*.S)
SIM_OBJ := $(patsubst user/%,$(BUILD)/rt/%.o,$(SIM_SRC))
RT_SRC	:= $(wildcard user/base/*.c user/load/*.c user/native/*.c user/native/*.S \
	     user/passthrough/*.c)
RT_OBJ	:= $(patsubst user/%,$(BUILD)/rt/%.o,$(RT_SRC))

$(BUILD)/rt/%.c.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(RT_CPPFLAGS) $(RT_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/rt/%.S.o: user/%.S
	@mkdir -p $(@D)
	$(CC) $(RT_CPPFLAGS) -g -MMD -MP -c -o $@ $<

.PHONY: simkernel-objects
simkernel-objects: $(SIM_OBJ)

-include $(SIM_OBJ:.o=.d) $(RT_OBJ:.o=.d)
