/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of numbers, for logs and reports. */
#ifndef SUNDIAL_SIMKERNEL_NAMES_H
#define SUNDIAL_SIMKERNEL_NAMES_H

/* "ENOENT" for 2; NULL for a number that Linux does not use. */
const char *errno_name(int error);
/* "CLOCK_MONOTONIC" for 1; NULL for dynamic and unknown clocks. */
const char *clock_name(int id);

#endif
