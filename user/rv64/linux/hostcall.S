/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * long rv64_host_call(const u64 call[7], const u32 *pending): a guest's call to the
 * host's kernel, number first. A signal that comes before the instruction has begun
 * goes back to rv64_host_backout: the guest's handler runs, then the call is made
 * again.
 */
	.text
	.globl rv64_host_call, rv64_host_check, rv64_host_insn, rv64_host_backout
	.hidden rv64_host_call, rv64_host_check, rv64_host_insn, rv64_host_backout
	.globl rv64_restorer
	.hidden rv64_restorer

rv64_host_call:
	mov	%rsi, %r11
	mov	(%rdi), %rax
	mov	16(%rdi), %rsi
	mov	24(%rdi), %rdx
	mov	32(%rdi), %r10
	mov	40(%rdi), %r8
	mov	48(%rdi), %r9
	mov	8(%rdi), %rdi
rv64_host_check:
	cmpl	$0, (%r11)
	jne	rv64_host_backout
rv64_host_insn:
	syscall
	ret
rv64_host_backout:
	mov	$-600, %rax
	ret

rv64_restorer:
	mov	$15, %eax
	syscall

	.section .note.GNU-stack, "", @progbits
