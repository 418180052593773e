// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Formatted text without a C library; also used by the supervisor, so it names
 * nothing that libc has.
 */
#include "base/string.h"

struct out {
	char *dst;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->dst[o->len] = c;
	o->len++;
}

static void put_padded(struct out *o, const char *s, size_t len, size_t width, bool left, char pad)
{
	size_t i;

	if (!left)
		for (i = len; i < width; i++)
			put(o, pad);
	for (i = 0; i < len; i++)
		put(o, s[i]);
	if (left)
		for (i = len; i < width; i++)
			put(o, ' ');
}

static void put_number(struct out *o, u64 v, unsigned int base, bool upper, bool neg, size_t width,
		       bool left, char pad)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[24];
	size_t at = sizeof(buf);

	do {
		buf[--at] = digits[v % base];
		v /= base;
	} while (v);
	if (neg && pad == '0') {
		put(o, '-');
		if (width)
			width--;
	} else if (neg) {
		buf[--at] = '-';
	}
	put_padded(o, buf + at, sizeof(buf) - at, width, left, pad);
}

static const char *put_directive(struct out *o, const char *f, va_list *ap)
{
	size_t width = 0, prec = (size_t)-1, len;
	bool left = false, is_long = false, alternate = false;
	const char *s;
	char pad = ' ', c;
	s64 v;
	u64 n;
	unsigned int base;

	for (; *f == '-' || *f == '0' || *f == '#'; f++) {
		if (*f == '-')
			left = true;
		else if (*f == '#')
			alternate = true;
		else
			pad = '0';
	}
	if (*f == '*') {
		width = va_arg(*ap, int);
		f++;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + (*f - '0');
	if (*f == '.' && f[1] == '*') {
		prec = va_arg(*ap, int);
		f += 2;
	}
	for (; *f == 'l' || *f == 'z'; f++)
		is_long = true;
	switch (*f) {
	case 'd':
	case 'i':
		v = is_long ? va_arg(*ap, long) : va_arg(*ap, int);
		put_number(o, v < 0 ? -(u64)v : (u64)v, 10, false, v < 0, width, left, pad);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		n = is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int);
		if (alternate && n && *f != 'u')
			put_padded(o, "0x", *f == 'o' ? 1 : 2, 0, false, ' ');
		base = *f == 'u' ? 10 : 16;
		if (*f == 'o')
			base = 8;
		put_number(o, n, base, *f == 'X', false, width, left, pad);
		break;
	case 'p':
		put(o, '0');
		put(o, 'x');
		put_number(o, (u64)va_arg(*ap, void *), 16, false, false, width, left, pad);
		break;
	case 'c':
		c = va_arg(*ap, int);
		put_padded(o, &c, 1, width, left, ' ');
		break;
	case 's':
		s = va_arg(*ap, const char *);
		if (!s)
			s = "(null)";
		for (len = 0; len < prec && s[len]; len++)
			;
		put_padded(o, s, len, width, left, ' ');
		break;
	default:
		put(o, *f);
	}
	return f + 1;
}

int str_vformat(char *dst, size_t size, const char *fmt, va_list ap)
{
	struct out o = {dst, size, 0};
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		if (*fmt == '%')
			fmt = put_directive(&o, fmt + 1, &args);
		else
			put(&o, *fmt++);
	}
	va_end(args);
	if (size)
		dst[min(o.len, size - 1)] = 0;
	return o.len;
}

int str_format(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = str_vformat(dst, size, fmt, ap);
	va_end(ap);
	return len;
}

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src), n = min(len, size - 1);

	memcpy(dst, src, n);
	dst[n] = 0;
	return len;
}

bool str_to_u64(const char *s, u64 *out)
{
	u64 v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (*s - '0');
	}
	*out = v;
	return true;
}
