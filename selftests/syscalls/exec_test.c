// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exec_test.c - execve and execveat: arguments, environment, what a new program
 * inherits and what not, scripts, and each refusal.
 */
#include "check.h"

#include <elf.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char *const no_env[] = {NULL};

/* Runs sh -c script by exec in a child; its exit status must be this. */
static void sh_exits(const char *script, int want)
{
	char *argv[] = {"sh", "-c", (char *)script, "zero", "one two", NULL};
	char *env[] = {"VAR=value", NULL};
	pid_t pid = fork();

	if (!pid) {
		execve("/bin/sh", argv, env);
		_exit(99);
	}
	JOIN_STATUS(pid, want);
}

TEST(arguments_and_environment_arrive, "execve")
{
	sh_exits("test $# = 1 && test \"$0 $1\" = 'zero one two' && exit 11", 11);
	sh_exits("test \"$VAR\" = value && test -z \"$HOME\" && exit 12", 12);
}

TEST(execve_errors, "execve")
{
	char *argv[] = {"x", NULL};
	char longest[PATH_MAX + 10];

	CHECK_ERRNO(execve("missing", argv, no_env), ENOENT);
	CHECK_ERRNO(execve("", argv, no_env), ENOENT);
	make_file("file", "", 0755);
	CHECK_ERRNO(execve("file", argv, no_env), ENOEXEC);
	make_file("text", "echo no magic\n", 0755);
	CHECK_ERRNO(execve("text", argv, no_env), ENOEXEC);
	CHECK_ERRNO(execve("file/x", argv, no_env), ENOTDIR);
	CHECK_ERRNO(execve("/", argv, no_env), EACCES);
	make_file("noexec", "#!/bin/sh\n", 0644);
	CHECK_ERRNO(execve("noexec", argv, no_env), EACCES);
	CHECK_ERRNO(sys(execve, bad, argv, no_env), EFAULT);
	CHECK_ERRNO(sys(execve, "/bin/sh", bad, no_env), EFAULT);
	CHECK_ERRNO(sys(execve, "/bin/sh", argv, bad), EFAULT);
	argv[0] = bad;
	CHECK_ERRNO(sys(execve, "/bin/sh", argv, no_env), EFAULT);
	argv[0] = "x";
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	CHECK_ERRNO(execve(longest, argv, no_env), ENAMETOOLONG);
	longest[NAME_MAX + 1] = 0;
	CHECK_ERRNO(execve(longest, argv, no_env), ENAMETOOLONG);
	REQUIRE(symlink("loop", "loop") == 0);
	CHECK_ERRNO(execve("loop", argv, no_env), ELOOP);
	make_file("no_interpreter", "#!/missing/interpreter\n", 0755);
	CHECK_ERRNO(execve("no_interpreter", argv, no_env), ENOENT);
	make_file("elf", "\177ELF", 0755);
	CHECK_ERRNO(execve("elf", argv, no_env), ENOEXEC);
	REQUIRE(mkdir("closed", 0) == 0);
	drop_root();
	CHECK_ERRNO(execve("closed/x", argv, no_env), EACCES);
}

TEST(argument_list_too_long, "execve")
{
	size_t size = 200 * 1024;
	char *huge = malloc(size), *argv[] = {"x", huge, NULL};

	/* One string may have 32 pages. */
	memset(huge, 'a', size);
	huge[size - 1] = 0;
	CHECK_ERRNO(execve("/bin/sh", argv, no_env), E2BIG);
}

TEST(busy_program_and_open_writers, "execve openat")
{
	char *argv[] = {"x", NULL};
	int fd;

	/* A program that is open for writing cannot run. */
	make_file("script", "#!/bin/sh\nexit 0\n", 0755);
	fd = open("script", O_WRONLY);
	REQUIRE(fd >= 0);
	CHECK_ERRNO(execve("script", argv, no_env), ETXTBSY);
}

static void run_script(const char *path, int want)
{
	char *argv[] = {"arg0", "arg1", NULL};
	pid_t pid = fork();

	if (!pid) {
		execve(path, argv, no_env);
		_exit(98);
	}
	JOIN_STATUS(pid, want);
}

TEST(scripts, "execve")
{
	make_file("script", "#!/bin/sh\ntest \"$0 $1\" = \"./script arg1\" && exit 31\n", 0755);
	run_script("./script", 31);
	make_file("one_arg", "#! /bin/sh -e \nfalse\nexit 32\n", 0755);
	run_script("./one_arg", 1);
	/* A script may be the interpreter of another, up to five deep. */
	make_file("outer", "#!./script\n", 0755);
	make_file("script", "#!/bin/sh\ntest \"$1 $2\" = \"./outer arg1\" && exit 33\n", 0755);
	run_script("./outer", 33);
	make_file("self", "#!./self\n", 0755);
	CHECK_ERRNO(execve("./self", (char *[]){"self", NULL}, no_env), ELOOP);
}

