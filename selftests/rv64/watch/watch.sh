#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Code whose page tables change, without the module: what must hold there as well.
# TIMEOUT: 120

. selftests/tap.sh
run "$top/build/selftests/rv64/vm/watched"
while read -r line; do
	name=${line#* - }
	case $line in
	*"# SKIP"*) skip "${name%% # SKIP*}" "${name##*# SKIP }" ;;
	*) [ "${line%% *}" = ok ]; result $? "$name" ;;
	esac
done < <(grep -E '^(not )?ok ' out)
exits 0 "the program ends"
done_testing
