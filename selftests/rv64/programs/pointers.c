// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls with addresses that a program on Sv39 does not have: those of the engine's memory
 * among them, which must neither be read nor written.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SPACE_END (1UL << 38)

static int tests, failed;

static void ok(int good, const char *name, uint64_t address)
{
	printf("%sok %d - %s at %#lx\n", good ? "" : "not ", ++tests, name, address);
	failed |= !good;
}

#define REFUSED(error, call)                      \
	({                                        \
		errno = 0;                        \
		(call) == -1 && errno == (error); \
	})

static void plain_calls(uint64_t address, int zeros, int file)
{
	char *p = (char *)address;
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);

	ok(REFUSED(EFAULT, read(zeros, p, 8)), "read", address);
	ok(REFUSED(EFAULT, write(file, p, 8)), "write", address);
	ok(REFUSED(EBADF, read(-1, p, 8)), "read of no descriptor, which is looked at first,",
	   address);
	ok(REFUSED(EFAULT, pread(zeros, p, 8, 0)), "pread", address);
	ok(REFUSED(EFAULT, open(p, O_RDONLY)), "open", address);
	ok(REFUSED(EFAULT, fstat(zeros, (void *)p)), "fstat", address);
	ok(REFUSED(EFAULT, syscall(SYS_getcwd, p, 4096)), "getcwd", address);
	ok(REFUSED(EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, p)), "clock_gettime",
	   address);
	ok(REFUSED(EFAULT, syscall(SYS_nanosleep, p, NULL)), "nanosleep", address);
	ok(REFUSED(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, p, NULL, 8)), "rt_sigaction",
	   address);
	ok(REFUSED(EFAULT, syscall(SYS_futex, p, 1 /* WAKE */, 1, NULL, NULL, 0)), "futex",
	   address);
	ok(REFUSED(EFAULT, syscall(SYS_ppoll, p, 1, NULL, NULL, 8)), "ppoll", address);
	ok(REFUSED(EFAULT, getsockname(file, (void *)p, &length)) || errno == ENOTSOCK,
	   "getsockname", address);
	ok(REFUSED(EFAULT, syscall(SYS_execve, p, NULL, NULL)), "execve", address);
	ok(REFUSED(ENOMEM, mlock(p, 4096)), "mlock", address);
	ok(REFUSED(ENOMEM, madvise(p, 4096, MADV_DONTNEED)), "madvise", address);
	ok(REFUSED(ENOMEM, msync(p, 4096, MS_ASYNC)), "msync", address);
	ok(REFUSED(EINVAL, munmap(p, 4096)), "munmap", address);
}

static void data_in_structures(uint64_t address, int zeros)
{
	static char here[8];
	struct iovec iov[2] = {{here, sizeof(here)}, {(void *)address, 8}};
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};
	struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = iov, .msg_iovlen = 1}},
				      {.msg_hdr = message}};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		abort();
	ok(REFUSED(EFAULT, readv(zeros, iov, 2)), "readv's second part", address);
	ok(REFUSED(EFAULT, writev(pair[0], iov, 2)), "writev's second part", address);
	ok(REFUSED(EFAULT, sendmsg(pair[0], &message, MSG_DONTWAIT)), "sendmsg's second part",
	   address);
	ok(REFUSED(EFAULT, sendmmsg(pair[0], messages, 2, MSG_DONTWAIT)), "sendmmsg's second part",
	   address);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	/* The end of the space, host memory of the usual places, the end of the host's. */
	static const uint64_t addresses[] = {SPACE_END, 0x555555554000, 0x7ffff7fc0000,
					     0x7ffffffde000, 0x7ffffffff000};
	int zeros = open("/dev/zero", O_RDWR), file = open("/dev/null", O_RDWR);

	for (unsigned int i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		int pipes[2];

		if (pipe(pipes))
			return 1;
		plain_calls(addresses[i], zeros, pipes[1]);
		data_in_structures(addresses[i], zeros);
		close(pipes[0]);
		close(pipes[1]);
	}
	close(zeros);
	close(file);
	printf("1..%d\n", tests);
	return failed;
}
