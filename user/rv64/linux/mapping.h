/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to the list of mappings. All are called with rv64_mm_lock() held. */
#ifndef SUNDIAL_RV64_LINUX_MAPPING_H
#define SUNDIAL_RV64_LINUX_MAPPING_H

#include "rv64/linux/linux.h"

/* Memory for one change, before what it notes is done. 0 or -ENOMEM. */
int rv64_mapping_reserve(void);
/* Replaces what was noted of the range. */
void rv64_mapping_add(const struct rv64_mapping *m);
void rv64_mapping_remove(u64 start, u64 end);
void rv64_mapping_protect(u64 start, u64 end, int prot);
/* Nothing is mapped in the range. */
bool rv64_mapping_free(u64 start, u64 end);
/* The highest place for bytes in [bottom, top), or 0. */
u64 rv64_mapping_hole(u64 bytes, u64 bottom, u64 top);
/* The mapping that holds addr, or the first above it, or NULL. Good until the next change. */
const struct rv64_mapping *rv64_mapping_at(u64 addr);
/* Bytes mapped in all; or only what RLIMIT_DATA counts: private and writable. */
u64 rv64_mapping_total(bool data);

#endif
