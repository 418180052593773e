/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RECORD_PLAIN_H
#define RECORD_PLAIN_H

#include <stddef.h>

/* The object that record.skel.h has, built without the module's functions; static. */
const void *plain_object(size_t *bytes);

#endif
