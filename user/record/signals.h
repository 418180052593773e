/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that end a recording. */
#ifndef RECORD_SIGNALS_H
#define RECORD_SIGNALS_H

/*
 * Blocks SIGINT, SIGTERM and SIGHUP in this thread; returns a descriptor, the caller's, that
 * is readable once one has come, or -1 with errno.
 */
int signals_watch(void);

#endif
