// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest's execve, the engines' half: the host's execve of the engine for the
 * new file. The kernel does what it does best (other threads, close-on-exec,
 * the old address space); the run token waits in the arena.
 */
#include <elf.h>
#include <errno.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/script.h"
#include "simkernel/hostids.h"
#include "simkernel/join.h"
#include "simkernel/sched.h"
#include "simkernel/uaccess.h"

#define FIXED_ARGS 4

static long count_vector(u64 v)
{
	long n = 0;
	u64 p;

	if (!v)
		return 0;
	for (;; n++) {
		if (get_user(p, v + 8 * n))
			return -EFAULT;
		if (!p)
			return n;
	}
}

/* It begins in libc, which reads the time stamp counter; execve keeps that switched off. */
static long execute_rv64(const struct host_config *c, u64 *argv, u64 envp)
{
	int tsc = PR_TSC_ENABLE;
	long ret;

	hostcall(SYS_prctl, PR_GET_TSC, &tsc);
	hostcall(SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE);
	ret = hostcall(SYS_execve, c->rv64_path, argv, envp);
	hostcall(SYS_prctl, PR_SET_TSC, tsc);
	return ret;
}

long sim_replace_image(struct thread *th, const struct exec_request *req)
{
	struct host_config *c = &th->host->config;
	long argc = count_vector(req->argv), ret;
	u64 at = 0, *argv, bytes;
	bool riscv64 = req->machine == EM_RISCV;
	char spec[PATH_MAX / 2];
	u64 taken;
	int i;

	if (argc < 0)
		return argc;
	bytes = ALIGN_UP((FIXED_ARGS + 2 * SCRIPT_DEPTH + argc + 2) * sizeof(u64), PAGE_BYTES);
	ret = hostcall(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (is_error(ret))
		return ret;
	argv = (u64 *)ret;
	if (str_format(spec, sizeof(spec), "%d:%d:%d:%d:%s", c->supervisor_pid, c->arena_fd,
		       c->clock_fd, th->task->process->pid, req->name) >= (int)sizeof(spec)) {
		hostcall(SYS_munmap, argv, bytes);
		return -ENAMETOOLONG;
	}
	argv[at++] = (u64)(riscv64 ? "sundial-rv64" : "sundial-native");
	argv[at++] = (u64) "sim";
	argv[at++] = (u64)spec;
	argv[at++] = (u64)req->path;
	for (i = 0; req->prefix[i]; i++)
		argv[at++] = (u64)req->prefix[i];
	if (!argc && !i)
		argv[at++] = (u64) ""; /* as Linux gives an empty argv[0] since 5.18 */
	ret = 0;
	if (argc > !!i)
		ret = copy_from_user(&argv[at], req->argv + 8 * !!i, 8 * (argc - !!i));
	if (!ret) {
		/* The runtime starts as root; its guest will not. */
		taken = host_root_take();
		ret = riscv64 ? execute_rv64(c, argv, req->envp)
			      : hostcall(SYS_execve, c->native_path, argv, req->envp);
		host_root_give_back(taken);
	}
	hostcall(SYS_munmap, argv, bytes);
	return ret;
}
