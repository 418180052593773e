// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: invalid-free */
/* An array is deleted as if it were one object. */
#include <string>

int main()
{
	std::string *volatile names = new std::string[4]; /* allocated */

	delete names; /* freed */
	return 0;
}
