// SPDX-License-Identifier: GPL-2.0-or-later
/* An event with all its fields, for programs: sundial-rewind(1) lists them. */
#include <jansson.h>
#include <string.h>
#include "rewind/event_json.h"
#include "rewind/operands.h"
#include "rewind/probes.h"
#include "rewind/view.h"

static json_t *text(const char *value)
{
	json_t *string = value ? json_string(value) : NULL;

	return string ? string : json_null();
}

static json_t *number(__u64 value)
{
	return json_integer((json_int_t)value);
}

static json_t *syscall_fields(const struct record_syscall *e)
{
	json_t *arguments = json_array();
	char name[64];

	slice_name(&e->header, name, sizeof(name));
	for (size_t i = 0; i < sizeof(e->args) / sizeof(e->args[0]); i++)
		json_array_append_new(arguments, number(e->args[i]));
	return json_pack("{s:i,s:s,s:o,s:I,s:I,s:b}", "number", e->number, "name", name, "args",
			 arguments, "result", (json_int_t)e->result, "duration_ns",
			 (json_int_t)e->duration_ns, "unfinished",
			 !!(e->flags & RECORD_UNFINISHED));
}

static json_t *signal_fields(const struct record_signal *e)
{
	return json_pack("{s:i,s:i,s:o,s:o,s:I}", "signal", e->number, "code", e->code, "address",
			 number(e->address), "handler", number(e->handler), "target_tid",
			 (json_int_t)e->target_tid);
}

static json_t *memory_fields(const struct record_memory *e)
{
	return json_pack("{s:o,s:o,s:i,s:I}", "address", number(e->address), "size_bytes",
			 number(e->size_bytes), "function", (int)e->function, "stack",
			 (json_int_t)e->stack);
}

/* What the event of a function has beside its words. */
static json_t *function_json(const struct record_header *event)
{
	const struct record_function_call *call = (const struct record_function_call *)event;
	const struct record_function_return *back = (const struct record_function_return *)event;
	const struct known_probe *probe = probes_find(call->probe);
	json_t *name = text(probe ? probe->name : NULL), *file = text(probe ? probe->file : NULL);

	if (event->type == RECORD_CALL)
		return json_pack("{s:o,s:o,s:I,s:[I,I,I]}", "function", name, "file", file, "depth",
				 (json_int_t)call->depth, "args", (json_int_t)call->args[0],
				 (json_int_t)call->args[1], (json_int_t)call->args[2]);
	return json_pack("{s:o,s:o,s:I,s:I,s:I}", "function", name, "file", file, "depth",
			 (json_int_t)back->depth, "result", (json_int_t)back->result, "duration_ns",
			 (json_int_t)back->duration_ns);
}

/* Arguments that are not known are null. */
static json_t *usdt_json(const struct record_usdt *e)
{
	const struct known_probe *probe = probes_find(e->probe);
	json_t *arguments = json_array();

	for (int i = 0; i < e->count && i < RECORD_ARGUMENTS; i++)
		json_array_append_new(arguments,
				      e->bad & 1 << i ? json_null() : number(e->args[i]));
	return json_pack("{s:o,s:o,s:o}", "probe", text(probe ? probe->name : NULL), "file",
			 text(probe ? probe->file : NULL), "args", arguments);
}

/* What a system call was given by a pointer. */
static json_t *operand_json(const struct record_header *event)
{
	const struct record_path *path = (const struct record_path *)event;
	const struct record_address *address = (const struct record_address *)event;
	char words[128];

	if (event->type == RECORD_FILE)
		return json_pack("{s:i,s:i,s:s,s:i,s:o}", "number", path->number, "argument",
				 path->argument, "status", operand_status(path->status), "offset",
				 path->offset, "path", text(path->path));
	operand_address(address, words, sizeof(words));
	return json_pack("{s:i,s:i,s:s,s:o}", "number", address->number, "argument",
			 address->argument, "status", operand_status(address->status), "address",
			 text(words));
}

static json_t *source_json(const struct record_source_off *e)
{
	return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "source", source_name(e->source), "functions",
			 (json_int_t)e->functions, "hits", (json_int_t)e->hits, "cost_ns",
			 (json_int_t)e->cost_ns, "cpu_ns", (json_int_t)e->cpu_ns, "budget_permille",
			 (json_int_t)e->budget_permille);
}

static json_t *fields(const struct record_header *event)
{
	const struct record_fork *fork = (const struct record_fork *)event;
	const struct record_exit *end = (const struct record_exit *)event;
	const struct record_switch *change = (const struct record_switch *)event;
	const struct record_fault *fault = (const struct record_fault *)event;

	switch (event->type) {
	case RECORD_EXEC:
	case RECORD_OUTPUT:
		return json_pack("{s:o}", "text", text(((const struct record_text *)event)->text));
	case RECORD_FORK:
		return json_pack("{s:I,s:I}", "child_tgid", (json_int_t)fork->child_tgid,
				 "child_tid", (json_int_t)fork->child_tid);
	case RECORD_EXIT:
		return json_pack("{s:i,s:I}", "code", end->code, "epoch", (json_int_t)end->epoch);
	case RECORD_SIGNAL:
	case RECORD_DELIVER:
		return signal_fields((const struct record_signal *)event);
	case RECORD_SYSCALL:
		return syscall_fields((const struct record_syscall *)event);
	case RECORD_SWITCH:
		return json_pack("{s:I,s:I}", "next_tid", (json_int_t)change->next_tid, "state",
				 (json_int_t)change->state);
	case RECORD_ALLOC:
	case RECORD_FREE:
		return memory_fields((const struct record_memory *)event);
	case RECORD_USDT:
		return usdt_json((const struct record_usdt *)event);
	case RECORD_SOURCE:
		return source_json((const struct record_source_off *)event);
	case RECORD_FILE:
	case RECORD_NET:
		return operand_json(event);
	case RECORD_CALL:
	case RECORD_RETURN:
		return function_json(event);
	case RECORD_FAULT:
		return json_pack("{s:o,s:o,s:I}", "address", number(fault->address), "ip",
				 number(fault->ip), "error", (json_int_t)fault->error);
	default:
		return NULL;
	}
}

json_t *event_json(const struct record_header *event)
{
	char words[512];
	json_t *object, *more;

	event_words(event, words, sizeof(words));
	object = json_pack("{s:s,s:I,s:I,s:I,s:i,s:i,s:I,s:I,s:o}", "type", event_name(event),
			   "host_ns", (json_int_t)event->host_ns, "virtual_ns",
			   (json_int_t)event->virtual_ns, "domain", (json_int_t)event->domain,
			   "cpu", event->cpu == UINT16_MAX ? -1 : event->cpu, "node", event->node,
			   "tgid", (json_int_t)event->tgid, "tid", (json_int_t)event->tid, "words",
			   text(words));
	more = fields(event);
	if (more)
		json_object_update_new(object, more);
	return object;
}
