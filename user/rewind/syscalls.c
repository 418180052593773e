// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls in words, by the simulated kernel's list of them. */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include "rewind/syscalls.h"

/* What the kernel returns inside of itself for a call that a signal ended. */
#define ERESTARTSYS	      512
#define ERESTART_RESTARTBLOCK 516

struct known_syscall {
	const char *name;
	const char *args; /* a letter each; syscalls.tbl has what they mean */
};

#define E(nr, call, letters)	    [nr] = {#call, letters},
#define N(nr, call, letters)	    E(nr, call, letters)
#define P(nr, call, letters)	    E(nr, call, letters)
#define U(nr, call, letters, error) E(nr, call, letters)

static const struct known_syscall known_syscalls[] = {
#include "simkernel/syscalls.tbl"
};

struct words {
	char *text;
	size_t bytes;
	size_t used;
};

static void __attribute__((format(printf, 2, 3))) put(struct words *words, const char *format, ...)
{
	va_list values;
	int n;

	va_start(values, format);
	n = vsnprintf(words->text + words->used, words->bytes - words->used, format, values);
	va_end(values);
	if (n > 0)
		words->used += (size_t)n < words->bytes - words->used
				       ? (size_t)n
				       : words->bytes - words->used - 1;
}

/* NULL if there is none of that number. */
static const struct known_syscall *find(__s32 number)
{
	if (number < 0 || (size_t)number >= sizeof(known_syscalls) / sizeof(*known_syscalls) ||
	    !known_syscalls[number].name)
		return NULL;
	return &known_syscalls[number];
}

void syscall_name(__s32 number, char *name, size_t bytes)
{
	const struct known_syscall *call = find(number);

	if (call)
		snprintf(name, bytes, "%s", call->name);
	else
		snprintf(name, bytes, "syscall_%d", number);
}

static void put_pointer(struct words *words, __u64 value)
{
	if (value)
		put(words, "%#llx", value);
	else
		put(words, "NULL");
}

static void put_signal(struct words *words, int number)
{
	const char *name = sigabbrev_np(number);

	if (name)
		put(words, "SIG%s", name);
	else
		put(words, "%d", number);
}

static void put_argument(struct words *words, char kind, __u64 value)
{
	switch (kind) {
	case 'd':
	case 'f':
	case 'i':
		put(words, "%d", (__s32)value);
		break;
	case 'c':
		if ((__s32)value == AT_FDCWD)
			put(words, "AT_FDCWD");
		else
			put(words, "%d", (__s32)value);
		break;
	case 'D':
		put(words, "%lld", (__s64)value);
		break;
	case 'u':
		put(words, "%llu", value);
		break;
	case 'x':
		put(words, "%#llx", value);
		break;
	case 'o':
		put(words, "%#llo", value);
		break;
	case 'S':
		put_signal(words, (int)value);
		break;
	default:
		put_pointer(words, value);
	}
}

static bool gives_address(__s32 number)
{
	return number == SYS_mmap || number == SYS_mremap || number == SYS_brk ||
	       number == SYS_shmat;
}

static void put_result(struct words *words, const struct record_syscall *event)
{
	double seconds = (double)event->duration_ns / 1e9;
	const char *error;

	if (event->flags & RECORD_UNFINISHED) {
		put(words, " has not returned");
		return;
	}
	if (event->result <= -ERESTARTSYS && event->result >= -ERESTART_RESTARTBLOCK) {
		put(words, " was interrupted after %.6f s", seconds);
		return;
	}
	error = event->result < 0 && event->result > -4096 ? strerrorname_np((int)-event->result)
							   : NULL;
	if (error)
		put(words, " = -%s", error);
	else if (gives_address(event->number))
		put(words, " = %#llx", (__u64)event->result);
	else
		put(words, " = %lld", event->result);
	put(words, ", %.6f s", seconds);
}

void syscall_words(const struct record_syscall *event, char *text, size_t bytes)
{
	const struct known_syscall *call = find(event->number);
	const char *kinds = call ? call->args : "xxxxxx";
	struct words words = {.text = text, .bytes = bytes};
	char name[32];
	int i;

	syscall_name(event->number, name, sizeof(name));
	put(&words, "%s(", name);
	for (i = 0; i < 6 && kinds[i]; i++) {
		put(&words, "%s", i ? ", " : "");
		put_argument(&words, kinds[i], event->args[i]);
	}
	put(&words, ")");
	put_result(&words, event);
}
