// SPDX-License-Identifier: GPL-2.0-or-later
/* A riscv64 program into the guest's address space, its interpreter and first stack with it. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>
#include "load/elf.h"
#include "load/stack.h"
#include "rv64/linux/space.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#define FRAME_BYTES 1088 /* frame.c's */
#define USER_HZ	    100

u64 rv64_auxv, rv64_auxv_bytes;

struct loaded {
	struct elf_image image;
	u64 entry, interp_base;
	const char *interp;
	u64 stack_low;
	u64 vdso;
};

static void fail(const char *object, const char *what, long err) __attribute__((noreturn));
static void fail(const char *object, const char *what, long err)
{
	fprintf(stderr, "sundial: %s: %s: %s\n", object, what, strerror(-err));
	exit(err == -ENOENT ? 127 : 126);
}

static long zero(u64 addr, u64 bytes)
{
	return clear_user(addr, bytes);
}

static const struct elf_space space = {rv64_mmap, rv64_munmap, zero};

static long load_file(const char *path, u64 hint, struct exec_file *file, struct elf_image *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = exec_probe(fd, file);
	if (!ret && (file->type != EXEC_ELF || file->machine != EM_RISCV))
		ret = -ENOEXEC;
	if (!ret)
		ret = elf_load(fd, EM_RISCV, hint, &space, image);
	close(fd);
	return ret;
}

static void load_images(struct loaded *l, const char *path)
{
	static struct exec_file file, interp_file;
	static char buf[PATH_MAX];
	struct elf_image interp;
	const char *name;
	long ret = load_file(path, RV64_PROGRAM_PIE, &file, &l->image);

	if (ret)
		fail(path, "cannot be loaded as a riscv64 program", ret);
	l->entry = l->image.entry;
	if (!file.interpreter[0])
		return;
	name = rv64_sysroot_path(file.interpreter, buf);
	ret = load_file(name, 0, &interp_file, &interp);
	if (ret)
		fail(path,
		     ret == -ENOENT ? "its ELF interpreter is missing; name the folder that holds "
				      "riscv64 libraries with -L"
				    : "its ELF interpreter cannot be loaded",
		     ret);
	l->entry = interp.entry;
	l->interp_base = interp.base;
	l->interp = name;
}

static void map_stack(struct loaded *l, u64 limit)
{
	u64 bytes = min(RV64_STACK_MAX, ALIGN_UP(max(limit, 128UL << 10), PAGE_BYTES));
	long ret;

	ret = rv64_mmap(RV64_STACK_TOP - bytes, bytes,
			PROT_READ | PROT_WRITE | (l->image.stack_flags & PF_X ? PROT_EXEC : 0),
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
	if (is_error(ret))
		fail("stack", "cannot be mapped", ret);
	l->stack_low = ret;
}

static void build_stack(const struct loaded *l, struct rv64_start *s)
{
	const u64 aux[] = {
		AT_SYSINFO_EHDR, l->vdso,
		AT_HWCAP,	 rv64_hwcap(),
		AT_PAGESZ,	 PAGE_BYTES,
		AT_CLKTCK,	 USER_HZ,
		AT_PHDR,	 l->image.phdr,
		AT_PHENT,	 sizeof(Elf64_Phdr),
		AT_PHNUM,	 l->image.phnum,
		AT_BASE,	 l->interp_base,
		AT_FLAGS,	 0,
		AT_ENTRY,	 l->image.entry,
		AT_UID,		 s->uid,
		AT_EUID,	 s->euid,
		AT_GID,		 s->gid,
		AT_EGID,	 s->egid,
		AT_SECURE,	 s->secure,
		AT_MINSIGSTKSZ,	 FRAME_BYTES,
		AT_RANDOM,	 0,
		AT_EXECFN,	 0,
		AT_NULL,	 0,
	};
	struct stack_plan plan = {
		.argv = s->argv,
		.envp = s->envp,
		.execfn = s->name,
		.aux = aux,
		.top = RV64_STACK_TOP,
	};

	memcpy(plan.random, s->random, sizeof(plan.random));
	stack_build(&plan, &s->stack);
}

/* Arguments that do not fit a quarter of the stack are E2BIG in Linux's execve. */
static bool args_fit(char **argv, char **envp, u64 bytes)
{
	u64 total = 0;

	for (; *argv; argv++)
		total += strlen(*argv) + 9;
	for (; *envp; envp++)
		total += strlen(*envp) + 9;
	return total < bytes / 2;
}

static u64 start_brk(void)
{
	FILE *stat = fopen("/proc/self/stat", "re");
	char line[1024], *p = NULL;
	u64 value = 0;
	int i;

	if (stat && fgets(line, sizeof(line), stat))
		p = strrchr(line, ')');
	for (i = 2; p && i < 47; i++) /* field 47, proc(5); the name is field 2 */
		p = strchr(p + 1, ' ');
	if (p)
		value = strtoul(p + 1, NULL, 10);
	if (stat)
		fclose(stat);
	return value;
}

/*
 * Tells the kernel, so that ps and /proc show the guest's own arguments. The heap
 * named there stays the host's, since libc's malloc lives in it.
 */
static void publish(const struct loaded *l, const struct stack_result *stack, const char *name)
{
	struct prctl_mm_map map = {
		.start_code = ALIGN_DOWN(l->image.entry, PAGE_BYTES),
		.end_code = l->image.end,
		.start_data = ALIGN_DOWN(l->image.entry, PAGE_BYTES),
		.end_data = l->image.end,
		.start_brk = start_brk(),
		.brk = (u64)sbrk(0),
		.start_stack = stack->sp,
		.arg_start = stack->arg_start,
		.arg_end = stack->arg_end,
		.env_start = stack->env_start,
		.env_end = stack->env_end,
		.auxv = (__u64 *)stack->auxv,
		.auxv_size = stack->auxv_bytes,
		.exe_fd = (u32)-1,
	};
	const char *base = strrchr(name, '/');

	if (map.start_brk)
		hostcall(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
	hostcall(SYS_prctl, PR_SET_NAME, base ? base + 1 : name);
}

void rv64_start_of_host(struct rv64_start *s)
{
	struct rlimit limit;

	s->uid = getuid();
	s->euid = geteuid();
	s->gid = getgid();
	s->egid = getegid();
	s->secure = getauxval(AT_SECURE);
	s->stack_limit = getrlimit(RLIMIT_STACK, &limit) ? RV64_STACK_MAX : limit.rlim_cur;
	if (getrandom(s->random, sizeof(s->random), 0) != sizeof(s->random))
		fail("getrandom", "gives nothing", -EIO);
}

void rv64_load(struct rv64_thread *t, struct rv64_start *s)
{
	struct loaded l = {0};

	load_images(&l, s->path);
	map_stack(&l, s->stack_limit);
	if (!args_fit(s->argv, s->envp, RV64_STACK_TOP - l.stack_low))
		fail(s->path, "cannot be given its arguments", -E2BIG);
	l.vdso = rv64_vdso_map(&rv64_sigreturn_code);
	rv64_brk_start(l.image.end);
	build_stack(&l, s);
	s->stack_top = RV64_STACK_TOP;
	s->brk = ALIGN_UP(l.image.end, PAGE_BYTES);
	s->base = l.image.base;
	s->interp = l.interp;
	s->interp_base = l.interp_base;
	s->vdso = l.vdso;
	t->cpu.x[2] = s->stack.sp;
	t->cpu.pc = l.entry;
	rv64_auxv = s->stack.auxv;
	rv64_auxv_bytes = s->stack.auxv_bytes;
	publish(&l, &s->stack, s->name);
}
