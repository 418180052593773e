/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways between guest and runtime. All of them start from a register state
 * alone: no instruction here touches the guest's stack.
 *
 * native_syscall_entry is where both a trapped and a patched system call
 * arrive: rax and the arguments as for `syscall`, rcx the address to return to,
 * r11 the address that makes the call again.
 */
#define GS_GUEST_SP	8
#define GS_STACK_TOP	16
#define GS_FULL		24
#define GS_RIP		32
#define GS_REGS		40
#define GS_PENDING	48
#define USER_CS		0x33
#define USER_SS		0x2b

/* The guest's registers to regs, on a stack of the runtime's; rdi is the thread. */
	.macro	save_guest
	mov	%rsp, %gs:GS_GUEST_SP
	mov	%gs:GS_STACK_TOP, %rsp
	pushfq
	push	%r11
	push	%rcx
	push	%rax
	push	%r9
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	mov	%gs:0, %rdi
	.endm

/* Those that C does not preserve back from regs, and the guest's stack. */
	.macro	restore_guest
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%r10
	pop	%r8
	pop	%r9
	pop	%rax
	pop	%rcx
	pop	%r11
	popfq
	mov	%gs:GS_GUEST_SP, %rsp
	.endm

	.text
	.globl native_syscall_entry, native_resume, native_fault_entry, native_preempt_entry
	.globl native_restorer, native_enter_guest, native_clone, native_signal_entry
	.globl native_hook_entry
	.hidden native_hook_entry
	.globl native_exit_begin, native_exit_end, native_exit_slot
	.globl native_host_call, native_host_check, native_host_insn, native_host_backout
	.hidden native_syscall_entry, native_resume, native_fault_entry, native_preempt_entry
	.hidden native_restorer, native_enter_guest, native_clone, native_signal_entry
	.hidden native_exit_begin, native_exit_end, native_exit_slot
	.hidden native_host_call, native_host_check, native_host_insn, native_host_backout

native_fault_entry:
	mov	%gs:GS_REGS, %rsp
	cld
	mov	%gs:0, %rdi
	call	native_fault
	jmp	native_resume

native_preempt_entry:
	mov	%gs:GS_REGS, %rsp
	cld
	mov	%gs:0, %rdi
	call	native_preempted
	jmp	native_resume

/* A guest's signal over the host's kernel: the registers as they are go to a frame. */
native_signal_entry:
	mov	%gs:GS_REGS, %rsp
	cld
	mov	%gs:0, %rdi
	call	passthrough_deliver
	/* Interrupted on the way out, the registers themselves may be half the guest's. */
	jmp	native_resume

native_syscall_entry:
	save_guest
	call	native_syscall

/*
 * From here to native_exit_end all that the guest gets back is in regs, rip and
 * guest_sp, and stays there: a signal that falls in between starts over from them.
 */
native_exit_begin:
	cmpq	$0, %gs:GS_PENDING
	jne	native_signal_entry
	cmpq	$0, %gs:GS_FULL
	jne	full_restore
	mov	%gs:GS_REGS, %rsp
	/* The registers that C preserves are still what the guest had. */
	add	$48, %rsp
leave_rest:
	restore_guest
	jmp	*%rcx

/*
 * A function of the guest's that is looked at begins, or returns: what is on its stack
 * says which. Every register is as it was when it goes on at rip.
 */
native_hook_entry:
	save_guest
	call	native_hook
	mov	%gs:GS_REGS, %rsp
	add	$48, %rsp
	restore_guest
	jmp	*%gs:GS_RIP

/* void native_resume(struct native_thread *nt) */
native_resume:
	cmpq	$0, %gs:GS_PENDING
	jne	native_signal_entry
	cmpq	$0, %gs:GS_FULL
	jne	full_restore
	mov	%gs:GS_REGS, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	jmp	leave_rest

/* Everything from regs and rip: an iretq frame below regs, then the registers. */
full_restore:
	mov	%gs:GS_REGS, %rsp
	mov	%rsp, %r15
	pushq	$USER_SS
	pushq	%gs:GS_GUEST_SP
	pushq	120(%r15)
	pushq	$USER_CS
	pushq	%gs:GS_RIP
	mov	8(%r15), %r14
	mov	16(%r15), %r13
	mov	24(%r15), %r12
	mov	32(%r15), %rbp
	mov	40(%r15), %rbx
	mov	48(%r15), %rdi
	mov	56(%r15), %rsi
	mov	64(%r15), %rdx
	mov	72(%r15), %r10
	mov	80(%r15), %r8
	mov	88(%r15), %r9
	mov	96(%r15), %rax
	mov	104(%r15), %rcx
	mov	112(%r15), %r11
	mov	(%r15), %r15
	iretq
native_exit_end:

/*
 * long native_host_call(const u64 call[7]): a guest's own call to the host's
 * kernel, number first. A signal that comes before the instruction has begun
 * goes back to native_host_backout: the guest's handler runs, then the call is
 * made again.
 */
native_host_call:
	mov	(%rdi), %rax
	mov	16(%rdi), %rsi
	mov	24(%rdi), %rdx
	mov	32(%rdi), %r10
	mov	40(%rdi), %r8
	mov	48(%rdi), %r9
	mov	8(%rdi), %rdi
native_host_check:
	cmpq	$0, %gs:GS_PENDING
	jne	native_host_backout
native_host_insn:
	syscall
	ret
native_host_backout:
	mov	$-600, %rax
	ret

/*
 * void native_exit_slot(u32 *slots_used, u32 *slot_word, int status): the slot is
 * free before the thread is gone, and nothing is touched in it from then on.
 */
native_exit_slot:
	movl	$0, (%rsi)
	lock decl (%rdi)
	mov	%edx, %edi
	mov	$60, %eax
	syscall
	hlt

native_restorer:
	mov	$15, %eax
	syscall

/* void native_enter_guest(u64 sp, u64 entry): the state that Linux gives a new program */
native_enter_guest:
	mov	%rdi, %rsp
	mov	%rsi, %r11
	xor	%eax, %eax
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	jmp	*%r11

/*
 * long native_clone(u64 flags, struct native_thread *child, u32 *parent_tid,
 *		     u32 *child_tid, u64 tls)
 */
native_clone:
	push	%r12
	mov	%rsi, %r12
	mov	%rcx, %r10	/* child_tid */
	xor	%esi, %esi	/* the child sets its own stack pointer */
	mov	$56, %eax
	syscall
	test	%rax, %rax
	jz	1f
	pop	%r12
	ret
1:	wrgsbase %r12
	mov	40(%r12), %rsp
	and	$-16, %rsp
	mov	%r12, %rdi
	call	native_child_start
	hlt

	.globl _start
_start:
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	lea	boot_stack_top(%rip), %rsp
	call	native_main
	hlt

	.bss
	.balign	16
boot_stack:
	.skip	32768
boot_stack_top:

	.section .rodata
	.balign 4096
	.globl native_vdso_image, native_vdso_image_end
	.hidden native_vdso_image, native_vdso_image_end
native_vdso_image:
	.incbin "build/rt/vdso.so"
native_vdso_image_end:

	.section .note.GNU-stack, "", @progbits
