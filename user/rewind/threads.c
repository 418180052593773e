// SPDX-License-Identifier: GPL-2.0-or-later
/* Where every thread was when one of them crashed, or the process was ended. */
#include "rewind/view.h"

size_t crashed_threads(const struct model *model, struct crashed_thread *threads)
{
	const struct record_crash *crashed = model_crash(model);
	struct process_files *files = NULL;
	uint32_t tgid = 0;
	size_t count = 0;

	for (size_t i = 0; i < model->crashes.count && count < CRASHED_THREADS_MAX; i++) {
		const struct record_crash *crash =
			(const struct record_crash *)model->crashes.all[i];

		/* Another process that was ended before is of no interest then. */
		if (crashed && crash->flags & RECORD_CRASH_ENDED)
			continue;
		/* Names in stacks are the files', which therefore stay. */
		if (!files || crash->header.tgid != tgid)
			files = unwind_open(model, crash->header.tgid);
		if (!files)
			break;
		tgid = crash->header.tgid;
		threads[count].crash = crash;
		unwind_crash(files, crash, &threads[count++].stack);
	}
	return count;
}
