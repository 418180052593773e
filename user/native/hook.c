// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of the guest that are looked at when they are called and when they return,
 * for the flight recorder (simkernel/recordheap.c).
 *
 * A function's first instructions, five bytes or more, become a jump to a stub: that
 * pushes the hook's number below the caller's frame, where nothing lives while a function
 * begins or returns, and enters the runtime, which goes on in the stub's copy of those
 * instructions, and from there in the function. What the call returns to becomes another
 * stub's address, and the recorder knows where it really was; for a crash in between it
 * puts that into the stack that it keeps.
 *
 * Code is only moved if all of the function is known to jump nowhere into what the jump
 * overwrites. Patches are copies of the process's own; fork copies them and exec ends
 * them. No other thread runs meanwhile: the caller holds the run token.
 */
#include "base/hostcall.h"
#include "base/string.h"
#include "native/insn.h"
#include "native/patch.h"
#include "native/thread.h"
#include "simkernel/record.h"
#include "simkernel/uaccess.h"

#define HOOKS	     2048
#define JUMP_BYTES   5
#define SCAN_BYTES   4096 /* of a function that are looked at for jumps */
#define RETURN_INDEX (-1)
#define CALL	     0xe8 /* opcode */

struct hook {
	u64 address; /* of the function */
	u64 resume;  /* the copy of its first instructions */
	u32 index;   /* the recorder's */
};

static struct hook hooks[HOOKS];
static u32 hook_count;
static u64 return_stub;

/* push $number; jmp *entry */
static u8 *emit_enter(u8 *p, s32 number)
{
	u64 entry = (u64)native_hook_entry;

	*p++ = 0x68;
	memcpy(p, &number, sizeof(number));
	p += sizeof(number);
	memcpy(p, "\xff\x25\0\0\0\0", 6);
	memcpy(p + 6, &entry, sizeof(entry));
	return p + 6 + sizeof(entry);
}

/*
 * Whether nothing that follows the first `bytes` of the function jumps back into them. The
 * end is the first instruction that goes nowhere on and that no jump before it passes.
 */
static bool nothing_jumps_into(const u8 *code, u32 bytes)
{
	u64 reach = (u64)code, low = (u64)code, target;
	const u8 *at = code, *page_end = (const u8 *)ALIGN_UP(low + SCAN_BYTES, PAGE_BYTES);
	struct insn insn;

	for (; at < code + SCAN_BYTES && at + INSN_MAX <= page_end; at += insn.length) {
		insn_decode(at, &insn);
		if (!insn.length)
			return false;
		if (insn.branch) {
			target = insn_target(at, &insn);
			if (target > low && target < low + bytes)
				return false;
			if (at[insn.opcode] != CALL && target > reach && target < low + SCAN_BYTES)
				reach = target;
		}
		if (insn.ends && (u64)at >= reach)
			return true;
	}
	return true;
}

/* Copies whole instructions, as many as the jump needs; the bytes they had, or 0. */
static u32 move_first(u8 **out, const u8 *code, u8 *end)
{
	struct insn insn;
	u32 done = 0, n;

	while (done < JUMP_BYTES) {
		insn_decode(code + done, &insn);
		if (!insn.length || (insn.ends && done + insn.length < JUMP_BYTES) ||
		    *out + INSN_MOVED_MAX > end)
			return 0;
		n = insn_move(*out, code + done, &insn);
		if (!n)
			return 0;
		*out += n;
		done += insn.length;
	}
	return done;
}

static bool make_return_stub(u64 near)
{
	u8 *stub = return_stub ? NULL : native_trampoline(near);

	if (stub) {
		emit_enter(stub, RETURN_INDEX);
		return_stub = (u64)stub;
	}
	return return_stub;
}

bool native_hook_function(struct thread *th, u64 address, u32 index)
{
	struct hook *hook = &hooks[hook_count];
	u8 *stub, *p;
	u32 bytes;
	u32 i;

	/* Mapped again at the same place: what is there is the file's own code. */
	for (i = 0; i < hook_count; i++)
		if (hooks[i].address == address && *(const u8 *)address == 0xe9)
			return true;
	if (hook_count == HOOKS || !make_return_stub(address))
		return false;
	stub = native_trampoline(address);
	if (!stub)
		return false;
	p = emit_enter(stub, hook_count);
	*hook = (struct hook){address, (u64)p, index};
	bytes = move_first(&p, (const u8 *)address, stub + NATIVE_TRAMPOLINE_BYTES - JUMP_BYTES);
	if (!bytes || !nothing_jumps_into((const u8 *)address, bytes))
		return false;
	native_emit_jump(p, address + bytes);
	if (!native_patch_jump(address, stub))
		return false;
	hook_count++;
	return true;
}

u64 native_hook_return(struct thread *th)
{
	return return_stub;
}

static void enter_function(struct native_thread *nt, const struct hook *hook)
{
	const struct native_regs *r = nt->regs;
	const u64 args[3] = {r->rdi, r->rsi, r->rdx};
	struct record_stack caller;

	nt->rip = hook->resume;
	if (get_user(caller.ip, nt->guest_sp) || caller.ip == return_stub)
		return; /* the tail of another hooked function */
	caller.sp = nt->guest_sp + 8;
	caller.bp = r->rbp;
	caller.bx = r->rbx;
	caller.r12 = r->r12;
	caller.r13 = r->r13;
	caller.r14 = r->r14;
	caller.r15 = r->r15;
	if (record_heap_enter(&nt->thread, hook->index, args, &caller))
		put_user(return_stub, nt->guest_sp);
}

void native_hook(struct native_thread *nt)
{
	s64 number = HOOKS;

	get_user(number, nt->guest_sp);
	nt->guest_sp += 8;
	nt->full_restore = 1;
	if (number == RETURN_INDEX)
		nt->rip = record_heap_leave(&nt->thread, nt->guest_sp, nt->regs->rax);
	else if ((u64)number < hook_count)
		enter_function(nt, &hooks[number]);
	else
		nt->rip = 0;
	if (!nt->rip)
		native_fatal("a hooked call has lost its way", number, nt->guest_sp);
}
