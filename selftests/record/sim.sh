#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sundial sim --record: the simulated kernel records its own programs, with no privilege.

. selftests/tap.sh
need jq
. "$top/selftests/record/places.sh"
corpus=$top/build/record/corpus
static=$top/build/selftests/record/vm

# recorded PROG ARGS...: simulated, into $work/recording
recorded() { capture "$SUNDIAL" sim --quiet --record recording "${sim_opts[@]}" -- "$@"; }
show() { timeout "$limit" "$SUNDIAL" rewind --json --all recording >json 2>json.err; }
days='
	sleep 1d & sleep 2d & (sleep 3d; ls /late) &
	wait
	kill -SEGV $BASHPID'

recorded bash -c "$days"
exits 139 "a shell that dies after three days"
like err 'crashed after 3 d' "the crash is announced, with its virtual time"
mv recording first
show first
recorded bash -c "$days"
cmp first recording >cmp.out 2>&1
result $? "two runs give the same bytes" "$(cat cmp.out)"
show
is "$(jq '[.events[].virtual_ns] | . == sort' json)" true "events are in the order of virtual time"
is "$(jq '[.events[] | .domain] | unique == [1]' json)" true "and of one domain"
between "$(jq "[.events[].tgid] | unique | length" json)" 5 5 "every process is there"
is "$(jq '[.events[] | select(.type == "exec") | .words | sub(".*/"; "")] | unique | join(" ")' json -r)" \
	"bash ls sleep" "with what it executed"
is "$(jq '[.events[] | select(.type == "output") | .words | test("late")] | any' json)" true \
	"and what it wrote to standard error"
is "$(jq '[.counts[] | .emitted == .recorded + .overwritten + .unfinished] | all' json)" true \
	"emitted = recorded + overwritten + unfinished"

sim_opts=(--record-buffer 8)
recorded bash -c 'for ((i = 0; i < 20000; i++)); do kill -0 $$; done'
exits 0 "a program that makes more events than there is room for"
show
between "$(jq '[.counts[].overwritten] | add' json)" 1 100000000 "the oldest are overwritten"
is "$(jq '[.counts[] | .emitted == .recorded + .overwritten + .unfinished] | all' json)" true \
	"and every one is accounted for"
is "$(jq -r '.events[-1].type' json)" exit "the last is there"
sim_opts=()

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 777 .
	capture setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
		"$SUNDIAL" sim --quiet --record nobody -- "$corpus/null_dereference"
	exits 139 "nobody records without any capability"
	[ -s nobody ]
	result $? "and has the file"
else
	skip "nobody records" "needs root and setpriv"
fi

# diagnosed HOW PROGRAM SOURCE: rewind says of it what the source's comments say
diagnosed() {
	recorded "$2"
	timeout "$limit" "$SUNDIAL" rewind --json --events 0 recording >"$1-$(basename "${3%.*}").json"
	check "$top/selftests/record/corpus/$3" "$1"
}
for source in uaf_list.c uaf_object.cpp uaf_threads.c double_free_realloc.c heap_overflow_large.c \
	raised_again.c off_by_one.c deadlock.c asan_overflow.c healthy_children.c; do
	diagnosed simulated "$corpus/${source%.*}" $source
done
diagnosed static "$static/crash-uaf_list" uaf_list.c
recorded "$top/build/record/standstill"
exits 125 "a simulation that stands still ends"
timeout "$limit" "$SUNDIAL" rewind --json --events 0 recording >still-standstill.json
check "$top/selftests/record/standstill.c" still
diagnosed static "$static/crash-double_free" double_free.c
sim_opts=(-L /usr/riscv64-linux-gnu)
for source in uaf_threads.c double_free_realloc.c heap_overflow_large.c; do
	diagnosed riscv64 "$top/build/record/riscv64/${source%.*}" $source
done
sim_opts+=(--cpu-time instructions)
recorded "$top/build/record/riscv64/uaf_threads"
mv recording first
recorded "$top/build/record/riscv64/uaf_threads"
cmp first recording >cmp.out 2>&1
result $? "riscv64: two runs give the same bytes" "$(cat cmp.out)"
sim_opts=()

# called NAME WANT: how often rewind says that a function was called
called() { is "$(jq "[.events[] | select(.type == \"call\" and (.words | test(\"calls $1[(]\")))] | length" json)" "$2" "$3"; }
sim_opts=(--func 'ma*' --func 'drop' --func 'libc*:strdup')
recorded "$corpus/uaf_list"
show
called make 1 "--func: a function that the glob means"
called main 1 "another one"
called drop 1 "one that is named"
called second 0 "and not others"
sim_opts=(--func '*' -L /usr/riscv64-linux-gnu)
recorded "$top/build/record/riscv64/uaf_threads"
show
called main 1 "--func for riscv64"
sim_opts=(--func '*')
recorded "$python" -I -c 'print(sum(range(1000)))'
is "$(cat out)" 499500 "a python3 of which 2,000 functions are recorded runs as ever"
sim_opts=()

# A program must not notice: where its blocks are, what its clocks say.
cat >where.py <<'END'
import os, time
blocks = [bytes(1000 + i) for i in range(1000)]
print([hex(id(b)) for b in blocks[::100]], time.monotonic_ns(), os.environ.get("LD_PRELOAD"))
END
recorded "$python" -I where.py
mv out recorded.out
capture "$SUNDIAL" sim --quiet -- "$python" -I where.py
same recorded.out out "a recorded python3 has the same addresses and times"
show
between "$(jq '[.events[] | select(.type == "alloc")] | length' json)" 1000 1000000 \
	"and its allocations are there"
done_testing
