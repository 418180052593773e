#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever stands in the way of a simulation is named before anything starts, in one
# line with the object and a remedy, and with an exit status of its own.

. selftests/tap.sh
need jq
deny=$top/build/selftests/deny

one_line() { # STATUS REGEX NAME
	exits "$1" "$3: status $1"
	is "$(grep -c . err)" 1 "$3: one line"
	like err "^sundial: .*$2" "$3: says what and what to do"
}

sim no-such-program
one_line 127 "no-such-program: not found in PATH" "a name that is nowhere"
sim ./no-such-file
one_line 127 "no-such-file: there is no such file" "a path that is nowhere"
sim ""
one_line 127 "name is empty" "an empty name"
touch plain && chmod 644 plain
sim ./plain
one_line 126 "plain: not executable .*chmod" "a file that is not executable"
mkdir folder
sim ./folder
one_line 126 "folder: is a directory" "a directory"
echo "echo hello" >text && chmod 755 text
sim ./text
one_line 126 "text: neither an ELF program nor a script" "a text without #!"
printf '#!/no/such/interpreter\n' >script && chmod 755 script
sim ./script
one_line 127 "/no/such/interpreter: there is no such file" "a script whose interpreter is missing"
printf '#!\n' >script
sim ./script
one_line 126 "script: its #! line names no interpreter" "a script that names no interpreter"
printf '#!%s\n' "$PWD/loop" >loop && chmod 755 loop
sim ./loop
one_line 126 "loop: its interpreters are scripts" "a script that is its own interpreter"

# ELF files of other kinds, made from one of ours: bytes 4 (class), 18 (machine), 16 (type).
patched() { # NAME OFFSET OCTAL-BYTES
	cp /bin/true "$1"
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
patched arm64 18 '\267\000'
sim ./arm64
one_line 126 "arm64: is built for arm64; only 64-bit x86-64" "a program for arm64"
patched ppc64 18 '\025\000'
sim ./ppc64
one_line 126 "ppc64: is built for ppc64" "a program for ppc64"
patched riscv 18 '\363\000'
sim ./riscv
one_line 126 "riscv: its ELF interpreter .* is built for another machine" "a program for RISC-V with another's interpreter"
patched i386 4 '\001' && printf '\003\000' | dd of=i386 bs=1 seek=18 conv=notrunc 2>/dev/null
sim ./i386
one_line 126 "i386: is built for 32-bit x86" "a 32-bit program"
patched big 5 '\002'
sim ./big
one_line 126 "big: is big-endian" "a big-endian program"
patched object 16 '\001\000'
sim ./object
one_line 126 "object: an ELF file, but not a program" "an object file"
head -c 100 /bin/true >cut && chmod 755 cut
sim ./cut
one_line 126 "cut: damaged" "a program that is cut off"
echo 'int main(void) { return 0; }' | gcc -x c -o orphan - -Wl,--dynamic-linker=/no/such/ld.so
sim ./orphan
one_line 127 "orphan: its ELF interpreter /no/such/ld.so is missing" "a missing ELF interpreter"
run ./orphan
one_line 127 "orphan: its ELF interpreter /no/such/ld.so is missing" "the same for sundial run"

# The machine.
capture "$deny" 22 "$SUNDIAL" sim -- true
one_line 125 "no Syscall User Dispatch; Linux 5.11" "a kernel without SUD"
capture "$deny" 1 "$SUNDIAL" sim -- true
one_line 125 "is forbidden here .*container.*seccomp=unconfined" "a container that forbids it"
capture "$deny" 1 "$SUNDIAL" run -- true
one_line 125 "is forbidden here" "the same for sundial run"
capture bash -c 'ulimit -v 60000; exec "$0" sim -- true' "$SUNDIAL"
one_line 125 "the arena is too large.*ulimit -v" "too little address space"
SUNDIAL_NATIVE=/no/such/native sim true
one_line 125 "sundial-native is missing .*/no/such/native" "a missing sundial-native"

# Options.
for bad in "--start=someday" "--start=2030-02-30" "--start=2030-01-01T25:00" "--until=soon" \
	"--until=0" "--seed=x" "--seed=-1" "--cpus=0" "--cpus=65" "--quantum=0" \
	"--strace-mode=loud" "--hostname=" "--fault=nowhere:1"; do
	capture "$SUNDIAL" sim "$bad" -- true
	exits 125 "$bad is refused"
	like err "^sundial: ${bad%%=*} " "$bad: the message names the option"
done
capture "$SUNDIAL" sim --stats=/no/such/folder/file -- true
one_line 125 "/no/such/folder/file" "a statistics file that cannot be written"
capture "$SUNDIAL" sim --strace /no/such/folder/logs -- true
one_line 125 "/no/such/folder/logs" "a folder for logs that cannot be made"
capture "$SUNDIAL" sim
one_line 125 "which program" "no program"
capture "$SUNDIAL" sim --no-such-option -- true
exits 125 "an unknown option"
capture "$SUNDIAL" nonsense
one_line 125 "no command 'nonsense'" "an unknown command"
for bad in 0 -1 x 1/0 1/x 1e9; do
	capture "$SUNDIAL" run "--speed=$bad" -- true
	exits 125 "--speed=$bad is refused"
done
done_testing
