/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of the command itself: one line with the object and the remedy, then the end. */
#ifndef SUNDIAL_SIM_FAIL_H
#define SUNDIAL_SIM_FAIL_H

/* Exit statuses that are not the program's own, as env(1) and timeout(1) have them. */
#define EXIT_SUNDIAL	  125 /* Sundial itself could not do what was asked */
#define EXIT_NOT_RUNNABLE 126 /* the program was found and cannot be run */
#define EXIT_NOT_FOUND	  127

/* Prints "sundial: TEXT" on stderr and exits with status. */
void fail(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
/* Prints "sundial: TEXT" on stderr, whole lines at once. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* From now on both go to descriptor fd. */
void say_to(int fd);
int say_fd(void);

#endif
