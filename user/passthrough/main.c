// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program's start over the host's kernel (pass.h).
 *
 *   sundial-native run SPEC PATH ARGV0 ARG...
 *
 * SPEC is described in spec.c.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "native/patch.h"
#include "passthrough/pass.h"

struct pass_mm pass_mm;
static struct pass_sighand process_sighand;

/* Each process has a clock page of its own: nothing changes a run's clock. */
static void make_clock(void)
{
	struct sundial_clock_page *page = (struct sundial_clock_page *)CLOCK_BASE;

	hostcall(SYS_mmap, CLOCK_BASE, PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	page->magic = SUNDIAL_CLOCK_MAGIC;
	page->size = sizeof(*page);
	page->version = SUNDIAL_CLOCK_VERSION;
	page->kind = SUNDIAL_KIND_KERNEL;
	page->mode = SUNDIAL_MODE_SCALED;
	page->coarse_ns = SUNDIAL_CLOCK_COARSE_NS;
	page->rate[0] = page->rate[1] = pass_mm.rate;
	hostcall(SYS_mprotect, CLOCK_BASE, PAGE_BYTES, PROT_READ);
}

/* The address of a function in the host's vDSO, or 0. */
static u64 vdso_symbol(u64 vdso, const char *name)
{
	const Elf64_Ehdr *eh = (void *)vdso;
	const Elf64_Phdr *ph = (void *)(vdso + (vdso ? eh->e_phoff : 0));
	const Elf64_Sym *symtab = NULL;
	const char *strtab = NULL;
	const u32 *hash = NULL;
	const Elf64_Dyn *dyn = NULL;
	u32 i;

	for (i = 0; vdso && i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (void *)(vdso + ph[i].p_vaddr);
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			symtab = (void *)(vdso + dyn->d_un.d_ptr);
		else if (dyn->d_tag == DT_STRTAB)
			strtab = (void *)(vdso + dyn->d_un.d_ptr);
		else if (dyn->d_tag == DT_HASH)
			hash = (void *)(vdso + dyn->d_un.d_ptr);
	}
	/* The section headers tell how many symbols there are where only GNU's hash is. */
	if (symtab && strtab) {
		u32 n = hash ? hash[1] : (u32)(((u64)strtab - (u64)symtab) / sizeof(*symtab));

		for (i = 0; i < n; i++)
			if (symtab[i].st_value && !strcmp(strtab + symtab[i].st_name, name))
				return vdso + symtab[i].st_value;
	}
	return 0;
}

/* Signals that were ignored at the start stay so; everything else is default. */
static void learn_handlers(u64 ignored)
{
	struct k_sigaction act;
	int sig;

	for (sig = 1; sig <= NSIG_MAX; sig++)
		if ((ignored & SIGBIT(sig)) ||
		    (!hostcall(SYS_rt_sigaction, sig, 0, &act, 8) && act.handler == (u64)SIG_IGN))
			process_sighand.action[sig].handler = (u64)SIG_IGN;
}

/* The absolute path that /proc/self/exe shall show. */
static void name_program(struct program *prog, s32 spare_fd)
{
	long fd = hostcall(SYS_openat, AT_FDCWD, prog->path, O_PATH | O_CLOEXEC, 0), n = -1;
	char link[64], *slash;

	str_format(link, sizeof(link), "/proc/self/fd/%ld", fd);
	if (fd >= 0) {
		n = hostcall(SYS_readlink, link, pass_mm.exe, sizeof(pass_mm.exe) - 1);
		hostcall(SYS_close, fd);
	}
	if (n > 0)
		pass_mm.exe[n] = 0;
	else
		str_copy(pass_mm.exe, prog->path, sizeof(pass_mm.exe));
	n = hostcall(SYS_readlink, "/proc/self/exe", pass_mm.native, sizeof(pass_mm.native) - 1);
	pass_mm.native[n > 0 ? n : 0] = 0;
	str_copy(pass_mm.rv64, pass_mm.native, sizeof(pass_mm.rv64));
	slash = strrchr(pass_mm.rv64, '/');
	if (slash)
		str_copy(slash + 1, "sundial-rv64", pass_mm.rv64 + PATH_MAX - slash - 1);
	if (spare_fd)
		hostcall(SYS_close, spare_fd);
}

void passthrough_main(struct program *prog, const char *spec)
{
	struct pass_start start;
	u64 sp, *vdso, end;
	struct native_thread *nt;
	struct pass_thread *pt;

	pass_parse_spec(spec, &start);
	make_clock();
	if (!start.from_guest)
		hostcall(SYS_rt_sigprocmask, SIG_BLOCK, 0, &start.mask, 8);
	if (start.name)
		prog->name = program_keep_name(start.name);
	nt = native_thread_new();
	pt = (struct pass_thread *)(nt + 1);
	nt->passthrough = pt;
	nt->altstack = &pt->altstack;
	nt->thread.engine = &native_engine;
	pt->sighand = &process_sighand;
	pt->altstack.ss_flags = SS_DISABLE;
	__asm__ volatile("wrgsbase %0" ::"r"(nt));
	learn_handlers(start.ignored);
	native_install_faults();
	native_xstate_init();
	native_patching = true;
	program_load(prog);
	name_program(prog, start.spare_fd);
	vdso = aux_find(prog->aux, AT_SYSINFO_EHDR);
	native_map_vdso(true, vdso ? vdso_symbol(*vdso, "__vdso_clock_gettime") : 0);
	if (vdso)
		*vdso = VDSO_BASE;
	hostcall(SYS_getrandom, prog->random, sizeof(prog->random), 0);
	sp = program_stack(prog);
	program_publish(prog);
	end = ALIGN_UP(prog->image.end, PAGE_BYTES);
	pass_mm.brk_start = pass_mm.brk = pass_mm.brk_mapped = end;
	native_thread_arm(nt);
	pass_set_mask(start.mask);
	native_enter_guest(sp, prog->entry);
}
