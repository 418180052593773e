// SPDX-License-Identifier: GPL-2.0-or-later
/* #! lines (script.h). */
#include <errno.h>
#include "base/string.h"
#include "load/script.h"

long script_push(struct script_chain *c, const struct exec_file *file)
{
	if (c->lines == SCRIPT_DEPTH)
		return -ELOOP;
	str_copy(c->line[c->lines].interpreter, file->interpreter, PATH_MAX);
	str_copy(c->line[c->lines].argument, file->argument, EXEC_HEAD_BYTES);
	c->lines++;
	return 0;
}

void script_finish(struct script_chain *c, const char *name)
{
	int i, at = 0;

	if (!c->lines)
		return;
	str_copy(c->script, name, PATH_MAX);
	for (i = c->lines - 1; i >= 0; i--) {
		c->prefix[at++] = c->line[i].interpreter;
		if (c->line[i].argument[0])
			c->prefix[at++] = c->line[i].argument;
	}
	c->prefix[at] = c->script;
}
