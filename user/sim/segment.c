// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two mappings of a simulation: the arena and the clock page, both anonymous
 * files that vanish with their last user. The supervisor maps them where guests
 * do; guests open them through /proc/SUPERVISOR/fd.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sundial.h>
#include "sim/fail.h"
#include "sim/sim.h"
#include "simkernel/arena.h"

/* Sparse: what is not touched costs nothing. */
#define ARENA_BYTES	(8UL << 30)
#define ARENA_MIN_BYTES (64UL << 20)

/* Virtual costs. They only have to be plausible, and the same everywhere. */
#define CALL_NS	 1000
#define TICK_NS	 50
#define SLICE_NS (4 * NSEC_PER_MSEC)

static void *map_at(u64 address, size_t size, int fd)
{
	void *p = mmap((void *)address, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);

	if (p != MAP_FAILED && p != (void *)address) { /* a kernel before 4.17 takes it as a hint */
		munmap(p, size);
		errno = EEXIST;
		return MAP_FAILED;
	}
	return p;
}

static int make_memory(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		fail(EXIT_SUNDIAL, "cannot create shared memory (memfd_create): %s",
		     strerror(errno));
	if (ftruncate(fd, size)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void create_arena(struct sim *s)
{
	size_t size = ARENA_BYTES;
	void *p = MAP_FAILED;

	for (; size >= ARENA_MIN_BYTES; size /= 2) {
		s->arena_fd = make_memory("sundial-arena", size);
		if (s->arena_fd < 0)
			continue;
		p = map_at(ARENA_BASE, size, s->arena_fd);
		if (p != MAP_FAILED)
			break;
		close(s->arena_fd);
		if (errno == EEXIST)
			fail(EXIT_SUNDIAL,
			     "address %#lx is taken in this process (%s): something preloaded? "
			     "Run without LD_PRELOAD",
			     ARENA_BASE, strerror(errno));
	}
	if (p == MAP_FAILED)
		fail(EXIT_SUNDIAL,
		     "the arena is too large: not even %lu MiB of address space or file size "
		     "are allowed here; raise them with 'ulimit -v unlimited; ulimit -f unlimited'",
		     ARENA_MIN_BYTES >> 20);
	madvise(p, size, MADV_DONTDUMP);
	s->host = arena_format(size);
}

/*
 * The guests' page: in a memfd even where the module is loaded, because guests
 * reopen it through /proc, which a device's anonymous file does not allow. The
 * offsets are those of a machine that booted SIM_BOOT_NS before the start and
 * was never suspended.
 */
static void create_clock(struct sim *s)
{
	s64 realtime_ns = s->opt->start_ns - (s64)SIM_BOOT_NS;
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER,
		.mode = SUNDIAL_MODE_MANUAL,
		.count = 1,
		.now_ns = SIM_BOOT_NS,
		.realtime_ns = realtime_ns,
		/* International atomic time has been 37 s ahead since 2017. */
		.tai_ns = realtime_ns + 37 * (s64)NSEC_PER_SEC,
	};
	int ret = sundial_clock_create(&how, SUNDIAL_BACKING_MEMFD, &s->clock);
	struct sundial_clock_page *page;

	if (ret)
		fail(EXIT_SUNDIAL, "cannot make the clock page: %s", strerror(-ret));
	page = map_at(CLOCK_BASE, SUNDIAL_CLOCK_PAGE_SIZE, sundial_clock_fd(s->clock));
	if (page == MAP_FAILED)
		fail(EXIT_SUNDIAL, "cannot map the clock page at %#lx: %s", CLOCK_BASE,
		     strerror(errno));
	page->tick_ns = TICK_NS;
	s->host->clock = page;
}

static void fill_config(struct host *host, const struct sim_options *opt)
{
	struct host_config *c = &host->config;

	c->seed = opt->seed;
	c->start_ns = opt->start_ns;
	c->until_ns = opt->until_ns ? SIM_BOOT_NS + opt->until_ns : TIME_NEVER;
	c->call_ns = CALL_NS;
	c->tick_ns = TICK_NS;
	c->slice_ns = SLICE_NS;
	c->quantum_ns = opt->quantum_ns;
	c->cpus = opt->cpus;
	c->strace_mode = opt->strace_dir ? opt->strace_mode : STRACE_OFF;
	host->logs = c->strace_mode ? LOG_STRACE : 0;
	c->clock_page = opt->clock_page;
	c->patch = opt->patch;
	c->fault_point = opt->fault_point;
	c->fault_count = opt->fault_count;
	strcpy(c->sysroot, opt->sysroot);
	strcpy(c->functions, opt->functions);
	c->tb_bytes = opt->tb_bytes;
	c->interpret = opt->interpret;
	c->insn_ns = opt->insn_ns;
	c->stats = opt->stats || opt->stats_file;
	strcpy(c->hostname, opt->hostname);
	if (!getcwd(c->start_dir, sizeof(c->start_dir)))
		c->start_dir[0] = 0; /* a folder that is gone has no name to be hidden */
}

void segment_create(struct sim *s)
{
	create_arena(s);
	create_clock(s);
	fill_config(s->host, s->opt);
	s->host->config.supervisor_pid = getpid();
	s->host->config.arena_fd = s->arena_fd;
	s->host->config.clock_fd = sundial_clock_fd(s->clock);
}
