// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: terminate */
/* A thread that is neither joined nor detached when its object goes. */
#include <thread>

static __attribute__((noipa)) void start()
{
	std::thread worker([] {
		for (;;)
			std::this_thread::sleep_for(std::chrono::seconds(1));
	});
} /* crashed */

int main()
{
	start();
	return 0;
}
