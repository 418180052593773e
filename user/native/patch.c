// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hot call sites become jumps: a syscall instruction that trapped often enough
 * is rewritten to reach native_syscall_entry without the trap. Never needed for
 * correctness; a site that fits no known form goes on trapping.
 *
 * Two forms are safe:
 *   mov $nr, %eax; syscall   only the mov is overwritten, so that a jump to the
 *                            syscall itself still finds one;
 *   syscall; followed by one of a few instructions that only look at %rax or
 *                            store it: both are overwritten; a thread that entered
 *                            by the trap before finds its way through
 *                            native_fix_return().
 *
 * No other thread may run while the bytes change: in a simulation the caller
 * holds the run token; over the host's kernel sites are rewritten only while
 * the address space has had one thread. The table is per address space.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "native/patch.h"
#include "native/thread.h"
#include "simkernel/host.h"

#define SITES	    1024 /* power of two */
#define TRAPS_FIRST 8	 /* a patch costs as much as a few traps */
#define POOL_BYTES  0x8000UL
#define POOLS	    8
#define NEAR	    0x7ff00000L

struct site {
	u64 at;		  /* the syscall instruction */
	u64 continuation; /* form 2: where the bytes after it went */
	u32 traps;
	bool done;
};

struct pool {
	u64 next, end;
};

bool native_patching;
static struct site sites[SITES];
static struct pool pools[POOLS];

static struct site *site_find(u64 at)
{
	u32 i = (at >> 1) * 0x9e3779b97f4a7c15UL >> 54, probes;

	for (probes = 0; probes < 16; probes++, i = (i + 1) % SITES)
		if (sites[i].at == at || !sites[i].at)
			return &sites[i];
	return NULL;
}

u64 native_fix_return(u64 ip)
{
	struct site *s = site_find(ip - 2);

	if (!s || s->at != ip - 2 || !s->continuation || *(const u8 *)s->at != 0xe9)
		return ip;
	return s->continuation;
}

static bool is_near(u64 a, u64 b)
{
	s64 d = (s64)(a - b);

	return d < NEAR && d > -NEAR;
}

/* A page range that a 32-bit jump reaches, away from where brk and the stack grow. */
static bool pool_new(struct pool *p, u64 site)
{
	static const s64 away[] = {-0x40000000L, -0x60000000L, -0x20000000L, 0x78000000L,
				   0x70000000L,	 0x60000000L,  0x40000000L};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(away); i++) {
		u64 at = ALIGN_DOWN(site + away[i], 0x200000UL);
		long ret;

		if (away[i] < 0 && site < (u64)-away[i] + 0x200000UL)
			continue;
		ret = hostcall(SYS_mmap, at, POOL_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (is_error(ret))
			continue;
		p->next = ret;
		p->end = ret + POOL_BYTES;
		return true;
	}
	return false;
}

u8 *native_trampoline(u64 site)
{
	struct pool *p;

	for (p = pools; p < pools + POOLS; p++) {
		if (p->end &&
		    (!is_near(p->next, site) || p->end - p->next < NATIVE_TRAMPOLINE_BYTES))
			continue;
		if (!p->end && !pool_new(p, site))
			return NULL;
		p->next += NATIVE_TRAMPOLINE_BYTES;
		return (u8 *)p->next - NATIVE_TRAMPOLINE_BYTES;
	}
	return NULL;
}

static u8 *emit(u8 *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

static u8 *emit_u64(u8 *p, u64 v)
{
	return emit(p, &v, sizeof(v));
}

u8 *native_emit_jump(u8 *p, u64 to)
{
	s32 rel = to - ((u64)p + 5);

	*p++ = 0xe9;
	return emit(p, &rel, sizeof(rel));
}

/* movabs $restart, %r11; movabs $back, %rcx; then on to the runtime. */
static u8 *emit_entry(u8 *p, u64 restart, u64 back)
{
	p = emit_u64(emit(p, "\x49\xbb", 2), restart);
	p = emit_u64(emit(p, "\x48\xb9", 2), back);
	return emit_u64(emit(p, "\xff\x25\0\0\0\0", 6), (u64)native_syscall_entry);
}

/*
 * Through /proc/self/mem, so that the page keeps its protection: a guest's own
 * JIT page must not lose its write permission, nor a text page gain one.
 */
static bool write_text(u64 at, const u8 *bytes, size_t n)
{
	long fd = hostcall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR | O_CLOEXEC, 0), ret;

	if (fd < 0)
		return false;
	ret = hostcall(SYS_pwrite64, fd, bytes, n, at);
	hostcall(SYS_close, fd);
	return ret == (long)n;
}

