// SPDX-License-Identifier: GPL-2.0
/*
 * The flight recorder's programs. Each part is a file of its own, with the maps that
 * it owns; ring.bpf.h is where events go, process.bpf.h decides whose they are.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sundial.bpf.h"

/*
 * Without the module's functions: to look for them, even for weak ones, takes
 * CAP_SYS_ADMIN, since it goes through the types of all modules.
 */
#ifdef RECORD_PLAIN
#define bpf_sundial_now()    0
#define bpf_sundial_domain() 0
#endif

#include "record/shared.h"
#include "record/clock.bpf.h"
#include "record/ring.bpf.h"
#include "record/process.bpf.h"
#include "record/function.bpf.h"
#include "record/usdt.bpf.h"
#include "record/words.bpf.h"
#include "record/operand.bpf.h"
#include "record/syscall.bpf.h"
#include "record/fault.bpf.h"
#include "record/sched.bpf.h"
#include "record/malloc.bpf.h"
#include "record/crash.bpf.h"

char LICENSE[] SEC("license") = "GPL";
