/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of clock domains and TB sets. Those of clocks are emitted after the
 * page shows the change, outside the domain's lock: two writers at once may be
 * traced in the other order. Those of a set's slots come in their order, under its
 * lock. The domain of a thread that is bound by a word is the clock's first.
 * sundial_clock_wake comes in the order of waking, but only for those who slept.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sundial

#if !defined(KMOD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KMOD_TRACE_H

#include <linux/tracepoint.h>

#include <linux/sundial.h>

/* Laid out as trace events are everywhere: clang-format takes them for calls. */
/* clang-format off */
DECLARE_EVENT_CLASS(sundial_clock_change,
	TP_PROTO(u64 domain, u64 old_ns, u64 now_ns),
	TP_ARGS(domain, old_ns, now_ns),
	TP_STRUCT__entry(
		__field(u64, domain)
		__field(u64, old_ns)
		__field(u64, now_ns)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->old_ns = old_ns;
		__entry->now_ns = now_ns;
	),
	TP_printk("domain=%llu old_ns=%llu now_ns=%llu",
		  __entry->domain, __entry->old_ns, __entry->now_ns)
);

DEFINE_EVENT(sundial_clock_change, sundial_clock_set,
	TP_PROTO(u64 domain, u64 old_ns, u64 now_ns),
	TP_ARGS(domain, old_ns, now_ns));

DEFINE_EVENT(sundial_clock_change, sundial_clock_advance,
	TP_PROTO(u64 domain, u64 old_ns, u64 now_ns),
	TP_ARGS(domain, old_ns, now_ns));

TRACE_EVENT(sundial_clock_set_rate,
	TP_PROTO(u64 domain, u64 now_ns, u64 mult, u32 shift),
	TP_ARGS(domain, now_ns, mult, shift),
	TP_STRUCT__entry(
		__field(u64, domain)
		__field(u64, now_ns)
		__field(u64, mult)
		__field(u32, shift)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->now_ns = now_ns;
		__entry->mult = mult;
		__entry->shift = shift;
	),
	TP_printk("domain=%llu now_ns=%llu mult=%llu shift=%u",
		  __entry->domain, __entry->now_ns, __entry->mult, __entry->shift)
);

DECLARE_EVENT_CLASS(sundial_clock_binding,
	TP_PROTO(u64 domain, int tid),
	TP_ARGS(domain, tid),
	TP_STRUCT__entry(
		__field(u64, domain)
		__field(int, tid)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->tid = tid;
	),
	TP_printk("domain=%llu tid=%d", __entry->domain, __entry->tid)
);

DEFINE_EVENT(sundial_clock_binding, sundial_clock_bind,
	TP_PROTO(u64 domain, int tid),
	TP_ARGS(domain, tid));

DEFINE_EVENT(sundial_clock_binding, sundial_clock_unbind,
	TP_PROTO(u64 domain, int tid),
	TP_ARGS(domain, tid));

TRACE_EVENT(sundial_tb_change,
	TP_PROTO(u64 set, u32 slot, u32 reason, u64 start, u64 end, u64 generation),
	TP_ARGS(set, slot, reason, start, end, generation),
	TP_STRUCT__entry(
		__field(u64, set)
		__field(u64, start)
		__field(u64, end)
		__field(u64, generation)
		__field(u32, slot)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->set = set;
		__entry->start = start;
		__entry->end = end;
		__entry->generation = generation;
		__entry->slot = slot;
		__entry->reason = reason;
	),
	TP_printk("set=%llu slot=%u reason=%u start=%#llx end=%#llx generation=%llu",
		  __entry->set, __entry->slot, __entry->reason, __entry->start, __entry->end,
		  __entry->generation)
);

TRACE_EVENT(sundial_tb_sync,
	TP_PROTO(u64 set, u32 running, int ret),
	TP_ARGS(set, running, ret),
	TP_STRUCT__entry(
		__field(u64, set)
		__field(u32, running)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->set = set;
		__entry->running = running;
		__entry->ret = ret;
	),
	TP_printk("set=%llu running=%u ret=%d", __entry->set, __entry->running, __entry->ret)
);


TRACE_EVENT(sundial_clock_set_offsets,
	TP_PROTO(u64 domain, const struct sundial_clock_rate *rate),
	TP_ARGS(domain, rate),
	TP_STRUCT__entry(
		__field(u64, domain)
		__field(s64, realtime_ns)
		__field(s64, boottime_ns)
		__field(s64, tai_ns)
		__field(s64, raw_ns)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->realtime_ns = rate->realtime_ns;
		__entry->boottime_ns = rate->boottime_ns;
		__entry->tai_ns = rate->tai_ns;
		__entry->raw_ns = rate->raw_ns;
	),
	TP_printk("domain=%llu realtime_ns=%lld boottime_ns=%lld tai_ns=%lld raw_ns=%lld",
		  __entry->domain, __entry->realtime_ns, __entry->boottime_ns,
		  __entry->tai_ns, __entry->raw_ns)
);

/* now_ns is 0 where it is not known; an alarm that is switched off has deadline_ns 0. */
DECLARE_EVENT_CLASS(sundial_clock_deadline,
	TP_PROTO(u64 domain, u64 deadline_ns, u64 now_ns),
	TP_ARGS(domain, deadline_ns, now_ns),
	TP_STRUCT__entry(
		__field(u64, domain)
		__field(u64, deadline_ns)
		__field(u64, now_ns)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->deadline_ns = deadline_ns;
		__entry->now_ns = now_ns;
	),
	TP_printk("domain=%llu deadline_ns=%llu now_ns=%llu",
		  __entry->domain, __entry->deadline_ns, __entry->now_ns)
);

DEFINE_EVENT(sundial_clock_deadline, sundial_clock_wait,
	TP_PROTO(u64 domain, u64 deadline_ns, u64 now_ns),
	TP_ARGS(domain, deadline_ns, now_ns));

DEFINE_EVENT(sundial_clock_deadline, sundial_clock_alarm,
	TP_PROTO(u64 domain, u64 deadline_ns, u64 now_ns),
	TP_ARGS(domain, deadline_ns, now_ns));

DEFINE_EVENT(sundial_clock_deadline, sundial_clock_wake,
	TP_PROTO(u64 domain, u64 deadline_ns, u64 now_ns),
	TP_ARGS(domain, deadline_ns, now_ns));

#endif /* KMOD_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
