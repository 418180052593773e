#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# gcc: the driver, the compiler, the assembler and the linker, and what they make.

. selftests/tap.sh
need jq gcc

cat >hello.c <<'END'
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	time_t now;

	sleep(60);
	now = time(NULL);
	printf("%.3f %ld\n", sqrt(2), (long)now % 3600 / 60);
	return 21;
}
END
sim bash -c 'gcc -O2 -o hello hello.c -lm && ./hello'
exits 21 "compiles, links and runs"
like out "^1\.414 1$" "and the program sees virtual time"
took_virtual 60 120 "which passed"
TZ=UTC timeout 1 ./hello
is $? 124 "what it made is an ordinary program"

gcc -O2 -S -o native.s hello.c
sim gcc -O2 -S -o sim.s hello.c
same sim.s native.s "the assembly is what it is natively"
gcc -O2 -c -o native.o hello.c
sim gcc -O2 -c -o native2.o hello.c
same native2.o native.o "so is the object file"
sim gcc -pipe -O2 -c -o piped.o hello.c
exits 0 "-pipe connects the compiler and the assembler"
echo 'int main(void) { return undeclared; }' >bad.c
sim gcc -c bad.c
exits 1 "an error in the source is an error"
like err "undeclared" "with the compiler's message"
cat >Makefile <<'END'
all: a.o b.o c.o d.o
%.o: %.c
	gcc -c -o $@ $<
END
for f in a b c d; do echo "int $f(void) { return 1; }" >$f.c; done
sim make -j4
exits 0 "make -j4 hands out its jobs through a pipe"
is "$(echo *.o | wc -w)" 7 "and each is done"
done_testing
