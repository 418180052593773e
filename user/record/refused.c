// SPDX-License-Identifier: GPL-2.0-or-later
/* Why the kernel refused BPF, in words that say what to do about it. */
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "record/programs.h"

bool programs_may(int capability)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long set = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "CapEff:", 7))
			set = strtoull(line + 7, NULL, 16);
	if (file)
		fclose(file);
	return set >> capability & 1;
}

void programs_say_refused(int error)
{
	bool all = programs_may(CAP_SYS_ADMIN);
	bool bpf = all || programs_may(CAP_BPF), perfmon = all || programs_may(CAP_PERFMON);

	fprintf(stderr, "sundial: recording needs the capabilities CAP_BPF and CAP_PERFMON, or "
			"root: ");
	if (bpf && perfmon)
		fprintf(stderr,
			"they are there, but the kernel forbids BPF (%s); see "
			"kernel.lockdown and security modules\n",
			strerror(-error));
	else
		fprintf(stderr,
			"%s%s%s missing. Without: sundial record --inject -- PROGRAM "
			"records allocations and the crash\n",
			bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
			perfmon ? " is"
			: bpf	? "CAP_PERFMON is"
				: "CAP_PERFMON are");
}
