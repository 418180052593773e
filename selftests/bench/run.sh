#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# make bench: see bench.py. Arguments are the measures to take, or "recorder" for those
# of recorder.py; without any, all.
cd "$(dirname "$0")/../.." || exit 2
exec /usr/bin/python3 selftests/bench/bench.py "$@"
