// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buffers are made here and not by libbpf: each CPU's is an array of its own, on the
 * node of that CPU.
 */
#include "record/programs.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "record/shapes.h"
#include "record/nodes.h"
#include "record/plain.h"
#include "record.skel.h"

#define SCRATCHES   4 /* for each CPU, as malloc.bpf.h has it */
#define SLOTS_LEAST 1024
#define FREED_LEAST 64 /* entries of a map that is not used */
#define MULTI_TYPE  48 /* BPF_TRACE_UPROBE_MULTI */

static size_t slots_for(size_t bytes, size_t cpus)
{
	size_t slots = SLOTS_LEAST;

	while (2 * slots * sizeof(struct record_slot) * cpus <= bytes && slots < 1UL << 31)
		slots *= 2;
	return slots;
}

static int node_of(size_t cpu)
{
	char path[96];
	struct stat st;

	for (int node = 0; node < 64; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%zu/node%d", cpu, node);
		if (!stat(path, &st))
			return node;
	}
	return 0;
}

static int make_buffer(struct programs *p, size_t cpu)
{
	struct cpu_buffer *buffer = &p->buffers[cpu];
	LIBBPF_OPTS(bpf_map_create_opts, options,
		    .map_flags = BPF_F_MMAPABLE | BPF_F_NUMA_NODE | BPF_F_INNER_MAP,
		    .numa_node = (__u32)node_of(cpu));
	__u32 key = (__u32)cpu;
	void *slots;

	buffer->node = (int)options.numa_node;
	buffer->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "record_buffer", sizeof(__u32),
				    sizeof(struct record_slot), (__u32)p->slots, &options);
	if (buffer->fd < 0)
		return -errno;
	slots = mmap(NULL, p->slots * sizeof(struct record_slot), PROT_READ, MAP_SHARED, buffer->fd,
		     0);
	if (slots == MAP_FAILED)
		return -errno;
	buffer->slots = slots;
	nodes_find(&buffer->placement, slots, p->slots * sizeof(struct record_slot), buffer->node);
	buffer->placement.header.cpu = (__u16)cpu;
	if (bpf_map_update_elem(bpf_map__fd(p->skeleton->maps.buffers), &key, &buffer->fd, BPF_ANY))
		return -errno;
	return 0;
}

static void *map_array(const struct bpf_map *map)
{
	size_t bytes = bpf_map__max_entries(map) * (((size_t)bpf_map__value_size(map) + 7) & ~7UL);
	void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return data == MAP_FAILED ? NULL : data;
}

static void configure(struct programs *p, const struct program_options *options)
{
	struct record *s = p->skeleton;
	const struct {
		struct bpf_program *program;
		bool wanted;
	} uprobes[] = {
		{s->progs.on_allocate, options->malloc},
		{s->progs.on_allocated, options->malloc},
		{s->progs.on_call, options->functions},
		{s->progs.on_return, options->functions && options->returns},
		{s->progs.on_usdt, options->usdts},
	};

	s->rodata->slot_mask = (__u32)p->slots - 1;
	s->rodata->has_kfuncs = p->kfuncs;
	s->rodata->follow = options->follow;
	s->rodata->whole_system = options->system;
	/* Processes come and go, and none of them has blocks that are known. */
	if (options->system) {
		bpf_map__set_type(s->maps.processes, BPF_MAP_TYPE_LRU_HASH);
		bpf_map__set_max_entries(s->maps.freed_blocks, FREED_LEAST);
		bpf_map__set_max_entries(s->maps.words, FREED_LEAST);
	}
	s->rodata->write_number = SYS_write;
	s->rodata->writev_number = SYS_writev;
	s->rodata->keep_operands = options->files;
	shapes_fill(s->rodata->shapes);
	bpf_map__set_max_entries(s->maps.buffers, (__u32)p->cpus);
	bpf_map__set_max_entries(s->maps.rings, (__u32)p->cpus);
	bpf_map__set_max_entries(s->maps.scratches, (__u32)p->cpus * SCRATCHES);
	bpf_program__set_autoload(s->progs.on_sys_enter, options->syscalls);
	bpf_program__set_autoload(s->progs.on_sys_exit, options->syscalls);
	bpf_program__set_autoload(s->progs.on_switch, options->scheduling);
	bpf_program__set_autoload(s->progs.on_page_fault, options->faults);
	s->rodata->has_budget = options->budget;
	s->rodata->has_returns = options->functions && options->returns;
	if (options->functions && options->budget)
		bpf_map__set_max_entries(s->maps.probe_hits, PROBES_MAX);
	for (size_t i = 0; i < sizeof(uprobes) / sizeof(uprobes[0]); i++) {
		bpf_program__set_autoattach(uprobes[i].program, false);
		bpf_program__set_autoload(uprobes[i].program, uprobes[i].wanted);
		if (p->multi)
			bpf_program__set_expected_attach_type(uprobes[i].program, MULTI_TYPE);
	}
}