TEST(close_on_exec, "execve fcntl")
{
	char script[100];
	int keep = open("/dev/null", O_RDONLY), gone = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int dup_keeps = dup(gone);

	snprintf(script, sizeof(script),
		 "test -e /proc/self/fd/%d && test ! -e /proc/self/fd/%d && "
		 "test -e /proc/self/fd/%d && exit 41",
		 keep, gone, dup_keeps);
	sh_exits(script, 41);
	CHECK_OK(fcntl(keep, F_SETFD, FD_CLOEXEC));
	CHECK_OK(fcntl(gone, F_SETFD, 0));
	snprintf(script, sizeof(script),
		 "test ! -e /proc/self/fd/%d && test -e /proc/self/fd/%d && "
		 "exit 42",
		 keep, gone);
	sh_exits(script, 42);
}

TEST(signal_dispositions_across_exec, "execve rt_sigaction")
{
	/* Ignored stays ignored, caught becomes default. */
	signal(SIGUSR1, SIG_IGN);
	sh_exits("kill -USR1 $$; exit 51", 51);
	catch_signal(SIGUSR1, 0);
	pid_t pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", "kill -USR1 $$; exit 52", NULL);
		_exit(99);
	}
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

TEST(pid_limits_and_folder_survive_exec, "execve")
{
	char script[PATH_MAX + 200], cwd[PATH_MAX];
	struct rlimit rl = {100, 200};

	REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	umask(0246);
	snprintf(script, sizeof(script),
		 "test \"$(pwd -P)\" = \"%s\" && test $(ulimit -n) = 100 && "
		 "test $(umask) = 0246 && test $PPID = %d && exit 53",
		 cwd, (int)getpid());
	sh_exits(script, 53);
}

static void *exec_from_thread(void *arg)
{
	execl("/bin/sh", "sh", "-c", "test $$ = \"$0\" && exit 54", (char *)arg, NULL);
	_exit(99);
}

static void exec_in_second_thread(void *arg)
{
	static char pid[16];
	pthread_t thread;

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	pthread_create(&thread, NULL, exec_from_thread, pid);
	for (;;)
		pause();
}

TEST(exec_in_a_thread_takes_over_the_process, "execve")
{
	JOIN_STATUS(spawn(exec_in_second_thread, NULL), 54);
}

TEST(execveat_forms, "execveat openat")
{
	char *argv[] = {"sh", "-c", "exit 61", NULL};
	int bin = open("/bin", O_RDONLY | O_DIRECTORY), sh = open("/bin/sh", O_PATH);
	pid_t pid;

	pid = fork();
	if (!pid) {
		sys(execveat, bin, "sh", argv, no_env, 0);
		_exit(99);
	}
	JOIN_STATUS(pid, 61);
	pid = fork();
	if (!pid) {
		sys(execveat, sh, "", argv, no_env, AT_EMPTY_PATH);
		_exit(99);
	}
	JOIN_STATUS(pid, 61);
	CHECK_ERRNO(sys(execveat, sh, "", argv, no_env, 0), ENOENT);
	CHECK_ERRNO(sys(execveat, 99, "sh", argv, no_env, 0), EBADF);
	CHECK_ERRNO(sys(execveat, sh, "x", argv, no_env, 0), ENOTDIR);
	CHECK_ERRNO(sys(execveat, bin, "sh", argv, no_env, 0x1), EINVAL);
	REQUIRE(symlink("/bin/sh", "link") == 0);
	CHECK_ERRNO(sys(execveat, AT_FDCWD, "link", argv, no_env, AT_SYMLINK_NOFOLLOW), ELOOP);
}

TEST(fexecve_from_memory, "execveat memfd_create")
{
	char *argv[] = {"script", NULL}, buf[65536];
	int in = open("/bin/true", O_RDONLY), out = memfd_create("program", MFD_CLOEXEC);
	ssize_t n;
	pid_t pid;

	REQUIRE(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		REQUIRE(write(out, buf, n) == n);
	pid = fork();
	if (!pid) {
		sys(execveat, out, "", argv, no_env, AT_EMPTY_PATH);
		_exit(99);
	}
	JOIN(pid);
}
