# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the module that need no VM: its packaging, its source.

CHECKS += selftests/kmod/package.sh selftests/kmod/coccicheck.sh selftests/kmod/kselftest.sh