/* What libbpf has to say is for those who ask for it. */
static int silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return getenv("SUNDIAL_LIBBPF") ? vfprintf(stderr, format, arguments) : 0;
}

/* The skeleton, around the object that may be loaded here. */
static struct record *open_skeleton(bool kfuncs)
{
	struct record *skeleton = calloc(1, sizeof(*skeleton));

	if (!skeleton || record__create_skeleton(skeleton)) {
		free(skeleton);
		return NULL;
	}
	if (!kfuncs)
		skeleton->skeleton->data = (void *)plain_object(&skeleton->skeleton->data_sz);
	if (!bpf_object__open_skeleton(skeleton->skeleton, NULL))
		return skeleton;
	record__destroy(skeleton);
	return NULL;
}

int programs_load(struct programs *p, const struct program_options *options)
{
	int cpus, ret;

	memset(p, 0, sizeof(*p));
	libbpf_set_print(silent);
	cpus = libbpf_num_possible_cpus();
	if (cpus < 0)
		return cpus;
	p->cpus = (size_t)cpus;
	p->slots = slots_for(options->buffer_bytes, p->cpus);
	p->multi = probes_have_multi();
	p->buffers = calloc(p->cpus, sizeof(*p->buffers));
	p->kfuncs = !access("/sys/kernel/btf/sundial", F_OK) && programs_may(CAP_SYS_ADMIN);
	p->skeleton = open_skeleton(p->kfuncs);
	if (!p->buffers || !p->skeleton) {
		ret = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < p->cpus; i++)
		p->buffers[i].fd = -1;
	configure(p, options);
	ret = record__load(p->skeleton);
	if (ret)
		goto out;
	for (size_t i = 0; i < p->cpus && !ret; i++)
		ret = make_buffer(p, i);
	if (ret)
		goto out;
	p->rings = map_array(p->skeleton->maps.rings);
	p->crashed = map_array(p->skeleton->maps.crashed_threads);
	ret = p->rings && p->crashed ? record__attach(p->skeleton) : -ENOMEM;
out:
	if (ret)
		programs_unload(p);
	return ret;
}

/* Whether the process runs under an engine already: then its clock page is there. */
static void note_engine(struct programs *p, pid_t pid)
{
	char path[64], line[512];
	__u32 key = (__u32)pid;
	__u8 one = 1;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		if (!strncmp(line, "7fd011000000-", 13)) { /* CLOCK_BASE of base/layout.h */
			bpf_map_update_elem(bpf_map__fd(p->skeleton->maps.engines), &key, &one,
					    BPF_ANY);
			p->skeleton->bss->any_engine = true;
		}
	if (maps)
		fclose(maps);
}

int programs_track(struct programs *p, pid_t pid, bool known)
{
	struct record_process process = {.flags = known ? RECORD_PROCESS_NEXT : 0};
	__u32 key = (__u32)pid;

	note_engine(p, pid);
	return bpf_map_update_elem(bpf_map__fd(p->skeleton->maps.processes), &key, &process,
				   BPF_ANY)
		       ? -errno
		       : 0;
}

void programs_unknow(struct programs *p, pid_t pid)
{
	int fd = bpf_map__fd(p->skeleton->maps.processes);
	struct record_process process;
	__u32 key = (__u32)pid;

	if (bpf_map_lookup_elem(fd, &key, &process) || !(process.flags & RECORD_PROCESS_KNOWN))
		return;
	process.flags &= ~RECORD_PROCESS_KNOWN;
	bpf_map_update_elem(fd, &key, &process, BPF_EXIST);
}

int programs_probe(struct programs *p, struct probes *probes, pid_t pid, const char *path,
		   const struct allocator *allocator)
{
	struct probe_site entries[ALLOCATOR_FUNCTIONS_MAX], returns[ALLOCATOR_FUNCTIONS_MAX];
	size_t return_count = 0;
	int ret;

	memset(probes, 0, sizeof(*probes));
	for (size_t i = 0; i < allocator->count; i++) {
		const struct allocator_function *function = &allocator->functions[i];

		entries[i] = (struct probe_site){
			function->offset, RECORD_COOKIE(function->function, function->rank), 0};
		if (function->returns)
			returns[return_count++] = entries[i];
	}
	/* Returns first: an entry whose return is not seen would be taken for one in progress. */
	ret = probes_attach(probes, p->skeleton->progs.on_allocated, true, p->multi, pid, path,
			    returns, return_count);
	if (!ret)
		ret = probes_attach(probes, p->skeleton->progs.on_allocate, false, p->multi, pid,
				    path, entries, allocator->count);
	if (ret)
		probes_detach(probes);
	return ret;
}

