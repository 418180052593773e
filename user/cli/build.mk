# SPDX-License-Identifier: GPL-2.0-or-later
# The command: its subcommands, the supervisor, and the simulated kernel as a library.

CLI_SRC := $(wildcard user/cli/*.c user/sim/*.c)
CLI_OBJ := $(patsubst user/%,$(BUILD)/cli/%.o,$(CLI_SRC))
CLI_CPPFLAGS := $(CPPFLAGS) -Iuser/lib -Ibpf
CLI_CFLAGS := $(CFLAGS) $(WARN) -fno-strict-aliasing -Wno-missing-field-initializers

$(BUILD)/cli/%.c.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(CLI_CPPFLAGS) $(CLI_CFLAGS) -MMD -MP -c -o $@ $<

# The simulated kernel is the guests' own build of it, since both work on one
# arena. base/string.c stays out: libc has what it defines.
CLI_RT_OBJ := $(patsubst user/%,$(BUILD)/rt/%.o,$(wildcard user/simkernel/*.[cS]) user/base/format.c user/load/elf.c user/load/script.c)

# The riscv64 engine's decoder and printers are in its library.
$(BUILD)/sundial: $(CLI_OBJ) $(CLI_RT_OBJ) $(BUILD)/user/lib/libsundial.a $(BUILD)/rv64/librv64.a $(BUILD)/user/record/libsundial-record.a
	$(CC) $(CLI_CFLAGS) $(LDFLAGS) -o $@ $^

ALL += $(BUILD)/sundial

-include $(CLI_OBJ:.o=.d)

CHECKS += selftests/kill.sh
