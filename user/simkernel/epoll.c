// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * epoll. An item is a waiter on its file's queue; when the file announces an
 * event the item goes to its epoll's ready list, so that neither a wake-up nor a
 * wait ever looks at items that nothing happened to.
 *
 * Owns struct epoll and struct epitem. An item holds no reference to its file:
 * epoll_file_gone() removes it when the description's last reference goes. Items
 * are found by descriptor number in an array. Belongs to the holder of the run
 * token.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"
#include "simkernel/clocks.h"
#include "simkernel/poll.h"
#include "simkernel/procfs.h"
#include "simkernel/syscall.h"

/* Bits of epoll_event.events that are not events: what a disarmed one-shot item keeps. */
#define EPOLL_PRIVATE ((u32)(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE))
#define EPOLL_EXCLUSIVE_OK \
	((u32)(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE))
#define EPOLL_NESTS_MAX	 4
#define EPOLL_EVENTS_MAX (INT_MAX / sizeof(struct epoll_event))

struct epoll {
	struct file *file;
	struct waitq sleepers; /* in epoll_wait; who polls the epoll itself is on file->wait */
	struct list items;     /* struct epitem.all_link */
	struct list ready;     /* struct epitem.ready_link */
	u32 nready;
	u32 by_fd_len;
	struct epitem **by_fd; /* chained: a number may be reused while the file lives on */
	u64 visit;	       /* anon_table.epoll_visit of the last walk that came here */
	u32 visit_depth;       /* and what it found */
};

struct epitem {
	struct waiter waiter;
	struct list all_link, ready_link, file_link;
	struct epitem *next_by_fd;
	struct epoll *epoll;
	struct file *file;
	s32 fd;
	u32 events;
	u64 data;
};

static struct epoll *file_epoll(struct file *f)
{
	return f->kind == FILE_EPOLL ? f->object : NULL;
}

static void make_ready(struct epitem *item)
{
	struct epoll *ep = item->epoll;

	if (!list_linked(&item->ready_link)) {
		list_add_tail(&item->ready_link, &ep->ready);
		ep->nready++;
	}
}

static void unmake_ready(struct epitem *item)
{
	if (list_linked(&item->ready_link)) {
		list_del(&item->ready_link);
		item->epoll->nready--;
	}
}

/* Tells those who wait; whether there was one. */
static bool announce(struct epoll *ep)
{
	bool heard = !list_empty(&ep->sleepers.waiters) || !list_empty(&ep->file->wait.waiters);

	waitq_wake(&ep->sleepers, 0);
	file_wake(ep->file, POLLIN | POLLRDNORM);
	return heard;
}

bool epoll_item_wake(struct waiter *w, u32 events)
{
	struct epitem *item = w->owner;

	if (!(item->events & ~EPOLL_PRIVATE))
		return false;
	if (events && !(events & item->events))
		return false;
	make_ready(item);
	return announce(item->epoll);
}

static u32 item_poll(struct thread *th, struct epitem *item)
{
	return file_poll(th, item->file) & item->events;
}

static struct epitem *item_find(struct epoll *ep, struct file *f, s32 fd)
{
	struct epitem *item = (u32)fd < ep->by_fd_len ? ep->by_fd[fd] : NULL;

	while (item && item->file != f)
		item = item->next_by_fd;
	return item;
}

static bool room_for_fd(struct host *h, struct epoll *ep, u32 fd)
{
	struct epitem **by_fd;
	u32 len = ep->by_fd_len ? ep->by_fd_len : 32;

	if (fd < ep->by_fd_len)
		return true;
	while (len <= fd)
		len *= 2;
	by_fd = arena_alloc(h, len * sizeof(*by_fd));
	if (!by_fd)
		return false;
	if (ep->by_fd_len)
		memcpy(by_fd, ep->by_fd, ep->by_fd_len * sizeof(*by_fd));
	arena_free(h, ep->by_fd);
	ep->by_fd = by_fd;
	ep->by_fd_len = len;
	return true;
}

static void item_remove(struct host *h, struct epitem *item)
{
	struct epitem **at = &item->epoll->by_fd[item->fd];

	while (*at != item)
		at = &(*at)->next_by_fd;
	*at = item->next_by_fd;
	unmake_ready(item);
	waitq_remove(&item->waiter);
	list_del(&item->all_link);
	list_del(&item->file_link);
	arena_free(h, item);
}

void epoll_file_gone(struct file *f)
{
	struct epitem *item, *next;

	list_for_each_safe (item, next, &f->epitems, file_link)
		item_remove(f->host, item);
}

/* Readiness that already holds counts as an event when an item is added or changed. */
static void item_look(struct thread *th, struct epitem *item)
{
	if (!item_poll(th, item))
		return;
	make_ready(item);
	announce(item->epoll);
}

static void item_set(struct epitem *item, const struct epoll_event *ev)
{
	item->events = ev->events | EPOLLERR | EPOLLHUP;
	item->data = ev->data.u64;
	item->waiter.key = item->events & ~EPOLL_PRIVATE;
}

