// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A method is called on an object that was deleted. */
#include <cstdio>
#include <string>

struct shape {
	virtual ~shape() = default;
	virtual int sides() const = 0;
	std::string name = "a name too long for the short form";
};

struct square : shape {
	int sides() const override
	{
		return 4;
	}
};

static __attribute__((noinline)) int ask(const shape *s)
{
	return s->sides(); /* used */
}

int main()
{
	shape *volatile s = new square; /* allocated */

	delete s; /* freed */
	std::printf("%d\n", ask(s));
	return 0;
}
