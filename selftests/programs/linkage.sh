#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# C programs linked each way: threads, fork, vfork, posix_spawn, execve, #! scripts,
# signals and timers.
# TIMEOUT: 240

. selftests/tap.sh
need jq

file -L "$guests/linkage-static-pie" >out 2>/dev/null
for link in linkage linkage-static linkage-static-pie; do
	same_as_native "$link" 29 33 "$guests/$link"
done
need busybox
printf '#!%s sh\nsleep 300\nexit 3\n' "$(command -v busybox)" >script
chmod +x script
sim ./script
exits 3 "a script whose interpreter is a static program with an argument"
took_virtual 300 301 "runs in virtual time"
printf '#!/no/such/interpreter\n' >script
sim ./script
[ "$status" != 0 ]
result $? "a script without interpreter is refused"
like err "interpreter" "by a message that says so"
sim ./no-such-program
exits 127 "a missing program gives 127"
like err "no-such-program" "and is named"
touch plain
sim ./plain
exits 126 "a file that may not be executed gives 126"
done_testing