static long item_add(struct thread *th, struct epoll *ep, struct file *f, s32 fd,
		     const struct epoll_event *ev)
{
	struct epitem *item;

	if (!room_for_fd(th->host, ep, fd))
		return -ENOMEM;
	item = arena_alloc(th->host, sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->epoll = ep;
	item->file = f;
	item->fd = fd;
	item->waiter.kind = WAITER_EPOLL;
	item->waiter.owner = item;
	item->waiter.exclusive = ev->events & EPOLLEXCLUSIVE;
	item_set(item, ev);
	list_init(&item->ready_link);
	list_add_tail(&item->all_link, &ep->items);
	list_add_tail(&item->file_link, &f->epitems);
	item->next_by_fd = ep->by_fd[fd];
	ep->by_fd[fd] = item;
	waitq_add(file_waitq(th, f), &item->waiter);
	item_look(th, item);
	return 0;
}

/*
 * Levels of epolls at and below ep, or above EPOLL_NESTS_MAX when target is
 * among them. visit marks those that this walk has measured already.
 */
static u32 depth_below(struct epoll *ep, struct epoll *target, u64 visit, u32 level)
{
	struct epitem *item;
	u32 depth = 1;

	if (ep == target || level > EPOLL_NESTS_MAX)
		return EPOLL_NESTS_MAX + 1;
	if (ep->visit == visit)
		return ep->visit_depth;
	list_for_each (item, &ep->items, all_link) {
		struct epoll *inner = file_epoll(item->file);

		if (inner)
			depth = max(depth, 1 + depth_below(inner, target, visit, level + 1));
	}
	ep->visit = visit;
	ep->visit_depth = depth;
	return depth;
}

/* Levels of epolls that watch ep, directly or not. */
static u32 depth_above(struct epoll *ep, u64 visit, u32 level)
{
	struct epitem *item;
	u32 depth = 0;

	if (level > EPOLL_NESTS_MAX)
		return level;
	if (ep->visit == visit)
		return ep->visit_depth;
	list_for_each (item, &ep->file->epitems, file_link)
		depth = max(depth, 1 + depth_above(item->epoll, visit, level + 1));
	ep->visit = visit;
	ep->visit_depth = depth;
	return depth;
}

/* Whether ep may watch inner: no cycle, and chains of at most five epolls. */
static bool may_nest(struct host *h, struct epoll *ep, struct epoll *inner)
{
	struct anon_table *t = anon_table(h);
	u32 below = depth_below(inner, ep, ++t->epoll_visit, 0);

	return below + depth_above(ep, ++t->epoll_visit, 0) <= EPOLL_NESTS_MAX;
}

static long control(struct thread *th, struct epoll *ep, int op, struct file *f, s32 fd,
		    const struct epoll_event *ev)
{
	struct epitem *item;

	if (op == EPOLL_CTL_ADD && file_epoll(f) && !may_nest(th->host, ep, file_epoll(f)))
		return -ELOOP;
	item = item_find(ep, f, fd);
	switch (op) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : item_add(th, ep, f, fd, ev);
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		item_remove(th->host, item);
		return 0;
	case EPOLL_CTL_MOD:
		if (!item)
			return -ENOENT;
		if (item->events & EPOLLEXCLUSIVE)
			return -EINVAL;
		item_set(item, ev);
		item_look(th, item);
		return 0;
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE(epoll_ctl)
{
	struct process *p = th->task->process;
	struct epoll_event ev = {0};
	int op = a[1];
	struct file *epf, *f;

	if (op != EPOLL_CTL_DEL && get_user(ev, a[3]))
		return -EFAULT;
	epf = fd_peek(p, a[0]);
	f = fd_peek(p, a[2]);
	if (!epf || epf->kind == FILE_PATH || !f || f->kind == FILE_PATH)
		return -EBADF;
	if (!file_can_poll(f))
		return -EPERM;
	if (epf == f || epf->kind != FILE_EPOLL)
		return -EINVAL;
	if (op != EPOLL_CTL_DEL && ev.events & EPOLLEXCLUSIVE) {
		if (op == EPOLL_CTL_MOD)
			return -EINVAL;
		if (op == EPOLL_CTL_ADD &&
		    (f->kind == FILE_EPOLL || ev.events & ~EPOLL_EXCLUSIVE_OK))
			return -EINVAL;
	}
	return control(th, epf->object, op, f, a[2], &ev);
}

/*
 * Hands out events of ready items, each at most once, oldest first: how many,
 * or -EFAULT when not even one could be stored. A level-triggered item that is
 * still ready goes to the list's end, so that the others have their turn.
 */
static long send_events(struct thread *th, struct epoll *ep, u64 addr, u32 room)
{
	u32 left = ep->nready;
	u32 sent = 0;

	for (; left && sent < room; left--) {
		struct epitem *item = list_first(&ep->ready, struct epitem, ready_link);
		struct epoll_event ev = {.data.u64 = item->data};

		unmake_ready(item);
		ev.events = item_poll(th, item);
		if (!ev.events)
			continue;
		if (put_user(ev, addr + sent * sizeof(ev))) {
			list_add(&item->ready_link, &ep->ready);
			ep->nready++;
			return sent ? (long)sent : -EFAULT;
		}
		sent++;
		if (item->events & EPOLLONESHOT)
			item->events &= EPOLL_PRIVATE;
		else if (!(item->events & EPOLLET))
			make_ready(item);
	}
	return sent;
}

static long wait_for_events(struct thread *th, int fd, u64 addr, s32 room, u64 deadline_ns)
{
	bool may_sleep = deadline_ns > host_now(th->host);
	struct epoll *ep;
	struct file *f;
	long ret, n;

	if (room <= 0 || (u32)room > EPOLL_EVENTS_MAX)
		return -EINVAL;
	f = fd_file(th, fd);
	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	ep = file_epoll(f);
	if (!ep)
		return -EINVAL;
	n = send_events(th, ep, addr, room);
	if (n)
		return n;
	if (!may_sleep) {
		sched_asked_in_vain(th);
		return 0;
	}
	ret = WAIT_ON(th, &ep->sleepers, (n = send_events(th, ep, addr, room)), deadline_ns);
	if (n)
		return n;
	return ret == -ETIMEDOUT ? 0 : ret;
}

static u64 deadline_from_ms(struct thread *th, s32 timeout_ms)
{
	return timeout_ms < 0 ? TIME_NEVER
			      : deadline_after(th->host, timeout_ms * (s64)NSEC_PER_MSEC);
}

SYSCALL_DEFINE(epoll_wait)
{
	return wait_for_events(th, a[0], a[1], a[2], deadline_from_ms(th, a[3]));
}

SYSCALL_DEFINE(epoll_pwait)
{
	long ret = poll_mask_begin(th, a[4], a[5]);

	if (ret)
		return ret;
	ret = wait_for_events(th, a[0], a[1], a[2], deadline_from_ms(th, a[3]));
	poll_mask_end(th, ret);
	return ret;
}

SYSCALL_DEFINE(epoll_pwait2)
{
	u64 deadline_ns;
	long ret;

	ret = deadline_from_timespec(th, a[3], &deadline_ns);
	if (ret)
		return ret;
	ret = poll_mask_begin(th, a[4], a[5]);
	if (ret)
		return ret;
	ret = wait_for_events(th, a[0], a[1], a[2], deadline_ns);
	poll_mask_end(th, ret);
	return ret;
}

/* Drops items from the ready list's head that are ready no more, until one is. */
static u32 epoll_poll(struct thread *th, struct file *f)
{
	struct epoll *ep = f->object;

	while (!list_empty(&ep->ready)) {
		struct epitem *item = list_first(&ep->ready, struct epitem, ready_link);

		if (item_poll(th, item))
			return POLLIN | POLLRDNORM;
		unmake_ready(item);
	}
	return 0;
}

static long epoll_stat(struct thread *th, struct file *f, struct stat *st)
{
	anon_stat(th->host, st);
	return 0;
}

static void epoll_release(struct host *h, struct file *f)
{
	struct epoll *ep = f->object;
	struct epitem *item, *next;

	list_for_each_safe (item, next, &ep->items, all_link)
		item_remove(h, item);
	arena_free(h, ep->by_fd);
	arena_free(h, ep);
}

static void epoll_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "anon_inode:[eventpoll]", size);
}

