/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program does that was built against one edition of <linux/sundial.h>:
 * the first release's, today's, or a later one's. peer.c is compiled once for
 * each; the functions carry the edition's name in front.
 */
#ifndef SELFTESTS_GROWTH_PEER_H
#define SELFTESTS_GROWTH_PEER_H

#define PEER_PASTE(edition, name)  edition##_##name
#define PEER_EXPAND(edition, name) PEER_PASTE(edition, name)
#define PEER(name)		   PEER_EXPAND(PEER_EDITION, name)

/* Numbers and sizes that must be the same in every edition. */
#define PEER_CONSTANTS 16

#define PEER_DECLARE(edition)                                                               \
	/* The count of the first page behind fd, 0 with a reason in *why if unreadable. */ \
	unsigned long long edition##_read(int fd, const char **why);                        \
	/* The field that only a later edition has: 1 if the page says it is there. */      \
	int edition##_sees_leap(int fd);                                                    \
	/* Calls as this edition knows them: a descriptor, 0, or a negative errno. */       \
	int edition##_create(int device, unsigned int extra_flags);                         \
	int edition##_later_call(int fd);                                                   \
	const unsigned long *edition##_constants(void)

PEER_DECLARE(first);
PEER_DECLARE(now);
PEER_DECLARE(future);

#endif /* SELFTESTS_GROWTH_PEER_H */