bool native_patch_jump(u64 from, const u8 *tramp)
{
	u8 jump[5];
	s32 rel = (u64)tramp - (from + 5);

	jump[0] = 0xe9;
	memcpy(jump + 1, &rel, sizeof(rel));
	return write_text(from, jump, sizeof(jump));
}

/* mov $nr, %eax (5 bytes) or mov $nr, %rax (7), then the syscall. */
static bool patch_mov(struct site *s, u32 nr)
{
	const u8 *c = (const u8 *)s->at;
	bool wide = (s->at & 4095) >= 7 && !memcmp(c - 7, "\x48\xc7\xc0", 3);
	u64 from = s->at - (wide ? 7 : 5);
	u32 imm;
	u8 *tramp, *p;

	if ((s->at & 4095) < 7 || memcmp(c - 4, &nr, 4))
		return false;
	memcpy(&imm, c - 4, 4);
	/* A prefix before b8 would make it another register's. */
	if (!wide && (c[-5] != 0xb8 || (c[-6] & 0xf0) == 0x40))
		return false;
	tramp = native_trampoline(from);
	if (!tramp)
		return false;
	p = emit(tramp, "\xb8", 1);
	p = emit(p, &imm, 4);
	emit_entry(p, from, s->at + 2);
	return native_patch_jump(from, tramp);
}

/*
 * What may follow: at least three bytes, the same wherever they run. bytes are
 * compared under mask.
 */
static const struct follower {
	u8 length, compared;
	u8 bytes[4], mask[4];
} followers[] = {
	{6, 2, {0x48, 0x3d}, {0xff, 0xff}},			/* cmp $imm32, %rax */
	{5, 1, {0x3d}, {0xff}},					/* cmp $imm32, %eax */
	{4, 3, {0x48, 0x83, 0xf8}, {0xff, 0xff, 0xff}},		/* cmp $imm8, %rax */
	{3, 3, {0x48, 0x85, 0xc0}, {0xff, 0xff, 0xff}},		/* test %rax, %rax */
	{5, 4, {0x48, 0x89, 0x44, 0x24}, {255, 255, 255, 255}}, /* mov %rax, disp8(%rsp) */
	{4, 3, {0x89, 0x44, 0x24}, {0xff, 0xff, 0xff}},		/* mov %eax, disp8(%rsp) */
	{3, 3, {0x48, 0x89, 0xc0}, {0xff, 0xff, 0xf8}},		/* mov %rax, %reg */
	{3, 3, {0x41, 0x89, 0xc0}, {0xff, 0xff, 0xf8}},		/* mov %eax, %r8d to %r15d */
};

static size_t follower_length(const u8 *code)
{
	const struct follower *f;
	size_t i;

	for (f = followers; f < followers + ARRAY_SIZE(followers); f++) {
		for (i = 0; i < f->compared && (code[i] & f->mask[i]) == f->bytes[i]; i++)
			;
		if (i == f->compared)
			return f->length;
	}
	return 0;
}

static bool patch_follower(struct site *s)
{
	const u8 *c = (const u8 *)s->at;
	size_t n = (s->at & 4095) <= 4096 - 8 ? follower_length(c + 2) : 0;
	u8 *tramp, *back;

	if (!n)
		return false;
	tramp = native_trampoline(s->at);
	if (!tramp)
		return false;
	back = emit_entry(tramp, s->at, 0);
	emit_entry(tramp, s->at, (u64)back);
	native_emit_jump(emit(back, c + 2, n), s->at + 2 + n);
	s->continuation = (u64)back;
	if (native_patch_jump(s->at, tramp))
		return true;
	s->continuation = 0;
	return false;
}

void native_patch_site(struct native_thread *nt, u64 at, u32 nr)
{
	struct host *h = nt->thread.host;
	struct site *s = site_find(at);

	if (!s || s->done || nr == SYS_rt_sigreturn) /* unwinders look for its very bytes */
		return;
	s->at = at;
	if (++s->traps < TRAPS_FIRST)
		return;
	s->done = true;
	if (patch_mov(s, nr) || patch_follower(s)) {
		if (h)
			h->patched_sites++;
	} else if (h) {
		h->unpatched_sites++;
	}
}
