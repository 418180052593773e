// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: signal-sent */
#include <signal.h>
#include <unistd.h>

int main(void)
{
	return kill(getpid(), SIGBUS); /* crashed */
}
