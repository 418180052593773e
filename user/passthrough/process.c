// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads, processes and programs over the host's kernel: its clone and execve,
 * with what they would lose of ours (dispatch, stacks, handlers) put back.
 * Signals are blocked from before each call until the new context is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/script.h"
#include "native/patch.h"
#include "passthrough/pass.h"
#include "simkernel/uaccess.h"

static void copy_sighand(struct pass_sighand *to, struct pass_sighand *from)
{
	pass_lock(&from->lock);
	memcpy(to->action, from->action, sizeof(to->action));
	pass_unlock(&from->lock);
	to->lock = 0;
}

/*
 * Its C registers are not the guest's, so it leaves with every register from
 * regs, whether a signal comes first or not.
 */
void passthrough_child_start(struct native_thread *nt)
{
	nt->rip = native_fix_return(nt->regs->rcx);
	nt->regs->rcx = nt->rip;
	nt->regs->r11 = nt->regs->flags;
	nt->full_restore = 1;
	native_thread_arm(nt);
	pass_set_mask(nt->passthrough->child_mask);
	native_resume(nt);
}

/* A child that shares the address space: a thread, or vfork's. */
static long clone_sharing(struct native_thread *self, const struct clone_request *req, u64 mask)
{
	struct native_thread *nt = native_thread_new();
	struct pass_thread *pt;
	u64 flags = req->flags | req->exit_signal;
	long ret;

	if (!nt)
		return -EAGAIN;
	pt = (struct pass_thread *)(nt + 1);
	memset(pt, 0, offsetof(struct pass_thread, own));
	*nt->regs = *self->regs;
	nt->regs->rax = 0;
	nt->guest_sp = req->stack ? req->stack : self->guest_sp;
	nt->thread.engine = self->thread.engine;
	nt->passthrough = pt;
	nt->altstack = &pt->altstack;
	pt->sighand = self->passthrough->sighand;
	pt->child_mask = mask;
	pt->lent = req->flags & CLONE_VFORK;
	pt->altstack = (stack_t){.ss_flags = SS_DISABLE};
	if (req->flags & CLONE_VFORK)
		pt->altstack = self->passthrough->altstack;
	if (!(req->flags & CLONE_SIGHAND)) {
		copy_sighand(&pt->own, self->passthrough->sighand);
		pt->sighand = &pt->own;
	}
	ret = native_clone(flags, nt, (u32 *)req->parent_tid, (u32 *)req->child_tid, req->tls);
	/* vfork's child has executed or ended by now; a thread frees its slot itself. */
	if (ret < 0 || (req->flags & CLONE_VFORK))
		native_free_slot(nt);
	return ret;
}

/*
 * The child has a copy of what this process shares and none of the other
 * threads, so nobody may be in the middle of a change:
 *
 *	thread A, sigaction()		thread B, fork()
 *	pass_lock(sighand)
 *	table written, host's not yet
 *					clone: the child's lock is held for ever
 */
static long clone_copying(struct native_thread *nt, const struct clone_request *req)
{
	struct pass_sighand *sighand = nt->passthrough->sighand;
	long ret;

	pass_lock(&sighand->lock);
	pass_lock(&pass_mm.brk_lock);
	ret = hostcall(SYS_clone, req->flags | req->exit_signal, 0, req->parent_tid, req->child_tid,
		       req->tls);
	pass_unlock(&pass_mm.brk_lock);
	pass_unlock(&sighand->lock);
	if (ret)
		return ret;
	native_forget_slots(nt);
	nt->passthrough->lent = false;
	native_thread_arm(nt);
	if (req->stack)
		nt->guest_sp = req->stack;
	return 0;
}

long pass_clone(struct native_thread *nt, const struct clone_request *req)
{
	u64 mask = pass_block_all();
	long ret;

	if (nt->pending)
		return PASS_RESTART;
	/* The child begins without an alternate stack, and on its parent's. */
	pass_block_faults();
	if (req->flags & CLONE_VM)
		ret = clone_sharing(nt, req, mask);
	else
		ret = clone_copying(nt, req);
	pass_set_mask(mask);
	return ret;
}

/*
 * A signal that this thread has taken from the process's queue would be lost
 * with it, where the host gives it to another thread: its handler runs first.
 *
 * The slot of a child that borrows its parent's address space is the parent's
 * to free. Freed by both, it could be another thread's by the second time:
 *
 *	vfork's child			parent		a third thread
 *	exit: slot free
 *							clone: takes the slot
 *					slot free
 */
long pass_exit_thread(struct native_thread *nt, int status)
{
	pass_block_all();
	if (nt->pending)
		return PASS_RESTART;
	pass_block_faults();
	if (nt->passthrough->lent)
		return hostcall(SYS_exit, status);
	native_leave_slot(nt, status);
}

struct exec_state { /* too large for a runtime stack: one anonymous mapping a call */
	struct exec_file file;
	struct script_chain chain;
	char path[PATH_MAX], name[PATH_MAX], spec[2 * PATH_MAX], typed[PATH_MAX];
	int spare_fd;
	u64 argv[]; /* fills the mapping */
};

static long refuse_setuid(int fd, const char *path)
{
	static const char text[] =
		": set-user-ID or set-group-ID programs leave Sundial; refused\n";
	struct stat st;
	long ret = hostcall(SYS_fstat, fd, &st);

	if (ret)
		return ret;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (((st.st_mode & S_ISUID) && st.st_uid != (u32)hostcall(SYS_geteuid)) ||
	    ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) &&
	     st.st_gid != (u32)hostcall(SYS_getegid))) {
		hostcall(SYS_write, 2, "sundial: ", 9);
		hostcall(SYS_write, 2, path, strlen(path));
		hostcall(SYS_write, 2, text, sizeof(text) - 1);
		return -EPERM;
	}
	return 0;
}

