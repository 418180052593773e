// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes of its own, with an argument of every kind, written as the assembler needs it
 * so that nobody's header is: marks TIMES. One of them is passed only while somebody
 * listens. Prints whether one does.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Counts those who listen. */
__attribute__((section(".probes"))) volatile unsigned short listeners;

#define MARK(name, counter, arguments, ...)                                                      \
	__asm__ volatile("990:	nop\n"                                                            \
			 ".pushsection .note.stapsdt, \"\", \"note\"\n"                          \
			 ".balign 4\n"                                                           \
			 ".4byte 992f - 991f, 994f - 993f, 3\n"                                  \
			 "991:	.asciz \"stapsdt\"\n"                                             \
			 "992:	.balign 4\n"                                                      \
			 "993:	.8byte 990b, mark_base, " counter "\n"                           \
			 ".asciz \"marks\"\n"                                                    \
			 ".asciz \"" name "\"\n"                                                 \
			 ".asciz \"" arguments "\"\n"                                            \
			 "994:	.balign 4\n"                                                      \
			 ".popsection\n"                                                         \
			 ".ifndef mark_base\n"                                                   \
			 ".pushsection .stapsdt.base, \"aG\", \"progbits\", mark_base, comdat\n" \
			 ".weak mark_base\n"                                                     \
			 ".hidden mark_base\n"                                                   \
			 "mark_base: .space 1\n"                                                 \
			 ".popsection\n"                                                         \
			 ".endif\n" ::__VA_ARGS__                                                \
			 : "memory")

static void pass(long n)
{
	int16_t table[4] = {-1, -2, -3, -4};

	MARK("kinds", "0", "8@%%rdi -4@$-7 -2@4(%%rsi) -2@(%%rsi,%%rcx,2) 1@%%dl 8@unknown(%%rip)",
	     "D"(n), "S"(table), "c"(3L), "d"(0x1234567L));
	if (listeners)
		MARK("listened", "listeners", "8@%%rdi", "D"(n));
}

int main(int argc, char **argv)
{
	long times = argc > 1 ? atol(argv[1]) : 1;

	for (long i = 0; i < times; i++)
		pass(i);
	printf("%s\n", listeners ? "listened to" : "alone");
	return 0;
}
