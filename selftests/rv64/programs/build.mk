# SPDX-License-Identifier: GPL-2.0-or-later
# Programs for riscv64 that sundial run must run over the host's kernel.

RV64_PROGRAMS := $(BUILD)/selftests/rv64/programs

$(RV64_PROGRAMS)/frame_test: selftests/rv64/programs/frame_test.c selftests/syscalls/check.c \
		selftests/syscalls/check.h
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -static $(CFLAGS) $(WARN) -Wno-infinite-recursion \
		-Wno-dangling-pointer -D_GNU_SOURCE -pthread -o $@ $< selftests/syscalls/check.c

# The host's own.
$(RV64_PROGRAMS)/no_clock_calls: selftests/rv64/programs/no_clock_calls.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -o $@ $<

$(RV64_PROGRAMS)/limits.native: selftests/rv64/programs/limits.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -static -D_GNU_SOURCE -o $@ $<

$(RV64_PROGRAMS)/%: selftests/rv64/programs/%.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -static $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

$(RV64_PROGRAMS)/exec-each-native: selftests/rv64/programs/exec_each.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -o $@ $<

$(RV64_PROGRAMS)/clocks_test: selftests/passthrough/clocks_test.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -static $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

$(RV64_PROGRAMS)/start-dynamic: selftests/rv64/programs/start.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc $(CFLAGS) $(WARN) -D_GNU_SOURCE -o $@ $<

$(RV64_PROGRAMS)/goroutines: $(wildcard $(GUEST_SRC)/go/goroutines/*.go) $(GUEST_SRC)/go/go.mod
	$(subst go build,GOARCH=riscv64 CGO_ENABLED=0 go build,$(GO_BUILD)) ./goroutines

CHECK_DEPS += $(addprefix $(RV64_PROGRAMS)/, exec_each exec-each-native frame_test clocks_test counters \
	killed limits limits.native no_clock_calls pointers start storm written \
	start-dynamic goroutines)
CHECKS	   += $(addprefix selftests/rv64/programs/, run.sh damaged.sh debian.sh)

# Minutes long, and hundreds of megabytes to download.
.PHONY: check-rv64-debian
check-rv64-debian: $(ALL) $(CHECK_DEPS)	## run riscv64 compilers, JITs, 70 packages and CPython's own tests
	@selftests/run.sh selftests/rv64/programs/debian-large.sh \
		selftests/rv64/programs/debian-more.sh selftests/rv64/programs/cpython.sh
