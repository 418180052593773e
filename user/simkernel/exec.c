// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execve and execveat: which file, may it, and through which interpreter. All
 * that can fail is asked before the image is given up; then the engine replaces
 * it, and process_exec_done() (exit.c) runs in the new one.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <unistd.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/script.h"
#include "simkernel/arena.h"
#include "simkernel/fault.h"
#include "simkernel/strace.h"
#include "simkernel/syscall.h"
#include "simkernel/vfs.h"

struct exec_state { /* in task->scratch: too large for a runtime stack */
	struct exec_file file;
	char path[PATH_MAX];  /* ELF file to load */
	char name[PATH_MAX];  /* AT_EXECFN: what the guest asked for */
	char typed[PATH_MAX]; /* execveat's path as it came */
	char found[PATH_MAX]; /* what the engine's lookup() gives */
	struct script_chain chain;
};

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
		sim_note(th->host,
			 "refused: %s is set-user-ID or set-group-ID: it would leave the "
			 "simulation; run it as its owner",
			 path);
		return -EPERM;
	}
	return 0;
}

/* The path that /proc/PID/exe will show: absolute, through no link. */
static void canonical(struct thread *th, int fd, char *path)
{
	char *text = vfs_get(th->host)->text, link[32];
	long n;

	if (th->task->process->exec_fd)
		return;
	str_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = hostcall(SYS_readlink, link, text, PATH_MAX - 1);
	if (n <= 0 || text[0] != '/')
		return;
	text[n] = 0;
	if (!hostcall(SYS_faccessat, AT_FDCWD, text, F_OK))
		str_copy(path, text, PATH_MAX);
}

static bool is_in_sysroot(struct thread *th, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	const char *dir = th->host->config.sysroot;
	long root, fd;

	if (!dir[0])
		return false;
	root = hostcall(SYS_openat, AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	fd = root < 0 ? root : hostcall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd >= 0)
		hostcall(SYS_close, fd);
	if (root >= 0)
		hostcall(SYS_close, root);
	return fd >= 0;
}

static long check_interpreter(struct thread *th, const struct exec_file *file)
{
	if (file->type != EXEC_ELF || !file->interpreter[0] ||
	    (file->machine == EM_RISCV && is_in_sysroot(th, file->interpreter)))
		return 0;
	return hostcall(SYS_faccessat2, AT_FDCWD, file->interpreter, X_OK, 0);
}

static bool machine_is_known(struct thread *th, u16 machine)
{
	return machine == EM_X86_64 || (machine == EM_RISCV && th->host->config.rv64_path[0]);
}

static long probe(struct thread *th, char *path, struct exec_file *file)
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
	if (!ret && file->type == EXEC_ELF && !machine_is_known(th, file->machine))
		ret = -ENOEXEC;
	if (!ret)
		canonical(th, fd, path);
	hostcall(SYS_close, fd);
	return ret ? ret : check_interpreter(th, file);
}

/* The file that a guest calls path, as its engine sees it; buf is s->found. */
static const char *find(struct thread *th, struct exec_state *s, const char *path)
{
	return th->engine->lookup ? th->engine->lookup(path, s->found) : path;
}

/* Follows #! lines to an ELF file. */
static long resolve(struct thread *th, struct exec_state *s)
{
	long ret = probe(th, s->path, &s->file);

	while (!ret && s->file.type == EXEC_SCRIPT) {
		ret = script_push(&s->chain, &s->file);
		if (ret)
			return ret;
		str_copy(s->path, find(th, s, s->file.interpreter), PATH_MAX);
		ret = probe(th, s->path, &s->file);
	}
	return ret;
}

static long do_exec(struct thread *th, struct exec_state *s, u64 argv, u64 envp)
{
	struct exec_request req = {.path = s->path, .name = s->name, .argv = argv, .envp = envp};
	long ret = resolve(th, s);

	if (!ret) {
		script_finish(&s->chain, s->name);
		req.prefix = s->chain.prefix;
		req.machine = s->file.machine;
		strace_flush(th->host, th->task->process);
		th->host->call_used_host = true;
		th->task->execing = true;
		fault_point(th->host, FAULT_IN_EXEC);
		ret = th->engine->exec(th, &req);
		th->task->execing = false;
	}
	exec_fd_close(th->task->process);
	return ret;
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
	ret = string_from_user(s->name, a[0], PATH_MAX);
	if (ret >= 0)
		ret = path_for_exec(th, AT_FDCWD, (u64)find(th, s, s->name), 0, s->path);
	return ret < 0 ? ret : do_exec(th, s, a[1], a[2]);
}

SYSCALL_DEFINE(execveat)
{
	struct exec_state *s = new_state(th);
	long n;

	if (!s)
		return -ENOMEM;
	if (a[4] & ~(u64)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	n = string_from_user(s->typed, a[1], PATH_MAX);
	if (n >= 0)
		n = path_for_exec(th, (int)a[0], (u64)find(th, s, s->typed), a[4], s->path);
	if (n < 0)
		return n;
	if (s->typed[0] == '/' || (int)a[0] == AT_FDCWD)
		str_copy(s->name, s->typed, PATH_MAX);
	else
		str_format(s->name, PATH_MAX, s->typed[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d",
			   (int)a[0], s->typed);
	return do_exec(th, s, a[2], a[3]);
}
