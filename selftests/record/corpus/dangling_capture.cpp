// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A callback keeps a pointer to an object and outlives it. */
#include <functional>
#include <memory>
#include <string>

struct connection {
	const char *peer = "somebody";
	char buffer[200] = {};
};

static std::function<char()> pending;

static __attribute__((noipa)) char initial(const connection *c)
{
	return *c->peer; /* used */
}

static __attribute__((noipa)) void serve()
{
	auto own = std::make_unique<connection>(); /* allocated */
	connection *c = own.get();

	pending = [c] {
		return initial(c);
	};
} /* freed */

int main()
{
	serve();
	return pending();
}
