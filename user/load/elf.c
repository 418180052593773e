// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ELF files: probing and mapping (elf.h). Works on host descriptors, keeps no
 * state; any thread may call it.
 */
#include <elf.h>
#include <errno.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/elf.h"

#define MAX_PHDRS 64
#define ALIGN_MAX (1UL << 32) /* what asks for more is placed anywhere */

struct headers {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[MAX_PHDRS];
};

static long read_headers(int fd, struct headers *h)
{
	size_t size;
	long n = hostcall(SYS_pread64, fd, &h->eh, sizeof(h->eh), 0);

	if (n < (long)sizeof(h->eh) || memcmp(h->eh.e_ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (h->eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    (h->eh.e_machine != EM_X86_64 && h->eh.e_machine != EM_RISCV))
		return -ENOEXEC;
	if (h->eh.e_type != ET_EXEC && h->eh.e_type != ET_DYN)
		return -ENOEXEC;
	if (h->eh.e_phentsize != sizeof(Elf64_Phdr) || !h->eh.e_phnum || h->eh.e_phnum > MAX_PHDRS)
		return -ENOEXEC;
	size = h->eh.e_phnum * sizeof(Elf64_Phdr);
	n = hostcall(SYS_pread64, fd, h->ph, size, h->eh.e_phoff);
	return n == (long)size ? 0 : -ENOEXEC;
}

static long probe_elf(int fd, struct exec_file *out)
{
	struct headers h;
	long ret = read_headers(fd, &h);
	int i;

	if (ret)
		return ret;
	out->type = EXEC_ELF;
	out->machine = h.eh.e_machine;
	for (i = 0; i < h.eh.e_phnum; i++) {
		u64 size = h.ph[i].p_filesz;

		if (h.ph[i].p_type != PT_INTERP)
			continue;
		if (size < 2 || size > sizeof(out->interpreter))
			return -ENOEXEC;
		if (hostcall(SYS_pread64, fd, out->interpreter, size, h.ph[i].p_offset) !=
		    (long)size)
			return -EIO;
		if (out->interpreter[size - 1])
			return -ENOEXEC;
		return out->interpreter[0] ? 0 : -EACCES; /* Linux finds the current folder */
	}
	return 0;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static long probe_script(char *head, long n, struct exec_file *out)
{
	char *p = head + 2, *end = memchr(head, '\n', n), *word;

	if (!end && n == EXEC_HEAD_BYTES) {
		/* Without a newline the interpreter's name must at least be whole. */
		for (word = p; word < head + n && blank(*word); word++)
			;
		for (; word < head + n && !blank(*word) && *word; word++)
			;
		if (word == head + n)
			return -ENOEXEC;
	}
	if (!end)
		end = head + n - (n == EXEC_HEAD_BYTES);
	while (end > p && blank(end[-1]))
		end--;
	*end = 0;
	while (blank(*p))
		p++;
	if (!*p)
		return -ENOEXEC;
	for (word = p; *p && !blank(*p); p++)
		;
	if (*p)
		*p++ = 0;
	while (blank(*p))
		p++;
	out->type = EXEC_SCRIPT;
	str_copy(out->interpreter, word, sizeof(out->interpreter));
	str_copy(out->argument, p, sizeof(out->argument));
	return 0;
}

long exec_probe(int fd, struct exec_file *out)
{
	char head[EXEC_HEAD_BYTES + 1] = {0};
	long n = hostcall(SYS_pread64, fd, head, EXEC_HEAD_BYTES, 0);

	out->interpreter[0] = out->argument[0] = 0;
	if (n < 0)
		return n;
	if (n > 2 && head[0] == '#' && head[1] == '!')
		return probe_script(head, n, out);
	return probe_elf(fd, out);
}

static long host_map(u64 addr, u64 bytes, int prot, int flags, int fd, u64 offset)
{
	return hostcall(SYS_mmap, addr, bytes, prot, flags, fd, offset);
}

static long host_unmap(u64 addr, u64 bytes)
{
	return hostcall(SYS_munmap, addr, bytes);
}

static long host_zero(u64 addr, u64 bytes)
{
	memset((void *)addr, 0, bytes);
	return 0;
}

static const struct elf_space host_space = {host_map, host_unmap, host_zero};

static int protection(u32 flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

/*
 * The zeroes that a segment has beyond its part of the file, to the end of the
 * page: ld.so's first allocations live behind its bss and trust them.
 */
static long map_bss(const struct elf_space *space, const Elf64_Phdr *ph, u64 base, int prot)
{
	u64 file_end = base + ph->p_vaddr + ph->p_filesz,
	    mem_end = base + ph->p_vaddr + ph->p_memsz;
	u64 page_end = ALIGN_UP(file_end, PAGE_BYTES);
	long ret;

	if (mem_end <= file_end)
		return 0;
	if (ph->p_filesz && (prot & PROT_WRITE) && page_end > file_end &&
	    space->zero(file_end, page_end - file_end))
		return -EFAULT;
	if (!ph->p_filesz)
		page_end = ALIGN_DOWN(file_end, PAGE_BYTES);
	if (mem_end <= page_end)
		return 0;
	ret = space->map(page_end, mem_end - page_end, prot,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return is_error(ret) ? ret : 0;
}

static long map_segment(const struct elf_space *space, int fd, const Elf64_Phdr *ph, u64 base)
{
	u64 start = ALIGN_DOWN(base + ph->p_vaddr, PAGE_BYTES);
	u64 skew = (base + ph->p_vaddr) - start;
	int prot = protection(ph->p_flags);
	long ret;

	if (ph->p_filesz) {
		if (ph->p_offset < skew || (ph->p_offset - skew) % PAGE_BYTES)
			return -ENOEXEC;
		ret = space->map(start, ph->p_filesz + skew, prot, MAP_PRIVATE | MAP_FIXED, fd,
				 ph->p_offset - skew);
		if (is_error(ret))
			return ret;
	}
	return map_bss(space, ph, base, prot);
}

/* What all segments span: from the first's page to *high; aligned as the strictest asks. */
static long span(const struct headers *h, u64 *low, u64 *high, u64 *align)
{
	int i;

	*low = ~0UL;
	*high = 0;
	*align = PAGE_BYTES;
	for (i = 0; i < h->eh.e_phnum; i++) {
		const Elf64_Phdr *ph = &h->ph[i];

		if (ph->p_type != PT_LOAD)
			continue;
		if (!ph->p_memsz && !ph->p_filesz)
			continue; /* nothing, wherever that is */
		if (ph->p_memsz < ph->p_filesz || ph->p_vaddr + ph->p_memsz < ph->p_vaddr)
			return -ENOEXEC;
		*low = min(*low, ALIGN_DOWN(ph->p_vaddr, PAGE_BYTES));
		*high = max(*high, ph->p_vaddr + ph->p_memsz);
		if (ph->p_align > *align && ph->p_align <= ALIGN_MAX && !(ph->p_align & (ph->p_align - 1)))
			*align = ph->p_align;
	}
	return *high > *low && *high < 1UL << 63 ? 0 : -ENOEXEC;
}

/* Room for size bytes at a multiple of align. */
static long reserve_aligned(const struct elf_space *space, u64 hint, u64 size, u64 align)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	u64 extra = align > PAGE_BYTES ? align : 0, good;
	long at = space->map(hint, size + extra, PROT_NONE, flags, -1, 0);

	if (is_error(at) || !extra)
		return at;
	good = ALIGN_UP((u64)at, align);
	if (good > (u64)at)
		space->unmap(at, good - at);
	if ((u64)at + align > good)
		space->unmap(good + size, (u64)at + align - good);
	return good;
}

/* Reserves the whole span, so that segments land together and nothing is overwritten. */
static long reserve(const struct elf_space *space, const struct headers *h, u64 hint,
		    struct elf_image *image)
{
	u64 low, high, align, size;
	long at, ret = span(h, &low, &high, &align);

	if (ret)
		return ret;
	size = ALIGN_UP(high, PAGE_BYTES) - low;
	image->dynamic = h->eh.e_type == ET_DYN;
	if (image->dynamic)
		at = reserve_aligned(space, hint, size, align);
	else
		at = space->map(low, size, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE,
				-1, 0);
	if (is_error(at))
		return at;
	image->base = image->dynamic ? at - low : 0;
	image->end = image->base + high;
	return 0;
}

long elf_load(int fd, u16 machine, u64 hint, const struct elf_space *space, struct elf_image *image)
{
	struct headers h;
	long ret = read_headers(fd, &h);
	int i;

	*image = (struct elf_image){.stack_flags = PF_R | PF_W};
	if (!space)
		space = &host_space;
	if (!ret && h.eh.e_machine != machine)
		ret = -ELIBBAD;
	if (!ret)
		ret = reserve(space, &h, hint, image);
	for (i = 0; !ret && i < h.eh.e_phnum; i++) {
		const Elf64_Phdr *ph = &h.ph[i];

		if (ph->p_type == PT_PHDR)
			image->phdr = image->base + ph->p_vaddr;
		if (ph->p_type == PT_GNU_STACK)
			image->stack_flags = ph->p_flags;
		if (ph->p_type != PT_LOAD)
			continue;
		ret = map_segment(space, fd, ph, image->base);
		if (!image->phdr && h.eh.e_phoff >= ph->p_offset &&
		    h.eh.e_phoff < ph->p_offset + ph->p_filesz)
			image->phdr = image->base + ph->p_vaddr + (h.eh.e_phoff - ph->p_offset);
	}
	image->entry = image->base + h.eh.e_entry;
	image->phnum = h.eh.e_phnum;
	return ret;
}
