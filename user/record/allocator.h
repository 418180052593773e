/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of an allocator in a file, found by their symbols. */
#ifndef RECORD_ALLOCATOR_H
#define RECORD_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALLOCATOR_FUNCTIONS_MAX 32

struct allocator_function {
	uint64_t offset;   /* of the probe in the file */
	uint32_t function; /* enum record_function */
	bool returns;	   /* what it returns is wanted as well */
	uint8_t rank;	   /* of operator delete: it may call those of lower rank */
};

struct allocator {
	size_t count;
	struct allocator_function functions[ALLOCATOR_FUNCTIONS_MAX];
};

/*
 * Fills found with the malloc family that the ELF file at path defines. Returns how
 * many functions those are: 0 for a file that is no allocator or cannot be read.
 */
size_t allocator_find(const char *path, struct allocator *found);

#endif
