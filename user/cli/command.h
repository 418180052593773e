/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommands of sundial(1): each gets its own argv, argv[0] being its name. */
#ifndef SUNDIAL_CLI_COMMAND_H
#define SUNDIAL_CLI_COMMAND_H

#define SUNDIAL_VERSION "0.1.0"

struct command {
	const char *name;
	int (*function)(int argc, char **argv); /* returns the exit status */
	const char *help;
};

int cmd_sim(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_rewind(int argc, char **argv);
int cmd_tb(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_syscalls(int argc, char **argv);

#endif
