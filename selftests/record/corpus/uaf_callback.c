// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* The function of a timer that was deleted is called. */
#include <stdlib.h>

struct timer {
	void (*expired)(struct timer *timer);
	long deadline;
	char rest[64];
};

static void nothing(struct timer *timer)
{
}

static __attribute__((noipa)) struct timer *add(void)
{
	struct timer *timer = malloc(sizeof(*timer)); /* allocated */

	timer->expired = nothing;
	return timer;
}

static __attribute__((noipa)) void fire(struct timer *timer)
{
	timer->expired(timer); /* used */
}

int main(void)
{
	struct timer *volatile timer = add();

	fire(timer);
	free(timer); /* freed */
	fire(timer);
	return 0;
}
