# SPDX-License-Identifier: GPL-2.0-or-later
# The ISA: decoder, interpreter and floating point, each against something that was
# not written here.

RV64_ISA_OUT := $(BUILD)/selftests/rv64/isa
RV64_ISA_CFLAGS := $(CPPFLAGS) $(CFLAGS) $(WARN) -fno-strict-aliasing -Wno-missing-field-initializers

$(RV64_ISA_OUT)/decode-dump: selftests/rv64/isa/decode_dump.c $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) $(RV64_ISA_CFLAGS) -o $@ $^

CHECK_DEPS += $(RV64_ISA_OUT)/decode-dump
CHECKS	   += selftests/rv64/isa/decode.sh

# Results and flags of every floating-point operation against MPFR.
$(RV64_ISA_OUT)/fp-test: selftests/rv64/isa/fp_test.c $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) $(RV64_ISA_CFLAGS) -o $@ $^ -lmpfr -lgmp

CHECKS += $(RV64_ISA_OUT)/fp-test

$(RV64_ISA_OUT)/rv64-isa-run: selftests/rv64/isa/run.c $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) $(RV64_ISA_CFLAGS) -o $@ $^

$(RV64_ISA_OUT)/gen-test: selftests/rv64/isa/gen_test.c $(BUILD)/selftests/rv64/gen.o $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) -Iselftests/rv64 $(RV64_ISA_CFLAGS) -o $@ $^

CHECKS += $(RV64_ISA_OUT)/gen-test

# One program for each instruction, generated.
$(RV64_ISA_OUT)/programs.stamp: $(wildcard selftests/rv64/isa/*.py) selftests/rv64/isa/build-programs.sh
	@mkdir -p $(@D)
	selftests/rv64/isa/build-programs.sh $(RV64_ISA_OUT)/programs
	@touch $@

CHECK_DEPS += $(RV64_ISA_OUT)/programs.stamp $(RV64_ISA_OUT)/rv64-isa-run
CHECKS	   += selftests/rv64/isa/programs.sh

$(RV64_ISA_OUT)/reserve-test: selftests/rv64/isa/reserve_test.c $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) $(RV64_ISA_CFLAGS) -pthread -o $@ $^

CHECKS += $(RV64_ISA_OUT)/reserve-test

# Random programs, whose output must be the same in the interpreter and in qemu.
$(RV64_ISA_OUT)/random-elf: selftests/rv64/isa/random_elf.c $(BUILD)/selftests/rv64/gen.o $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) -Iselftests/rv64 $(RV64_ISA_CFLAGS) -o $@ $^

CHECK_DEPS += $(RV64_ISA_OUT)/random-elf
CHECKS	   += selftests/rv64/isa/random.sh

$(RV64_ISA_OUT)/interp-test: selftests/rv64/isa/interp_test.c $(BUILD)/rv64/librv64.a
	@mkdir -p $(@D)
	$(CC) $(RV64_ISA_CFLAGS) -o $@ $^

CHECKS += $(RV64_ISA_OUT)/interp-test