void epoll_fdinfo(struct file *f, struct text_out *o)
{
	struct epoll *ep = f->object;
	struct epitem *item;

	list_for_each (item, &ep->items, all_link)
		text_format(o, "tfd: %8d events: %8x data: %16lx  pos:%lu\n", item->fd,
			    item->events, item->data, item->file->position);
}

const struct file_ops epoll_file_ops = {
	.poll = epoll_poll,
	.stat = epoll_stat,
	.release = epoll_release,
	.name = epoll_name,
};

static long make_epoll(struct thread *th, u32 flags)
{
	struct host *h = th->host;
	struct epoll *ep;

	if (flags & ~(u32)EPOLL_CLOEXEC)
		return -EINVAL;
	/* The table of visits has to be there before any nesting is tried. */
	ep = anon_table(h) ? arena_alloc(h, sizeof(*ep)) : NULL;
	if (!ep)
		return -ENOMEM;
	list_init(&ep->items);
	list_init(&ep->ready);
	waitq_init(&ep->sleepers);
	ep->file = file_create(h, FILE_EPOLL, O_RDWR, ep);
	if (!ep->file) {
		arena_free(h, ep);
		return -ENFILE;
	}
	return fd_install(th, ep->file, flags & O_CLOEXEC);
}

SYSCALL_DEFINE(epoll_create)
{
	return (s32)a[0] <= 0 ? -EINVAL : make_epoll(th, 0);
}

SYSCALL_DEFINE(epoll_create1)
{
	return make_epoll(th, a[0]);
}
