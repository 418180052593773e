// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A member far inside an object that was not made. */
#include <stdlib.h>

struct account {
	char name[400];
	struct {
		long balance, limit;
	} money;
};

static __attribute__((noipa)) long left(const struct account *account)
{
	return account->money.limit - account->money.balance; /* crashed */
}

int main(void)
{
	struct account *volatile account = getenv("NO_SUCH_ACCOUNT") ? malloc(1000) : NULL;

	return (int)left(account);
}
