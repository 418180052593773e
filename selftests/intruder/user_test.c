// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Another user: whatever he tries on the process that owns a domain or a set, its
 * descriptors and its memory stay out of his reach, and he cannot have a domain
 * that he was not given: there is no name to guess. Each way is also tried by root,
 * for whom most of them work: one that could not work at all shows nothing.
 */
#include "common.h"

#include <dirent.h>
#include <grp.h>
#include <linux/kcmp.h>
#include <sys/ptrace.h>

/* As the users of the VM that are in no group; they need no entry anywhere. */
#define OWNER	 1100
#define INTRUDER 1200

/* What is attacked: a process, one of its descriptors, and where that is mapped. */
struct prey {
	pid_t pid;
	int fd;
	unsigned char *page;
	int device; /* open, as a user in the group has it */
};

typedef bool way(const struct prey *prey);

static bool by_name(const struct prey *prey, const char *directory, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s/%d", prey->pid, directory, prey->fd);
	fd = open(path, flags);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool by_fd_link(const struct prey *prey)
{
	return by_name(prey, "fd", O_RDONLY) || by_name(prey, "fd", O_RDWR);
}

static bool by_fd_path(const struct prey *prey)
{
	return by_name(prey, "fd", O_PATH);
}

static bool by_fdinfo(const struct prey *prey)
{
	return by_name(prey, "fdinfo", O_RDONLY);
}

static bool by_fd_list(const struct prey *prey)
{
	char path[64];
	DIR *list;

	snprintf(path, sizeof(path), "/proc/%d/fd", prey->pid);
	list = opendir(path);
	if (!list)
		return false;
	closedir(list);
	return true;
}

static bool by_map_files(const struct prey *prey)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", prey->pid,
		 (unsigned long)prey->page, (unsigned long)prey->page + PAGE);
	fd = open(path, O_PATH);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool by_maps(const struct prey *prey)
{
	char path[64], line[256];
	FILE *maps;
	bool seen = false;

	snprintf(path, sizeof(path), "/proc/%d/maps", prey->pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		seen |= !!strstr(line, "[sundial-");
	if (maps)
		fclose(maps);
	return seen;
}

static bool by_pidfd(const struct prey *prey)
{
	int pidfd = syscall(SYS_pidfd_open, prey->pid, 0);
	int fd = syscall(SYS_pidfd_getfd, pidfd, prey->fd, 0);

	close(pidfd);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool by_process_vm_readv(const struct prey *prey)
{
	__u64 seen;
	struct iovec local = {&seen, sizeof(seen)}, remote = {prey->page, sizeof(seen)};

	return process_vm_readv(prey->pid, &local, 1, &remote, 1, 0) == sizeof(seen);
}

static bool by_mem_file(const struct prey *prey)
{
	char path[64];
	__u64 seen;
	int mem;
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/mem", prey->pid);
	mem = open(path, O_RDONLY);
	done = mem >= 0 && pread(mem, &seen, sizeof(seen), (uintptr_t)prey->page) == sizeof(seen);
	close(mem);
	return done;
}

static bool by_ptrace(const struct prey *prey)
{
	if (ptrace(PTRACE_SEIZE, prey->pid, 0, 0))
		return false;
	ptrace(PTRACE_DETACH, prey->pid, 0, 0);
	return true;
}

static bool by_kcmp(const struct prey *prey)
{
	return syscall(SYS_kcmp, getpid(), prey->pid, KCMP_FILE, prey->device, prey->fd) >= 0;
}

static bool by_process_madvise(const struct prey *prey)
{
	struct iovec remote = {prey->page, PAGE};
	int pidfd = syscall(SYS_pidfd_open, prey->pid, 0);
	bool done = syscall(SYS_process_madvise, pidfd, &remote, 1, MADV_COLD, 0) == PAGE;

	close(pidfd);
	return done;
}

/* To make the owner's thread belong to a domain of ours, and have its time lied about. */
static bool by_binding(const struct prey *prey)
{
	struct sundial_clock_create how = {.count = 1};
	int clock = ioctl(prey->device, SUNDIAL_CLOCK_CREATE, &how);
	struct sundial_clock_bind bind = {.tid = prey->pid};
	bool done = !ioctl(clock, SUNDIAL_CLOCK_BIND, &bind);

	close(clock);
	return done;
}

/* The device itself shows nothing but what it makes for the caller. */
static bool by_the_device(const struct prey *prey)
{
	struct sundial_clock_info info;
	struct sundial_clock_reader reader = {0};
	int way;

	if (!ioctl(prey->device, SUNDIAL_CLOCK_INFO, &info) ||
	    ioctl(prey->device, SUNDIAL_CLOCK_READER, &reader) >= 0)
		return true;
	for (way = 0; way < 8; way++)
		if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, prey->device, way * PAGE) != MAP_FAILED)
			return true;
	return false;
}

