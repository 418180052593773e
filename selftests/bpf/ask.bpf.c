// SPDX-License-Identifier: GPL-2.0
/*
 * Asks for virtual time wherever a program can be run: once by a call of the
 * test (ask), and from the events that the test lets happen. Which programs are
 * loaded is the test's choice.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

#include "sundial.bpf.h"
#include "ask.h"

char LICENSE[] SEC("license") = "GPL";

SUNDIAL_BPF_PAGES(pages);

const volatile bool has_kfuncs;
const volatile __u32 watched_tgid; /* whose events count */

/* Of threads that are not of that process: this one, if it is not 0. */
__u32 watched_tid;
struct seen seen[SOURCE_COUNT];

static __always_inline void answer(struct answer *answer)
{
	__u32 first = 0;
	const struct sundial_clock_page *page = bpf_map_lookup_elem(&pages, &first);

	if (!answer->host_ns)
		answer->host_ns = bpf_ktime_get_ns();
	if (has_kfuncs) {
		answer->now_ns = bpf_sundial_now();
		answer->domain = bpf_sundial_domain();
		answer->virtual_ns = bpf_sundial_host_to_virtual(answer->host_ns);
	}
	if (page) {
		answer->page_ns = sundial_page_count(page);
		answer->page_at_ns = sundial_page_count_at(page, answer->host_ns);
	}
}

static __always_inline int see(enum source source, __u32 tid)
{
	struct answer now = {};

	answer(&now);
	seen[source].last = now;
	seen[source].tid = tid;
	seen[source].count++;
	return 0;
}

static __always_inline int see_own(enum source source)
{
	__u64 id = bpf_get_current_pid_tgid();

	return id >> 32 == watched_tgid ? see(source, (__u32)id) : 0;
}

SEC("syscall")
int ask(struct answer *ctx)
{
	struct answer now = {.host_ns = ctx->host_ns};

	answer(&now);
	ctx->now_ns = now.now_ns;
	ctx->page_ns = now.page_ns;
	ctx->domain = now.domain;
	ctx->virtual_ns = now.virtual_ns;
	ctx->page_at_ns = now.page_at_ns;
	ctx->host_ns = now.host_ns;
	return 0;
}

static __always_inline __u64 read_at(const struct hammering *how, __u64 host_ns)
{
	__u32 first = 0;
	const struct sundial_clock_page *page;

	if (has_kfuncs && how->kfunc)
		return how->pattern == PATTERN_LINE ? bpf_sundial_host_to_virtual(host_ns)
						    : bpf_sundial_now();
	page = bpf_map_lookup_elem(&pages, &first);
	if (!page)
		return 0;
	return how->pattern == PATTERN_LINE ? sundial_page_count_at(page, host_ns)
					    : sundial_page_count(page);
}

static long read_once(__u32 index, void *argument)
{
	struct hammering *how = argument;
	__u64 host_ns = bpf_ktime_get_ns(), now_ns = read_at(how, host_ns);

	if (how->pattern == PATTERN_HALVES && now_ns >> 32 != (__u32)now_ns)
		how->torn++;
	if (how->pattern == PATTERN_LINE && now_ns != host_ns)
		how->torn++;
	if (now_ns < how->last_ns)
		how->backward++;
	if (now_ns != how->last_ns)
		how->changes++;
	how->last_ns = now_ns;
	return 0;
}

/* Reads again and again, beside a writer. */
SEC("syscall")
int hammer(struct hammering *ctx)
{
	struct hammering how = {.loops = ctx->loops,
				.kfunc = ctx->kfunc,
				.pattern = ctx->pattern,
				.last_ns = ctx->last_ns};

	bpf_loop(how.loops, read_once, &how, 0);
	ctx->last_ns = how.last_ns;
	ctx->torn = how.torn;
	ctx->backward = how.backward;
	ctx->changes = how.changes;
	return 0;
}

SEC("tp_btf/sys_enter")
int on_sys_enter(void *ctx)
{
	return see_own(SOURCE_SYS_ENTER);
}

SEC("uprobe")
int on_uprobe(void *ctx)
{
	return see_own(SOURCE_UPROBE);
}

SEC("kprobe")
int on_kprobe(void *ctx)
{
	return see_own(SOURCE_KPROBE);
}

SEC("tp/syscalls/sys_enter_getppid")
int on_tracepoint(void *ctx)
{
	return see_own(SOURCE_TRACEPOINT);
}

SEC("perf_event")
int on_perf_event(void *ctx)
{
	return see_own(SOURCE_PERF);
}

/* current is the thread that goes; a kernel thread that a test bound is seen apart. */
SEC("tp_btf/sched_switch")
int on_switch(void *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (tid && tid == watched_tid)
		return see(SOURCE_KTHREAD, tid);
	return see_own(SOURCE_SWITCH);
}

SEC("tp_btf/sched_process_exit")
int on_exit(void *ctx)
{
	return see_own(SOURCE_EXIT);
}

/* Called with every NMI, whatever it interrupted. */
SEC("tp_btf/nmi_handler")
int on_nmi(void *ctx)
{
	return see_own(SOURCE_NMI);
}
