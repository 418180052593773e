// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* flags: -fsanitize=address */
/* The same for an object that is used after it was deleted; the sanitizer aborts. */
struct node {
	long value = 5;
};

extern "C" const char *__asan_default_options()
{
	return "abort_on_error=1";
}

static __attribute__((noipa)) node *make()
{
	return new node; /* allocated */
}

static __attribute__((noipa)) void drop(node *n)
{
	delete n; /* freed */
}

static __attribute__((noipa)) long look(const node *n)
{
	return n->value; /* used */
}

int main()
{
	node *n = make();

	drop(n);
	return static_cast<int>(look(n));
}
