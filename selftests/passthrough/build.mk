# SPDX-License-Identifier: GPL-2.0-or-later
# sundial run over the host's kernel: the same programs natively and under it.

PASS_DIR := selftests/passthrough
PASS_CC	 = @mkdir -p $(@D); $(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

$(BUILD)/$(PASS_DIR)/%_test: $(PASS_DIR)/%_test.c
	$(PASS_CC)

$(BUILD)/$(PASS_DIR)/%_test-static: $(PASS_DIR)/%_test.c
	$(PASS_CC) -static

CHECK_DEPS += $(addprefix $(BUILD)/$(PASS_DIR)/, clocks_test clocks_test-static storm_test \
	storm_test-static)
CHECKS	   += $(addprefix $(PASS_DIR)/, clocks.sh storm.sh)
