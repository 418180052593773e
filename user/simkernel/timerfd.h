/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clock_settime() and its kin tell timerfd.c. For the holder of the run token. */
#ifndef SUNDIAL_SIMKERNEL_TIMERFD_H
#define SUNDIAL_SIMKERNEL_TIMERFD_H

struct host;

/*
 * CLOCK_REALTIME was set: absolute timers of that clock move on the count, and
 * those armed with TFD_TIMER_CANCEL_ON_SET end their wait with ECANCELED.
 */
void timerfd_clock_was_set(struct host *h);

#endif
