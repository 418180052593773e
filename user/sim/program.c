// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding the program, before anything is started: along PATH as execvp(3)
 * does, through the interpreters of scripts, down to an ELF file that this
 * machine and the native engine can run. Whatever stands in the way is named.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sim/fail.h"
#include "sim/sim.h"

#define SCRIPT_DEPTH 5	 /* as Linux: an interpreter may be a script itself */
#define SCRIPT_LINE  256 /* BINPRM_BUF_SIZE */

static const char *machine_name(unsigned int machine)
{
	switch (machine) {
	case EM_386:
		return "32-bit x86 (i386)";
	case EM_X86_64:
		return "x86-64 with 32-bit pointers (x32)";
	case EM_AARCH64:
		return "arm64";
	case EM_ARM:
		return "32-bit ARM";
	case EM_RISCV:
		return "RISC-V";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390";
	case EM_MIPS:
		return "MIPS";
	default:
		return "an unknown architecture";
	}
}

/* Where a name without a slash is along PATH: the first that can be run, else the first found. */
static void search_path(const char *name, char *found)
{
	const char *dir = getenv("PATH"), *end;
	char candidate[PATH_MAX];
	struct stat st;
	bool any = false;

	if (!dir)
		dir = "/bin:/usr/bin";
	for (;; dir = end + 1) {
		end = strchrnul(dir, ':');
		snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)(end - dir), dir,
			 end == dir ? "" : "/", name);
		if (!stat(candidate, &st) && S_ISREG(st.st_mode)) {
			bool runs = !access(candidate, X_OK);

			if (runs || !any)
				strcpy(found, candidate);
			any = true;
			if (runs)
				return;
		}
		if (!*end)
			break;
	}
	if (!any)
		fail(EXIT_NOT_FOUND, "%s: not found in PATH; give its path, or check the spelling",
		     name);
}

/* Puts the path's place in the sysroot into path, if something is there. */
static void look_in_sysroot(const struct program *p, char *path)
{
	char found[2 * PATH_MAX];

	if (!p->sysroot || path[0] != '/')
		return;
	snprintf(found, sizeof(found), "%s%s", p->sysroot, path);
	if (strlen(found) < PATH_MAX && !access(found, F_OK))
		strcpy(path, found);
}

