// SPDX-License-Identifier: GPL-2.0-or-later
/* Where functions of a few bytes are probed: each case says what must hold. */
#include "record/placement.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum placement placement;
	size_t at;
	const char *code;
	size_t bytes;
} cases[] = {
#define CASE(name, placement, at, code)                     \
	{                                                   \
		name, placement, at, code, sizeof(code) - 1 \
	}
	CASE("a push is probed", PLACEMENT_CHEAP, 0, "\x55\xc3"),
	CASE("a push of a high register", PLACEMENT_CHEAP, 0, "\x41\x57\xc3"),
	CASE("a nop of one byte", PLACEMENT_CHEAP, 0, "\x90\xc3"),
	CASE("what follows endbr64, and not endbr64", PLACEMENT_CHEAP, 4,
	     "\xf3\x0f\x1e\xfa\x55\xc3"),
	CASE("the branch of glibc's free, behind its test", PLACEMENT_CHEAP, 3,
	     "\x48\x85\xff\x0f\x84\x01\x00\x00\x00\x55\xc3\xc3"),
	CASE("a push behind a comparison with a constant in memory", PLACEMENT_CHEAP, 7,
	     "\x80\x3d\x01\x02\x14\x00\x00\x41\x54\xc3"),
	CASE("a push behind a write of rax", PLACEMENT_CHEAP, 3, "\x48\x89\xf8\x55\xc3"),
	CASE("a nop of five bytes is passed over", PLACEMENT_CHEAP, 5,
	     "\x0f\x1f\x44\x00\x00\x55\xc3"),
	CASE("and is no place for an expensive probe", PLACEMENT_NONE, 0,
	     "\x0f\x1f\x44\x00\x00\x48\x83\xec\x08\xc3"),
	CASE("not behind a write of an argument", PLACEMENT_STEPPED, 0, "\x48\x89\xfe\x55\xc3"),
	CASE("not behind a write of a saved register", PLACEMENT_STEPPED, 0,
	     "\x48\x89\xfb\x55\xc3"),
	CASE("not behind a change of the stack pointer", PLACEMENT_STEPPED, 0,
	     "\x48\x83\xec\x08\x55\xc3"),
	CASE("not behind a write to memory", PLACEMENT_STEPPED, 0, "\x48\x89\x07\x55\xc3"),
	CASE("not even of one byte", PLACEMENT_STEPPED, 0, "\x88\x07\x55\xc3"),
	CASE("not behind a return", PLACEMENT_STEPPED, 0, "\xc3\x55\xc3"),
	CASE("not behind what is not understood", PLACEMENT_STEPPED, 0, "\xc5\xf8\x77\x55\xc3"),
	CASE("not where a short jump leads back", PLACEMENT_STEPPED, 0,
	     "\x31\xc0\x55\x5d\xeb\xfc\xc3"),
	CASE("not where a near jump leads back", PLACEMENT_STEPPED, 0,
	     "\x31\xc0\x55\x5d\xe9\xf9\xff\xff\xff\xc3"),
	CASE("not where a conditional near jump leads back", PLACEMENT_STEPPED, 0,
	     "\x31\xc0\x55\x5d\x0f\x85\xf8\xff\xff\xff\xc3"),
	CASE("not behind where one leads back", PLACEMENT_STEPPED, 0,
	     "\x31\xc0\x85\xff\x55\x5d\xeb\xfa\xc3"),
	CASE("not at all where the whole function is a loop", PLACEMENT_NONE, 0,
	     "\x55\x5d\x75\xfc\xc3"),
	CASE("not behind two instructions where a table may lead anywhere", PLACEMENT_STEPPED, 0,
	     "\x31\xc0\x85\xff\x55\xff\xe0\xc3"),
	CASE("but at the beginning also then", PLACEMENT_CHEAP, 0, "\x55\xff\xe0\xc3"),
	CASE("a jump that leads elsewhere does not matter", PLACEMENT_CHEAP, 0,
	     "\x55\x5d\x75\xfd\xc3"),
	CASE("not an instruction that the function's end cuts off", PLACEMENT_STEPPED, 0,
	     "\x31\xc0\xe9\x00"),
	CASE("nor anything of a function without bytes", PLACEMENT_NONE, 0, ""),
};

int main(void)
{
	size_t count = sizeof(cases) / sizeof(cases[0]), failed = 0;

	printf("TAP version 13\n1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		size_t at = 0xcccc;
		enum placement placement =
			placement_choose((const uint8_t *)cases[i].code, cases[i].bytes, &at);
		int good = placement == cases[i].placement && at == cases[i].at;

		printf("%s %zu %s\n", good ? "ok" : "not ok", i + 1, cases[i].name);
		if (!good)
			printf("# got %d at %zu, want %d at %zu\n", placement, at,
			       cases[i].placement, cases[i].at);
		failed += !good;
	}
	return failed ? 1 : 0;
}
