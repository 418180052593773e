# SPDX-License-Identifier: GPL-2.0-or-later
# Every folder that builds something has a build.mk beside its sources; this
# file only holds what they share. All output goes under build/.

CC	?= gcc
AR	?= ar
PREFIX	?= /usr/local
BUILD	:= build

CFLAGS	 ?= -O2 -g
WARN	 := -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wvla
CPPFLAGS += -Iinclude/uapi -Iuser -D_GNU_SOURCE

ALL	:=
CHECKS	:=
VM_CHECKS :=
SOAKS	:=
VM_TESTS :=
VM_ROOT_TESTS :=
VM_LOAD_TESTS :=
VM_FILES :=
VM_MODULES :=
CHECK_DEPS := build/selftests/guard
INSTALLS :=

.PHONY: all
all: build-all	## build everything (the default)

include $(sort $(wildcard */build.mk user/*/build.mk selftests/*/build.mk))

.PHONY: build-all clean demo check check-vm check-pending check-cpython soak bench deps help format docs install
build-all: $(ALL)

# Folders say how they are installed: each defines a target and adds it to INSTALLS.
install: install-command $(INSTALLS)	## install under $(DESTDIR)$(PREFIX)

install-command: $(ALL)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/sundial \
		$(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BUILD)/sundial $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/sundial-native $(DESTDIR)$(PREFIX)/libexec/sundial/
	install -m 644 Documentation/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/

demo:		## install what is missing, build, run days of virtual time in a blink
	@selftests/deps.sh demo
	@$(MAKE) --no-print-directory -s -j$$(nproc) $(BUILD)/sundial $(BUILD)/sundial-native $(BUILD)/sundial-rewind $(DEMO_GUESTS)
	@selftests/demo.sh

deps:		## install the Debian packages that selftests/deps.txt names
	@selftests/deps.sh

# Tests under build/ are made before any runs; CHECK_DEPS is what scripts need.
check: $(ALL) $(CHECK_DEPS) $(filter build/%,$(CHECKS) $(VM_CHECKS))	## run every test
	@selftests/run.sh $(VM_CHECKS) $(CHECKS)

check-vm: $(ALL) $(CHECK_DEPS) $(filter build/%,$(VM_CHECKS))	## run the tests of the module, in a VM
	@$(if $(strip $(VM_CHECKS)),selftests/run.sh $(VM_CHECKS),echo "0 passed, 0 failed, 0 skipped")

check-pending: $(ALL) $(CHECK_DEPS)	## run the tests that are known not to pass yet
	@selftests/run.sh $$(sed 's/#.*//' selftests/pending.txt)

check-cpython: $(ALL) $(CHECK_DEPS)	## run the slow half of CPython's own tests
	@selftests/run.sh selftests/cpython/run-long.sh selftests/cpython/sim-long.sh

# Readers beside a writer, a thousand million readings in each mode: hours.
soak: $(ALL) $(CHECK_DEPS) $(filter build/%,$(SOAKS))	## read clock pages beside a writer, 10^9 times
	@SUNDIAL_READS=1000000000 CHECK_TIMEOUT=86400 selftests/run.sh $(SOAKS)

bench: $(ALL) $(BENCH_DEPS)	## measure, against a peer beside it; results in build/bench/
	@selftests/bench/run.sh

docs: $(ALL)	## generate the table of system calls in Documentation
	$(BUILD)/sundial syscalls --markdown >Documentation/syscalls.md

format:		## clang-format every C file
	git ls-files '*.c' '*.h' | xargs clang-format -i

help:		## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 16

clean:		## remove build/
	rm -rf $(BUILD)
