#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ends that are no crash of the process itself, and what was unusual before one.

. selftests/record/record.sh

kinds() { jq -r '[.diagnoses[].kind] | join(" ")' json; }

# A second of even work, then what was asked for, then a crash.
cat >steady.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int count, char **words)
{
	char *kept[2000], *first = malloc(1 << 20);
	memset(first, 1, 1 << 20);
	for (int i = 0; i < 700; i++) {
		usleep(2000);
		access("/nowhere", 0);
	}
	if (!strcmp(words[1], "storm"))
		for (int i = 0; i < 5000; i++)
			access("/nowhere", 0);
	for (int i = 0; i < 150 && !strcmp(words[1], "growth"); i++)
		memset(kept[i] = malloc(400000), 1, 100000);
	return *(volatile int *)8;
}
END
gcc -w -g -O1 -o steady steady.c
for what in nothing storm growth; do
	record ./steady $what
	show
	cp json $what.json
done
is "$(cp nothing.json json; kinds)" null-dereference "even work to the end: nothing is unusual"
is "$(cp storm.json json; kinds)" "null-dereference unusual-rate" "a storm of failed calls before the end"
is "$(jq -r '.diagnoses[1].headline | test("a second of access that failed, usually")' json)" true \
	"by name and rate"
is "$(cp growth.json json; kinds)" "null-dereference memory-growth" "memory that grew before the end"

# A group of the kernel's with little memory, where that can be made.
group=/sys/fs/cgroup/sundial-test-$$ limit_file=memory.max
[ -d /sys/fs/cgroup/memory ] && group=/sys/fs/cgroup/memory/sundial-test-$$ limit_file=memory.limit_in_bytes
cat >eat.c <<'END'
#include <stdlib.h>
#include <string.h>
static __attribute__((noinline)) void *eat(void) { return memset(malloc(1 << 20), 1, 1 << 20); }
int main(void)
{
	void *volatile last;
	for (int i = 0; i < 1000; i++)
		last = eat();
	return last != 0;
}
END
gcc -w -g -O1 -o eat eat.c
if mkdir "$group" 2>/dev/null && echo 30000000 >"$group/$limit_file"; then
	[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
	record sh -c 'echo $$ >"$0/cgroup.procs" && exec ./eat' "$group"
	rmdir "$group"
	exits 137 "a process without memory is killed"
	show
	is "$(kinds)" out-of-memory "which is told from another's kill"
	is "$(jq -r '[.diagnoses[0].places[] | select(.role == "allocated") | .stack[].function] |
		index("eat") != null' json)" true "with who had the memory"
else
	rmdir "$group" 2>/dev/null
	skip "a process without memory is killed" "no memory control group can be made"
fi
# This shell's child by vfork allocates what the shell frees, which is no error either.
record sh -c './steady nothing & sleep 0.1; kill -9 $!; wait $!'
show
is "$(kinds)" "" "a kill by somebody is no lack of memory"
done_testing
