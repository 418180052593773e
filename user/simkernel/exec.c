// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execve and execveat: which file, may it, and through which interpreter. All
 * that can fail is asked before the image is given up; then the engine replaces
 * it, and process_exec_done() (exit.c) runs in the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/elf.h"
#include "simkernel/arena.h"
#include "simkernel/fault.h"
#include "simkernel/strace.h"
#include "simkernel/syscall.h"

struct exec_state { /* in task->scratch: too large for a runtime stack */
	struct exec_file file;
	char path[PATH_MAX];   /* ELF file to load */
	char name[PATH_MAX];   /* AT_EXECFN: what the guest asked for */
	char script[PATH_MAX]; /* the same, as the interpreter's argument */
	char interpreter[PATH_MAX], argument[EXEC_HEAD_BYTES];
};

/* /proc/self/exe and descriptors by name mean something else on the host. */
static long translate(struct thread *th, char *path)
{
	struct process *p = th->task->process;
	char link[64];
	const char *fd = NULL;
	long n;

	if (!strcmp(path, "/proc/self/exe")) {
		str_copy(path, p->exe, PATH_MAX);
		return 0;
	}
	if (starts_with(path, "/proc/self/fd/"))
		fd = path + 14;
	else if (starts_with(path, "/dev/fd/"))
		fd = path + 8;
	if (!fd)
		return 0;
	str_format(link, sizeof(link), "/proc/self/fd/%s", fd);
	n = hostcall(SYS_readlink, link, path, PATH_MAX - 1);
	if (n < 0)
		return n;
	path[n] = 0;
	if (path[0] != '/' || hostcall(SYS_faccessat, AT_FDCWD, path, F_OK))
		str_copy(path, link, PATH_MAX); /* a memfd, or deleted: only by descriptor */
	return 0;
}

static long check_mode(struct thread *th, int fd, const char *path)
{
	struct process *p = th->task->process;
	struct stat st;
	long ret = hostcall(SYS_fstat, fd, &st);

	if (ret)
		return ret;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (((st.st_mode & S_ISUID) && st.st_uid != p->uid) ||
	    ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != p->gid)) {
		sim_note(th->host, "refused: %s is set-user-ID or set-group-ID: it would leave the "
			 "simulation; run it as its owner", path);
		return -EPERM;
	}
	return 0;
}

static long probe(struct thread *th, const char *path, struct exec_file *file)
{
	long fd, ret = hostcall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS);

	if (ret)
		return ret;
	fd = hostcall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return fd == -ENXIO ? -EACCES : fd;
	ret = check_mode(th, fd, path);
	if (!ret)
		ret = exec_probe(fd, file);
	hostcall(SYS_close, fd);
	if (!ret && file->type == EXEC_ELF && file->interpreter[0])
		ret = hostcall(SYS_faccessat2, AT_FDCWD, file->interpreter, X_OK, 0);
	return ret;
}

/* Follows a #! line to its ELF interpreter. */
static long resolve(struct thread *th, struct exec_state *s, struct exec_request *req)
{
	long ret = probe(th, s->path, &s->file);

	if (!ret && s->file.type == EXEC_SCRIPT) {
		str_copy(s->script, s->name, PATH_MAX);
		str_copy(s->interpreter, s->file.interpreter, PATH_MAX);
		str_copy(s->argument, s->file.argument, sizeof(s->argument));
		str_copy(s->path, s->interpreter, PATH_MAX);
		req->prefix[0] = s->interpreter;
		req->prefix[1] = s->argument[0] ? s->argument : s->script;
		req->prefix[2] = s->argument[0] ? s->script : NULL;
		ret = translate(th, s->path);
		if (!ret)
			ret = probe(th, s->path, &s->file);
		if (!ret && s->file.type == EXEC_SCRIPT) {
			sim_note(th->host, "refused: %s: its interpreter %s is a script itself",
				 s->script, s->interpreter);
			return -ENOEXEC;
		}
	}
	return ret;
}

static long do_exec(struct thread *th, struct exec_state *s, u64 argv, u64 envp)
{
	struct exec_request req = {.path = s->path, .name = s->name, .argv = argv, .envp = envp};
	long ret = translate(th, s->path);

	if (!ret)
		ret = resolve(th, s, &req);
	if (ret)
		return ret;
	strace_flush(th->host, th->task->process);
	th->host->call_used_host = true;
	fault_point(th->host, FAULT_IN_EXEC);
	return th->engine->exec(th, &req);
}

static struct exec_state *new_state(struct thread *th)
{
	return th->task->scratch = arena_alloc(th->host, sizeof(struct exec_state));
}

SYSCALL_DEFINE(execve)
{
	struct exec_state *s = new_state(th);
	long ret;

	if (!s)
		return -ENOMEM;
	ret = string_from_user(s->path, a[0], PATH_MAX);
	if (ret < 0)
		return ret;
	if (!ret)
		return -ENOENT;
	str_copy(s->name, s->path, PATH_MAX);
	return do_exec(th, s, a[1], a[2]);
}

SYSCALL_DEFINE(execveat)
{
	struct exec_state *s = new_state(th);
	long n;

	if (!s)
		return -ENOMEM;
	if (a[4] & ~(u64)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	n = string_from_user(s->name, a[1], PATH_MAX);
	if (n < 0)
		return n;
	if (!n && !(a[4] & AT_EMPTY_PATH))
		return -ENOENT;
	if (s->name[0] == '/' || (int)a[0] == AT_FDCWD) {
		str_copy(s->path, s->name, PATH_MAX);
	} else {
		if (!fd_peek(th->task->process, a[0]))
			return -EBADF;
		str_format(s->path, PATH_MAX, n ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d",
			   (int)a[0], s->name);
		str_copy(s->script, s->name, PATH_MAX);
		str_format(s->name, PATH_MAX, n ? "/dev/fd/%d/%s" : "/dev/fd/%d", (int)a[0],
			   s->script);
	}
	if (a[4] & AT_SYMLINK_NOFOLLOW) {
		struct stat st;

		if (!hostcall(SYS_newfstatat, AT_FDCWD, s->path, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISLNK(st.st_mode) && n)
			return -ELOOP;
	}
	return do_exec(th, s, a[2], a[3]);
}
