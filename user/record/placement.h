/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a function to put the probe of its entry. The kernel emulates what a probe
 * replaces if that is a push, a one-byte nop or a direct branch, and steps through
 * anything else out of line, which takes ten times as long. So the first instructions
 * are looked at, up to one that is emulated, as long as they leave alone all that a
 * caller left: arguments, stack, and the registers that survive calls.
 */
#ifndef RECORD_PLACEMENT_H
#define RECORD_PLACEMENT_H

#include <stddef.h>
#include <stdint.h>

enum placement {
	PLACEMENT_NONE,	   /* not to be probed at all */
	PLACEMENT_STEPPED, /* expensive: at the first instruction */
	PLACEMENT_CHEAP,
};

/*
 * Chooses for the x86-64 function of bytes at code; the probe's distance from its
 * beginning is left in at. Every run of the function passes there once: no jump of the
 * function leads to it or to what is before it. Never a nop of five bytes: kernels that
 * replace those by calls push a return address, into the red zone of a leaf function.
 */
enum placement placement_choose(const uint8_t *code, size_t bytes, size_t *at);

#endif
