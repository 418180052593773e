# SPDX-License-Identifier: GPL-2.0-or-later
# What make bench runs: programs that measure themselves, and guests timed from outside.

BENCH_OUT := $(BUILD)/selftests/bench

$(BENCH_OUT)/intercept: selftests/bench/intercept.c
	@mkdir -p $(@D)
	$(CC) -O2 $(WARN) -D_GNU_SOURCE -o $@ $<

build/guests/ops: selftests/bench/ops.c
	@mkdir -p $(@D)
	$(CC) -O2 $(WARN) -D_GNU_SOURCE -o $@ $<

build/guests/go-ops build/guests/go-founding: build/guests/go-%: selftests/programs/guests/go/%/main.go
	$(subst go build,CGO_ENABLED=0 go build,$(GO_BUILD)) ./$*

# In the VM; it takes some minutes.
BENCH_VM := $(BUILD)/bench/wait_bench $(BUILD)/bench/tb_bench

$(BENCH_VM): $(BUILD)/bench/%: selftests/bench/%.c selftests/bench/pair.h selftests/clock/asleep.h \
		$(wildcard user/lib/*.h) $(BUILD)/user/lib/libsundial.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -O2 $(WARN) -pthread -static -o $@ $< $(BUILD)/user/lib/libsundial.a

.PHONY: bench-vm
bench-vm: $(BENCH_VM)	## measure the module in a VM, against a peer beside it
	@selftests/bench/vm.sh

$(BUILD)/bench/hits: selftests/bench/hits.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -O2 -g $(WARN) -pthread -o $@ $< -lbpf

.PHONY: bench-record
bench-record: $(BUILD)/sundial $(BUILD)/sundial-record $(BUILD)/sundial-rewind $(BUILD)/sundial-inject.so \
		$(BUILD)/record/churn $(BUILD)/record/last $(BUILD)/record/many $(BUILD)/bench/hits	## measure the flight recorder alone
	@selftests/bench/run.sh recorder

BENCH_DEPS += $(BUILD)/bench/hits $(BUILD)/record/many
BENCH_DEPS += $(BUILD)/record/last $(BUILD)/record/emit $(BENCH_OUT)/intercept $(BUILD)/bench/tb_bench $(BUILD)/record/churn \
	build/guests/ops build/guests/go-ops build/guests/go-founding
