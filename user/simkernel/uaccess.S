/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only instructions that may fault on a guest's pointer. A fault handler
 * that finds rip in [user_access_begin, user_access_end) continues at
 * user_access_fault, which returns -EFAULT.
 */
	.text
	.globl user_access_begin, user_access_end, user_access_fault
	.hidden user_access_begin, user_access_end, user_access_fault
	.globl user_copy, user_zero, user_strcpy
	.hidden user_copy, user_zero, user_strcpy
user_access_begin:

/* long user_copy(void *dst, const void *src, size_t n); small ones without rep's start-up cost */
user_copy:
	cmp	$16, %rdx
	ja	3f
	cmp	$8, %rdx
	jae	1f
	cmp	$4, %rdx
	jae	2f
	test	%edx, %edx
	jz	5f
4:	mov	-1(%rsi,%rdx), %al
	mov	%al, -1(%rdi,%rdx)
	dec	%edx
	jnz	4b
5:	xor	%eax, %eax
	ret
1:	mov	(%rsi), %rax
	mov	-8(%rsi,%rdx), %rcx
	mov	%rax, (%rdi)
	mov	%rcx, -8(%rdi,%rdx)
	xor	%eax, %eax
	ret
2:	mov	(%rsi), %eax
	mov	-4(%rsi,%rdx), %ecx
	mov	%eax, (%rdi)
	mov	%ecx, -4(%rdi,%rdx)
	xor	%eax, %eax
	ret
3:	mov	%rdx, %rcx
	rep movsb
	xor	%eax, %eax
	ret

/* long user_zero(void *dst, size_t n) */
user_zero:
	mov	%rsi, %rcx
	xor	%eax, %eax
	rep stosb
	ret

/* long user_strcpy(char *dst, const char *src, size_t n): length, or n when there is no NUL */
user_strcpy:
	xor	%eax, %eax
1:	cmp	%rdx, %rax
	jae	2f
	mov	(%rsi,%rax), %cl
	mov	%cl, (%rdi,%rax)
	test	%cl, %cl
	jz	2f
	inc	%rax
	jmp	1b
2:	ret

user_access_end:
user_access_fault:
	mov	$-14, %rax
	ret

	.section .note.GNU-stack, "", @progbits
