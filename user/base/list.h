/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked intrusive lists, used as in Linux. Not locked: the run token is the lock. */
#ifndef SUNDIAL_BASE_LIST_H
#define SUNDIAL_BASE_LIST_H

#include "base/types.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* True when an entry is on some list. Entries start by list_init() and list_del() re-inits them. */
static inline bool list_linked(const struct list *l)
{
	return l->next && l->next != l;
}

static inline void list_add_between(struct list *n, struct list *prev, struct list *next)
{
	next->prev = n;
	n->next = next;
	n->prev = prev;
	prev->next = n;
}

static inline void list_add(struct list *n, struct list *head)
{
	list_add_between(n, head, head->next);
}

static inline void list_add_tail(struct list *n, struct list *head)
{
	list_add_between(n, head->prev, head);
}

static inline void list_del(struct list *l)
{
	l->next->prev = l->prev;
	l->prev->next = l->next;
	list_init(l);
}

#define list_entry(p, type, member)    container_of(p, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

#define list_for_each(pos, head, member)                                                       \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* Safe against removal of pos. */
#define list_for_each_safe(pos, tmp, head, member)                        \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),    \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head);                                      \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))

#endif
