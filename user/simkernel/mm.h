/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the simulated kernel keeps of an address space: its identity, brk, and
 * the shared mappings, from which shared futexes get their key. The pages
 * themselves are the host's business.
 */
#ifndef SUNDIAL_SIMKERNEL_MM_H
#define SUNDIAL_SIMKERNEL_MM_H

#include "simkernel/task.h"
#include "simkernel/thread.h"

struct mm *mm_create(struct host *h);
/* For fork: a new identity with the same shared mappings. NULL: no memory. */
struct mm *mm_copy(struct host *h, struct mm *old);
void mm_put(struct host *h, struct mm *mm);
/* Fills key with (dev, ino or object id, byte offset) when addr lies in a shared mapping. */
bool mm_shared_key(struct mm *mm, u64 addr, u64 key[3]);
/* An identity for a shared mapping that has no file (anonymous, SysV). */
u64 mm_new_object(struct host *h);
/* Notes that [start, start + len) is now a shared mapping of that object (dev 0), or file. */
long mm_note_shared(struct host *h, struct mm *mm, u64 start, u64 len, u64 dev, u64 ino,
		    u64 offset);
/* Forgets what was known of [start, start + len). */
void mm_forget(struct host *h, struct mm *mm, u64 start, u64 len);
/* A call on th's own memory, which its engine may do in its own way. */
long mm_call(struct thread *th, long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
/* True when the range touches Sundial's own mappings. */
bool mm_reserved(u64 start, u64 len);

#endif
