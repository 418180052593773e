// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* The same by operators new and delete. */
#include <cstring>
#include <new>
#include <string>
#include <vector>

struct node {
	node *next;
	long value;
	char rest[100];
};

static __attribute__((noipa)) node *make()
{
	return new node; /* allocated */
}

static __attribute__((noipa)) void drop(node *n)
{
	delete n; /* freed */
}

static __attribute__((noipa)) void fill(void *memory, std::size_t bytes)
{
	std::memset(memory, 0x5a, bytes);
}

static __attribute__((noipa)) long second(const node *n)
{
	return n->next->value; /* used */
}

int main()
{
	std::vector<std::string> *volatile names = new std::vector<std::string>[3];
	void *volatile aligned = operator new(640, std::align_val_t(64), std::nothrow);
	node *n = make();

	names[1].push_back("a text too long for the short form of a string");
	delete[] names;
	operator delete(aligned, std::align_val_t(64));
	drop(n);
	fill(n, sizeof(*n));
	return static_cast<int>(second(n));
}
