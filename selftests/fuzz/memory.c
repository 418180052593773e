// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings. Each thread has an arena of its own; every mapping is placed in it by
 * MAP_FIXED, and what is unmapped there is reserved again at once, so that nothing
 * else is ever hit. tags[] remembers what each page shows.
 *
 * Pages are read and written through process_vm_readv and writev: a page that is
 * not there is an error then, and no signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"
#include "lib/sundial.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

#define RW (PROT_READ | PROT_WRITE)

static unsigned char *page_at(struct fuzz *f, unsigned int page)
{
	return f->arena + (size_t)page * PAGE;
}

static bool never_writable(enum page_tag tag)
{
	return tag >= TAG_KERNEL && tag <= TAG_SHOWN;
}

static void set_tags(struct fuzz *f, unsigned int page, unsigned int pages, enum page_tag tag)
{
	unsigned int i;

	for (i = page; i < page + pages; i++) {
		f->tags[i] = tag;
		f->generation[i] = 0;
	}
}

static void reserve(struct fuzz *f, unsigned int page, unsigned int pages)
{
	if (mmap(page_at(f, page), (size_t)pages * PAGE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		fail(f, "the arena cannot be reserved: %d", errno);
	set_tags(f, page, pages, TAG_RESERVED);
}

void arena_make(struct fuzz *f)
{
	size_t bytes = (ARENA_PAGES + SCRATCH_PAGES) * (size_t)PAGE;

	f->arena = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	f->edge = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	f->read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->arena == MAP_FAILED || f->edge == MAP_FAILED || f->read_only == MAP_FAILED ||
	    mprotect(f->edge + PAGE, PAGE, PROT_NONE))
		fail(f, "no memory for the arena");
}

static bool read_page(const void *from, void *to, size_t bytes)
{
	struct iovec local = {to, bytes}, remote = {(void *)from, bytes};

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)bytes;
}

static bool write_page(void *to, const void *from, size_t bytes)
{
	struct iovec local = {(void *)from, bytes}, remote = {to, bytes};

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)bytes;
}

/* A place for up to most pages of the arena. */
static unsigned int some_place(struct fuzz *f, unsigned int pages)
{
	return below(f, ARENA_PAGES - pages + 1);
}

static unsigned int pages_of(size_t bytes)
{
	return (bytes + PAGE - 1) / PAGE;
}

static size_t generations_bytes(const struct object *set)
{
	return sizeof(struct sundial_tb_page) + set->slots * sizeof(__u64);
}

/* What may be mapped of an object, and where. */
struct view {
	unsigned int pages;
	__u64 offset;
	enum page_tag tag;
};

static struct view some_view(struct fuzz *f, const struct object *object)
{
	bool one = one_in(f, 2), vcpus = one_in(f, 2);
	unsigned int index = below(f, object->count ? object->count : 1);
	struct view view = {.pages = 1};

	if (object->type == OBJECT_TB && vcpus && object->vcpus) {
		view.pages = pages_of(object->vcpus * sizeof(struct sundial_tb_vcpu));
		view.offset = SUNDIAL_TB_VCPU_OFFSET;
		view.tag = TAG_VCPU;
	} else if (object->type == OBJECT_TB) {
		view.pages = pages_of(generations_bytes(object));
		view.tag = TAG_TB;
	} else {
		if (one)
			view.offset = (__u64)index * PAGE;
		else
			view.pages = object->count;
		view.tag = object->kind == SUNDIAL_KIND_KERNEL ? TAG_KERNEL
			   : object->reader		       ? TAG_SHOWN
							       : TAG_USER;
	}
	return view;
}

/* In a lenient run another object may have been mapped than was chosen. */
static enum page_tag tag_by_content(struct fuzz *f, unsigned int page)
{
	struct sundial_clock_page header;

