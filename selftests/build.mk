# SPDX-License-Identifier: GPL-2.0-or-later
# The harness: guard runs one test, run.sh all of $(CHECKS).

build/selftests/guard: selftests/guard.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -o $@ $<

CHECKS += selftests/harness.sh selftests/command.sh selftests/clock_page.sh selftests/install.sh
CHECKS += selftests/cpython/run.sh selftests/cpython/sim.sh selftests/determinism.sh selftests/syscall_table.sh

# What make demo runs besides the machine's own programs.
DEMO_GUESTS := build/guests/go-static
