// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* An element is erased while a loop stands on it. */
#include <list>

static __attribute__((noipa)) void fill(std::list<long> &numbers)
{
	for (long i = 0; i < 10; i++)
		numbers.push_back(i); /* allocated */
}

static __attribute__((noipa)) void drop(std::list<long> &numbers, std::list<long>::iterator it)
{
	numbers.erase(it); /* freed */
}

int main()
{
	std::list<long> numbers;
	long sum = 0;

	fill(numbers);
	for (auto it = numbers.begin(); it != numbers.end(); ++it) {
		sum += *it; /* used */
		if (*it == 4)
			drop(numbers, it);
	}
	return static_cast<int>(sum);
}
