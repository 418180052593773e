// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line discipline: what happens between the two ends of a pseudo-terminal,
 * as termios(3) describes it: lines and their editing, echo, signal characters,
 * output processing. Flow control characters are swallowed and stop nothing, and
 * neither delays nor character cases of old terminals are imitated.
 */
#include <poll.h>
#include "base/string.h"
#include "simkernel/pty.h"

#define DELETE 0177

void ldisc_defaults(struct termios *t)
{
	static const u8 cc[] = {
		[VINTR] = 3,	 [VQUIT] = 28,	 [VERASE] = DELETE, [VKILL] = 21, [VEOF] = 4,
		[VMIN] = 1,	 [VSTART] = 17,	 [VSTOP] = 19,	    [VSUSP] = 26, [VREPRINT] = 18,
		[VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22,
	};

	memset(t, 0, sizeof(*t));
	t->c_iflag = ICRNL | IXON;
	t->c_oflag = OPOST | ONLCR;
	t->c_cflag = B38400 | CS8 | CREAD;
	t->c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(t->c_cc, cc, sizeof(cc));
}

static bool put_out(struct pty *p, u8 c)
{
	if (p->out_len == PTY_OUT_BYTES)
		return false;
	p->out[p->out_len++] = c;
	return true;
}

bool ldisc_output(struct pty *p, u8 c)
{
	u32 flags = p->termios.c_oflag;

	if (!(flags & OPOST))
		return put_out(p, c);
	if (c == '\n' && flags & ONLCR) {
		if (p->out_len + 2 > PTY_OUT_BYTES)
			return false;
		put_out(p, '\r');
		return put_out(p, c);
	}
	if (c == '\r' && flags & OCRNL)
		c = '\n';
	return put_out(p, c);
}

/* Control characters other than tab and newline are shown as ^X. */
static bool shown_as_two(const struct pty *p, u8 c)
{
	return (c < 32 || c == DELETE) && c != '\t' && c != '\n' && p->termios.c_lflag & ECHOCTL;
}

static void echo(struct pty *p, u8 c)
{
	if (!(p->termios.c_lflag & ECHO) && !(c == '\n' && p->termios.c_lflag & ECHONL))
		return;
	if (shown_as_two(p, c)) {
		ldisc_output(p, '^');
		ldisc_output(p, c ^ 0100);
	} else {
		ldisc_output(p, c);
	}
}

static void put_in(struct pty *p, u8 c, u8 mark)
{
	/* The last place is for the end of the line. */
	if (p->in_len + (mark == MARK_NONE && p->termios.c_lflag & ICANON) >= PTY_IN_BYTES)
		return;
	p->in[p->in_len] = c;
	p->mark[p->in_len++] = mark;
	p->lines += mark != MARK_NONE;
}

/* Takes back the last character of the unfinished line. */
static bool erase_one(struct pty *p)
{
	u8 c;

	if (!p->in_len || p->mark[p->in_len - 1] != MARK_NONE)
		return false;
	c = p->in[--p->in_len];
	if ((p->termios.c_lflag & (ECHO | ECHOE)) == (ECHO | ECHOE)) {
		u32 width = 1 + shown_as_two(p, c);

		while (width--) {
			ldisc_output(p, '\b');
			ldisc_output(p, ' ');
			ldisc_output(p, '\b');
		}
	} else {
		echo(p, p->termios.c_cc[VERASE]);
	}
	return true;
}

static void erase_word(struct pty *p)
{
	while (p->in_len && p->in[p->in_len - 1] == ' ' && erase_one(p))
		;
	while (p->in_len && p->in[p->in_len - 1] != ' ' && erase_one(p))
		;
}

static bool is_char(const struct pty *p, u8 c, int which)
{
	return p->termios.c_cc[which] && c == p->termios.c_cc[which];
}

/* A signal character; true when c was one. */
static bool signalled(struct pty *p, u8 c)
{
	int sig = is_char(p, c, VINTR)	 ? SIGINT
		  : is_char(p, c, VQUIT) ? SIGQUIT
		  : is_char(p, c, VSUSP) ? SIGTSTP
					 : 0;

	if (!sig || !(p->termios.c_lflag & ISIG))
		return false;
	if (!(p->termios.c_lflag & NOFLSH))
		p->in_len = p->out_len = p->lines = 0;
	echo(p, c);
	pty_signal(p, p->pgrp, sig);
	return true;
}

static void input_line(struct pty *p, u8 c)
{
	bool extended = p->termios.c_lflag & IEXTEN;

	if (is_char(p, c, VERASE)) {
		erase_one(p);
	} else if (is_char(p, c, VKILL)) {
		while (erase_one(p))
			;
	} else if (extended && is_char(p, c, VWERASE)) {
		erase_word(p);
	} else if (is_char(p, c, VEOF)) {
		put_in(p, 0, MARK_EOF);
	} else {
		bool end = c == '\n' || is_char(p, c, VEOL) || (extended && is_char(p, c, VEOL2));

		echo(p, c);
		put_in(p, c, end ? MARK_LINE_END : MARK_NONE);
	}
}

void ldisc_input(struct pty *p, u8 c)
{
	u32 flags = p->termios.c_iflag;

	if (flags & ISTRIP)
		c &= 0177;
	if (signalled(p, c))
		return;
	if (flags & IXON && (is_char(p, c, VSTART) || is_char(p, c, VSTOP)))
		return;
	if (c == '\r') {
		if (flags & IGNCR)
			return;
		c = flags & ICRNL ? '\n' : c;
	} else if (c == '\n' && flags & INLCR) {
		c = '\r';
	}
	if (p->termios.c_lflag & ICANON) {
		input_line(p, c);
		return;
	}
	echo(p, c);
	put_in(p, c, MARK_NONE);
}

bool ldisc_readable(const struct pty *p)
{
	if (p->termios.c_lflag & ICANON)
		return p->lines;
	return p->in_len >= max((u32)p->termios.c_cc[VMIN], 1U);
}

static void consume(struct pty *p, u32 n)
{
	memmove(p->in, p->in + n, p->in_len - n);
	memmove(p->mark, p->mark + n, p->in_len - n);
	p->in_len -= n;
}

long ldisc_take(struct pty *p, u8 *dst, u32 n)
{
	bool lines = p->termios.c_lflag & ICANON;
	u32 i;

	for (i = 0; i < p->in_len && i < n; i++) {
		u8 mark = p->mark[i];

		dst[i] = p->in[i];
		if (mark == MARK_NONE)
			continue;
		p->lines--;
		if (!lines)
			continue;
		consume(p, i + 1);
		return mark == MARK_EOF ? i : i + 1;
	}
	/* An end of file right behind what was taken ends it too. */
	if (lines && i && i == n && i < p->in_len && p->mark[i] == MARK_EOF) {
		p->lines--;
		consume(p, i + 1);
		return i;
	}
	consume(p, i);
	return i;
}
