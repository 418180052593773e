// SPDX-License-Identifier: GPL-2.0-or-later
/* What a fuzzer does next, each as often as its weight says. */
#include "fuzz.h"

static const struct {
	void (*run)(struct fuzz *f);
	unsigned int weight;
} ops[] = {
	{do_ioctl, 400},   {do_make, 90},      {do_read, 30},	{do_wait, 40},
	{do_close, 20},	   {do_dup, 15},       {do_pass, 10},	{do_other, 5},
	{do_map, 80},	   {do_map_other, 40}, {do_advise, 50}, {do_change_mapping, 90},
	{do_scribble, 30}, {do_attack, 30},    {do_look, 60},	{do_in_thread, 60},
	{do_fork, 4},	   {do_kill, 2},       {do_exec, 1},	{do_look_at_maps, 1},
};

void do_something(struct fuzz *f)
{
	unsigned int total = 0, i, ticket;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		total += ops[i].weight;
	ticket = below(f, total);
	for (i = 0; ticket >= ops[i].weight; i++)
		ticket -= ops[i].weight;
	ops[i].run(f);
}
