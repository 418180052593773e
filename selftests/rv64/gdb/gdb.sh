#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sundial run --gdb, with gdb itself: breakpoints, steps, threads, signals, watchpoints,
# interrupts, what is written to code, and that the program is none the worse for it.
# TIMEOUT: 600

. selftests/tap.sh
need gdb-multiarch riscv64-linux-gnu-gcc
debuggee=$top/build/selftests/rv64/gdb/debuggee
limit=30
program=$debuggee where=$work/socket

# debug MODE GDB-COMMAND...: leaves what gdb says in out, what the program says in err,
# the program's status in $status.
debug() {
	local mode=$1 args=() engine
	shift
	for command; do
		args+=(-ex "$command")
	done
	rm -f socket ready err
	timeout -k 5 $limit "$SUNDIAL" run -L /usr/riscv64-linux-gnu --gdb "$where" -- \
		"$program" "$mode" >err 2>&1 </dev/null &
	engine=$!
	until grep -qs 'waiting for gdb' err || ! kill -0 $engine 2>/dev/null; do sleep 0.02; done
	timeout -k 5 $limit gdb-multiarch -nx -batch -iex 'set debuginfod enabled off' \
		-iex 'set auto-load no' -iex "set sysroot ${sysroot-/usr/riscv64-linux-gnu}" \
		-iex "set solib-search-path $(dirname "$debuggee")" \
		-iex 'set breakpoint pending on' -ex "target remote ${where/#[0-9]/:${where:0:1}}" \
		"${args[@]}" "$program" >out 2>&1 </dev/null
	wait $engine
	status=$?
}

# A line for gdb that interrupts it when the program is ready.
interrupt='shell (for i in $(seq 1200); do [ -e ready ] && break; sleep 0.05; done; kill -INT $PPID) &'

debug calls 'break main' 'break shared_sum' continue 'print argc' continue backtrace \
	'print n' 'set var n = 100' finish 'next' continue
like out '^Breakpoint 1, main \(argc=2' "a breakpoint in main"
like out '^\$1 = 2$' "print"
like out '^Breakpoint 2, shared_sum \(n=n@entry=10\)' "a breakpoint in a shared library"
like out '^#1 .* calls \(' "the stack: its caller"
like out '^#2 .* main \(argc=' "the stack: the caller's caller"
like out '^Value returned is \$3 = 5050$' "a changed argument, and finish"
like out 'exited with code 07' "gdb is told of the exit"
is "$status $(grep ^sum err)" "7 sum 5050 counter 1000 half 0.5" "the program ends as it should"

sysroot=target: debug calls 'break shared_sum' continue backtrace continue
like out '^#1 .* calls \(' "without a sysroot gdb reads the files through the stub"
is "$status" 7 "and the program ends as it should"

debug calls 'break touch' 'ignore 1 998' continue 'print counter' 'delete 1' 'tbreak hot' \
	'up' 'break 38' continue next 'print i' 'info breakpoints' continue
like out '^\$1 = 998$' "a breakpoint in translated code is met at each execution"
is "$status $(grep -c '^sum 55' err)" "7 1" "a deleted one no more"

debug calls 'break calls' 'break loop' continue next next next 'print counter' \
	continue next 'print $a0' stepi continue
like out '^\$1 = 1000$' "next goes over a loop with calls"
like out '^\$2 = 499500$' "next goes over a loop in one line"
is "$status" 7 "and the program ends as it should"

debug calls 'break calls' continue next 'print ratio' 'print $fa5' 'set var ratio = 0.25' \
	'info registers fcsr' 'print $frm' 'print $a0 = 5' 'print $time > 0' \
	'info auxv' 'info proc' continue
like out '^fcsr +0x' "fcsr"
like out '= 1$' "the time register"
like out 'AT_HWCAP.*112d$' "the auxiliary vector"
is "$status" 7 "and the program ends as it should"

debug patched 'break touch' continue 'set var *(unsigned int *)answer = 0x02a00513' 'x/i answer' \
	continue
like out 'li[[:space:]]+a0,42' "code can be written to"
like err '^before 41000 after 42$' "and is executed, though it was translated before"

debug watches 'watch watched' continue 'print watched' continue
like out 'New value = 5' "a watchpoint stops behind the store"
is "$status" 0 "and the program ends as it should"
debug watches 'rwatch watched' continue backtrace continue
like out 'Value = 5' "one on reads stops behind the load"
like out '^#0 .* watches \(' "in the function that reads"

