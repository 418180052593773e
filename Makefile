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

.PHONY: all
all: build-all

include $(sort $(wildcard */build.mk user/*/build.mk selftests/*/build.mk))

.PHONY: build-all clean
build-all: $(ALL)

clean:
	rm -rf $(BUILD)