	if (!read_page(page_at(f, page), &header, sizeof(header)))
		return TAG_ANY;
	if (header.magic == SUNDIAL_TB_MAGIC)
		return TAG_TB;
	return header.magic == SUNDIAL_CLOCK_MAGIC && header.kind == SUNDIAL_KIND_KERNEL
		       ? TAG_KERNEL
		       : TAG_ANY;
}

static bool may_fail_with(int error, int flags)
{
	if (error == EINVAL || error == EACCES || error == EPERM || error == ENODEV ||
	    error == EOVERFLOW || error == ENOMEM || error == EBADF)
		return true;
	return error == EAGAIN && flags & MAP_LOCKED;
}

void do_map(struct fuzz *f)
{
	static const int protections[] = {PROT_READ, PROT_READ,	 PROT_READ, RW,
					  RW,	     PROT_WRITE, PROT_NONE, PROT_READ | PROT_EXEC};
	unsigned int slot, wrong = below(f, 16), noise = below(f, 12), place;
	struct object object = pool_pick(f, OBJECT_CLOCK + below(f, 2), &slot);
	int prot = protections[below(f, 8)], extra = one_in(f, 8) ? MAP_LOCKED : 0;
	struct view view = some_view(f, &object);
	bool ours = object.type == OBJECT_CLOCK || object.type == OBJECT_TB;
	bool private = wrong == 0, good = ours && wrong > 3;
	void *got;

	good &= view.pages && view.pages <= ARENA_PAGES;
	if (wrong == 1)
		view.pages += 1 + noise;
	if (wrong == 2)
		view.offset = (view.offset + noise * PAGE) ^ (1ULL << (12 + noise * 4));
	if (wrong == 3)
		view.pages = 1 + noise;
	if (!view.pages || view.pages > ARENA_PAGES)
		view.pages = 1;
	place = some_place(f, view.pages);
	if (one_in(f, 8))
		extra |= MAP_POPULATE;
	note(f, "map slot %u: %u pages from %#llx on, protection %d, flags %#x, %s, at page %u",
	     slot, view.pages, (unsigned long long)view.offset, prot, extra,
	     private ? "private" : "shared", place);
	got = mmap(page_at(f, place), (size_t)view.pages * PAGE, prot,
		   (private ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED | extra, object.fd,
		   view.offset);
	if (got == MAP_FAILED) {
		if (!may_fail_with(errno, extra))
			fail(f, "mmap: undocumented error %d", errno);
		else if (good && !f->lenient && !extra && !(prot & PROT_EXEC) &&
			 !(prot & PROT_WRITE && never_writable(view.tag)))
			fail(f, "mmap of what may be mapped: error %d", errno);
		reserve(f, place, view.pages); /* MAP_FIXED may have cleared it */
		return;
	}
	set_tags(f, place, view.pages,
		 f->lenient ? tag_by_content(f, place)
		 : ours	    ? view.tag
			    : TAG_ANY);
	if (prot & PROT_WRITE && never_writable(f->tags[place]))
		fail(f, "mmap gave a writable mapping of what nobody may write");
	if (private && !f->lenient && good)
		fail(f, "mmap gave a private mapping");
}

/* Ordinary memory, for the sets to watch. */
void do_map_other(struct fuzz *f)
{
	unsigned int pages = 1 + below(f, 16), place = some_place(f, pages), kind = below(f, 4);
	int prot = one_in(f, 3) ? PROT_READ : RW, file = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	note(f, "map memory of kind %u: %u pages at page %u", kind, pages, place);
	if (kind == 1)
		flags = MAP_SHARED | MAP_ANONYMOUS;
	if (kind >= 2) {
		flags = kind == 2 ? MAP_SHARED : MAP_PRIVATE;
		file = memfd_create("fuzz", MFD_CLOEXEC);
		if (file < 0 || ftruncate(file, (off_t)pages * PAGE))
			note(f, "no memory for a memfd");
	}
	if (mmap(page_at(f, place), (size_t)pages * PAGE, prot, flags | MAP_FIXED, file, 0) ==
	    MAP_FAILED)
		reserve(f, place, pages);
	else
		set_tags(f, place, pages, TAG_ANY);
	madvise(page_at(f, place), (size_t)pages * PAGE,
		prot == RW ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
	if (file >= 0 && one_in(f, 2) && ftruncate(file, (off_t)below(f, pages) * PAGE))
		note(f, "a memfd cannot be cut");
	if (file >= 0)
		close(file);
}

static void move(struct fuzz *f, unsigned int from, unsigned int pages)
{
	unsigned int resized = 1 + below(f, 8), doubled = one_in(f, 4), to, i, kept;
	unsigned int to_pages = one_in(f, 2) ? pages : resized;
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	enum page_tag last = f->tags[from + pages - 1];
	void *got;

	to = some_place(f, to_pages);
	if (to < from + pages && from < to + to_pages)
		return;
	note(f, "mremap %u pages at page %u%s to %u pages at page %u", pages, from,
	     doubled ? " (left there)" : "", to_pages, to);
	got = mremap(page_at(f, from), doubled ? 0 : (size_t)pages * PAGE, (size_t)to_pages * PAGE,
		     flags, page_at(f, to));
	if (got == MAP_FAILED) {
		reserve(f, to, to_pages);
		if (!doubled && to_pages < pages) /* what was to be cut off may be gone */
			reserve(f, from + to_pages, pages - to_pages);
		return;
	}
	if (doubled)
		last = f->tags[from];
	if ((doubled || to_pages > pages) && last >= TAG_KERNEL)
		fail(f, "mremap %s a mapping of an object", doubled ? "doubled" : "grew");
	kept = to_pages < pages ? to_pages : pages;
	set_tags(f, to, to_pages, doubled ? f->tags[from] : TAG_ANY);
	for (i = 0; !doubled && i < kept; i++)
		f->tags[to + i] = f->tags[from + i];
	if (!doubled)
		reserve(f, from, pages);
}

static void protect(struct fuzz *f, unsigned int page, unsigned int pages)
{
	static const int protections[] = {PROT_NONE, PROT_READ,	 RW,
					  RW,	     PROT_WRITE, PROT_READ | PROT_EXEC};
	int prot = protections[below(f, 6)], ret;
	bool keyed = one_in(f, 4);
	unsigned int i;

	note(f, "%smprotect %u pages at page %u: %d", keyed ? "pkey_" : "", pages, page, prot);
	ret = keyed ? syscall(SYS_pkey_mprotect, page_at(f, page), (size_t)pages * PAGE, prot, 0)
		    : mprotect(page_at(f, page), (size_t)pages * PAGE, prot);
	for (i = page; !ret && i < page + pages; i++)
		if (prot & PROT_WRITE && never_writable(f->tags[i]))
			fail(f, "mprotect made page %u writable", i);
}

void do_change_mapping(struct fuzz *f)
{
	unsigned int pages = 1 + below(f, 8), page = some_place(f, pages), choice = below(f, 10);
	size_t bytes = (size_t)pages * PAGE;
	unsigned char residency[8];

	switch (choice) {
	case 0:
	case 1:
		note(f, "munmap %u pages at page %u", pages, page);
		munmap(page_at(f, page), bytes);
		reserve(f, page, pages);
		break;
	case 2:
	case 3:
		move(f, page, pages);
		break;
	case 4:
		note(f, "lock, then unlock %u pages at page %u", pages, page);
		mlock(page_at(f, page), bytes);
		mincore(page_at(f, page), bytes, residency);
		munlock(page_at(f, page), bytes);
		break;
	case 5:
		note(f, "remap_file_pages and msync %u pages at page %u", pages, page);
		syscall(SYS_remap_file_pages, page_at(f, page), bytes, 0, 1, 0);
		msync(page_at(f, page), bytes, MS_SYNC);
		break;
	default:
		protect(f, page, pages);
	}
}

void do_advise(struct fuzz *f)
{
	static const int advices[] = {MADV_DONTNEED,	  MADV_DONTNEED,       MADV_FREE,
				      MADV_WILLNEED,	  MADV_COLD,	       MADV_PAGEOUT,
				      MADV_DONTFORK,	  MADV_REMOVE,	       MADV_HUGEPAGE,
				      MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_WIPEONFORK,
				      MADV_KEEPONFORK,	  MADV_DONTDUMP};
	unsigned int pages = 1 + below(f, 16), page = some_place(f, pages), i;
	int advice = advices[below(f, sizeof(advices) / sizeof(advices[0]))], ret;

	note(f, "madvise %u pages at page %u: %d", pages, page, advice);
	ret = madvise(page_at(f, page), (size_t)pages * PAGE, advice);
	for (i = page; !ret && i < page + pages; i++)
		if (advice == MADV_POPULATE_WRITE && never_writable(f->tags[i]))
			fail(f, "madvise prepared page %u to be written", i);
}

/* Any page with one of these tags, from a random one on; ARENA_PAGES if there is none. */
static unsigned int find(struct fuzz *f, enum page_tag first, enum page_tag last)
{
	unsigned int start = below(f, ARENA_PAGES), i, at;

	for (i = 0; i < ARENA_PAGES; i++) {
		at = (start + i) % ARENA_PAGES;
		if (f->tags[at] >= first && f->tags[at] <= last)
			return at;
	}
	return ARENA_PAGES;
}

/* Anything at all in what user space may write: harms nobody. */
void do_scribble(struct fuzz *f)
{
	__u64 v = number(f);
	unsigned int offset = below(f, PAGE / 8) * 8, head = below(f, 2),
		     page = find(f, TAG_USER, TAG_VCPU);

	if (head)
		offset %= sizeof(struct sundial_clock_page);
	if (page == ARENA_PAGES)
		return;
	note(f, "store %#llx at byte %u of page %u", (unsigned long long)v, offset, page);
	write_page(page_at(f, page) + offset, &v, sizeof(v));
}

static bool write_through_mem(void *to)
{
	__u64 evil = 0x4141414141414141ULL;
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	bool wrote = mem >= 0 && pwrite(mem, &evil, sizeof(evil), (off_t)(uintptr_t)to) > 0;

	if (mem >= 0)
		close(mem);
	return wrote;
}

static bool write_by_read(void *to)
{
	int fds[2];
	bool wrote;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	wrote = write(fds[1], "AAAAAAAA", 8) == 8 && read(fds[0], to, 8) > 0;
	close(fds[0]);
	close(fds[1]);
	return wrote;
}

/* Every way to write that a process has, to a page that nobody may write. */
void do_attack(struct fuzz *f)
{
	unsigned int way = below(f, 6), page = find(f, TAG_KERNEL, TAG_SHOWN);
	__u64 evil = 0x4141414141414141ULL;
	unsigned char *to = page_at(f, page);
	bool wrote;

	if (page == ARENA_PAGES)
		return;
	note(f, "attack %u on page %u", way, page);
	switch (way) {
	case 0:
		wrote = !mprotect(to, PAGE, RW);
		break;
	case 1:
		wrote = !syscall(SYS_pkey_mprotect, to, PAGE, PROT_WRITE, 0);
		break;
	case 2:
		wrote = write_page(to + 24, &evil, sizeof(evil));
		break;
	case 3:
		wrote = write_through_mem(to + 24);
		break;
	case 4:
		wrote = write_by_read(to + 24);
		break;
	default:
		wrote = !madvise(to, PAGE, MADV_POPULATE_WRITE);
	}
	if (wrote)
		fail(f, "attack %u wrote to page %u, which nobody may write", way, page);
}

static bool all_zero(const unsigned char *from, const unsigned char *to)
{
	while (from < to)
		if (*from++)
			return false;
	return true;
}

/* What holds for every clock page that only the kernel writes, at any moment. */
static void check_clock_page(struct fuzz *f, const unsigned char *bytes)
{
	const struct sundial_clock_page *page = (const void *)bytes;
	const unsigned char *pad = (const unsigned char *)page->pad;

	if (page->magic != SUNDIAL_CLOCK_MAGIC || page->version != SUNDIAL_CLOCK_VERSION ||
	    page->size != sizeof(*page) || page->mode > SUNDIAL_MODE_SCALED || !page->domain ||
	    page->flags & ~SUNDIAL_PAGE_STEPPABLE || looks_leaked(page->domain))
		fail(f, "a clock page's constant part is not as described");
	if (page->limit_ns != ~0ULL || page->tick_ns || page->reads ||
	    (page->kind == SUNDIAL_KIND_KERNEL && page->deadline_ns))
		fail(f, "a clock page's fields for ticking readers are in use");
	if (page->reserved || !all_zero(pad, pad + sizeof(page->pad)) || page->rate[0].reserved ||
	    page->rate[1].reserved || !all_zero(bytes + sizeof(*page), bytes + PAGE))
		fail(f, "a clock page holds bytes that should be zero");
	if (!page->coarse_ns || page->coarse_ns > SUNDIAL_CLOCK_MAX_COARSE_NS ||
	    page->rate[0].shift > SUNDIAL_CLOCK_MAX_SHIFT ||
	    page->rate[1].shift > SUNDIAL_CLOCK_MAX_SHIFT)
		fail(f, "a clock page holds what could not be asked for");
}

/* Less than a thousand years in a day of the host: the sum does not wrap while we look. */
static bool gentle(const struct sundial_clock_rate *rate)
{
	return rate->mult >> rate->shift < 1 << 18;
}

/*
 * The count of a clock that is not steppable is never seen to go back. One that is
 * SCALED wraps at 64 bits, as the header says, so only rates that do not take it
 * there are judged, and at most one change of them at a time.
 */
static void check_count(struct fuzz *f, const struct sundial_clock_page *page)
{
	struct seen *seen = &f->seen[page->domain % DOMAINS];
	struct sundial_clock_rate rate;
	struct seen now = {.domain = page->domain, .seq = page->seq};

	if (page->flags & SUNDIAL_PAGE_STEPPABLE)
		return;
	sundial_rate_read(page, &rate);
	now.gentle = page->mode == SUNDIAL_MODE_MANUAL || gentle(&rate);
	now.count = sundial_page_now(page, sundial_host_now);
	if (seen->domain == now.domain && now.count < seen->count && seen->gentle && now.gentle &&
	    (page->mode == SUNDIAL_MODE_MANUAL ||
	     (now.seq - seen->seq <= 2 && seen->count < 1ULL << 62)))
		fail(f, "domain %llu went back from %llu to %llu", (unsigned long long)now.domain,
		     (unsigned long long)seen->count, (unsigned long long)now.count);
	*seen = now;
}

static void check_set_page(struct fuzz *f, const unsigned char *bytes, __u64 *last)
{
	const struct sundial_tb_page *page = (const void *)bytes;
	const unsigned char *pad = (const unsigned char *)page->pad;
	const unsigned char *end = bytes + page->generations + page->slots * sizeof(__u64);
	__u64 generation;

	if (page->magic != SUNDIAL_TB_MAGIC || page->size != sizeof(*page) || !page->slots ||
	    page->slots > SUNDIAL_TB_MAX_SLOTS || page->vcpus > SUNDIAL_TB_MAX_VCPUS ||
	    page->events > SUNDIAL_TB_MAX_EVENTS || page->generations % 8 ||
	    page->generations < sizeof(*page) || page->generations > PAGE - 8 ||
	    looks_leaked(page->queued) || page->reserved ||
	    !all_zero(pad, pad + sizeof(page->pad))) {
		fail(f, "a set's page is not as described");
		return;
	}
	if (end < bytes + PAGE && !all_zero(end, bytes + PAGE))
		fail(f, "a set's page holds bytes behind its generations");
	generation = *(const __u64 *)(bytes + page->generations);
	if (generation < 2 || generation < *last || looks_leaked(generation))
		fail(f, "a generation went from %llu to %llu", (unsigned long long)*last,
		     (unsigned long long)generation);
	*last = generation;
}

void do_look(struct fuzz *f)
{
	unsigned char bytes[PAGE] __attribute__((aligned(64)));
	unsigned int page = find(f, TAG_KERNEL, TAG_TB);
	const struct sundial_clock_page *header = (const void *)bytes;

	if (page == ARENA_PAGES || !read_page(page_at(f, page), bytes, PAGE))
		return;
	note(f, "look at page %u", page);
	if (f->tags[page] == TAG_KERNEL) {
		if (header->magic != SUNDIAL_CLOCK_MAGIC)
			fail(f, "a clock page begins with %#llx", *(unsigned long long *)bytes);
		check_clock_page(f, bytes);
		if (!f->lenient &&
		    (header->seq & 1 || memcmp(&header->rate[0], &header->rate[1], 64)))
			fail(f, "a clock page was left in the middle of a change");
		check_count(f, (const void *)page_at(f, page));
	} else if (header->magic == SUNDIAL_TB_MAGIC) {
		check_set_page(f, bytes, &f->generation[page]);
	}
}

static void check_new_clock(struct fuzz *f, const struct object *object, const unsigned char *bytes)
{
	const struct sundial_clock_page *page = (const void *)bytes;

	check_clock_page(f, bytes);
	if (page->kind != object->kind || page->mode != object->mode || page->deadline_ns ||
	    page->seq || memcmp(&page->rate[0], &page->rate[1], sizeof(page->rate[0])))
		fail(f, "a new clock page is not what was asked for");
}

static void check_new_set(struct fuzz *f, const struct object *object, const unsigned char *bytes,
			  bool vcpus)
{
	const struct sundial_tb_page *page = (const void *)bytes;
	__u64 last = 2;

	if (vcpus) {
		if (!all_zero(bytes, bytes + PAGE))
			fail(f, "the words of new vCPUs are not zero");
		return;
	}
	check_set_page(f, bytes, &last);
	if (last != 2 || page->slots != object->slots || page->vcpus != object->vcpus ||
	    page->events != object->events || page->sleepers || page->queued)
		fail(f, "a new set is not what was asked for");
}

/* One view of the new object, every page of it that fits. */
void look_at_new(struct fuzz *f, const struct object *object)
{
	unsigned char *scratch = page_at(f, ARENA_PAGES), bytes[PAGE] __attribute__((aligned(64)));
	struct view view = some_view(f, object);
	unsigned int i;

	if (view.pages > SCRATCH_PAGES)
		return;
	if (mmap(scratch, view.pages * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, object->fd,
		 view.offset) == MAP_FAILED) {
		fail(f, "a new object cannot be mapped: %d", errno);
		return;
	}
	for (i = 0; i < view.pages; i++) {
		if (!read_page(scratch + i * PAGE, bytes, PAGE))
			fail(f, "page %u of a new object cannot be read", i);
		else if (object->type == OBJECT_CLOCK)
			check_new_clock(f, object, bytes);
		else if (view.tag == TAG_VCPU || i == 0)
			check_new_set(f, object, bytes, view.tag == TAG_VCPU);
	}
	mmap(scratch, view.pages * PAGE, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* What the kernel itself says of our mappings: a reader's is neither writable nor can become so. */
void do_look_at_maps(struct fuzz *f)
{
	static _Thread_local char line[512];
	FILE *maps = fopen("/proc/self/smaps", "re");
	bool reader = false;

	note(f, "look at smaps");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (strchr(line, '-') && strchr(line, '-') < strchr(line, ' ')) {
			reader = strstr(line, "[sundial-clock-reader]");
			if (reader && strstr(line, " rw"))
				fail(f, "a reader's mapping is writable: %s", line);
		} else if (reader && !strncmp(line, "VmFlags:", 8) && strstr(line, " mw")) {
			fail(f, "a reader's mapping may become writable: %s", line);
		}
	}
	if (maps)
		fclose(maps);
}
