#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# riscv64 programs in a simulation: what they see, what they share with x86-64 programs
# of the same host, virtual time by instructions.
# TIMEOUT: 600

. selftests/tap.sh
need jq taskset
bin=$top/build/selftests/rv64/programs
own=$top/build/selftests/rv64/sim
cross=/usr/riscv64-linux-gnu
limit=200

export SHOWN=here
sim "$bin/start"
exits 42 "the exit status is the program's"
for want in "machine riscv64" "argv0 $bin/start" "execfn $bin/start" "hwcap 112d" "page 4096" \
	"env here" "exe start" "cmdline $bin/start" "isa.*: rv64imafdc" "year 2000"; do
	like out "^$want" "a program finds: ${want%% *}"
done
native $python -c 'import subprocess, sys; subprocess.run(sys.argv[1:], close_fds=True)' \
	"$SUNDIAL" sim -q -- "$bin/start"
like out "^descriptors$" "the engine holds no descriptor"
sim_opts=(--cpus 3)
sim "$bin/start" /bin/grep -c ^vendor_id /proc/cpuinfo
is "$(cat out)" 3 "an x86-64 program beside it finds the host's processors"
sim_opts=(-L "$cross")
sim "$bin/start-dynamic"
exits 42 "-L: a dynamic program finds its libraries"
sim /bin/sh -c "$bin/start-dynamic; echo \$?"
like out "^42$" "-L: also one that an x86-64 program executes"
sim_opts=()
sim "$bin/start-dynamic"
exits 127 "without -L: the status of a missing interpreter"
like err "name the folder that holds riscv64 libraries" "without -L: what to do is said"
sim /bin/sh -c "$bin/start-dynamic"
exits 127 "without -L: executed by an x86-64 program it is ENOENT"

cat >both <<END
#!/bin/sh
$bin/start | head -n 1
uname -m | cat
echo \$(date +%Y | $bin/start /bin/cat) \$($bin/start /bin/sh -c '$bin/start | wc -l')
$bin/start & wait \$!
echo \$?
END
chmod +x both
sim ./both
is "$(grep -v -E '^(argv0|execfn|hwcap|page|env|exe|cmdline|isa|descriptors|year)' out | tr '\n' ' ')" \
	"machine riscv64 x86_64 2000 11 machine riscv64 42 " \
	"a shell script with pipelines of both machines' programs"

for parent in x86_64 riscv64; do
	for child in x86_64 riscv64; do
		sim "$own/mixed.$parent" "$own/mixed.$child"
		is "$status $(tr '\n' ',' <out)" \
			"0 futex: 400 turns,pipe: $child,socket: through the socket's pipe,signal: 77," \
			"$parent and $child share a futex, a pipe, a socket, its descriptor, signals"
	done
done

sim "$bin/frame_test"
sed 's/^\(\(not \)\?ok\) [0-9]* - /\1 /' out >results
while read -r verdict name; do
	case $verdict in
	ok) result 0 "signals: $name" ;;
	not) result 1 "signals: ${name#ok }" "$(grep '^#' results)" ;;
	esac
done < <(grep -E '^(not )?ok ' results)
like out "^1\.\.[1-9]" "every test of signals ran"

sim_opts=(--cpu-time instructions:20)
sim "$bin/storm"
is "$status $(cat out)" "0 done" "threads, forks, spawns and signals at once"
sim "$bin/goroutines"
is "$(cat out)" "1046750 1046750" "1,000 goroutines, garbage collected"
is "$(stat_of preemptions)" 0 "nothing was preempted but at a counted instruction"

sim_opts=(--cpu-time instructions:100000)
sim "$bin/killed"
is "$status $(cat out)" "0 done" "children of vfork may be killed while they translate"
sim_opts=()
(ulimit -c unlimited; sim /bin/sh -c "$own/spin.riscv64 crash; echo \$? >&2")
is "$(tail -n 1 err)" 133 "a breakpoint ends a riscv64 program" || cat err
unlike err "core dumped" "and no core file is claimed"

# counted NAME OPTION...: spin in $work/NAME, what it prints, its calls, its statistics.
counted() {
	local name=$1
	shift
	mkdir -p "$name"
	timeout -k 5 $limit "$SUNDIAL" sim -q --cpu-time instructions --stats="$name/json" \
		--strace "$name/strace" "$@" -- "$own/spin.riscv64" >"$name/out" 2>"$name/err"
	echo $? >"$name/status"
	jq -S 'del(.wall_ns, .speedup)' "$name/json" >"$name/stats"
	rm -f "$name/json"
}
counted first
is "$(cat first/status) $(grep -c ^tick first/out)" "0 12" "instructions let virtual time pass" ||
	cat first/err
taskset -c 1 sh -c 'while :; do :; done' 2>/dev/null &
hog=$!
counted again
counted small --tb-size 40000
kill $hog
counted interpreted --interpret
diff -r first again >differ
result $? "preempted at the same instructions in a second run" "$(head -n 30 differ)"
diff -r first small >differ
result $? "however often translated code is flushed" "$(head -n 30 differ)"
diff -r first interpreted >differ
result $? "and whether it is translated or interpreted" "$(head -n 30 differ)"
counted slower --cpu-time instructions:2
awk '/^tick 12/ { print $3 + $4 + $5 }' first/out slower/out >counts
between "$(head -n 1 counts)" "$(awk 'NR == 2 { print 1.8 * $1 }' counts)" \
	"$(awk 'NR == 2 { print 2.2 * $1 }' counts)" "twice as slow: half the work between them"
done_testing
