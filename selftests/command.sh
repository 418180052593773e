#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: options, standard streams, exit statuses, and errors that name the
# object and the remedy.

. selftests/tap.sh
need jq
limit=30

# refused STATUS PATTERN NAME: what the last command said
refused() {
	exits "$1" "$3" && like err "$2" "$3: and says why"
}

capture "$SUNDIAL"
refused 125 "Usage" "no subcommand"
capture "$SUNDIAL" frobnicate
refused 125 "frobnicate" "an unknown subcommand"
capture "$SUNDIAL" --version
exits 0 "--version"
capture "$SUNDIAL" help sim
exits 0 "help on a subcommand"
for option in --start --seed --until --stats --strace --cpus --no-clock-page --quantum; do
	like out "$option" "help names $option"
done
capture "$SUNDIAL" sim
refused 125 "program" "no program"
capture "$SUNDIAL" sim --until never -- true
refused 125 "never" "a duration that is none"
capture "$SUNDIAL" sim --start 2000-02-31 -- true
refused 125 "2000-02-31" "a date that does not exist"

sim no-such-program-anywhere
refused 127 "no-such-program-anywhere" "a program that is not in PATH"
sim ./missing
refused 127 "missing" "a program that is not there"
mkdir folder
sim ./folder
refused 126 "directory" "a folder"
echo data >plain
sim ./plain
refused 126 "plain" "a file without execute permission"
chmod +x plain
sim ./plain
[ "$status" != 0 ]
result $? "a file that is no program is refused" "status $status"
for machine in "3:\x03\x00:i386|32" "183:\xb7\x00:arm64|aarch64" "21:\x15\x00:ppc64"; do
	cp "$(readlink -f /bin/true)" foreign
	bytes=${machine#*:}
	printf "${bytes%%:*}" | dd of=foreign bs=1 seek=18 conv=notrunc 2>dd.log
	sim ./foreign
	exits 126 "a program for machine ${machine%%:*}" &&
	{ grep -Pq -- "${bytes#*:}" err; result $? "is refused by the machine's name" "$(cat err)"; }
done
echo 'int main(void) { return 0; }' >plain.c
gcc -Wl,--dynamic-linker=/no/such/loader -o loaderless plain.c
sim ./loaderless
[ "$status" != 0 ]
result $? "a program whose ELF interpreter is missing is refused"
like err "/no/such/loader" "and the interpreter is named"
: >empty && chmod +x empty && head -c 100 /bin/true >cut && chmod +x cut
for file in empty cut; do
	sim ./$file
	[ "$status" != 0 ] && [ "$status" -lt 128 ]
	result $? "a damaged program ($file) is refused" "status $status" "$(cat err)"
done
(ulimit -v 60000; capture "$SUNDIAL" sim -- true; exit "$status")
code=$?
[ $code != 0 ] && [ $code -lt 128 ]
result $? "an address space that is too small is an error" "status $code"
like err "ulimit -v|address space|RLIMIT_AS" "which names the limit"

for code in 0 1 42 255; do
	sim sh -c "exit $code"
	exits $code "exit status $code is passed on"
done
sim sh -c 'kill -TERM $$'
exits 143 "death by SIGTERM is 143"

printf 'one\ntwo\n' | "$SUNDIAL" sim --quiet -- cat >out 2>err
is "$(tr '\n' ' ' <out)" "one two " "standard input from a pipe"
"$SUNDIAL" sim --quiet -- wc -c <"$top/README.md" >out 2>err
is "$(cat out)" "$(wc -c <"$top/README.md")" "standard input from a file"
(echo first; sleep 0.5; echo second) | "$SUNDIAL" sim --quiet -- cat >out 2>err
is "$(tr '\n' ' ' <out)" "first second " "standard input that comes late"
head -c 3000000 /dev/urandom >big
"$SUNDIAL" sim --quiet -- cat <big 2>err | cmp -s - big
is "${PIPESTATUS[*]}" "0 0" "three megabytes in and out"
"$SUNDIAL" sim --quiet -- yes 2>err | head -n 3 >out
is "${PIPESTATUS[0]} $(wc -l <out)" "141 3" "a closed standard output is SIGPIPE"
sim sh -c 'echo out; echo err >&2'
is "$(cat out) $(cat err)" "out err" "standard error is apart"
sim sh -c 'exec >&-; echo x'
[ "$status" != 0 ]
result $? "writing to a closed descriptor fails"

(cd folder && "$SUNDIAL" sim --quiet -- pwd >../out 2>../err)
is "$(cat out)" "$work/folder" "a guest starts where it was started"
FROM_OUTSIDE=yes sim sh -c 'echo "$FROM_OUTSIDE"'
is "$(cat out)" yes "the environment is passed on"
sim printf '%s|' a "b c" "" '*'
is "$(cat out)" "a|b c||*|" "so are arguments"
sim_opts=(--cpus 3)
sim nproc
is "$(cat out)" 3 "--cpus"
sim_opts=(--hostname elsewhere)
sim uname -n
is "$(cat out)" elsewhere "--hostname"
sim_opts=()

sim bash -c 'sleep 5; exec 3<>/dev/tcp/127.0.0.1/9; echo'
exits 0 "refused connections are no reason to stop"
sim bash -c 'read -r line < <(sleep 100; echo late); echo "$line"'
is "$(cat out)" late "a pipe is waited for"
sim $python -c 'import threading; l = threading.Lock(); l.acquire(); l.acquire()'
refused 125 "deadlock" "a simulation that can never go on ends"

for signal in INT TERM; do
	"$SUNDIAL" sim --quiet -- bash -c 'sleep 1d & while :; do :; done' 2>err &
	pid=$!
	sleep 1
	kill -$signal $pid
	wait $pid
	is $? $((128 + $(kill -l $signal))) "SIG$signal ends a simulation, and is its status"
done
"$SUNDIAL" sim --quiet -- bash -c 'sleep 1d & while :; do :; done' 2>err &
pid=$!
sleep 1
kill -KILL $pid
wait $pid 2>/dev/null
sleep 0.5
is "$(pgrep -s 0 -c -f 'sleep 1d')" 0 "nothing outlives a supervisor that is killed"

capture "$SUNDIAL" doctor
exits 0 "doctor"
like out "module|/dev/sundial" "speaks of the module"
capture "$SUNDIAL" doctor --json
jq -e . out >/dev/null
result $? "doctor --json is JSON" "$(cat out)"
done_testing
