// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* Containers, strings, arrays, and exceptions that are caught. */
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct alignas(64) line {
	char bytes[64];
};

static long work(int round)
{
	std::map<std::string, std::vector<int>> table;
	auto shared = std::make_shared<std::list<long>>();
	std::unique_ptr<std::string[]> names(new std::string[5]);
	std::unique_ptr<line> aligned(new line);

	for (int i = 0; i < 50; i++) {
		table["key " + std::to_string(i % 7)].push_back(i);
		shared->push_back(i);
	}
	try {
		if (round % 2)
			throw std::runtime_error("expected");
	} catch (const std::exception &e) {
		names[0] = e.what();
	}
	return static_cast<long>(table.size() + shared->size() + names[0].size());
}

int main()
{
	long sum = 0;

	for (int round = 0; round < 10; round++)
		sum += work(round);
	return sum == 10 * 57 + 5 * 8 ? 0 : 1;
}
