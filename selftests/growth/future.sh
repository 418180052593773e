#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Print the uapi header as a later release might have it: by the rules that the
# header states under "Growth", a field at the end of the page with a flag bit of
# its own, a new flag of an old call, and a call with a new number.
#
#	selftests/growth/future.sh include/uapi/linux/sundial.h

set -eu
sed -e '/^struct sundial_clock_page {/,/^};/s/^};/\t__u64 leap_ns; \/* valid with SUNDIAL_PAGE_LEAP *\/\n\t__u64 later[7];\n};/' \
	-e 's/^#define SUNDIAL_PAGE_STEPPABLE.*/&\n#define SUNDIAL_PAGE_LEAP (1U << 1)/' \
	-e 's/^#define SUNDIAL_CREATE_STEPPABLE.*/&\n#define SUNDIAL_CREATE_LEAP (1U << 1)/' \
	-e 's/sizeof(struct sundial_clock_page) == 256/sizeof(struct sundial_clock_page) == 320/' \
	-e 's/^#define SUNDIAL_CLOCK_READER.*/&\nstruct sundial_clock_leap { __u64 leap_ns; };\n#define SUNDIAL_CLOCK_LEAP _IOW(SUNDIAL_IOC_MAGIC, 0x8f, struct sundial_clock_leap)/' \
	"$1"
