// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest's execve, the engine's half: the host's execve of sundial-native for
 * the new file. The kernel does what it does best (other threads, close-on-exec,
 * the old address space); the run token waits in the arena.
 */
#include <errno.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/script.h"
#include "native/thread.h"
#include "simkernel/hostids.h"
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

long native_exec(struct thread *th, const struct exec_request *req)
{
	struct host_config *c = &th->host->config;
	long argc = count_vector(req->argv), ret;
	u64 at = 0, *argv, bytes;
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
	argv[at++] = (u64) "sundial-native";
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
		ret = hostcall(SYS_execve, c->native_path, argv, req->envp);
		host_root_give_back(taken);
	}
	hostcall(SYS_munmap, argv, bytes);
	return ret;
}
