# SPDX-License-Identifier: GPL-2.0-or-later
# Guest for bash and, up to the line that says so, for any POSIX shell: background
# jobs, wait, traps, pipelines. Prints the same for any $UNIT.

t() { awk "BEGIN { printf \"%.3f\", $1 * $UNIT }"; }
half=$(t 0.5) one=$(t 1) two=$(t 2) three=$(t 3) five=$(t 5)

echo "-- jobs end in the order of their sleeps"
(sleep "$three"; echo three) &
(sleep "$one"; echo one) &
(sleep "$two"; echo two; exit 5) &
last=$!
wait "$last"
echo "wait said $?"
wait
echo "all done"

echo "-- a trap interrupts wait"
trap 'echo got USR1' USR1
(sleep "$one"; kill -USR1 $$; sleep "$one"; exit 3) &
job=$!
wait "$job"
echo "interrupted: $(($? > 128))"
wait "$job"
echo "then $?"
trap - USR1

echo "-- a killed job"
sleep "$five" &
job=$!
sleep "$half"
kill "$job"
wait "$job" 2>/dev/null
echo "status $?"

echo "-- pipelines"
seq 1 5000 | sort -rn | head -n 3 | tr '\n' ' '
echo
(echo early; sleep "$one"; echo late) | while read -r line; do echo "read $line"; done
echo "a b c" | (read -r x y; echo "$y/$x")
n=$(seq 1 200 | while read -r i; do echo "$i"; done | wc -l)
echo "lines: $((n))"

echo "-- here document, redirections, subshells"
cat <<END >file
$(echo nested $(echo deeper))
END
cat <file
(exit 9)
echo "status $?"
f() { return 4; }
f || echo "function said $?"
trap 'echo bye' EXIT
[ -n "$BASH_VERSION" ] || exit 6

# From here on bash only.
echo "-- bash"
timeout "$one" sleep "$five"
echo "timeout said $?"
false | true | (exit 7)
echo "PIPESTATUS ${PIPESTATUS[*]}"
(sleep "$two"; exit 22) &
(sleep "$one"; exit 11) &
wait -n
echo "wait -n $?"
wait -n
echo "wait -n $?"
paste -d: <(seq 1 3) <(sleep "$half"; seq 4 6)
read -r -t "$one" -u 9 x 9< <(sleep "$three")
echo "read timed out: $(($? > 128))"
coproc CO { while read -r line; do echo "co $line"; done; }
co_pid=$CO_PID
echo hello >&"${CO[1]}"
read -r line <&"${CO[0]}"
echo "$line"
eval "exec ${CO[1]}>&-"
wait "$co_pid"
echo "coprocess $?"
exit 6
