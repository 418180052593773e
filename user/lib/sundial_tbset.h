/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TB sets over /dev/sundial, or over a memfd where the module is not loaded. The
 * conventions are those of sundial.h; sundial_tb.h, included here, has what runs
 * beside translated code.
 *
 * Over a memfd nobody sees page-table changes but who makes them: an engine says
 * so with sundial_tb_changing() and sundial_tb_changed(), which do nothing over
 * the device. libsundial(3) lists all differences.
 *
 * After fork() a child has neither the pages nor the registration: it registers
 * again, and asks for the pages again. What needs a registration is -ESTALE before.
 */
#ifndef SUNDIAL_TBSET_H
#define SUNDIAL_TBSET_H

#include <stddef.h>

#include "sundial.h"
#include "sundial_tb.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sundial_tb;

/* Makes a set (SUNDIAL_TB_CREATE) and maps it. backing and errors as sundial_clock_create(). */
int sundial_tb_create(const struct sundial_tb_create *how, unsigned int backing,
		      struct sundial_tb **out);

/*
 * Opens a set whose descriptor was received here; fd stays the caller's.
 * -EBADF   fd is not open
 * -EINVAL  fd is no TB set
 */
int sundial_tb_open(int fd, struct sundial_tb **out);

/*
 * Unmaps and frees it. The set lives until every descriptor and mapping of it is
 * gone. Over a memfd the caller's ranges end. NULL is fine.
 */
void sundial_tb_close(struct sundial_tb *tb);

/* The set's descriptor, to pass on; it stays the set's. Over the device it polls the queue. */
int sundial_tb_fd(const struct sundial_tb *tb);
unsigned int sundial_tb_backing(const struct sundial_tb *tb);

/* The set's memory; NULL in a child before its first call that succeeds. Valid until close. */
const struct sundial_tb_page *sundial_tb_page(const struct sundial_tb *tb);
/* The words of one vCPU, NULL if there is none of that number. */
struct sundial_tb_vcpu *sundial_tb_vcpu_words(const struct sundial_tb *tb, __u32 vcpu);

/* One of the SUNDIAL_TB_* calls with its structure, as ioctl(2) would do it. */
int sundial_tb_call(struct sundial_tb *tb, unsigned long command, void *argument);

int sundial_tb_info(struct sundial_tb *tb, struct sundial_tb_info *info);
int sundial_tb_register(struct sundial_tb *tb);
int sundial_tb_attach(struct sundial_tb *tb, __u32 slot, const void *address, size_t length);
int sundial_tb_detach(struct sundial_tb *tb, __u32 slot);
int sundial_tb_invalidate(struct sundial_tb *tb, __u32 slot, __u32 count);
/*
 * The same, and waits until no vCPU can be in old code: may block for timeout_ns of
 * host time (SUNDIAL_TB_FOREVER). *running, if not NULL, is set with -ETIMEDOUT too.
 */
int sundial_tb_sync(struct sundial_tb *tb, __u32 slot, __u32 count, __u64 timeout_ns,
		    __u32 *running);
/* The calling thread becomes a vCPU, QUIESCENT; flags SUNDIAL_TB_VCPU_OFF: no longer is. */
int sundial_tb_vcpu(struct sundial_tb *tb, __u32 vcpu, __u32 flags);
int sundial_tb_quiescent(struct sundial_tb *tb);

/*
 * Reads up to count events; returns how many, at least one. Blocks up to timeout_ns
 * of host time for the first.
 * -EAGAIN  none came
 * -EINTR   a signal came
 * -EINVAL  count is 0, or the set has no queue
 */
int sundial_tb_read(struct sundial_tb *tb, struct sundial_tb_event *events, __u32 count,
		    __u64 timeout_ns);

/*
 * Around every page-table change that the caller makes, changing before and changed
 * after, with the same range: enum sundial_tb_reason says what changes.
 */
void sundial_tb_changing(struct sundial_tb *tb, const void *address, size_t length, __u32 reason);
void sundial_tb_changed(struct sundial_tb *tb, const void *address, size_t length);

#ifdef __cplusplus
}
#endif

#endif /* SUNDIAL_TBSET_H */
