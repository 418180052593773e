#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes killed at any point of a call that sleeps on shared descriptors:
# the rest goes on, and a second run is the same in every call.
# TIMEOUT: 300
. selftests/tap.sh

limit=90
for seed in 1 2 3; do
	rm -f fifo
	capture "$SUNDIAL" sim --verify -- "$top/build/selftests/simkernel/storm" 300 "$seed"
	like "$work/out" '^the storm is over$' "seed $seed: the storm ends"
	like "$work/err" 'verified: a second run was the same' "seed $seed: twice the same"
done
done_testing
