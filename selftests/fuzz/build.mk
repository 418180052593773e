# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzzer of the module: in the VM with the other tests, and for an hour.

FUZZ_SRC := $(wildcard selftests/fuzz/*.c)
FUZZ	 := $(BUILD)/selftests/fuzz/vm/module_fuzz

$(FUZZ): $(FUZZ_SRC) selftests/fuzz/fuzz.h $(CLOCK_HEADERS) $(CLOCK_LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -pthread -static -o $@ $(FUZZ_SRC) $(CLOCK_LIB)

VM_TESTS += $(FUZZ)

.PHONY: check-fuzz
check-fuzz: $(CHECK_DEPS)	## run the fuzzer of the module for an hour; FUZZ_CALLS, FUZZ_SEED, FUZZ_MODE
	@selftests/run.sh selftests/fuzz/long.sh
