# SPDX-License-Identifier: GPL-2.0-or-later
# The rv64 engine. Everything but main.c is in librv64.a, which the tests link too.

RV64_SRC     := $(filter-out user/rv64/main.c,$(wildcard user/rv64/*.c user/rv64/*/*.c))
RV64_OBJ     := $(RV64_SRC:user/rv64/%=$(BUILD)/rv64/%.o)
RV64_LIB     := $(BUILD)/rv64/librv64.a
RV64_CFLAGS  := $(CFLAGS) $(WARN) -fno-strict-aliasing -Wno-missing-field-initializers

# Floating point is the host's MXCSR, of which compilers know nothing.
$(BUILD)/rv64/fp%.c.o: RV64_CFLAGS += -frounding-math -ftrapping-math -fno-fast-math

$(BUILD)/rv64/%.c.o: user/rv64/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Ibpf $(RV64_CFLAGS) -MMD -MP -c -o $@ $<

$(RV64_LIB): $(RV64_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

# What the program shares with the native engine.
RV64_RT_OBJ := $(addprefix $(BUILD)/rt/, $(addprefix passthrough/, clock.c.o exec.c.o files.c.o \
	spec.c.o time.c.o timeouts.c.o timers.c.o) \
	load/elf.c.o load/script.c.o load/stack.c.o base/format.c.o)
# The simulated kernel is the native engine's own build of it: both work on one arena.
RV64_RT_OBJ += $(patsubst user/%,$(BUILD)/rt/%.o,$(wildcard user/simkernel/*.[cS]))

$(BUILD)/rv64/%.S.o: user/rv64/%.S
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -g -MMD -MP -c -o $@ $<

$(BUILD)/sundial-rv64: $(BUILD)/rv64/main.c.o $(BUILD)/rv64/linux/hostcall.S.o $(RV64_LIB) \
		$(RV64_RT_OBJ)
	$(CC) $(RV64_CFLAGS) $(LDFLAGS) -pie -o $@ $^ -lm -pthread
	ln -sf sundial-rv64 $(BUILD)/sundial-binfmt-riscv64

ALL += $(RV64_LIB) $(BUILD)/sundial-rv64

-include $(RV64_OBJ:.o=.d) $(BUILD)/rv64/main.c.d

.PHONY: install-rv64
install-rv64: $(BUILD)/sundial-rv64
	install -d $(DESTDIR)$(PREFIX)/libexec/sundial
	install -m 755 $(BUILD)/sundial-rv64 $(DESTDIR)$(PREFIX)/libexec/sundial/
	ln -sf sundial-rv64 $(DESTDIR)$(PREFIX)/libexec/sundial/sundial-binfmt-riscv64

INSTALLS += install-rv64
