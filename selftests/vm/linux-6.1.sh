#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TIMEOUT: 3600
# WIDE
exec "$(dirname "$0")/run.sh" --series 6.1 --boot 1,none --boot 2,full
