// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: deadlock */
/* A method that locks calls another one that locks the same; a timer ends it. */
#include <mutex>
#include <unistd.h>

struct queue {
	std::mutex lock;
	int count = 0;

	__attribute__((noinline)) int size()
	{
		std::lock_guard<std::mutex> guard(lock); /* waits */

		return count;
	}

	__attribute__((noinline)) void push()
	{
		std::lock_guard<std::mutex> guard(lock);

		if (size() < 10)
			count++;
	}
};

int main()
{
	static queue q;

	ualarm(100000, 0);
	q.push();
	return 0;
}
