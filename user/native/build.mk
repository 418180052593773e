# SPDX-License-Identifier: GPL-2.0-or-later
# The freestanding image sundial-native: base, loader, native engine and simulated kernel.

RT_CFLAGS := -O2 -g -ffreestanding -fpie -fvisibility=hidden -mgeneral-regs-only -mfsgsbase \
	     -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	     -fno-tree-loop-distribute-patterns -fno-strict-aliasing $(WARN)
RT_CPPFLAGS := $(CPPFLAGS) -Iuser/lib -Ibpf

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

# The vDSO image is position independent and knows addresses only from base/layout.h.
VDSO_CFLAGS := -O2 -ffreestanding -fPIC -shared -nostdlib -mgeneral-regs-only \
	       -fno-stack-protector -fcf-protection=none -fvisibility=hidden -fno-builtin $(WARN)

$(BUILD)/rt/vdso.so: user/native/vdso/vdso.c user/native/vdso/data.h user/native/vdso/vdso.lds \
		     include/uapi/linux/sundial.h
	@mkdir -p $(@D)
	$(CC) $(RT_CPPFLAGS) $(VDSO_CFLAGS) -Wl,-T,user/native/vdso/vdso.lds -Wl,--hash-style=both \
		-Wl,-soname,linux-vdso.so.1 -Wl,--build-id=none -o $@ $<

$(BUILD)/rt/native/entry.S.o: $(BUILD)/rt/vdso.so

$(BUILD)/sundial-native: $(RT_OBJ) $(SIM_OBJ) user/native/runtime.lds
	$(LD) -static -no-pie -T user/native/runtime.lds -z noexecstack --build-id=none \
		--gc-sections --no-relax -o $@ $(RT_OBJ) $(SIM_OBJ)

ALL += $(BUILD)/sundial-native

.PHONY: simkernel-objects
simkernel-objects: $(SIM_OBJ)

-include $(SIM_OBJ:.o=.d) $(RT_OBJ:.o=.d)
