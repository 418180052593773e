#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TIMEOUT: 900
exec "$(dirname "$0")/run.sh" 6.12
