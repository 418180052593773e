// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/sundial: what the module has made, one line an object, for
 * root. The files are read-only, without ioctl or mmap, and of mode 0400, so that
 * a kernel locked down to integrity still shows them. No address is printed.
 *
 * Locking: view_lock guards the lists. An object leaves its list before it is
 * freed, so it stays while the lock is held, maybe with no reference left.
 */
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "clock.h"
#include "tb.h"
#include "view.h"

struct view_list {
	struct list_head objects;
	const char *header;
	void (*show)(struct seq_file *file, struct sundial_view *view);
};

static DEFINE_MUTEX(view_lock);
static struct dentry *view_folder;

static void show_domain(struct seq_file *file, struct sundial_view *view)
{
	struct sundial_clock *clock = container_of(view, struct sundial_clock, view);
	bool is_user = clock->kind == SUNDIAL_KIND_USER;

	seq_printf(file, "%llu %s %s %u %u ", clock->domain, is_user ? "user" : "kernel",
		   clock->mode == SUNDIAL_MODE_SCALED ? "scaled" : "manual", clock->count,
		   atomic_read(&clock->waiters));
	if (is_user)
		seq_puts(file, "-");
	else
		seq_printf(file, "%llu", sundial_clock_now(clock, 0));
	seq_printf(file, " %u", kref_read(&clock->kref));
}

static void show_set(struct seq_file *file, struct sundial_view *view)
{
	struct sundial_tb *tb = container_of(view, struct sundial_tb, view);

	seq_printf(file, "%llu %u %u %u %u %u %u", tb->id, tb->slots, tb->vcpus, tb->events,
		   READ_ONCE(tb->spaces), READ_ONCE(tb->ranges), kref_read(&tb->kref));
}

static struct view_list lists[] = {
	[SUNDIAL_VIEW_DOMAINS] =
		{
			.objects = LIST_HEAD_INIT(lists[SUNDIAL_VIEW_DOMAINS].objects),
			.header = "domain kind mode pages waiters now_ns references",
			.show = show_domain,
		},
	[SUNDIAL_VIEW_SETS] =
		{
			.objects = LIST_HEAD_INIT(lists[SUNDIAL_VIEW_SETS].objects),
			.header = "set slots vcpus events processes ranges references",
			.show = show_set,
		},
};

static void *view_start(struct seq_file *file, loff_t *position)
{
	struct view_list *list = file->private;

	mutex_lock(&view_lock);
	return seq_list_start_head(&list->objects, *position);
}

static void *view_next(struct seq_file *file, void *link, loff_t *position)
{
	struct view_list *list = file->private;

	return seq_list_next(link, &list->objects, position);
}

static void view_stop(struct seq_file *file, void *link)
{
	mutex_unlock(&view_lock);
}

static int view_show(struct seq_file *file, void *link)
{
	struct view_list *list = file->private;
	struct sundial_view *view = container_of(link, struct sundial_view, link);

	if (link == &list->objects) {
		seq_printf(file, "%s uid tid\n", list->header);
		return 0;
	}
	list->show(file, view);
	seq_printf(file, " %u %d\n", from_kuid_munged(seq_user_ns(file), view->uid), view->tid);
	return 0;
}

static const struct seq_operations view_sops = {
	.start = view_start,
	.next = view_next,
	.stop = view_stop,
	.show = view_show,
};

DEFINE_SEQ_ATTRIBUTE(view);

void sundial_view_add(struct sundial_view *view, enum sundial_view_kind kind)
{
	view->uid = current_uid();
	view->tid = task_pid_nr(current);
	mutex_lock(&view_lock);
	list_add_tail(&view->link, &lists[kind].objects);
	mutex_unlock(&view_lock);
}

void sundial_view_remove(struct sundial_view *view)
{
	if (!view->link.next)
		return;
	mutex_lock(&view_lock);
	list_del(&view->link);
	mutex_unlock(&view_lock);
}

/* Nothing depends on debugfs: what cannot be made is not there. */
void sundial_view_init(void)
{
	view_folder = debugfs_create_dir("sundial", NULL);
	debugfs_create_file("domains", 0400, view_folder, &lists[SUNDIAL_VIEW_DOMAINS], &view_fops);
	debugfs_create_file("sets", 0400, view_folder, &lists[SUNDIAL_VIEW_SETS], &view_fops);
}

void sundial_view_exit(void)
{
	debugfs_remove_recursive(view_folder);
}
