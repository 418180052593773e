// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inotify_test.c - inotify: events of one's own and of other processes,
 * sleeping for them, their cookies, and errors.
 */
#include "../syscalls/check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static int in, wd;
static char events[8192] __attribute__((aligned(8)));
static long events_len, events_at;

/* The next event, or NULL when there is none. */
static const struct inotify_event *next_event(void)
{
	const struct inotify_event *ev;

	if (events_at >= events_len) {
		events_at = 0;
		events_len = read(in, events, sizeof(events));
		if (events_len <= 0)
			return NULL;
	}
	ev = (const struct inotify_event *)(events + events_at);
	events_at += sizeof(*ev) + ev->len;
	return ev;
}

static uint32_t expect(uint32_t mask, const char *name, const char *file, int line)
{
	const struct inotify_event *ev = next_event();
	char what[200];

	if (ev && ev->mask == mask && !strcmp(ev->len ? ev->name : "", name))
		return ev->cookie;
	snprintf(what, sizeof(what), "expected event %x of '%s', got %x of '%s'", mask, name,
		 ev ? ev->mask : 0, ev && ev->len ? ev->name : "");
	check_fail(what, file, line);
	return 0;
}
#define EXPECT(mask, name) expect(mask, name, __FILE__, __LINE__)

static void start(int flags, uint32_t mask)
{
	REQUIRE(mkdir("dir", 0700) == 0);
	in = inotify_init1(flags);
	REQUIRE(in >= 0);
	wd = inotify_add_watch(in, "dir", mask);
	REQUIRE(wd > 0);
}

static void make_and_change(void *arg)
{
	make_file("dir/new", "text", 0600);
}

TEST(own_changes_are_told_in_order, "inotify_init1 inotify_add_watch read")
{
	uint32_t from, to;
	int fd;

	start(IN_NONBLOCK, IN_ALL_EVENTS & ~(IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE));
	CHECK_ERRNO(read(in, events, sizeof(events)), EAGAIN);
	fd = CHECK_OK(open("dir/a", O_CREAT | O_WRONLY, 0600));
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_OK(close(fd));
	CHECK_OK(chmod("dir/a", 0640));
	CHECK_OK(rename("dir/a", "dir/b"));
	CHECK_OK(mkdir("dir/sub", 0700));
	CHECK_OK(unlink("dir/b"));
	CHECK_OK(rmdir("dir/sub"));
	EXPECT(IN_CREATE, "a");
	EXPECT(IN_MODIFY, "a");
	EXPECT(IN_CLOSE_WRITE, "a");
	EXPECT(IN_ATTRIB, "a");
	from = EXPECT(IN_MOVED_FROM, "a");
	to = EXPECT(IN_MOVED_TO, "b");
	CHECK(from == to && from != 0);
	EXPECT(IN_CREATE | IN_ISDIR, "sub");
	EXPECT(IN_DELETE, "b");
	EXPECT(IN_DELETE | IN_ISDIR, "sub");
	CHECK(!next_event() && errno == EAGAIN);
}

TEST(another_process_wakes_a_reader, "read")
{
	pid_t pid;

	start(0, IN_CREATE | IN_CLOSE_WRITE);
	pid = spawn_after(20, make_and_change, NULL);
	EXPECT(IN_CREATE, "new");
	EXPECT(IN_CLOSE_WRITE, "new");
	JOIN(pid);
}

TEST(another_process_wakes_poll_and_epoll, "poll epoll_wait")
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct pollfd pfd = {.events = POLLIN};
	pid_t pid;
	int ep, left;

	start(0, IN_CREATE);
	pfd.fd = in;
	CHECK_EQ(poll(&pfd, 1, 5), 0);
	pid = spawn_after(20, make_and_change, NULL);
	CHECK_EQ(poll(&pfd, 1, 10000), 1);
	CHECK_EQ(pfd.revents, POLLIN);
	CHECK_OK(ioctl(in, FIONREAD, &left));
	CHECK_EQ(left, sizeof(struct inotify_event) + 16);
	EXPECT(IN_CREATE, "new");
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	JOIN(pid);
	CHECK_OK(unlink("dir/new"));
	ep = CHECK_OK(epoll_create1(0));
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, in, &ev));
	pid = spawn_after(20, make_and_change, NULL);
	CHECK_EQ(epoll_wait(ep, &ev, 1, 10000), 1);
	EXPECT(IN_CREATE, "new");
	CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	JOIN(pid);
}

static void die_with_it_open(void *arg)
{
	int fd = open("dir/open", O_CREAT | O_WRONLY, 0600);

	CHECK(fd >= 0);
	kill(getpid(), SIGKILL);
}

TEST(death_closes_files, "kill read")
{
	pid_t pid;

	start(0, IN_CLOSE_WRITE);
	pid = spawn_after(10, die_with_it_open, NULL);
	EXPECT(IN_CLOSE_WRITE, "open");
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

TEST(removed_watch_says_goodbye, "inotify_rm_watch")
{
	int other;

	start(IN_NONBLOCK, IN_CREATE);
	CHECK_OK(inotify_rm_watch(in, wd));
	EXPECT(IN_IGNORED, "");
	CHECK_ERRNO(inotify_rm_watch(in, wd), EINVAL);
	other = CHECK_OK(inotify_add_watch(in, "dir", IN_DELETE_SELF));
	CHECK(other > wd);
	CHECK_OK(rmdir("dir"));
	EXPECT(IN_DELETE_SELF, "");
	EXPECT(IN_IGNORED, "");
}

TEST(inotify_errors, "inotify_init1 inotify_add_watch inotify_rm_watch")
{
	char small[8];
	int fds[2];

	start(IN_NONBLOCK | IN_CLOEXEC, IN_CREATE);
	CHECK_EQ(fcntl(in, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(inotify_init1(1), EINVAL);
	CHECK_ERRNO(inotify_add_watch(-1, "dir", IN_CREATE), EBADF);
	CHECK_ERRNO(inotify_add_watch(in, "none", IN_CREATE), ENOENT);
	CHECK_ERRNO(inotify_add_watch(in, "dir", 0), EINVAL);
	CHECK_ERRNO(sys(inotify_add_watch, in, bad, IN_CREATE), EFAULT);
	CHECK_EQ(inotify_add_watch(in, "dir", IN_DELETE), wd);
	CHECK_OK(pipe(fds));
	CHECK_ERRNO(inotify_add_watch(fds[0], "dir", IN_CREATE), EINVAL);
	CHECK_ERRNO(inotify_rm_watch(fds[0], 1), EINVAL);
	CHECK_ERRNO(inotify_rm_watch(99, 1), EBADF);
	CHECK_OK(mkdir("dir/x", 0700));
	CHECK_OK(rmdir("dir/x"));
	CHECK_ERRNO(read(in, small, sizeof(small)), EINVAL);
	CHECK_ERRNO(write(in, small, sizeof(small)), EBADF);
}
