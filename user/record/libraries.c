// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ld.so would load: by its option --list, which glibc's and musl's have. Each line
 * has a path that begins with a slash, after "=>" or alone, and an address in brackets.
 */
#include "record/libraries.h"
#include <fcntl.h>
#include <gelf.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The program's dynamic linker into path; whether it has one. */
static int interpreter(const char *program, char *path, size_t bytes)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC), found = 0;
	GElf_Phdr header;
	size_t count;
	Elf *elf;

	if (fd < 0)
		return 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_getphdrnum(elf, &count))
		count = 0;
	for (size_t i = 0; i < count && !found; i++)
		found = gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_INTERP &&
			header.p_filesz && header.p_filesz < bytes &&
			pread(fd, path, header.p_filesz, (off_t)header.p_offset) ==
				(ssize_t)header.p_filesz;
	if (found)
		path[header.p_filesz] = 0;
	elf_end(elf);
	close(fd);
	return found;
}

static void take_line(char *line, library_seen *seen, void *context)
{
	char *path = strchr(line, '/'), *end = strrchr(line, '(');

	if (strstr(line, "=> /"))
		path = strstr(line, "=> /") + 3;
	if (!path || !end || end <= path)
		return;
	while (end > path && end[-1] == ' ')
		end--;
	*end = 0;
	seen(context, path);
}

void libraries_list(const char *program, library_seen *seen, void *context)
{
	char linker[4096], line[8192];
	char *const argv[] = {linker, (char *)"--list", (char *)program, NULL};
	posix_spawn_file_actions_t actions;
	FILE *from;
	int ends[2];
	pid_t pid;

	if (!interpreter(program, linker, sizeof(linker)) || pipe2(ends, O_CLOEXEC))
		return;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, linker, &actions, NULL, argv, environ))
		pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	from = fdopen(ends[0], "r");
	while (from && fgets(line, sizeof(line), from))
		take_line(line, seen, context);
	if (from)
		fclose(from);
	if (pid)
		waitpid(pid, NULL, 0);
}
