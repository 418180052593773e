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
	$(CC) $(CPPFLAGS) $(RV64_CFLAGS) -MMD -MP -c -o $@ $<

$(RV64_LIB): $(RV64_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

ALL += $(RV64_LIB)

-include $(RV64_OBJ:.o=.d)