static long probe(const char *path, struct exec_file *file)
{
	long fd, ret = hostcall(SYS_faccessat2, AT_FDCWD, path, 1 /* X_OK */, AT_EACCESS);

	if (ret)
		return ret;
	fd = hostcall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	ret = refuse_setuid(fd, path);
	if (!ret)
		ret = exec_probe(fd, file);
	hostcall(SYS_close, fd);
	return ret;
}

/* A file that only a close-on-exec descriptor names gets a second, which the new image closes. */
static long keep_open(struct exec_state *s)
{
	u64 fd;
	long ret;

	if (!starts_with(s->path, "/proc/self/fd/") || !str_to_u64(s->path + 14, &fd))
		return 0;
	if (!(hostcall(SYS_fcntl, fd, F_GETFD) & FD_CLOEXEC))
		return 0;
	if (s->chain.lines)
		return -ENOENT;
	ret = hostcall(SYS_fcntl, fd, F_DUPFD, 64);
	if (ret < 0)
		return ret;
	s->spare_fd = ret;
	str_format(s->path, PATH_MAX, "/proc/self/fd/%ld", ret);
	return 0;
}

static long resolve(struct exec_state *s)
{
	long ret = probe(s->path, &s->file);

	while (!ret && s->file.type == EXEC_SCRIPT) {
		ret = script_push(&s->chain, &s->file);
		if (ret)
			return ret;
		str_copy(s->path, s->file.interpreter, PATH_MAX);
		ret = probe(s->path, &s->file);
	}
	if (!ret && s->file.interpreter[0])
		ret = hostcall(SYS_faccessat, AT_FDCWD, s->file.interpreter, 1);
	if (!ret)
		ret = keep_open(s);
	script_finish(&s->chain, s->name);
	return ret;
}

static long take_path(struct exec_state *s, int dirfd, u64 path, u64 flags)
{
	long n = string_from_user(s->typed, path, PATH_MAX);
	struct stat st;

	if (flags & ~(u64)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	if (n < 0)
		return n;
	if (!n && !(flags & AT_EMPTY_PATH))
		return -ENOENT;
	if (dirfd != AT_FDCWD && s->typed[0] != '/' && hostcall(SYS_fcntl, dirfd, F_GETFD) < 0)
		return -EBADF;
	if ((flags & AT_SYMLINK_NOFOLLOW) && n &&
	    !hostcall(SYS_newfstatat, dirfd, s->typed, &st, AT_SYMLINK_NOFOLLOW) &&
	    S_ISLNK(st.st_mode))
		return -ELOOP;
	if (s->typed[0] == '/' || dirfd == AT_FDCWD) {
		str_copy(s->name, s->typed, PATH_MAX);
		str_copy(s->path, !strcmp(s->typed, "/proc/self/exe") ? pass_mm.exe : s->typed,
			 PATH_MAX);
		return 0;
	}
	str_format(s->path, PATH_MAX, n ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d", dirfd,
		   s->typed);
	str_format(s->name, PATH_MAX, n ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, s->typed);
	return 0;
}

static long count(u64 v)
{
	long n = 0;
	u64 p;

	for (; v; n++) {
		if (get_user(p, v + 8 * n))
			return -EFAULT;
		if (!p)
			break;
	}
	return n;
}

static long fill_argv(struct exec_state *s, u64 argv, long argc, u64 mask, u64 ignored)
{
	u64 at = 0;
	int i;

	str_format(s->spec, sizeof(s->spec), "%s:%lu:%lu:%d:%s", pass_mm.spec, mask, ignored,
		   s->spare_fd, s->name);
	s->argv[at++] = (u64) "sundial-native";
	s->argv[at++] = (u64) "run";
	s->argv[at++] = (u64)s->spec;
	s->argv[at++] = (u64)s->path;
	for (i = 0; s->chain.prefix[i]; i++)
		s->argv[at++] = (u64)s->chain.prefix[i];
	if (!argc && !i)
		s->argv[at++] = (u64) "";
	if (argc <= !!i)
		return 0;
	return copy_from_user(&s->argv[at], argv + 8 * !!i, 8 * (argc - !!i));
}

long pass_exec(struct native_thread *nt, int dirfd, u64 path, u64 argv, u64 envp, u64 flags)
{
	long argc = count(argv), ret;
	struct exec_state *s;
	u64 bytes, mask;

	if (argc < 0)
		return argc;
	bytes = ALIGN_UP(sizeof(*s) + 8 * (argc + 24), PAGE_BYTES);
	ret = hostcall(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (is_error(ret))
		return ret;
	s = (struct exec_state *)ret;
	/* Signals stay blocked until the new image has handlers again; it gets the mask in SPEC. */
	mask = pass_block_all();
	ret = nt->pending ? PASS_RESTART : take_path(s, dirfd, path, flags);
	if (!ret)
		ret = resolve(s);
	if (!ret)
		ret = fill_argv(s, argv, argc, mask, pass_ignored_inside(nt->passthrough->sighand));
	if (!ret) {
		pass_block_faults();
		ret = hostcall(SYS_execve, pass_mm.native, s->argv, envp);
	}
	if (s->spare_fd)
		hostcall(SYS_close, s->spare_fd);
	hostcall(SYS_munmap, s, bytes);
	if (!nt->pending)
		pass_set_mask(mask);
	return ret;
}
