# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the flight recorder, and the programs that crash for it.

CORPUS_SRC := $(wildcard $(addprefix selftests/record/corpus/*.,c cpp go rs))
CORPUS	   := $(patsubst selftests/record/corpus/%,$(BUILD)/record/corpus/%,$(basename $(CORPUS_SRC)))

# What they do wrong is what these options are about.
CORPUS_FLAGS := -O2 -g -w -fno-builtin -fno-ipa-icf -fstack-protector-strong -U_FORTIFY_SOURCE \
		-fno-optimize-sibling-calls -pthread

# Of what rewind shows.
CHECKS += selftests/record/select.sh selftests/record/page.sh selftests/record/export.sh \
	  selftests/record/terminal.sh selftests/record/names.sh selftests/record/ending.sh

# A program's own, in a comment at its top.
CORPUS_OWN = $(shell sed -n 's|^/\* flags: \(.*\) \*/$$|\1|p' $<)

$(BUILD)/record/corpus/%: selftests/record/corpus/%.c selftests/record/build.mk
	@mkdir -p $(@D)
	$(CC) $(CORPUS_FLAGS) $(CORPUS_OWN) -o $@ $(CURDIR)/$< -lm

$(BUILD)/record/corpus/%: selftests/record/corpus/%.cpp selftests/record/build.mk
	@mkdir -p $(@D)
	$(CXX) $(CORPUS_FLAGS) $(CORPUS_OWN) -o $@ $(CURDIR)/$<

$(BUILD)/record/corpus/%: selftests/record/corpus/%.go selftests/record/build.mk
	@mkdir -p $(@D)
	GOCACHE=$(CURDIR)/build/go-cache CGO_ENABLED=0 go build -o $(CURDIR)/$@ $(CURDIR)/$<

# Debian's, whatever else is on the path.
RUSTC := $(firstword $(wildcard /usr/bin/rustc) rustc)

$(BUILD)/record/corpus/%: selftests/record/corpus/%.rs selftests/record/build.mk
	@mkdir -p $(@D)
	$(RUSTC) -g -A warnings $(CORPUS_OWN) -o $@ $(CURDIR)/$<

RECORD_PROGRAMS := $(patsubst %,$(BUILD)/record/%,emit churn crowd sites last storm calls loader marks)

# Its frames are to be followed.
$(BUILD)/record/churn: CFLAGS += -fno-omit-frame-pointer

$(RECORD_PROGRAMS): $(BUILD)/record/%: selftests/record/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -pthread -o $@ $<

$(BUILD)/record/churn-static: selftests/record/churn.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -static -pthread -o $@ $<

$(BUILD)/record/placement_test: selftests/record/placement_test.c user/record/placement.c user/record/placement.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -o $@ $(filter %.c,$^)

CHECKS += $(BUILD)/record/placement_test

# 5,000 functions, each called three times.
$(BUILD)/record/many.c: selftests/record/build.mk
	@mkdir -p $(@D)
	awk 'BEGIN { print "#include <stdio.h>"; \
		for (i = 0; i < 5000; i++) \
			printf "__attribute__((noinline, noclone)) long many_%d(long n)\n" \
				"{\n\tlong r = n * %d;\n\t__asm__ volatile(\"\" : \"+r\"(r));\n\treturn r;\n}\n", i, i; \
		print "int main(void)\n{\n\tlong sum = 0;\n\tfor (int t = 0; t < 3; t++) {"; \
		for (i = 0; i < 5000; i++) printf "\t\tsum += many_%d(t);\n", i; \
		print "\t}\n\tprintf(\"%ld\\n\", sum);\n}" }' >$@

$(BUILD)/record/many: $(BUILD)/record/many.c
	$(CC) -O1 -o $@ $<

# Named here and not by the variables of user/record, which comes later.
$(BUILD)/record/file_test: selftests/record/file_test.c $(BUILD)/user/record/libsundial-record.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Ibpf $(CFLAGS) $(WARN) -Wno-missing-field-initializers -o $@ $^

$(BUILD)/record/bump.so: selftests/record/bump.c
	@mkdir -p $(@D)
	$(CC) -O2 -fno-builtin $(WARN) -fPIC -shared -o $@ $<

$(BUILD)/record/nodes_test: selftests/record/nodes_test.c user/record/nodes.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Ibpf $(CFLAGS) $(WARN) -o $@ $^

# One program with many allocators: linked, static, musl's; preloaded ones need no program.
ALLOCATORS_OUT := $(BUILD)/record/allocators
ALLOCATORS := $(addprefix $(ALLOCATORS_OUT)/,plain.c plain.cpp static.c static.cpp musl.c musl-static.c \
	jemalloc.c jemalloc.cpp mimalloc.c mimalloc.cpp tcmalloc.c tcmalloc.cpp later.c)
ALLOCATOR_LINK_static	   := -static
ALLOCATOR_LINK_musl-static := -static
ALLOCATOR_LINK_jemalloc	   := -Wl,--no-as-needed -l:libjemalloc.so.2
ALLOCATOR_LINK_mimalloc	   := -Wl,--no-as-needed -l:libmimalloc.so.2
ALLOCATOR_LINK_tcmalloc	   := -Wl,--no-as-needed -l:libtcmalloc_minimal.so.4

$(ALLOCATORS_OUT)/later.c: selftests/record/allocators/later.c
	@mkdir -p $(@D)
	$(CC) $(CORPUS_FLAGS) -o $@ $(CURDIR)/$<

$(ALLOCATORS_OUT)/%.c: selftests/record/allocators/stale.c selftests/record/build.mk
	@mkdir -p $(@D)
	$(if $(findstring musl,$*),musl-gcc,$(CC)) $(CORPUS_FLAGS) -o $@ $(CURDIR)/$< $(ALLOCATOR_LINK_$*)

$(ALLOCATORS_OUT)/%.cpp: selftests/record/allocators/stale.cpp selftests/record/build.mk
	@mkdir -p $(@D)
	$(CXX) $(CORPUS_FLAGS) -o $@ $(CURDIR)/$< $(ALLOCATOR_LINK_$*)

CHECK_DEPS += $(ALLOCATORS)
CHECKS += selftests/record/allocators.sh selftests/record/harm.sh selftests/record/unprivileged.sh selftests/record/real.sh

.PHONY: check-record-real
check-record-real: build-all	## diagnose crashes of programs built from Debian's sources
	selftests/record/real.sh bzip2 lua5.3 lua5.2

# The same for a machine without libraries.
RECORD_VM      := $(BUILD)/selftests/record/vm
RECORD_CRASHES := double_free uaf_list null_dereference healthy_memory written_after_free deadlock
RECORD_STATIC  := -lelf -lz -lbz2 -llzma

$(RECORD_VM)/sundial-record: $(BUILD)/sundial-record
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -static -s -o $@ $(RECORD_OBJ) $(RECORD_LIB) -lbpf -ldw $(RECORD_STATIC) -lm -l:libstdc++.a

$(RECORD_VM)/sundial-rewind: $(BUILD)/sundial-rewind
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -static -s -o $@ $(REWIND_OBJ) $(RECORD_LIB) -ldw $(RECORD_STATIC) -ljansson -lncursesw -ltinfo -liberty

$(RECORD_VM)/crash-%: selftests/record/corpus/%.c selftests/record/build.mk
	@mkdir -p $(@D)
	$(CC) $(CORPUS_FLAGS) -static -o $@ $(CURDIR)/$<

$(RECORD_VM)/emit $(RECORD_VM)/crowd $(RECORD_VM)/calls $(RECORD_VM)/marks: $(RECORD_VM)/%: selftests/record/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -static -pthread -o $@ $(CURDIR)/$<

$(RECORD_VM)/crash_test: selftests/record/crash_test.sh
	@mkdir -p $(@D)
	install -m 755 $< $@

VM_PATCH_TESTS += $(RECORD_VM)/crash_test
VM_FILES      += $(RECORD_VM)/sundial-record $(RECORD_VM)/sundial-rewind $(RECORD_VM)/emit $(RECORD_VM)/crowd $(RECORD_VM)/calls $(RECORD_VM)/marks \
		 $(RECORD_CRASHES:%=$(RECORD_VM)/crash-%)

CHECK_DEPS += $(CORPUS) $(RECORD_PROGRAMS) $(BUILD)/record/bump.so $(BUILD)/record/churn-static $(BUILD)/record/many
CHECKS += selftests/record/functions.sh selftests/record/operands.sh selftests/record/budget.sh selftests/record/usdt.sh
CHECKS += $(BUILD)/record/file_test selftests/record/corpus.sh selftests/record/accounting.sh \
	  selftests/record/attach.sh selftests/record/inject.sh selftests/record/sample.sh selftests/record/stream.sh selftests/record/storm.sh selftests/record/system.sh selftests/record/buffers.sh \
	  $(BUILD)/record/nodes_test selftests/record/threads.sh \
	  selftests/record/sim.sh selftests/record/engines.sh
CHECK_DEPS += $(RECORD_VM)/crash-uaf_list $(RECORD_VM)/crash-double_free

$(BUILD)/record/standstill: selftests/record/standstill.c
	@mkdir -p $(@D)
	$(CC) -O2 -g $(WARN) -pthread -o $@ $(CURDIR)/$<

CHECK_DEPS += $(BUILD)/record/standstill

# Of the corpus, what sundial sim --record is shown with for riscv64 as well.
RECORD_RV64 := $(patsubst %,$(BUILD)/record/riscv64/%,uaf_threads double_free_realloc heap_overflow_large)

$(BUILD)/record/riscv64/%: selftests/record/corpus/%.c selftests/record/build.mk
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc $(CORPUS_FLAGS) -o $@ $(CURDIR)/$<

CHECK_DEPS += $(RECORD_RV64)
