// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: double-free */
/* Two owners of one object, each sure that it is the only one. */
#include <memory>

struct session {
	long id = 7;
	char key[50] = {};
};

static __attribute__((noipa)) session *start()
{
	return new session; /* allocated */
}

static __attribute__((noipa)) void first(session *s)
{
	std::unique_ptr<session>{s}; /* freed */
}

static __attribute__((noipa)) void second(session *s)
{
	std::unique_ptr<session>{s}; /* freed-again */
}

int main()
{
	session *s = start();

	first(s);
	second(s);
	return 0;
}
