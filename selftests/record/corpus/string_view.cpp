// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A view of a string that lived no longer than its expression. */
#include <string>
#include <string_view>

static __attribute__((noipa)) std::string page(std::size_t bytes)
{
	return std::string(bytes, 'x'); /* allocated */
}

static __attribute__((noipa)) std::string_view title()
{
	return page(1 << 20); /* freed */
}

static __attribute__((noipa)) char last(std::string_view text)
{
	return text.back(); /* used */
}

int main()
{
	return last(title()) == 'x';
}
