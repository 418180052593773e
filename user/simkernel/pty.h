/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pseudo-terminals: the pair (pty.c) and its line discipline (ldisc.c). All of it
 * belongs to the holder of the run token.
 */
#ifndef SUNDIAL_SIMKERNEL_PTY_H
#define SUNDIAL_SIMKERNEL_PTY_H

#include <asm/termbits.h>
#include <asm/termios.h>
#include "simkernel/file.h"
#include "simkernel/host.h"

#define PTY_MAX	      64
#define PTY_IN_BYTES  4096
#define PTY_OUT_BYTES 8192

enum mark { /* beside each byte of input */
	    MARK_NONE,
	    MARK_LINE_END,
	    MARK_EOF, /* ends a line too, and is not part of what is read */
};

struct pty {
	struct host *host;
	u32 number;
	bool locked, had_slave;
	struct file *master; /* NULL: hung up */
	struct list slaves;  /* struct pty_end */
	struct termios termios;
	struct winsize size;
	s32 session, pgrp; /* whose controlling terminal; the foreground group */
	u32 uid, gid;
	u32 in_len, out_len, lines; /* lines: complete ones in the input */
	u32 column;		    /* of the unfinished line's echo */
	u8 in[PTY_IN_BYTES], mark[PTY_IN_BYTES];
	u8 out[PTY_OUT_BYTES];
};

struct pty_end {	  /* object of a FILE_PTMX or FILE_TTY */
	struct list link; /* pty->slaves */
	struct pty *pty;
	struct file *file;
};

/* ldisc.c: a byte that the user typed. */
void ldisc_input(struct pty *p, u8 c);
/* A byte that a program writes; false when there is no room for it. */
bool ldisc_output(struct pty *p, u8 c);
/* Whether a read would give something now, in the mode that is set. */
bool ldisc_readable(const struct pty *p);
/* Takes up to n bytes of what can be read; 0 also at an end-of-file mark. */
long ldisc_take(struct pty *p, u8 *dst, u32 n);
void ldisc_defaults(struct termios *t);

/* pty.c */
void pty_signal(struct pty *p, s32 pgrp, int sig);
void pty_wake_slaves(struct pty *p, u32 events);
void pty_wake_master(struct pty *p, u32 events);
struct pty *pty_find(struct host *h, u64 number);
struct file *pty_open_master(struct thread *th, u32 flags, long *err);
struct file *pty_open_slave(struct thread *th, struct pty *p, u32 flags, long *err);
/* A session leader gives its terminal up by ending: the foreground group hears. */
void pty_process_exit(struct host *h, struct process *process);
/* The controlling terminal of the calling process, or NULL. */
struct pty *pty_controlling(struct thread *th);
void pty_stat(const struct pty *p, struct stat *st);

#endif
