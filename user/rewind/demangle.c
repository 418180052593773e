// SPDX-License-Identifier: GPL-2.0-or-later
/* Names as their source has them: C++, and Rust in its old and its new mangling. */
#include "rewind/demangle.h"
#include <ansidecl.h>
#include <demangle.h>
#include <string.h>

char *demangle_name(const char *name)
{
	char *plain = NULL;

	if (name[0] == '_' && (name[1] == 'R' || name[1] == 'Z'))
		plain = rust_demangle(name, DMGL_PARAMS);
	if (!plain && name[0] == '_' && name[1] == 'Z')
		plain = cplus_demangle_v3(name, DMGL_PARAMS | DMGL_ANSI);
	return plain;
}
