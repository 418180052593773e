#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that would change its privileges is refused, by name: in a simulation it
# would have ours, and the kernel takes away what the engine needs.

. selftests/tap.sh
need jq

cp /bin/true program
if [ "$(id -u)" = 0 ]; then
	chown 65534:65534 program
	chmod 6755 program
else
	program=$(command -v su) || skip_all "no set-user-ID program on this machine"
	ln -s "$program" program
fi
sim ./program
[ "$status" != 0 ]
result $? "is not started"
like err "set.?u(ser-)?id|setuid" "and the message says why"
like err "program" "naming the program"
run ./program
[ "$status" != 0 ]
result $? "nor by sundial run"
like err "set.?u(ser-)?id|setuid" "with the same reason"
sim bash -c './program; echo "status $?"; sleep 10; echo "goes on"'
like out "^status 126$" "a shell that tries it gets an error"
like out "^goes on$" "and goes on"
done_testing