int programs_probe_functions(struct programs *p, struct probes *probes, bool at_return, pid_t pid,
			     const char *path, const struct probe_site *sites, size_t count)
{
	struct bpf_program *program =
		at_return ? p->skeleton->progs.on_return : p->skeleton->progs.on_call;

	return probes_attach(probes, program, at_return, p->multi, pid, path, sites, count);
}

int programs_probe_usdts(struct programs *p, struct probes *probes, pid_t pid, const char *path,
			 const struct probe_site *sites, size_t count)
{
	return probes_attach(probes, p->skeleton->progs.on_usdt, false, p->multi, pid, path, sites,
			     count);
}

int programs_specify_usdt(struct programs *p, __u32 number, const struct record_usdt_spec *spec)
{
	return bpf_map_update_elem(bpf_map__fd(p->skeleton->maps.usdt_specs), &number, spec,
				   BPF_ANY)
		       ? -errno
		       : 0;
}

static void detach(struct bpf_link **link)
{
	bpf_link__destroy(*link);
	*link = NULL;
}

/* All processes lack some of their allocations from now on. */
static void unknow_all(struct programs *p)
{
	int fd = bpf_map__fd(p->skeleton->maps.processes);
	__u32 *previous = NULL, pid, next;

	for (; !bpf_map_get_next_key(fd, previous, &next); pid = next, previous = &pid)
		programs_unknow(p, (pid_t)next);
}

void programs_switch_off(struct programs *p, enum record_source source)
{
	struct record *s = p->skeleton;

	s->bss->source_off[source] = true;
	switch (source) {
	case RECORD_SOURCE_MALLOC:
		unknow_all(p);
		break;
	case RECORD_SOURCE_SYSCALLS:
		/* Calls that have begun are to end. */
		usleep(1000);
		detach(&s->links.on_sys_enter);
		break;
	case RECORD_SOURCE_SCHEDULING:
		detach(&s->links.on_switch);
		break;
	case RECORD_SOURCE_FAULTS:
		detach(&s->links.on_page_fault);
		break;
	default:
		break;
	}
}

void programs_forget_self(struct programs *p, __u64 address)
{
	struct record_block_key block = {.address = address, .tgid = (__u32)getpid()};
	struct record_slot slot = {0};
	struct record_ring ring = {0};
	struct record *s = p->skeleton;
	__u32 key = (__u32)getpid();

	bpf_map_delete_elem(bpf_map__fd(s->maps.processes), &key);
	bpf_map_delete_elem(bpf_map__fd(s->maps.pending_calls), &key);
	bpf_map_delete_elem(bpf_map__fd(s->maps.pending_allocations), &key);
	bpf_map_delete_elem(bpf_map__fd(s->maps.live_blocks), &block);
	bpf_map_delete_elem(bpf_map__fd(s->maps.freed_blocks), &block);
	for (size_t cpu = 0; cpu < p->cpus; cpu++) {
		__u64 used = p->rings[cpu].emitted;

		for (__u32 i = 0; i < used && i < p->slots; i++)
			bpf_map_update_elem(p->buffers[cpu].fd, &i, &slot, BPF_ANY);
		key = (__u32)cpu;
		bpf_map_update_elem(bpf_map__fd(s->maps.rings), &key, &ring, BPF_ANY);
	}
}

void programs_release(struct programs *p, pid_t pid)
{
	int slots = bpf_map__fd(p->skeleton->maps.crashed_slots);

	for (size_t i = 0; i < RECORD_CRASH_THREADS; i++) {
		struct record_crashed_thread *thread = &p->crashed[i];

		if (!thread->taken || thread->crash.header.tgid != (__u32)pid)
			continue;
		bpf_map_delete_elem(slots, &thread->crash.header.tid);
		thread->crash.header.type = 0;
		__atomic_store_n(&thread->taken, 0, __ATOMIC_RELEASE);
	}
}

void programs_pause(struct programs *p, bool pause)
{
	__atomic_store_n(&p->skeleton->bss->paused, pause, __ATOMIC_SEQ_CST);
	/* A writer that saw the old value commits within what a preempted one takes. */
	if (pause)
		usleep(2000);
}

void programs_unload(struct programs *p)
{
	record__destroy(p->skeleton);
	for (size_t i = 0; p->buffers && i < p->cpus; i++)
		if (p->buffers[i].fd >= 0)
			close(p->buffers[i].fd);
	free(p->buffers);
	memset(p, 0, sizeof(*p));
}
