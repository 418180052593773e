// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: uncaught-exception */
/* says: what\(\): vector::_M_range_check */
/* An index that is checked, and a caller that does not expect it. */
#include <vector>

static __attribute__((noipa)) int pick(const std::vector<int> &from, std::size_t index)
{
	return from.at(index); /* crashed */
}

int main()
{
	std::vector<int> three{1, 2, 3};

	return pick(three, 3);
}
