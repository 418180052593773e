#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TIMEOUT: 14400
# The fuzzer for about an hour, on one kernel: as root and as an ordinary user, one
# thread and several. FUZZ_CALLS of each of these four runs; FUZZ_SEED and FUZZ_MODE
# repeat what an earlier run found.
calls=${FUZZ_CALLS:-1000000}
exec "$(dirname "$0")/../vm/run.sh" --series 6.12 --name fuzz --boot 2,full --only 'fuzz/*' \
	--time-factor $((2 + calls / 20000)) \
	--append "SUNDIAL_FUZZ_CALLS=$calls SUNDIAL_FUZZ_SEED=${FUZZ_SEED:-} SUNDIAL_FUZZ_MODE=${FUZZ_MODE:-}"