/* Where the kernel tells of domains to who may look: root. */
static bool by_debugfs(const struct prey *prey)
{
	return !access("/sys/kernel/debug", R_OK | X_OK) ||
	       !access("/sys/kernel/tracing/trace", R_OK);
}

static const struct {
	const char *name;
	way *run;
	bool never; /* not even for root */
} ways[] = {
	{"/proc/PID/fd/N, opened", by_fd_link, true},
	{"/proc/PID/fd/N, O_PATH", by_fd_path},
	{"/proc/PID/fdinfo/N", by_fdinfo},
	{"/proc/PID/fd, listed", by_fd_list},
	{"/proc/PID/map_files", by_map_files},
	{"/proc/PID/maps", by_maps},
	{"/proc/PID/mem", by_mem_file},
	{"pidfd_getfd", by_pidfd},
	{"process_vm_readv", by_process_vm_readv},
	{"process_madvise", by_process_madvise},
	{"ptrace", by_ptrace},
	{"kcmp", by_kcmp},
	{"CLOCK_BIND of his thread", by_binding},
	{"calls on the device", by_the_device, true},
	{"debugfs, tracefs", by_debugfs},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int become(uid_t uid)
{
	return setgroups(0, NULL) || setgid(uid) || setuid(uid);
}

/* A process of the owner, alive until it is killed, with its descriptor mapped at a known address.
 */
static pid_t start_owner(const struct prey *prey)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork_child();
	if (!pid) {
		if (become(OWNER))
			_exit(1);
		/* as if it had been started by that user, not by root */
		prctl(PR_SET_DUMPABLE, 1);
		if (mmap(prey->page, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, prey->fd, 0) ==
			    MAP_FAILED ||
		    write(ready[1], "r", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

FIXTURE(user)
{
	struct prey prey;
};

FIXTURE_VARIANT(user)
{
	enum view view;
};

FIXTURE_VARIANT_ADD(user, kernel){.view = VIEW_KERNEL};
FIXTURE_VARIANT_ADD(user, user_reader){.view = VIEW_USER_READER};
FIXTURE_VARIANT_ADD(user, generations){.view = VIEW_GENERATIONS};

FIXTURE_SETUP(user)
{
	SKIP_IF_DEVICE_REFUSES_USER();
	if (geteuid())
		SKIP_SETUP("needs root, to become two users");
	self->prey.device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	self->prey.fd = make_view(variant->view);
	ASSERT_LE(0, self->prey.fd);
	self->prey.page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	self->prey.pid = start_owner(&self->prey);
	ASSERT_LT(0, self->prey.pid);
}

FIXTURE_TEARDOWN(user)
{
	kill(self->prey.pid, SIGKILL);
	child_status(self->prey.pid);
	close(self->prey.fd);
	close(self->prey.device);
}

/* In a child each, without the descriptor that is to be got. */
static int tries(const struct prey *prey, unsigned int which, uid_t uid)
{
	pid_t pid = fork_child();

	if (!pid) {
		close(prey->fd);
		if (uid && become(uid))
			_exit(77);
		_exit(ways[which].run(prey));
	}
	return child_status(pid);
}

TEST_F_TIMEOUT(user, another_user_gets_at_nothing_of_the_owners, 90)
{
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		EXPECT_EQ(0, tries(&self->prey, i, INTRUDER))
		{
			TH_LOG("%s got in", ways[i].name);
		}
		EXPECT_EQ(!ways[i].never, tries(&self->prey, i, 0))
		{
			TH_LOG("%s, by root", ways[i].name);
		}
	}
	TH_LOG("%zu ways were tried", WAYS);
}

TEST_HARNESS_MAIN
