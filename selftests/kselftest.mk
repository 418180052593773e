# SPDX-License-Identifier: GPL-2.0-or-later
# What the Makefiles of kselftest targets share: *_test.c of a folder are its
# programs, each linked with the library's sources. Works in this tree, after a make
# at the top, and in tools/testing/selftests/sundial/ of a kernel's, where
# selftests/into-tree.sh puts it.

# The folder with user/ and include/, and the one with lib.mk.
TOP := $(abspath $(if $(wildcard ../user/lib/sundial.h),..,../..))
KSELFTEST_DIR := $(abspath $(firstword $(dir $(wildcard ../../lib.mk $(TOP)/build/selftests/kselftest/lib.mk))))
ifeq ($(KSELFTEST_DIR),)
$(error no lib.mk of kselftest: run make vm-tests at the top of the tree, which fetches it)
endif

ifeq ($(OUTPUT),)
OUTPUT := $(TOP)/build/selftests/$(notdir $(CURDIR))/kselftest
endif
$(shell mkdir -p $(OUTPUT))

TEST_GEN_PROGS := $(filter-out $(TEST_NOT_HERE),$(patsubst %.c,%,$(sort $(wildcard *_test.c))))
CFLAGS += -I$(KSELFTEST_DIR) -I$(TOP)/include/uapi -I$(TOP)/user -D_GNU_SOURCE -O2 -g -pthread

include $(KSELFTEST_DIR)/lib.mk

$(TEST_GEN_PROGS): $(wildcard $(TOP)/user/lib/*.c)
