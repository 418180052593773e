/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's vector state, which the runtime never touches, to and from a
 * signal frame on the guest's stack. These may fault on the guest's address:
 * trap.c continues at xstate_fault.
 */
	.text
	.globl xstate_begin, xstate_end, xstate_fault, xstate_save, xstate_restore, fxstate_restore
	.hidden xstate_begin, xstate_end, xstate_fault, xstate_save, xstate_restore, fxstate_restore
xstate_begin:

/* long xstate_save(void *area): 64-byte aligned, its header zeroed */
xstate_save:
	mov	$-1, %eax
	mov	$-1, %edx
	xsave64	(%rdi)
	xor	%eax, %eax
	ret

/* long xstate_restore(void *area) */
xstate_restore:
	mov	$-1, %eax
	mov	$-1, %edx
	xrstor64 (%rdi)
	xor	%eax, %eax
	ret

/* long fxstate_restore(void *area): a frame without extended state */
fxstate_restore:
	fxrstor64 (%rdi)
	xor	%eax, %eax
	ret

xstate_end:
xstate_fault:
	mov	$-14, %rax
	ret

	.section .note.GNU-stack, "", @progbits
