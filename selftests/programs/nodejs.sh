#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Node: the timers of its event loop, children, workers, HTTP over loopback.
# TIMEOUT: 240

. selftests/tap.sh
need jq node

same_as_native "node" 13 18 node "$top/selftests/programs/guests/timers.js"
sim node -e 'setTimeout(() => console.log(new Date().toISOString().slice(0, 19)), 86400e3 * 7)'
is "$(cat out)" "2000-01-08T00:00:00" "a week later"
sim node -e 'let n = 0; const t = setInterval(() => { if (++n === 10000) clearInterval(t); }, 60000); process.on("exit", () => console.log(n));'
is "$(cat out)" 10000 "ten thousand ticks of a minute"
took_virtual 600000 600100 "a week of them"
done_testing
