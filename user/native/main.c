// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial-native starts here: by the supervisor for the first program, by a
 * guest's execve for every other one.
 *
 *   sundial-native sim PID:ARENAFD:CLOCKFD:TID[:NAME] PATH ARGV0 ARG...
 *   sundial-native run SPEC PATH ARGV0 ARG...        (user/passthrough)
 *
 * PATH is the ELF file; NAME what AT_EXECFN shall say, where it differs.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "load/elf.h"
#include "load/stack.h"
#include "native/patch.h"
#include "native/program.h"
#include "native/thread.h"
#include "native/vdso/data.h"
#include "simkernel/ids.h"
#include "simkernel/join.h"
#include "simkernel/random.h"
#include "simkernel/record.h"
#include "simkernel/syscall.h"

#define AUX_MAX 64 /* pairs; Linux gives about 24 */

extern const char native_vdso_image[], native_vdso_image_end[];

static void fail(const char *what, const char *object, long err) __attribute__((noreturn));
static void fail(const char *what, const char *object, long err)
{
	char line[512];
	int n = str_format(line, sizeof(line), "sundial-native: %s: %s (errno %ld)\n", object, what,
			   -err);

	hostcall(SYS_write, 2, line, n);
	hostcall(SYS_exit_group, err == -ENOENT ? 127 : 126);
	__builtin_unreachable();
}

