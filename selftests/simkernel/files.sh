#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files as programs see them in a simulation: numbers and times are its own, /proc tells
# of its processes alone, and the tools that read it agree.
# TIMEOUT: 200

. selftests/tap.sh
need lsof pgrep ps sqlite3

# --- virtual times and numbers -------------------------------------------------------
sim bash -c 'echo a >one; sleep 10; echo b >>one; sleep 10; chmod 600 one; ln one two
	stat -c "%n %i %h %s %b %Y %Z" one two; sleep 5; rm two; stat -c "%h %Z" one'
exits 0 "a file's life: runs"
start=946684800
inode=$(awk 'NR == 1 { print $2 }' out)
is "$(sed "s/ $inode / INO /" out)" "one INO 2 4 8 $((start + 10)) $((start + 20))
two INO 2 4 8 $((start + 10)) $((start + 20))
1 $((start + 25))" "write, chmod, link and unlink carry virtual times"

sim bash -c 'echo >a; echo >b; stat -c %i a b; rm a; echo >c; stat -c %i c'
is "$(sort -u out | wc -l)" 3 "a new file has a number that no file had before"

touch -d @1700000000 newer
touch -d @900000000 older
sim stat -c '%n %Y %X' newer older
is "$(cat out)" "newer $start $start
older 900000000 900000000" "an untouched file's times end at the start of the simulation"

sim bash -c 'touch -d 2031-02-03 a; touch -r a b; stat -c "%Y" a b; [ a -nt b ] || [ b -nt a ] || echo even'
is "$(cat out)" "1927843200
1927843200
even" "explicit times are kept"

mkdir many && (cd many && touch $(seq 1 500 | sort -R))
sim bash -c 'python3 -c "
import os
d = os.scandir(\"many\")
names = [e.name for e in d]
assert all(e.inode() == os.stat(e.path).st_ino for e in os.scandir(\"many\"))
print(names == sorted(names))"'
is "$(cat out)" "True" "a folder's entries come sorted, with the numbers that stat gives"

# --- /proc and the tools ------------------------------------------------------------
sim bash -c 'sleep 500 & sleep 501 & echo $$ $!; ps -o pid= -C sleep | xargs; pgrep -x sleep | xargs
	ps -o pid=,ppid=,stat=,args= -C sleep | xargs -n 5; echo /proc/[0-9]*
	kill %1 %2; wait; pgrep -x sleep || echo none'
is "$(cat out)" "1000 1002
1001 1002
1001 1002
1001 1000 S sleep 500
1002 1000 S sleep 501
/proc/1 /proc/1000 /proc/1001 /proc/1002
none" "ps, pgrep and the folders of /proc agree with the shell"

echo text >held
sim bash -c 'exec 7<held 8>written; sleep 9 & lsof -p $! -a -d 7,8,txt,cwd -Fftn; readlink /proc/$!/fd/7 /proc/$!/exe'
is "$(grep -v '^p' out | sed "s|$work|WORK|")" "fcwd
tDIR
nWORK
ftxt
tREG
n$(readlink -f "$(command -v sleep)")
f7
tREG
nWORK/held
f8
tREG
nWORK/written
WORK/held
$(readlink -f "$(command -v sleep)")" "lsof shows another process's files by their names"

sim cat /proc/self/maps /proc/self/smaps /proc/mounts
unlike out 'sundial-native|memfd:' "nothing of Sundial shows in a process's maps"
like out '\[stack\]' "the stack has its name"
like out '\[heap\]' "the heap has its name"

sim bash -c 'cat <(echo substituted) - </dev/stdin; echo err >/dev/stderr; cat /dev/fd/5 5<<<five'
is "$(cat out)" "substituted
five" "/dev/fd and process substitution work"
is "$(cat err)" "err" "/dev/stderr is standard error"

sim bash -c 'head -c 8 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid'
mv out first
sim bash -c 'head -c 8 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid'
same out first "random devices follow the seed"

sim bash -c 'find /proc /sys -type f -exec cat {} + >everything 2>/dev/null; wc -l <everything'
between "$(cat out)" 1000 100000 "every file of /proc and /sys can be read"
unlike everything "$(uname -n)x|$(uname -r)" "none of them names the host's kernel"

sim bash -c 'ls /dev; exec 3</dev/tty'
unlike out '^(kmsg|kvm|fuse|loop|mem|sd|vd|tty|console)' "the machine's own devices are not in /dev"
like err '/dev/tty: No such device' "no terminal where the simulation was given none"

# --- paths --------------------------------------------------------------------------
mkdir tree && cd tree || exit 1
native $python "$top/selftests/simkernel/paths.py" 7 6000
mv "$work/out" "$work/native.out"
sim $python "$top/selftests/simkernel/paths.py" 7 6000
exits 0 "random paths: runs"
same "$work/out" "$work/native.out" "random paths in and out of /proc come to what they come to natively"
cd "$work" || exit 1

# --- locks --------------------------------------------------------------------------
sim bash -c '(flock 9; sleep 100) 9>lock & sleep 1; flock -w 10 8 8>>lock || echo busy
	flock 8 8>>lock; echo $SECONDS'
is "$(cat out)" "busy
100" "flock waits in virtual time"

native $python "$top/selftests/simkernel/locks.py" 11 3000
mv out native.out
sim $python "$top/selftests/simkernel/locks.py" 11 3000
exits 0 "random locks: runs"
same out native.out "random locks of three processes come to what they come to natively"

# --- times --------------------------------------------------------------------------
# Python compares its modules' times with what it noted in the compiled ones.
touch ours
native stat -c '%Y %n' /usr/bin/stat
mv out native.out
sim stat -c '%Y %n' /usr/bin/stat
same out native.out "a file outside the folder shows its own time"
sim stat -c %Y ours
is "$(cat out)" "$(date -u -d 2000-01-01 +%s)" "one in it none later than the start"

sim sqlite3 db 'create table t(a); insert into t values (6), (7); select a from t;'
is "$(cat out) $(sqlite3 db 'select sum(a) from t')" "6
7 13" "a database made in a simulation opens outside"

done_testing
