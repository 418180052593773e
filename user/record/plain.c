// SPDX-License-Identifier: GPL-2.0-or-later
/* The BPF programs without the module's functions. A file of its own: it is their bytes. */
#include "record/plain.h"
#include <linux/types.h>
#include "record/shared.h"
/* After what it has in common with the other one. */
#include "record_plain.skel.h"

const void *plain_object(size_t *bytes)
{
	return record_plain__elf_bytes(bytes);
}
