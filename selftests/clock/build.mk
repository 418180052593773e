# SPDX-License-Identifier: GPL-2.0-or-later
# The clock tests: one source, three builds. Over device and memfd, static, for
# the VM; over memfd alone for this machine; the same for arm64.
# The kselftest headers are taken from Debian's linux-source package, the oldest there is.

CLOCK_OUT	:= $(BUILD)/selftests/clock
CLOCK_NAMES	:= page_test clock_test map_test race_test fuzz_test reads_test \
		   wait_test wait_order_test wait_scaled_test kick_test alarm_test wait_race_test
KSELFTEST	:= $(BUILD)/selftests/kselftest
KSELFTEST_FILES	:= kselftest.h kselftest_harness.h lib.mk kselftest/runner.sh kselftest/prefix.pl
ARM64_CC	:= aarch64-linux-gnu-gcc
# The harness compares what it is given, signed or not.
CLOCK_FLAGS	:= -I$(KSELFTEST) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -Wno-unused-parameter \
		   -Wno-sign-compare -Wno-missing-field-initializers -pthread
CLOCK_LIB	:= $(BUILD)/user/lib/libsundial.a
CLOCK_HEADERS	:= user/lib/sundial.h user/lib/sundial_page.h include/uapi/linux/sundial.h
CLOCK_DEPS	:= selftests/clock/common.h selftests/clock/waiters.h selftests/clock/asleep.h selftests/device.h $(CLOCK_HEADERS) $(KSELFTEST)/lib.mk

CLOCK_VM_TESTS	 := $(CLOCK_NAMES:%=$(CLOCK_OUT)/vm/%) $(CLOCK_OUT)/vm/descriptors_test
CLOCK_HOST_TESTS := $(CLOCK_NAMES:%=$(CLOCK_OUT)/memfd/%)
CLOCK_ARM64_TESTS := $(CLOCK_NAMES:%=$(CLOCK_OUT)/arm64/%)

$(KSELFTEST)/lib.mk:
	@mkdir -p $(@D)
	@source=$$(ls /usr/src/linux-source-*.tar.xz 2>/dev/null | sort -V | head -1); \
	test -n "$$source" || { echo "no /usr/src/linux-source-*.tar.xz: run make deps" >&2; exit 1; }; \
	name=$$(basename $$source .tar.xz); \
	tar -xJf $$source -C $(@D) --strip-components=4 \
		$(KSELFTEST_FILES:%=$$name/tools/testing/selftests/%)
	@touch $@

# Notes the errors that tests provoke; the VM's tests are linked with it.
PROVOKED := $(CLOCK_OUT)/provoked.o
PROVOKED_LINK := -Wl,--wrap=ioctl $(PROVOKED)

$(PROVOKED): selftests/clock/provoked.c include/uapi/linux/sundial.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -c -o $@ $<

$(CLOCK_VM_TESTS): $(CLOCK_OUT)/vm/%: selftests/clock/%.c $(CLOCK_DEPS) $(CLOCK_LIB) $(PROVOKED)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -static -o $@ $< $(CLOCK_LIB) $(PROVOKED_LINK)

$(CLOCK_HOST_TESTS): $(CLOCK_OUT)/memfd/%: selftests/clock/%.c $(CLOCK_DEPS) $(CLOCK_LIB)
	@mkdir -p $(@D)
	$(CC) $(CLOCK_FLAGS) -DSUNDIAL_TEST_MEMFD_ONLY -o $@ $< $(CLOCK_LIB)

$(CLOCK_ARM64_TESTS): $(CLOCK_OUT)/arm64/%: selftests/clock/%.c user/lib/clock.c user/lib/memfd.c user/lib/bpf.c user/lib/wait.c \
		user/lib/internal.h $(CLOCK_DEPS)
	@mkdir -p $(@D)
	$(ARM64_CC) $(CLOCK_FLAGS) -static -DSUNDIAL_TEST_MEMFD_ONLY -o $@ $< \
		user/lib/clock.c user/lib/memfd.c user/lib/bpf.c user/lib/wait.c

# What selftests/clock/freestanding.sh looks into.
$(CLOCK_OUT)/readers-%.o: selftests/clock/readers.c $(CLOCK_HEADERS)
	@mkdir -p $(@D)
	$(if $(filter arm64,$*),$(ARM64_CC),$(CC) -mgeneral-regs-only) -Iinclude/uapi -Iuser -O2 -Wall -Wextra \
		-pedantic -ffreestanding -fno-stack-protector -fno-pic -c -o $@ $<

$(BUILD)/bench/clock_bench: selftests/bench/clock_bench.c $(CLOCK_HEADERS) $(CLOCK_LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -O2 $(WARN) -o $@ $< $(CLOCK_LIB)

BENCH_DEPS += $(BUILD)/bench/clock_bench

CHECKS	   += $(CLOCK_HOST_TESTS) selftests/clock/arm64.sh selftests/clock/freestanding.sh selftests/clock/install.sh
# Their races are the same for every user.
CLOCK_VM_ROOT_TESTS := $(CLOCK_OUT)/vm/wait_race_test $(CLOCK_OUT)/vm/descriptors_test
VM_TESTS      += $(filter-out $(CLOCK_VM_ROOT_TESTS),$(CLOCK_VM_TESTS))
VM_ROOT_TESTS += $(CLOCK_VM_ROOT_TESTS)
CHECK_DEPS += $(CLOCK_ARM64_TESTS) $(CLOCK_OUT)/readers-arm64.o $(CLOCK_OUT)/readers-x86_64.o
SOAKS	   += $(CLOCK_OUT)/memfd/reads_test selftests/clock/soak_arm64.sh
