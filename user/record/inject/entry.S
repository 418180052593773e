/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The malloc family's entry points. Before any compiled code can change them, they
 * save the caller's registers, from which its stack can be unwound later, and pass
 * them on as the fourth argument: struct inject_caller.
 */

.macro ENTRY name
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	sub	$72, %rsp		/* eight words, and the stack aligned for a call */
	.cfi_adjust_cfa_offset 72
	mov	72(%rsp), %rax
	mov	%rax, 0(%rsp)
	lea	80(%rsp), %rax
	mov	%rax, 8(%rsp)
	mov	%rbp, 16(%rsp)
	mov	%rbx, 24(%rsp)
	mov	%r12, 32(%rsp)
	mov	%r13, 40(%rsp)
	mov	%r14, 48(%rsp)
	mov	%r15, 56(%rsp)
	mov	%rsp, %rcx
	call	inject_\name
	add	$72, %rsp
	.cfi_adjust_cfa_offset -72
	ret
	.cfi_endproc
	.size	\name, . - \name
.endm

	.text
	ENTRY malloc
	ENTRY calloc
	ENTRY realloc
	ENTRY free
	ENTRY memalign
	ENTRY aligned_alloc
	ENTRY posix_memalign
	ENTRY valloc
	ENTRY pvalloc

	.section .note.GNU-stack, "", @progbits
