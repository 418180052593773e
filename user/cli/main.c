// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial: the table of subcommands and the choice among them. A subcommand
 * parses its own options with argp and returns the exit status.
 */
#include <stdio.h>
#include <string.h>
#include "cli/command.h"
#include "sim/fail.h"

static int cmd_help(int argc, char **argv);

static const struct command commands[] = {
	{"sim", cmd_sim, "run a program in virtual time, simulated kernel included"},
	{"run", cmd_run, "run a program on this kernel with its clock shifted or scaled"},
	{"record", cmd_record, "record what a process does, and keep its last moments"},
	{"rewind", cmd_rewind, "show what happened before a crash, from a recording"},
	{"tb", cmd_tb, "where a riscv64 program spends its time: its hottest translated blocks"},
	{"doctor", cmd_doctor, "what this machine can do, and what stands in for the rest"},
	{"syscalls", cmd_syscalls, "how each system call is answered in a simulation"},
	{"help", cmd_help, "help on a subcommand"},
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void usage(FILE *to)
{
	fputs("Usage: sundial COMMAND [OPTION...] [-- PROG ARGS...]\n"
	      "Run unmodified Linux programs in virtual time.\n\n",
	      to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\n'sundial help COMMAND' or 'sundial COMMAND --help' lists a command's options.\n",
	      to);
}

static int cmd_help(int argc, char **argv)
{
	char *help_argv[] = {argc > 1 ? argv[1] : NULL, (char *)"--help", NULL};
	const struct command *c;

	if (argc < 2) {
		usage(stdout);
		return 0;
	}
	c = find(argv[1]);
	if (!c || c->function == cmd_help)
		fail(EXIT_SUNDIAL, "there is no command '%s'; 'sundial help' lists them", argv[1]);
	return c->function(2, help_argv);
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		usage(stderr);
		return EXIT_SUNDIAL;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("sundial " SUNDIAL_VERSION);
		return 0;
	}
	c = find(argv[1]);
	if (!c)
		fail(EXIT_SUNDIAL, "there is no command '%s'; 'sundial help' lists them", argv[1]);
	return c->function(argc - 1, argv + 1);
}
