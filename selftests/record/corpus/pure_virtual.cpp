// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: pure-virtual-call */
/* A base class that calls what its derived class is to have, before there is one. */
struct shape {
	shape()
	{
		announce();
	}
	__attribute__((noipa)) void announce()
	{
		draw(); /* crashed */
	}
	virtual void draw() = 0;
};

struct square : shape {
	void draw() override
	{
	}
};

int main()
{
	square s;
	return 0;
}
