# SPDX-License-Identifier: GPL-2.0-or-later
# What the command itself does: options, errors, reports, exit statuses.

$(BUILD)/selftests/deny: selftests/cli/deny.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -o $@ $<

CHECK_DEPS += $(BUILD)/selftests/deny
CHECKS += selftests/cli/errors.sh selftests/cli/options.sh selftests/cli/reports.sh selftests/cli/place.sh
