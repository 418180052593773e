// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's vDSO: an ELF image of one page, put together here since its functions
 * are two instructions each, an ecall by the function's number. The engine answers
 * clocks without a host call. Signal handlers return through __vdso_rt_sigreturn,
 * whose two instructions unwinders know by sight.
 */
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include "rv64/linux/linux.h"

#define INSN_LI_A7(nr) (0x00000893U | (u32)(nr) << 20)
#define INSN_ECALL     0x00000073U
#define INSN_RET       0x00008067U

static const struct {
	const char *name;
	u32 nr;
} functions[] = {
	{"__vdso_rt_sigreturn", 139},  {"__vdso_clock_gettime", 113}, {"__vdso_gettimeofday", 169},
	{"__vdso_clock_getres", 114},  {"__vdso_getcpu", 168},	      {"__vdso_flush_icache", 259},
	{"__vdso_riscv_hwprobe", 258},
};

#define FUNCTIONS ARRAY_SIZE(functions)
#define VERSION	  "LINUX_4.15"

struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	Elf64_Dyn dyn[9];
	Elf64_Sym sym[FUNCTIONS + 1];
	struct {
		u32 buckets, chains, bucket, chain[FUNCTIONS + 1];
	} hash;
	u16 versym[FUNCTIONS + 1];
	struct {
		Elf64_Verdef def;
		Elf64_Verdaux aux;
	} version[2];
	u32 code[FUNCTIONS][4];
	char strings[256];
};

_Static_assert(sizeof(struct image) <= PAGE_BYTES, "one page");

u64 rv64_sigreturn_code;

/* Appends a string; its offset. */
static u32 intern(struct image *im, u32 *used, const char *s)
{
	u32 at = *used;

	strcpy(im->strings + at, s);
	*used += strlen(s) + 1;
	return at;
}

/* System V's hash of a symbol's name. */
static u32 elf_hash(const char *name)
{
	u32 h = 0, g;

	for (; *name; name++) {
		h = (h << 4) + (u8)*name;
		g = h & 0xf0000000;
		h ^= g >> 24;
		h &= ~g;
	}
	return h;
}

static void fill_headers(struct image *im)
{
	im->eh = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = EM_RISCV,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct image, ph),
		.e_flags = 5, /* RVC, double-float ABI */
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	im->ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
				 .p_flags = PF_R | PF_X,
				 .p_filesz = sizeof(*im),
				 .p_memsz = sizeof(*im),
				 .p_align = PAGE_BYTES};
	im->ph[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
				 .p_flags = PF_R,
				 .p_offset = offsetof(struct image, dyn),
				 .p_vaddr = offsetof(struct image, dyn),
				 .p_filesz = sizeof(im->dyn),
				 .p_memsz = sizeof(im->dyn),
				 .p_align = 8};
}

static void fill_dynamic(struct image *im, u32 soname, u32 strings)
{
	const Elf64_Dyn dyn[] = {
		{DT_SONAME, {soname}},
		{DT_HASH, {offsetof(struct image, hash)}},
		{DT_STRTAB, {offsetof(struct image, strings)}},
		{DT_STRSZ, {strings}},
		{DT_SYMTAB, {offsetof(struct image, sym)}},
		{DT_VERSYM, {offsetof(struct image, versym)}},
		{DT_VERDEF, {offsetof(struct image, version)}},
		{DT_VERDEFNUM, {ARRAY_SIZE(im->version)}},
		{DT_NULL, {0}},
	};

	memcpy(im->dyn, dyn, sizeof(dyn));
}

static void fill_versions(struct image *im, u32 soname, u32 version)
{
	static const char *const names[] = {"linux-vdso.so.1", VERSION};
	int i;

	for (i = 0; i < 2; i++) {
		im->version[i].def = (Elf64_Verdef){
			.vd_version = VER_DEF_CURRENT,
			.vd_flags = i ? 0 : VER_FLG_BASE,
			.vd_ndx = i + 1,
			.vd_cnt = 1,
			.vd_hash = elf_hash(names[i]),
			.vd_aux = sizeof(Elf64_Verdef),
			.vd_next = i ? 0 : sizeof(im->version[0]),
		};
		im->version[i].aux.vda_name = i ? version : soname;
	}
}

static void fill_functions(struct image *im, u32 *strings)
{
	u32 i;

	/* One bucket: all symbols in one chain. */
	im->hash.buckets = 1;
	im->hash.chains = FUNCTIONS + 1;
	im->hash.bucket = 1;
	for (i = 0; i < FUNCTIONS; i++) {
		im->sym[i + 1] = (Elf64_Sym){
			.st_name = intern(im, strings, functions[i].name),
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = 1,
			.st_value = offsetof(struct image, code) + i * sizeof(im->code[0]),
			.st_size = sizeof(im->code[0]),
		};
		im->versym[i + 1] = 2;
		im->hash.chain[i + 1] = i + 1 < FUNCTIONS ? i + 2 : 0;
		im->code[i][0] = INSN_LI_A7(functions[i].nr);
		im->code[i][1] = INSN_ECALL;
		im->code[i][2] = INSN_RET;
	}
}

u64 rv64_vdso_map(u64 *sigreturn)
{
	u32 strings = 1, soname, version;
	struct image *im;
	long at = rv64_mmap(0, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);

	if (is_error(at))
		return 0;
	im = (struct image *)at;
	soname = intern(im, &strings, "linux-vdso.so.1");
	version = intern(im, &strings, VERSION);
	fill_headers(im);
	fill_functions(im, &strings);
	fill_versions(im, soname, version);
	fill_dynamic(im, soname, strings);
	rv64_mprotect(at, PAGE_BYTES, PROT_READ | PROT_EXEC);
	*sigreturn = at + offsetof(struct image, code);
	return at;
}
