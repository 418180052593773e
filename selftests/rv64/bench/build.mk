# SPDX-License-Identifier: GPL-2.0-or-later
# The same kernels for both architectures.

RV64_BENCH_OUT := $(BUILD)/selftests/rv64/bench

$(RV64_BENCH_OUT)/kernels.x86_64: selftests/rv64/bench/kernels.c
	@mkdir -p $(@D)
	$(CC) -O2 $(WARN) -static -ffp-contract=off -o $@ $< -lm

$(RV64_BENCH_OUT)/kernels.riscv64: selftests/rv64/bench/kernels.c
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -O2 $(WARN) -static -o $@ $< -lm

.PHONY: bench-rv64
bench-rv64: $(ALL) $(RV64_BENCH_OUT)/kernels.x86_64 $(RV64_BENCH_OUT)/kernels.riscv64	## measure the rv64 engine, natively and against QEMU; PAIRS=DIR adds programs
	@selftests/rv64/bench/run.sh
