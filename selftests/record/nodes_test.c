// SPDX-License-Identifier: GPL-2.0-or-later
/* Where memory is: each page is found on its node, on another one, or nowhere yet. */
#include "record/nodes.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES 5000 /* several of the kernel's calls */
#define PAGE  4096
#define GAP   100

static int count, failed;

static void result(int good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	failed += !good;
}

int main(void)
{
	struct record_nodes here, other;
	char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	printf("TAP version 13\n1..4\n");
	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (int i = 0; i < PAGES - GAP; i++)
		memory[i * PAGE] = 1;
	memset(&here, 0xcc, sizeof(here));
	memset(&other, 0xcc, sizeof(other));
	nodes_find(&here, memory, PAGES * PAGE, 0);
	nodes_find(&other, memory, PAGES * PAGE, 1);
	result(here.unused == GAP && other.unused == GAP, "pages that nobody touched are nowhere");
	result(here.pages + here.elsewhere == PAGES - GAP, "each other page is somewhere");
	/* With two nodes some may be on the second; with more this would need them all. */
	result(here.elsewhere == other.pages && here.pages == other.elsewhere,
	       "what is on one node is elsewhere for the other");
	result(here.header.type == RECORD_NODES && here.header.length == sizeof(here) &&
		       other.header.node == 1,
	       "the record says which node was asked for");
	return failed ? 1 : 0;
}
