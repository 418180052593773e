// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: uncaught-exception */
/* Nobody catches it. */
#include <stdexcept>

static __attribute__((noinline)) void parse(volatile int value)
{
	if (value > 3)
		throw std::runtime_error("too much");
}

int main()
{
	parse(4); /* crashed */
	return 0;
}
