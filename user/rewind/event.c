// SPDX-License-Identifier: GPL-2.0-or-later
/* Events in words. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "rewind/operands.h"
#include "rewind/probes.h"
#include "rewind/syscalls.h"
#include "rewind/view.h"

const char *event_name(const struct record_header *event)
{
	static const char *const names[] = {
		[RECORD_EXEC] = "exec",	      [RECORD_FORK] = "fork",
		[RECORD_EXIT] = "exit",	      [RECORD_SIGNAL] = "signal",
		[RECORD_DELIVER] = "deliver", [RECORD_SYSCALL] = "syscall",
		[RECORD_SWITCH] = "switch",   [RECORD_ALLOC] = "alloc",
		[RECORD_FREE] = "free",	      [RECORD_OUTPUT] = "output",
		[RECORD_FAULT] = "fault",     [RECORD_CALL] = "call",
		[RECORD_RETURN] = "return",   [RECORD_FILE] = "file",
		[RECORD_USDT] = "usdt",	      [RECORD_NET] = "net",
		[RECORD_SOURCE] = "source",
	};

	if (event->type >= sizeof(names) / sizeof(names[0]) || !names[event->type])
		return "unknown";
	return names[event->type];
}

static void memory_words(const struct record_memory *e, char *text, size_t bytes)
{
	static const char *const functions[] = {
		[RECORD_MALLOC] = "malloc",
		[RECORD_CALLOC] = "calloc",
		[RECORD_REALLOC] = "realloc",
		[RECORD_MEMALIGN] = "memalign",
		[RECORD_POSIX_MEMALIGN] = "posix_memalign",
		[RECORD_FREE_FUNCTION] = "free",
		[RECORD_NEW] = "new",
		[RECORD_NEW_ARRAY] = "new[]",
		[RECORD_DELETE] = "delete",
		[RECORD_DELETE_ARRAY] = "delete[]",
	};
	const char *name = e->function && e->function <= RECORD_DELETE_ARRAY
				   ? functions[e->function]
				   : "allocator";

	if (e->header.type == RECORD_ALLOC)
		snprintf(text, bytes, "%s(%llu) = %#llx", name, e->size_bytes, e->address);
	else if (e->function == RECORD_REALLOC)
		snprintf(text, bytes, "realloc(%#llx), of %llu bytes", e->address, e->size_bytes);
	else if (e->size_bytes)
		snprintf(text, bytes, "%s(%#llx), of %llu bytes", name, e->address, e->size_bytes);
	else
		snprintf(text, bytes, "%s(%#llx), no block that is known", name, e->address);
}

void slice_name(const struct record_header *event, char *text, size_t bytes)
{
	const struct record_syscall *e = (const struct record_syscall *)event;
	const struct known_probe *probe = NULL;

	/* Of both, the number of the probe is at the same place. */
	if (event->type == RECORD_CALL || event->type == RECORD_RETURN)
		probe = probes_find(((const struct record_function_call *)event)->probe);
	if (probe)
		snprintf(text, bytes, "%s", probe->name);
	else if (event->type != RECORD_SYSCALL)
		snprintf(text, bytes, "%s", event_name(event));
	else
		syscall_name(e->number, text, bytes);
}

static void signal_words(const struct record_signal *e, char *text, size_t bytes)
{
	const char *name = sigabbrev_np(e->number) ?: "?";

	if (e->header.type == RECORD_SIGNAL)
		snprintf(text, bytes, "SIG%s for thread %u from process %llu", name, e->target_tid,
			 e->address);
	else
		snprintf(text, bytes,
			 e->code > 0 ? "SIG%s delivered, %s, address %#llx"
				     : "SIG%s delivered, %s, from process %llu",
			 name,
			 e->handler == 0   ? "default action"
			 : e->handler == 1 ? "ignored"
					   : "to a handler",
			 e->address);
}

static void exit_words(const struct record_exit *e, char *text, size_t bytes)
{
	if (e->code & 0x7f)
		snprintf(text, bytes, "ends by SIG%s", sigabbrev_np(e->code & 0x7f) ?: "?");
	else
		snprintf(text, bytes, "ends with status %d", e->code >> 8 & 0xff);
}

static void output_words(const struct record_text *e, char *text, size_t bytes)
{
	snprintf(text, bytes, "standard error: %.*s", (int)strcspn(e->text, "\n"), e->text);
}

const char *source_name(__u32 source)
{
	static const char *const names[] = {
		[RECORD_SOURCE_MALLOC] = "malloc",     [RECORD_SOURCE_FUNCTIONS] = "functions",
		[RECORD_SOURCE_SYSCALLS] = "syscalls", [RECORD_SOURCE_SCHEDULING] = "sched",
		[RECORD_SOURCE_FAULTS] = "faults",
	};

	return source < sizeof(names) / sizeof(names[0]) ? names[source] : "unknown";
}

static void source_words(const struct record_source_off *e, char *text, size_t bytes)
{
	char some[48] = "";

	if (e->functions)
		snprintf(some, sizeof(some), " (%u of them)", e->functions);
	snprintf(text, bytes,
		 "the recorder switches off: %s%s; %llu hits took %.1f %% of the CPU time, %.1f "
		 "%% are allowed",
		 source_name(e->source), some, e->hits,
		 e->cpu_ns ? 100.0 * (double)e->cost_ns / (double)e->cpu_ns : 0.0,
		 e->budget_permille / 10.0);
}

void event_words(const struct record_header *event, char *text, size_t bytes)
{
	const struct record_fork *fork = (const struct record_fork *)event;
	const struct record_switch *change = (const struct record_switch *)event;
	const struct record_fault *fault = (const struct record_fault *)event;
	char name[32];

	switch (event->type) {
	case RECORD_EXEC:
		snprintf(text, bytes, "executes %s", ((const struct record_text *)event)->text);
		break;
	case RECORD_FORK:
		snprintf(text, bytes, "starts %s %u",
			 fork->child_tgid == event->tgid ? "thread" : "process", fork->child_tid);
		break;
	case RECORD_EXIT:
		exit_words((const struct record_exit *)event, text, bytes);
		break;
	case RECORD_SIGNAL:
	case RECORD_DELIVER:
		signal_words((const struct record_signal *)event, text, bytes);
		break;
	case RECORD_SYSCALL:
		syscall_words((const struct record_syscall *)event, text, bytes);
		break;
	case RECORD_SWITCH:
		snprintf(text, bytes, "leaves the CPU to %u%s", change->next_tid,
			 change->state ? "" : ", preempted");
		break;
	case RECORD_ALLOC:
	case RECORD_FREE:
		memory_words((const struct record_memory *)event, text, bytes);
		break;
	case RECORD_OUTPUT:
		output_words((const struct record_text *)event, text, bytes);
		break;
	case RECORD_FAULT:
		snprintf(text, bytes, "page fault at %#llx, from %#llx", fault->address, fault->ip);
		break;
	case RECORD_SOURCE:
		source_words((const struct record_source_off *)event, text, bytes);
		break;
	case RECORD_FILE:
	case RECORD_NET:
		syscall_name(((const struct record_path *)event)->number, name, sizeof(name));
		operand_words(event, name, text, bytes);
		break;
	case RECORD_CALL:
	case RECORD_RETURN:
	case RECORD_USDT:
		probes_words(event, text, bytes);
		break;
	default:
		snprintf(text, bytes, "event of type %u", event->type);
	}
}
