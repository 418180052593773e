// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions that are probed here are of known instructions: a nop, which the kernel
 * emulates, and a mov, which it steps.
 */
#include "record/measure.h"
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CALLS 300
#define TRIES 5

long measured_cheap(long value);
long measured_freed(long value);
long measured_stepped(long value);

__asm__(".pushsection .text, \"ax\"\n"
	".balign 16\n"
	"measured_cheap: nop; mov %rdi, %rax; ret\n"
	".balign 16\n"
	"measured_freed: nop; mov %rdi, %rax; ret\n"
	".balign 16\n"
	"measured_stepped: mov %rdi, %rax; ret\n"
	".popsection\n");

struct place {
	uintptr_t address;
	uint64_t offset;
};

/* The program itself is the first that this is called for. */
static int find_place(struct dl_phdr_info *info, size_t size, void *context)
{
	struct place *place = context;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_LOAD && place->address - start < header->p_filesz)
			place->offset = place->address - start + header->p_offset;
	}
	return 1;
}

static uint64_t offset_of(long (*function)(long value))
{
	struct place place = {.address = (uintptr_t)function};

	dl_iterate_phdr(find_place, &place);
	return place.offset;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static long getppid_call(long value)
{
	return syscall(SYS_getppid, value);
}

static long pair_call(long value)
{
	return measured_freed(measured_cheap(value));
}

/* The least that a call took of some tries: what is not it was somebody else's. */
static uint64_t time_of(long (*function)(long value))
{
	uint64_t best = UINT64_MAX;

	for (int try = 0; try < TRIES; try++) {
		uint64_t start = now_ns(), each;

		for (int i = 0; i < CALLS; i++)
			function(4096);
		each = (now_ns() - start) / CALLS;
		best = each < best ? each : best;
	}
	return best;
}

/* The time of a call of function with its probes. */
static int time_probed(struct programs *p, long (*function)(long value), bool returns,
		       uint64_t *time_ns)
{
	struct probe_site site = {.offset = offset_of(function), .cookie = 0};
	struct probes entries = {0}, leaves = {0};
	int ret = 0;

	if (returns)
		ret = programs_probe_functions(p, &leaves, true, getpid(), "/proc/self/exe", &site,
					       1);
	if (returns)
		site.cookie |= RECORD_COOKIE_RETURNS;
	if (!ret)
		ret = programs_probe_functions(p, &entries, false, getpid(), "/proc/self/exe",
					       &site, 1);
	if (!ret)
		*time_ns = time_of(function);
	probes_detach(&entries);
	probes_detach(&leaves);
	return ret;
}

static int measure_functions(struct programs *p, bool returns, struct hit_costs *costs)
{
	uint64_t stepped_ns = 0;
	int ret = time_probed(p, measured_cheap, false, &costs->call_ns);

	costs->both_ns = costs->call_ns;
	if (!ret && returns)
		ret = time_probed(p, measured_cheap, true, &costs->both_ns);
	if (!ret)
		ret = time_probed(p, measured_stepped, false, &stepped_ns);
	if (!ret && stepped_ns > costs->call_ns)
		costs->stepped_ns = stepped_ns - costs->call_ns;
	return ret;
}

static int measure_malloc(struct programs *p, struct hit_costs *costs)
{
	struct allocator allocator = {
		.count = 2,
		.functions = {{offset_of(measured_cheap), RECORD_MALLOC, true},
			      {offset_of(measured_freed), RECORD_FREE_FUNCTION, false}},
	};
	struct probes probes = {0};
	int ret = programs_probe(p, &probes, getpid(), "/proc/self/exe", &allocator);

	if (!ret)
		costs->source_ns[RECORD_SOURCE_MALLOC] = time_of(pair_call) / 2;
	probes_detach(&probes);
	return ret;
}

int measure_hits(struct programs *p, const struct program_options *options, struct hit_costs *costs)
{
	uint64_t bare_ns = time_of(getppid_call), call_ns;
	int ret = programs_track(p, getpid(), false);

	memset(costs, 0, sizeof(*costs));
	if (ret)
		return ret;
	call_ns = time_of(getppid_call);
	call_ns = call_ns > bare_ns ? call_ns - bare_ns : 0;
	costs->source_ns[RECORD_SOURCE_SYSCALLS] = call_ns;
	/* One program and one record; a system call has two programs. */
	costs->source_ns[RECORD_SOURCE_SCHEDULING] = call_ns / 2;
	costs->source_ns[RECORD_SOURCE_FAULTS] = call_ns / 2;
	if (!options->syscalls)
		costs->source_ns[RECORD_SOURCE_SCHEDULING] =
			costs->source_ns[RECORD_SOURCE_FAULTS] = 200;
	if (options->functions)
		ret = measure_functions(p, options->returns, costs);
	if (!ret && options->malloc)
		ret = measure_malloc(p, costs);
	programs_forget_self(p, 4096);
	return ret;
}