void native_map_vdso(bool scaled, u64 host_clock_gettime)
{
	struct vdso_data data = {(u64)native_syscall_entry, scaled, host_clock_gettime};
	u64 bytes = native_vdso_image_end - native_vdso_image;

	hostcall(SYS_mmap, VDSO_DATA, PAGE_BYTES + bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy((void *)VDSO_DATA, &data, sizeof(data));
	memcpy((void *)VDSO_BASE, native_vdso_image, bytes);
	hostcall(SYS_mprotect, VDSO_DATA, PAGE_BYTES, PROT_READ);
	hostcall(SYS_mprotect, VDSO_BASE, bytes, PROT_READ | PROT_EXEC);
}

u64 *aux_find(u64 *aux, u64 type)
{
	for (; aux[0] != AT_NULL; aux += 2)
		if (aux[0] == type)
			return &aux[1];
	return NULL;
}

/* Drops a pair from the vector. */
static void aux_remove(u64 *aux, u64 type)
{
	u64 *at = aux_find(aux, type);

	if (!at)
		return;
	for (at--; at[0] != AT_NULL; at += 2) {
		at[0] = at[2];
		at[1] = at[3];
	}
}

void program_load(struct program *prog)
{
	struct exec_file *file = prog->scratch;
	struct elf_image interp;
	long fd = hostcall(SYS_openat, AT_FDCWD, prog->path, O_RDONLY | O_CLOEXEC, 0), ret;

	if (fd < 0)
		fail("cannot open", prog->path, fd);
	ret = exec_probe(fd, file);
	if (ret || file->type != EXEC_ELF || file->machine != EM_X86_64)
		fail("not an x86-64 ELF program", prog->path, ret ? ret : -ENOEXEC);
	/* Where the kernel puts position-independent programs and static ones, ASLR off. */
	ret = elf_load(fd, EM_X86_64,
		       file->interpreter[0] ? 0x555555554000UL : 0x7ffff7ff0000UL - (64 << 20),
		       NULL, &prog->image);
	if (ret)
		fail("cannot map the program", prog->path, ret);
	hostcall(SYS_close, fd);
	prog->entry = prog->image.entry;
	prog->interp_base = 0;
	if (!file->interpreter[0])
		return;
	fd = hostcall(SYS_openat, AT_FDCWD, file->interpreter, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		fail("the program's ELF interpreter is missing", file->interpreter, fd);
	ret = elf_load(fd, EM_X86_64, 0, NULL, &interp);
	if (ret)
		fail("cannot map the ELF interpreter", file->interpreter, ret);
	hostcall(SYS_close, fd);
	prog->entry = interp.entry;
	prog->interp_base = interp.base;
}

/* Copies a string vector out of the old stack, whose place the new one takes. */
static char **copy_out(char *const *v, char **at_pointers, char **at_strings)
{
	char **out = at_pointers;

	for (; *v; v++) {
		size_t n = strlen(*v) + 1;

		memcpy(*at_strings, *v, n);
		*at_pointers++ = *at_strings;
		*at_strings += n;
	}
	*at_pointers = NULL;
	return out;
}

static u64 vector_bytes(char *const *v)
{
	u64 bytes = sizeof(char *);

	for (; *v; v++)
		bytes += strlen(*v) + 1 + sizeof(char *);
	return ALIGN_UP(bytes, 16);
}

static void aux_set(u64 *aux, u64 type, u64 value)
{
	u64 *p = aux_find(aux, type);

	if (p)
		*p = value;
}

/* The guest's ids; the host's are those of the runtime. */
static void aux_set_ids(u64 *aux, const struct cred *c)
{
	aux_set(aux, AT_UID, c->uid.real);
	aux_set(aux, AT_EUID, c->uid.effective);
	aux_set(aux, AT_GID, c->gid.real);
	aux_set(aux, AT_EGID, c->gid.effective);
	aux_set(aux, AT_SECURE, c->uid.real != c->uid.effective || c->gid.real != c->gid.effective);
}

static void set_aux(struct program *prog)
{
	u64 *aux = prog->aux, *p;

	if ((p = aux_find(aux, AT_PHDR)))
		*p = prog->image.phdr;
	if ((p = aux_find(aux, AT_PHNUM)))
		*p = prog->image.phnum;
	if ((p = aux_find(aux, AT_PHENT)))
		*p = sizeof(Elf64_Phdr);
	if ((p = aux_find(aux, AT_BASE)))
		*p = prog->interp_base;
	if ((p = aux_find(aux, AT_ENTRY)))
		*p = prog->image.entry;
	if ((p = aux_find(aux, AT_FLAGS)))
		*p = 0;
	aux_remove(aux, 27); /* AT_RSEQ_*: rseq is answered ENOSYS */
	aux_remove(aux, 28);
}

/* The vector, too, lies where the new stack goes. */
static void copy_aux(u64 *to, const u64 *from)
{
	int i;

	for (i = 0; i < AUX_MAX - 1 && from[0] != AT_NULL; i++, from += 2) {
		*to++ = from[0];
		*to++ = from[1];
	}
	to[0] = to[1] = 0;
}

u64 program_stack(struct program *prog)
{
	u64 old_name = *aux_find(prog->aux, AT_EXECFN);
	struct stack_plan plan = {
		.execfn = prog->name,
		.platform = "x86_64",
		.top = old_name + strlen((char *)old_name) + 1 + 8,
	};
	u64 aux[2 * AUX_MAX], args = vector_bytes(prog->argv), envs = vector_bytes(prog->envp);
	char *copy, *strings;
	struct stack_result r;

	set_aux(prog);
	copy_aux(aux, prog->aux);
	plan.aux = aux;
	copy = (char *)hostcall(SYS_mmap, 0, args + envs, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (is_error((long)copy))
		fail("no memory for the arguments", prog->path, (long)copy);
	strings = copy;
	for (plan.argv = prog->argv; *plan.argv; plan.argv++)
		strings += sizeof(char *);
	strings += sizeof(char *);
	plan.argv = copy_out(prog->argv, (char **)copy, &strings);
	copy += args;
	strings = copy;
	for (plan.envp = prog->envp; *plan.envp; plan.envp++)
		strings += sizeof(char *);
	strings += sizeof(char *);
	plan.envp = copy_out(prog->envp, (char **)copy, &strings);
	memcpy(plan.random, prog->random, sizeof(plan.random));
	stack_build(&plan, &r);
	hostcall(SYS_munmap, copy - args, args + envs);
	prog->stack = r;
	prog->stack_top = plan.top;
	return r.sp;
}

/* Tells the kernel, so that ps and /proc show the guest's own arguments. */
void program_publish(const struct program *prog)
{
	struct prctl_mm_map map = {
		.start_code = prog->image.entry & ~(PAGE_BYTES - 1),
		.end_code = prog->image.end,
		.start_data = prog->image.entry & ~(PAGE_BYTES - 1),
		.end_data = prog->image.end,
		.start_brk = ALIGN_UP(prog->image.end, PAGE_BYTES),
		.brk = ALIGN_UP(prog->image.end, PAGE_BYTES),
		.start_stack = prog->stack.sp,
		.arg_start = prog->stack.arg_start,
		.arg_end = prog->stack.arg_end,
		.env_start = prog->stack.env_start,
		.env_end = prog->stack.env_end,
		.auxv = (__u64 *)prog->stack.auxv,
		.auxv_size = prog->stack.auxv_bytes,
		.exe_fd = (u32)-1,
	};
	const char *base = strrchr(prog->name, '/');

	hostcall(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
	hostcall(SYS_prctl, PR_SET_NAME, base ? base + 1 : prog->name);
}

/* The host's own vDSO and vvar pages: nothing may read the real clock. */
static void unmap_host_vdso(u64 vdso)
{
	const Elf64_Ehdr *eh = (void *)vdso;

	if (!vdso || memcmp(eh->e_ident, ELFMAG, SELFMAG))
		return;
	/* The vvar pages lie just below; nothing else is mapped there yet. */
	hostcall(SYS_munmap, vdso - 16 * PAGE_BYTES, 16 * PAGE_BYTES);
	hostcall(SYS_munmap, vdso, 4 * PAGE_BYTES);
}

/* A program that must not read the page (a guest that breaks, a comparison) says so itself. */
static bool refuses_clock_page(char *const *envp)
{
	for (; *envp; envp++)
		if (!strcmp(*envp, "SUNDIAL_CLOCK_PAGE=off"))
			return true;
	return false;
}

/* program_load() left the interpreter's name in scratch. */
static void record_image(struct thread *th, const struct program *prog)
{
	record_loaded(th, prog->path, prog->image.base);
	if (prog->interp_base)
		record_loaded(th, prog->scratch->interpreter, prog->interp_base);
}

static void enter_simulation(struct program *prog, const char *spec) __attribute__((noreturn));
static void enter_simulation(struct program *prog, const char *spec)
{
	struct join_trouble trouble;
	struct native_thread *nt;
	struct process *p;
	struct task *t;
	struct host *h;
	u64 sp, *vdso;

	t = sim_join(spec, &trouble);
	if (!t)
		fail(trouble.what, trouble.object, trouble.err);
	p = t->process;
	h = t->host;
	nt = native_thread_new();
	nt->thread = (struct thread){.host = h, .engine = &native_engine};
	thread_bind(&nt->thread, t);
	nt->altstack = &t->altstack;
	__asm__ volatile("wrgsbase %0" ::"r"(nt));
	t->host_tid = p->host_pid = hostcall(SYS_getpid);
	native_install_handlers();
	native_xstate_init();
	native_patching = h->config.patch;
	vdso = aux_find(prog->aux, AT_SYSINFO_EHDR);
	if (vdso)
		unmap_host_vdso(*vdso);
	program_load(prog);
	native_map_vdso(false, 0);
	p->no_clock_page = refuses_clock_page(prog->envp);
	if (vdso && h->config.clock_page && !p->no_clock_page)
		*vdso = VDSO_BASE;
	else
		aux_remove(prog->aux, AT_SYSINFO_EHDR);
	if (p == h->main && !p->execed)
		sim_adopt_files(&nt->thread);
	t->execing = false;
	process_exec_done(&nt->thread, prog->path, prog->name);
	aux_set_ids(prog->aux, process_cred(p));
	random_fill(h, prog->random, sizeof(prog->random));
	sp = program_stack(prog);
	program_publish(prog);
	p->mm->brk_start = p->mm->brk = p->mm->brk_mapped = ALIGN_UP(prog->image.end, PAGE_BYTES);
	p->mm->arg_start = prog->stack.arg_start;
	p->mm->arg_end = prog->stack.arg_end;
	p->mm->env_start = prog->stack.env_start;
	p->mm->env_end = prog->stack.env_end;
	p->mm->stack_top = prog->stack_top;
	if (recording(h))
		record_image(&nt->thread, prog);
	hostcall(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
	native_thread_arm(nt);
	t->new_thread = false;
	t->in_kernel = false;
	native_enter_guest(sp, prog->entry);
}

static struct exec_file main_scratch;
/* argv lies where the new stack goes. */
static char main_path[PATH_MAX], main_name[PATH_MAX];

const char *program_keep_name(const char *name)
{
	str_copy(main_name, name, sizeof(main_name));
	return main_name;
}

void native_main(u64 *sp) __attribute__((noreturn));
void native_main(u64 *sp)
{
	u64 argc = sp[0];
	char **argv = (char **)(sp + 1), **envp = argv + argc + 1, **p = envp;
	struct program prog = {.scratch = &main_scratch};
	const char *name;

	while (*p)
		p++;
	if (argc < 5)
		fail("is started by sundial, not by hand", "sundial-native", 0);
	prog.aux = (u64 *)(p + 1);
	str_copy(main_path, argv[3], sizeof(main_path));
	prog.path = prog.name = main_path;
	prog.argv = argv + 4;
	prog.envp = envp;
	if (!strcmp(argv[1], "run"))
		passthrough_main(&prog, argv[2]);
	name = sim_spec_name(argv[2]);
	if (name)
		prog.name = program_keep_name(name);
	enter_simulation(&prog, argv[2]);
}
