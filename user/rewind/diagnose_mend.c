// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The likely mend of each kind of diagnosis, in one sentence, where who made the diagnosis
 * knew none that fits this very case.
 */
#include <string.h>
#include "rewind/diagnose.h"

static const struct {
	const char *kind, *mend;
} mends[] = {
	{"abort", "see what is said before: the program found a state that must not be"},
	{"arithmetic", "test operands before the operation: its result fits no number"},
	{"assertion", "find out how the condition came to be false; what it says holds no longer"},
	{"bus-error", "do not access a mapped file past its end: it may have become shorter"},
	{"crash", "see what the thread did last, and where"},
	{"data-race", "let both threads lock the same mutex around what they share"},
	{"division-by-zero", "test the divisor, or find out why it is zero"},
	{"forbidden-call", "allow the call in the seccomp filter, or do without it"},
	{"global-buffer-overflow", "compare the index with the array's size"},
	{"go-panic", "recover where that is meant, or test before what the message names"},
	{"heap-corruption", "look for writes past the end of the block, or before its beginning"},
	{"heap-overflow", "compare the index with the block's size"},
	{"heap-underflow", "compare the index with zero: it went before the block's beginning"},
	{"illegal-instruction", "see what the compiler was told of the processor, and what is "
				"undefined there"},
	{"mismatched-free", "free with what belongs to the allocation: free, delete or delete[]"},
	{"pure-virtual-call", "call no virtual function in constructors and destructors, and none "
			      "of an object that is gone"},
	{"read-only", "write to a copy, or map the memory for writing"},
	{"rust-panic", "handle the None or Err instead of unwrapping it, or test before"},
	{"sanitizer", "see the sanitizer's own report, which is kept beside the events"},
	{"signal-sent", "ask who sent the signal, and why: the program itself did not fail"},
	{"stack-buffer-overflow", "compare the index with the array's size"},
	{"stack-overflow", "end the recursion, or bound its depth"},
	{"stack-smash", "compare the index with the array's size"},
	{"stack-use-after-scope", "let what the pointer points at live as long as the pointer"},
	{"terminate", "join or detach threads before they are destroyed, and throw nothing from "
		      "destructors"},
	{"trap", "the program stopped itself: see the condition before the place"},
	{"uncaught-exception", "catch it where something can be done about it, or prevent it"},
	{"undefined-behaviour",
	 "make the operation defined: the message says what it must hold to"},
	{"uninitialised", "give the variable a value on every way that leads here"},
	{"use-after-free", "keep the block until its last use, or forget the pointer when it is "
			   "freed"},
	{"use-after-unmap", "unmap after the last use, or forget the pointer then"},
	{"wild-jump", "find out who overwrote the pointer to the function, or never set it"},
	{"wild-pointer", "find out who made the pointer: it was overwritten, or never set"},
};

void diagnose_mend(struct diagnosis *d)
{
	for (size_t i = 0; !d->mend && i < sizeof(mends) / sizeof(mends[0]); i++)
		if (!strcmp(d->kind, mends[i].kind))
			d->mend = mends[i].mend;
}