static int open_runnable(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st)) {
		if (errno == ENOENT || errno == ENOTDIR)
			fail(EXIT_NOT_FOUND, "%s: there is no such file", path);
		fail(EXIT_NOT_RUNNABLE, "%s: %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode))
		fail(EXIT_NOT_RUNNABLE, "%s: %s and not a program", path,
		     S_ISDIR(st.st_mode) ? "is a directory" : "is a special file");
	if (access(path, X_OK))
		fail(EXIT_NOT_RUNNABLE, "%s: not executable (mode %04o); chmod +x it", path,
		     st.st_mode & 07777);
	if (st.st_mode & S_ISUID || (st.st_mode & S_ISGID && st.st_mode & S_IXGRP))
		fail(EXIT_NOT_RUNNABLE,
		     "%s: set%cid programs are not run, since they would not get their rights; "
		     "run a copy without that mode bit",
		     path, st.st_mode & S_ISUID ? 'u' : 'g');
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail(EXIT_NOT_RUNNABLE, "%s: cannot be read: %s; the loader maps it itself", path,
		     strerror(errno));
	return fd;
}

/* Splits "#!interpreter argument" as Linux does. False when line is no script's. */
static bool parse_script(char *line, const char *path, char **interpreter, char **argument)
{
	char *p, *end;

	if (line[0] != '#' || line[1] != '!')
		return false;
	end = strchr(line, '\n');
	if (end)
		*end = 0;
	for (p = line + 2; *p == ' ' || *p == '\t'; p++)
		;
	for (end = p + strlen(p); end > p && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = 0;
	if (!*p)
		fail(EXIT_NOT_RUNNABLE, "%s: its #! line names no interpreter", path);
	*interpreter = p;
	*argument = NULL;
	p += strcspn(p, " \t");
	if (*p) {
		*p++ = 0;
		p += strspn(p, " \t");
		if (*p)
			*argument = p;
	}
	return true;
}

/* What else may be wrong with it is found when it is loaded. */
static void check_interp_machine(const char *path, const char *interp, int machine)
{
	int fd = open(interp, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr eh;

	if (fd < 0)
		return;
	if (read(fd, &eh, sizeof(eh)) == sizeof(eh) && !memcmp(eh.e_ident, ELFMAG, SELFMAG) &&
	    eh.e_machine != machine)
		fail(EXIT_NOT_RUNNABLE,
		     "%s: its ELF interpreter %s is built for another machine than itself", path,
		     interp);
	close(fd);
}

static void check_interp(const struct program *p, int fd, const char *path, const Elf64_Ehdr *eh)
{
	for (int i = 0; i < eh->e_phnum; i++) {
		char interp[PATH_MAX];
		Elf64_Phdr ph;

		if (pread(fd, &ph, sizeof(ph), eh->e_phoff + i * sizeof(ph)) != sizeof(ph))
			fail(EXIT_NOT_RUNNABLE, "%s: damaged: its program headers are cut off",
			     path);
		if (ph.p_type != PT_INTERP)
			continue;
		if (ph.p_filesz < 2 || ph.p_filesz > sizeof(interp) ||
		    pread(fd, interp, ph.p_filesz, ph.p_offset) != (ssize_t)ph.p_filesz ||
		    interp[ph.p_filesz - 1])
			fail(EXIT_NOT_RUNNABLE,
			     "%s: damaged: its ELF interpreter's name is cut off", path);
		if (p->riscv64)
			look_in_sysroot(p, interp);
		if (access(interp, X_OK) && p->riscv64)
			fail(EXIT_NOT_FOUND,
			     "%s: its ELF interpreter %s is missing: %s; name the folder that "
			     "holds riscv64 libraries with -L",
			     path, interp, strerror(errno));
		if (access(interp, X_OK))
			fail(EXIT_NOT_FOUND,
			     "%s: its ELF interpreter %s is missing: %s; install the C library "
			     "that it was built for",
			     path, interp, strerror(errno));
		check_interp_machine(path, interp, eh->e_machine);
	}
}

static void check_elf(struct program *p, int fd, const char *path, const void *head, size_t len)
{
	const Elf64_Ehdr *eh = head;

	if (len < sizeof(Elf32_Ehdr) || memcmp(eh->e_ident, ELFMAG, SELFMAG))
		fail(EXIT_NOT_RUNNABLE, "%s: neither an ELF program nor a script with a #! line",
		     path);
	if (eh->e_ident[EI_DATA] != ELFDATA2LSB)
		fail(EXIT_NOT_RUNNABLE,
		     "%s: is big-endian; only x86-64 and riscv64 programs run here", path);
	p->riscv64 =
		p->riscv64_too && eh->e_ident[EI_CLASS] == ELFCLASS64 && eh->e_machine == EM_RISCV;
	if (!p->riscv64 && (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_X86_64))
		fail(EXIT_NOT_RUNNABLE,
		     "%s: is built for %s; only 64-bit x86-64 and riscv64 programs run here", path,
		     machine_name(eh->e_machine));
	if (len < sizeof(*eh) || (eh->e_type != ET_EXEC && eh->e_type != ET_DYN))
		fail(EXIT_NOT_RUNNABLE, "%s: an ELF file, but not a program", path);
	if (eh->e_phentsize != sizeof(Elf64_Phdr) || !eh->e_phnum)
		fail(EXIT_NOT_RUNNABLE, "%s: damaged: it has no program headers", path);
	check_interp(p, fd, path, eh);
}

/* Puts interpreter, its argument and the script's path in the place of argv[0]. */
static void prepend_script(struct program *p, const char *interpreter, const char *argument,
			   const char *script)
{
	size_t n = 0, at = 0;
	char **argv;

	while (p->argv[n])
		n++;
	argv = calloc(n + 4, sizeof(*argv));
	if (!argv)
		fail(EXIT_SUNDIAL, "out of memory");
	argv[at++] = strdup(interpreter);
	if (argument)
		argv[at++] = strdup(argument);
	argv[at++] = strdup(script);
	for (size_t i = 1; i < n; i++)
		argv[at++] = p->argv[i];
	p->argv = argv;
}

void program_find(struct program *p, char **argv)
{
	char path[PATH_MAX];

	if (!*argv[0])
		fail(EXIT_NOT_FOUND, "the program's name is empty; give one after --");
	if (strlen(argv[0]) >= PATH_MAX - 1)
		fail(EXIT_NOT_FOUND, "the program's name is longer than a path can be");
	p->argv = argv;
	if (strchr(argv[0], '/'))
		strcpy(path, argv[0]);
	else
		search_path(argv[0], path);
	strcpy(p->name, path);
	for (int depth = 0; depth <= SCRIPT_DEPTH; depth++) {
		char head[SCRIPT_LINE + 1] __attribute__((aligned(8)));
		char *interpreter, *argument;
		int fd = open_runnable(path);
		ssize_t len = pread(fd, head, SCRIPT_LINE, 0);

		head[len < 0 ? 0 : len] = 0;
		if (len <= 2 || !parse_script(head, path, &interpreter, &argument)) {
			check_elf(p, fd, path, head, len < 0 ? 0 : len);
			close(fd);
			if (!realpath(path, p->exe))
				fail(EXIT_NOT_RUNNABLE, "%s: %s", path, strerror(errno));
			return;
		}
		close(fd);
		prepend_script(p, interpreter, argument, path);
		strcpy(path, interpreter);
	}
	fail(EXIT_NOT_RUNNABLE, "%s: its interpreters are scripts, more than %d deep", p->name,
	     SCRIPT_DEPTH);
}
