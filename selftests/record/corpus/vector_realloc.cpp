// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A reference to an element is used after the vector has grown. */
#include <cstring>
#include <vector>

struct item {
	const char *name;
	long count;
};

static __attribute__((noipa)) void append(std::vector<item> &items)
{
	items.push_back({"more", 1}); /* freed */
}

static __attribute__((noipa)) std::size_t use(const item &first)
{
	return std::strlen(first.name); /* used */
}

int main()
{
	std::vector<item> items;

	items.reserve(2); /* allocated */
	items.push_back({"one", 1});
	const item &first = items.front();
	append(items);
	append(items);
	return static_cast<int>(use(first));
}
