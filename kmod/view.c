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

static DEFINE_MUTEX(view_lock);
static LIST_HEAD(domains);
static LIST_HEAD(sets);
static struct dentry *view_folder;

static void show_maker(struct seq_file *file, const struct sundial_view *view)
{
	seq_printf(file, " %u %d\n", from_kuid_munged(seq_user_ns(file), view->uid), view->tid);
}

static int domains_show(struct seq_file *file, void *unused)
{
	struct sundial_clock *clock;

	seq_puts(file, "domain kind mode pages waiters now_ns references uid tid\n");
	mutex_lock(&view_lock);
	list_for_each_entry (clock, &domains, view.link) {
		bool is_user = clock->kind == SUNDIAL_KIND_USER;

		seq_printf(file, "%llu %s %s %u %u ", clock->domain, is_user ? "user" : "kernel",
			   clock->mode == SUNDIAL_MODE_SCALED ? "scaled" : "manual", clock->count,
			   atomic_read(&clock->waiters));
		if (is_user)
			seq_puts(file, "-");
		else
			seq_printf(file, "%llu", sundial_clock_now(clock, 0));
		seq_printf(file, " %u", kref_read(&clock->kref));
		show_maker(file, &clock->view);
	}
	mutex_unlock(&view_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

static int sets_show(struct seq_file *file, void *unused)
{
	struct sundial_tb *tb;

	seq_puts(file, "set slots vcpus events processes ranges references uid tid\n");
	mutex_lock(&view_lock);
	list_for_each_entry (tb, &sets, view.link) {
		seq_printf(file, "%llu %u %u %u %u %u %u", tb->id, tb->slots, tb->vcpus, tb->events,
			   READ_ONCE(tb->spaces), READ_ONCE(tb->ranges), kref_read(&tb->kref));
		show_maker(file, &tb->view);
	}
	mutex_unlock(&view_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sets);

static void view_add(struct sundial_view *view, struct list_head *list)
{
	view->uid = current_uid();
	view->tid = task_pid_nr(current);
	mutex_lock(&view_lock);
	list_add_tail(&view->link, list);
	mutex_unlock(&view_lock);
}

void sundial_view_add_domain(struct sundial_view *view)
{
	view_add(view, &domains);
}

void sundial_view_add_set(struct sundial_view *view)
{
	view_add(view, &sets);
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
	debugfs_create_file("domains", 0400, view_folder, NULL, &domains_fops);
	debugfs_create_file("sets", 0400, view_folder, NULL, &sets_fops);
}

void sundial_view_exit(void)
{
	debugfs_remove_recursive(view_folder);
}