debug threads "$interrupt" continue 'info threads' 'thread apply all backtrace 1' \
	'thread find debuggee' 'print counter' 'set var spinning = 0' continue
is "$(grep -c '^[* ] *[1-4] *Thread' out)" 4 "four threads"
is "$(grep -c '^#0 .* worker ' out)" 3 "three of them in a loop"
like out 'received signal SIGINT' "an interrupt stops them all"
like err '^joined 6$' "they go on"
is "$status" 3 "and the program ends as it should"

debug threads 'break worker' continue 'set scheduler-locking on' 'next' 'info threads' \
	'print counter' 'set scheduler-locking off' 'delete' continue
like out '^Thread 2 .*hit Breakpoint 1, worker' "a breakpoint on another thread"
wait
debug threads 'break touch if i == 3' continue 'print i' delete 'set var spinning = 0' continue
like out '^\$1 = 3$' "a condition on a breakpoint"
is "$status" 3 "and the program ends as it should"

debug spin "$interrupt" continue backtrace 'set var spinning = 0' continue
like out '^#[01] .* spin \(' "an interrupt in a loop without calls"
is "$status $(tail -1 err)" "4 out of it" "a variable changed, the loop ends"

debug waits "$interrupt" continue backtrace 'frame function waits' \
	'print (long)write(fd[1], "x", 1)' continue
like out '^#[0-9] .* waits \(' "an interrupt in a call that waits"
is "$(tail -1 out)" "[Inferior 1 (Remote target) exited with code 05]" \
	"a function called from there ends its wait"

debug signals continue 'print $_siginfo.si_signo' 'print handled' continue 'signal 0'
like out 'received signal SIGUSR1' "a signal with a handler"
like out '^\$1 = 10$' "siginfo"
like err '^handled 10$' "its handler runs afterwards"
like out 'received signal SIGUSR2' "a signal that would end the program"
is "$status $(tail -1 err)" "0 alive" "and does not if it is not passed on"
debug signals 'handle SIGUSR1 nostop noprint nopass' continue continue
is "$(grep handled err)" "handled 0" "a signal that is not passed has no effect"
like out 'terminated with signal SIGUSR2' "gdb is told what killed the program"
is "$status" $((128 + 12)) "as is the parent"
debug signals 'handle SIGUSR1 nostop noprint pass' 'handle SIGUSR2 nostop noprint nopass' continue
is "$status $(grep handled err)" "0 handled 10" "signals that gdb need not see"
debug signals 'break on_signal' 'handle SIGUSR1 nostop noprint' continue backtrace \
	'handle SIGUSR2 nopass nostop' continue
like out 'signal handler called' "the stack goes through a signal frame"

debug fault continue 'print $_siginfo._sifields._sigfault.si_addr' 'print watched' backtrace continue
like out 'received signal SIGSEGV' "a fault stops before the signal"
like out '0x123450' "the address"
like out '^\$2 = 1$' "and a precise state"
like out '^#0 .* fault \(' "in the function that faults"
is "$status" 139 "then the program is killed by it"

debug children 'break touch if i == 1000' 'break touch if i == 1' continue 'backtrace 2' continue
like err '^forked 11$' "the child of a fork runs free"
like err '^spawned 0$' "so does one of posix_spawn"
like out '^Breakpoint 2, touch' "the parent is still debugged"
is "$status" 0 "and ends as it should"

debug calls 'break touch' continue detach
is "$status $(grep ^sum err)" "7 sum 55 counter 1000 half 0.5" "detached, the program goes on"
debug threads 'break worker' continue 'set var spinning = 0' detach
is "$status" 3 "with all its threads"
program=$top/build/selftests/rv64/programs/start
sysroot=target: debug "$program" 'break execvp' continue continue
is "$status" 42 "execve: the connection ends, what is executed runs free"
like out 'Remote connection closed' "and gdb is told so"
program=$debuggee where=$($python -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
debug calls 'break shared_sum' continue finish continue
is "$status $(grep -c 'Value returned' out)" "7 1" "over TCP"
where=$work/socket

debug spin "$interrupt" continue kill
is "$status" 137 "kill kills it"
done_testing
