/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine below can do. */
#ifndef SUNDIAL_SIM_MACHINE_H
#define SUNDIAL_SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether prctl(2) offers Syscall User Dispatch: 0, or the errno that says why not. */
int machine_sud(void);
/* Instructions to read and write the base of %gs, which the engine uses. */
bool machine_fsgsbase(void);
/* Ends the command with a message where the native engine cannot work. */
void machine_check_engine(void);
/*
 * Switches address randomisation off for every program that this process
 * becomes or starts; false where that is forbidden. *changed, if not NULL, says
 * that it was on before.
 */
bool machine_fix_addresses(bool *changed);

#endif
