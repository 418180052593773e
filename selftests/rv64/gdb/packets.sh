#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The stub of sundial run --gdb without gdb: each packet, errors, and packets that nobody
# sends. Then the connection breaks off, and the program goes on as if nothing had been.
# TIMEOUT: 300

. selftests/tap.sh
bin=$top/build/selftests/rv64/programs

$python -c 'import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], close_fds=True))' \
	"$SUNDIAL" run --gdb "$work/socket" -- "$bin/start" >out 2>err </dev/null &
engine=$!
timeout 200 $python "$top/selftests/rv64/gdb/packets.py" socket >results 2>&1
sed 's/^\(\(not \)\?ok\) [0-9]* - /\1 /' results >named
while read -r verdict name; do
	case $verdict in
	ok) result 0 "$name" ;;
	not) result 1 "${name#ok }" "$(grep -A3 "^not ok.*" results)" ;;
	esac
done < <(grep -E '^(not )?ok ' named)
like results '^1\.\.[1-9]' "every packet was answered"
wait $engine
status=$?
exits 42 "gdb gone, the program goes on"
like out "^machine riscv64" "and does what it does"
like out "^descriptors$" "the stub's descriptors are not the program's"

native "$SUNDIAL" run --gdb 99999 -- "$bin/start"
is "$status $(wc -l <err)" "125 1" "a port that does not exist: status 125, one line"
native "$SUNDIAL" run --gdb /no/such/folder/socket -- "$bin/start"
is "$status $(wc -l <err)" "125 1" "a path that does not exist: status 125, one line"
done_testing
