/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands of system calls that are more than numbers. */
#ifndef RECORD_SHAPES_H
#define RECORD_SHAPES_H

#include "record/shared.h"

/* Fills RECORD_SHAPES shapes, by the number of the call. */
void shapes_fill(struct record_shape *shapes);

#endif
