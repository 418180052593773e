// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An execve over the host's kernel: the file is found and read as Linux would,
 * then the host's execve starts the engine for it. Used by both engines, so that
 * programs of either machine execute the other's.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/script.h"
#include "passthrough/pass.h"
#include "simkernel/uaccess.h"

#define FIXED_ARGS (8 + PASS_RV64_ARGS + 2 * SCRIPT_DEPTH)

struct pass_exec { /* too large for a runtime stack: one anonymous mapping a call */
	u64 bytes;
	u64 guest_argv;
	long argc;
	struct exec_file file;
	struct script_chain chain;
	char path[PATH_MAX], name[PATH_MAX], spec[2 * PATH_MAX], typed[PATH_MAX], scratch[PATH_MAX];
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

/* Where a path that a guest names really is: engines with a sysroot look there first. */
static const char *really(const char *path, char *buf)
{
	return pass_mm.lookup ? pass_mm.lookup(path, buf) : path;
}

static long probe(struct pass_exec *s)
{
	const char *path = really(s->path, s->scratch);
	long fd, ret;

	if (path != s->path)
		str_copy(s->path, path, PATH_MAX);
	path = s->path;
	ret = hostcall(SYS_faccessat2, AT_FDCWD, path, 1 /* X_OK */, AT_EACCESS);
	if (ret)
		return ret;
	fd = hostcall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	ret = refuse_setuid(fd, path);
	if (!ret)
		ret = exec_probe(fd, &s->file);
	hostcall(SYS_close, fd);
	return ret;
}

/* A file that only a close-on-exec descriptor names gets a second, which the new image closes. */
static long keep_open(struct pass_exec *s)
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

/* riscv64's may be in a sysroot that only its engine knows. */
static long check_interpreter(struct pass_exec *s)
{
	if (!s->file.interpreter[0] || (s->file.machine == EM_RISCV && !pass_mm.lookup))
		return 0;
	return hostcall(SYS_faccessat, AT_FDCWD, really(s->file.interpreter, s->scratch), 1);
}

static long resolve(struct pass_exec *s)
{
	long ret = probe(s);

	while (!ret && s->file.type == EXEC_SCRIPT) {
		ret = script_push(&s->chain, &s->file);
		if (ret)
			return ret;
		str_copy(s->path, s->file.interpreter, PATH_MAX);
		ret = probe(s);
	}
	if (!ret)
		ret = check_interpreter(s);
	if (!ret)
		ret = keep_open(s);
	script_finish(&s->chain, s->name);
	return ret;
}

static long take_path(struct pass_exec *s, int dirfd, u64 path, u64 flags)
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

/* The engine and its own arguments; returns how many. */
static u64 fill_engine(struct pass_exec *s)
{
	u64 at = 0;
	int i;

	s->argv[at++] = s->file.machine == EM_RISCV ? (u64) "sundial-rv64" : (u64) "sundial-native";
	for (i = 0; s->file.machine == EM_RISCV && pass_mm.rv64_args[i]; i++)
		s->argv[at++] = (u64)pass_mm.rv64_args[i];
	s->argv[at++] = (u64) "run";
	s->argv[at++] = (u64)s->spec;
	s->argv[at++] = (u64)s->path;
	return at;
}

static long fill_argv(struct pass_exec *s)
{
	u64 at = fill_engine(s);
	long argc = s->argc;
	int i;

	for (i = 0; s->chain.prefix[i]; i++)
		s->argv[at++] = (u64)s->chain.prefix[i];
	if (!argc && !i)
		s->argv[at++] = (u64) "";
	if (argc <= !!i)
		return 0;
	return copy_from_user(&s->argv[at], s->guest_argv + 8 * !!i, 8 * (argc - !!i));
}

void pass_exec_drop(struct pass_exec *s)
{
	if (s->spare_fd)
		hostcall(SYS_close, s->spare_fd);
	hostcall(SYS_munmap, s, s->bytes);
}

bool pass_exec_is_native(const struct pass_exec *s)
{
	return s->file.machine == EM_X86_64;
}

long pass_exec_prepare(int dirfd, u64 path, u64 argv, u64 flags, struct pass_exec **out)
{
	long argc = count(argv), ret;
	struct pass_exec *s;
	u64 bytes;

	if (argc < 0)
		return argc;
	bytes = ALIGN_UP(sizeof(*s) + 8 * (argc + FIXED_ARGS), PAGE_BYTES);
	ret = hostcall(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (is_error(ret))
		return ret;
	s = (struct pass_exec *)ret;
	s->bytes = bytes;
	s->guest_argv = argv;
	s->argc = argc;
	ret = take_path(s, dirfd, path, flags);
	if (!ret)
		ret = resolve(s);
	if (!ret)
		ret = fill_argv(s);
	if (ret)
		pass_exec_drop(s);
	else
		*out = s;
	return ret;
}

/*
 * The guest's environment and one string more, in memory that the execve frees; as it
 * is where that is not possible. *bytes says how much to unmap if the execve fails.
 */
static u64 longer_env(u64 envp, char *more, u64 *bytes)
{
	long n = count(envp), ret;
	u64 *copy;

	if (n < 0)
		return envp;
	*bytes = ALIGN_UP(8 * ((u64)n + 2), PAGE_BYTES);
	ret = hostcall(SYS_mmap, 0, *bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (is_error(ret)) {
		*bytes = 0;
		return envp;
	}
	copy = (u64 *)ret;
	copy_from_user(copy, envp, 8 * n);
	copy[n] = (u64)more;
	return ret;
}

long pass_exec_commit(struct pass_exec *s, u64 mask, u64 ignored, u64 envp)
{
	const char *engine = s->file.machine == EM_RISCV ? pass_mm.rv64 : pass_mm.native;
	u64 bytes = 0;
	long ret;

	str_format(s->spec, sizeof(s->spec), "%s:%lu:%lu:%d:%s", pass_mm.spec, mask, ignored,
		   s->spare_fd, s->name);
	if (s->file.machine == EM_X86_64 && pass_mm.native_env)
		envp = longer_env(envp, pass_mm.native_env, &bytes);
	ret = hostcall(SYS_execve, engine, s->argv, envp);
	if (bytes)
		hostcall(SYS_munmap, envp, bytes);
	pass_exec_drop(s);
	return ret;
}
