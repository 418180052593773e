// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libdw does the unwinding; it asks here for memory, which is what the recording
 * kept, and for the registers to begin with.
 */
#include "rewind/unwind.h"
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rewind/demangle.h"

#define TEXTS_MAX 4096

struct process_files {
	const struct model *model;
	uint32_t tgid;
	Dwfl *dwfl;
	char *mismatch;
	bool attached;
	/* The stack that is being unwound. */
	const struct record_crash *crash;
	const struct record_machine *machine; /* crash's, or NULL */
	const struct record_stack *copy;
	uint64_t pc, sp; /* to begin with */
	bool caller;	 /* pc is a return address */
	bool first;	 /* no frame of libdw's yet */
	size_t physical; /* frames of libdw's */
	struct stack *stack;
	/* Instead of stack, if only addresses are wanted. */
	uint64_t *addresses;
	size_t address_count, address_max;
	char *names[TEXTS_MAX]; /* demangled, to be freed */
	size_t name_count;
};

/* Where libdw looks for servers: it asks them without being told to. */
#define DEBUGINFOD_URLS_ENV_VAR "DEBUGINFOD_URLS"

static char *debuginfo_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &debuginfo_path,
};

/* The first that cannot be used is said. */
static void mismatched(struct process_files *files, const char *format,
		       const struct record_mapping *mapping)
{
	if (!files->mismatch && asprintf(&files->mismatch, format, mapping->path) < 0)
		files->mismatch = NULL;
}

/* Whether the file is the one that was mapped, as far as that is known. */
static bool is_same_build(struct process_files *files, Elf *elf,
			  const struct record_mapping *mapping)
{
	const void *id;
	ssize_t bytes = dwelf_elf_gnu_build_id(elf, &id);

	if (!mapping->build_id_bytes)
		return true;
	if (bytes > 0 && (size_t)bytes == mapping->build_id_bytes &&
	    mapping->build_id_bytes <= sizeof(mapping->build_id) &&
	    !memcmp(id, mapping->build_id, (size_t)bytes))
		return true;
	mismatched(files, "%s is not the file that was recorded: it names nothing", mapping);
	return false;
}

/* What is added to the file's addresses; whether the mapping is of a segment. */
static bool find_bias(Elf *elf, const struct record_mapping *mapping, uint64_t *bias)
{
	uint64_t mask = ~(uint64_t)4095;
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    header.p_flags & PF_X && (header.p_offset & mask) == (mapping->offset & mask)) {
			*bias = mapping->start - (header.p_vaddr & mask);
			return true;
		}
	return false;
}

static void report_mapping(struct process_files *files, const struct record_mapping *mapping)
{
	uint64_t bias;
	Elf *elf;
	int fd;

	fd = open(mapping->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		mismatched(files, "%s is not here: it names nothing", mapping);
		return;
	}
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && is_same_build(files, elf, mapping) && find_bias(elf, mapping, &bias))
		dwfl_report_elf(files->dwfl, mapping->path, mapping->path, -1, bias, true);
	elf_end(elf);
	close(fd);
}

void unwind_debuginfod(bool ask)
{
	if (!ask)
		unsetenv(DEBUGINFOD_URLS_ENV_VAR);
}

struct process_files *unwind_open(const struct model *model, uint32_t tgid)
{
	struct process_files *files = calloc(1, sizeof(*files));

	if (!files)
		return NULL;
	files->model = model;
	files->tgid = tgid;
	elf_version(EV_CURRENT);
	files->dwfl = dwfl_begin(&callbacks);
	if (!files->dwfl) {
		free(files);
		return NULL;
	}
	dwfl_report_begin(files->dwfl);
	for (size_t i = 0; i < model->mappings.count; i++) {
		const struct record_mapping *mapping =
			(const struct record_mapping *)model->mappings.all[i];

		if (mapping->header.tgid == tgid && mapping->protection & 4 &&
		    mapping->path[0] == '/')
			report_mapping(files, mapping);
	}
	dwfl_report_end(files->dwfl, NULL, NULL);
	return files;
}

void unwind_close(struct process_files *files)
{
	if (!files)
		return;
	dwfl_end(files->dwfl);
	for (size_t i = 0; i < files->name_count; i++)
		free(files->names[i]);
	free(files->mismatch);
	free(files);
}

const char *unwind_mismatch(const struct process_files *files)
{
	return files->mismatch;
}

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread_context)
{
	return 0;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *context, void **thread_context)
{
	*thread_context = context;
	return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *result, void *context)
{
	struct process_files *files = context;

	if (files->copy) {
		if (address - files->copy->sp > files->copy->bytes - sizeof(*result) ||
		    files->copy->bytes < sizeof(*result))
			return false;
		memcpy(result, (const char *)files->copy->memory + (address - files->copy->sp),
		       sizeof(*result));
		return true;
	}
	return model_memory(files->model, files->tgid, address, result, sizeof(*result));
}

#define RISCV_REGISTERS 32

/* What a stack's copy has is what survives calls, of which s0 and s1 are x8 and x9. */
static bool set_riscv(Dwfl_Thread *thread, const struct process_files *files)
{
	Dwarf_Word all[RISCV_REGISTERS] = {0};

	if (files->copy) {
		all[8] = files->copy->bp;
		all[9] = files->copy->bx;
		all[18] = files->copy->r12;
		all[19] = files->copy->r13;
		all[20] = files->copy->r14;
		all[21] = files->copy->r15;
	} else {
		memcpy(all, files->machine->registers, sizeof(all));
	}
	all[2] = files->sp;
	dwfl_thread_state_register_pc(thread, files->pc);
	return dwfl_thread_state_registers(thread, 0, RISCV_REGISTERS, all);
}

static bool is_riscv(const struct process_files *files)
{
	if (files->copy)
		return files->copy->kind == RECORD_STACK_RISCV;
	return files->machine && files->machine->machine == EM_RISCV &&
	       files->machine->count > RISCV_REGISTERS;
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	struct process_files *files = context;
	Dwarf_Word all[RECORD_REGISTERS] = {0};

	if (is_riscv(files))
		return set_riscv(thread, files);
	if (files->copy) {
		all[RECORD_RBX] = files->copy->bx;
		all[RECORD_RBP] = files->copy->bp;
		all[RECORD_R12] = files->copy->r12;
		all[RECORD_R13] = files->copy->r13;
		all[RECORD_R14] = files->copy->r14;
		all[RECORD_R15] = files->copy->r15;
	} else {
		memcpy(all, files->crash->registers, sizeof(all));
	}
	all[RECORD_RSP] = files->sp;
	all[RECORD_RIP] = files->pc;
	return dwfl_thread_state_registers(thread, 0, RECORD_REGISTERS, all);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

/* The name for people, which lives as long as files. */
static const char *demangle(struct process_files *files, const char *name)
{
	char *plain;

	if (!name || files->name_count == TEXTS_MAX)
		return name;
	plain = demangle_name(name);
	if (!plain)
		return name;
	files->names[files->name_count++] = plain;
	return plain;
}

static struct frame *add_frame(struct stack *stack, uint64_t pc)
{
	struct frame *frame;

	if (stack->count == FRAMES_MAX) {
		stack->truncated = true;
		return NULL;
	}
	frame = &stack->frames[stack->count++];
	memset(frame, 0, sizeof(*frame));
	frame->pc = pc;
	return frame;
}

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute))
		       ?: dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

/* The source file of a call that was inlined, and its line. */
static const char *call_site(Dwarf_Die *unit, Dwarf_Die *inlined, int *line)
{
	Dwarf_Attribute attribute;
	Dwarf_Word file, number;
	Dwarf_Files *table;
	size_t count;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) ||
	    dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) ||
	    dwarf_getsrcfiles(unit, &table, &count) || file >= count)
		return NULL;
	*line = (int)number;
	return dwarf_filesrc(table, file, NULL, NULL);
}

/* The unit of an address; clang and rustc may leave out the table that libdw looks in. */
static Dwarf_Die *unit_of(Dwfl_Module *module, uint64_t pc, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(module, pc, bias);

	if (unit)
		return unit;
	while ((unit = dwfl_module_nextcu(module, unit, bias)))
		if (dwarf_haspc(unit, pc - *bias) > 0)
			return unit;
	return NULL;
}

/*
 * One frame for each function that was inlined where pc is, the innermost first, and
 * one for the function that is really there. Each takes its place in the source from
 * the call in the one inside it.
 */
static void name_frame(struct process_files *files, Dwfl_Module *module, uint64_t pc)
{
	uint64_t look = files->caller ? pc - 1 : pc;
	struct frame *frame = add_frame(files->stack, pc);
	Dwarf_Die *unit, *scopes = NULL;
	const char *object = NULL;
	Dwarf_Addr bias;
	Dwfl_Line *source;
	int count = 0;

	if (!frame || !module)
		return;
	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &object, NULL);
	frame->object = object;
	source = dwfl_module_getsrc(module, look);
	if (source)
		frame->file = dwfl_lineinfo(source, NULL, &frame->line, NULL, NULL, NULL);
	if (source)
		frame->folder = dwfl_line_comp_dir(source);
	unit = unit_of(module, look, &bias);
	if (unit)
		count = dwarf_getscopes(unit, look - bias, &scopes);
	/* Around the innermost scope as it is here, and not as it was written. */
	if (count > 0) {
		Dwarf_Die innermost = scopes[0];

		free(scopes);
		count = dwarf_getscopes_die(&innermost, &scopes);
	}
	for (int i = 0; i < count && frame; i++) {
		struct frame *outer;

		if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine)
			continue;
		frame->function = demangle(files, die_name(&scopes[i]));
		frame->inlined = true;
		outer = add_frame(files->stack, pc);
		if (outer) {
			outer->object = object;
			outer->folder = frame->folder;
			outer->file = call_site(unit, &scopes[i], &outer->line);
		}
		frame = outer;
	}
	free(scopes);
	if (frame)
		frame->function = demangle(files, dwfl_module_addrname(module, look));
}

static int on_frame(Dwfl_Frame *state, void *context)
{
	struct process_files *files = context;
	bool activation;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(state, &pc, &activation) || !pc)
		return DWARF_CB_ABORT;
	/* The first is what it was said to be; around it an activation is a signal's frame. */
	if (!files->first)
		files->caller = !activation;
	files->first = false;
	files->physical++;
	if (files->addresses) {
		files->addresses[files->address_count++] = pc;
		return files->address_count < files->address_max ? DWARF_CB_OK : DWARF_CB_ABORT;
	}
	name_frame(files, dwfl_addrmodule(files->dwfl, pc), pc);
	return files->stack->count < FRAMES_MAX ? DWARF_CB_OK : DWARF_CB_ABORT;
}

/* A jump to where no code is: the caller is what the call pushed, or ra of RISC-V. */
static void leave_nowhere(struct process_files *files)
{
	bool riscv = is_riscv(files);
	Dwarf_Word pc;

	/* Data of a file is nowhere as well. */
	bool data = !files->copy && files->crash->number == SIGSEGV &&
		    files->crash->address == files->pc;

	if ((dwfl_addrmodule(files->dwfl, files->pc) && !data) || (riscv && files->copy))
		return;
	if (riscv)
		pc = files->machine->registers[1];
	else if (!read_memory(files->dwfl, files->sp, &pc, files))
		return;
	if (!dwfl_addrmodule(files->dwfl, pc))
		return;
	add_frame(files->stack, files->pc);
	files->pc = pc;
	files->sp += riscv ? 0 : sizeof(pc);
	files->caller = true;
}

static void unwind_frames(struct process_files *files)
{
	files->first = true;
	files->physical = 0;
	if (!files->attached)
		files->attached = dwfl_attach_state(files->dwfl, NULL, (pid_t)files->tgid,
						    &thread_callbacks, files);
	if (files->attached)
		dwfl_getthread_frames(files->dwfl, (pid_t)files->tgid, on_frame, files);
}

/*
 * A function without call frame information, such as musl's memset, ends the stack after
 * itself. If it keeps nothing there, its caller's address is where the stack begins.
 */
static void leave_leaf(struct process_files *files)
{
	Dwarf_Word pc;

	if (files->copy || files->physical != 1 ||
	    !read_memory(files->dwfl, files->sp, &pc, files) || !dwfl_addrmodule(files->dwfl, pc))
		return;
	files->pc = pc;
	files->sp += sizeof(pc);
	files->caller = true;
	unwind_frames(files);
}

static void unwind(struct process_files *files, struct stack *stack)
{
	memset(stack, 0, sizeof(*stack));
	files->stack = stack;
	leave_nowhere(files);
	unwind_frames(files);
	leave_leaf(files);
	if (!stack->count)
		name_frame(files, dwfl_addrmodule(files->dwfl, files->pc), files->pc);
}

void unwind_crash(struct process_files *files, const struct record_crash *crash,
		  struct stack *stack)
{
	files->crash = crash;
	files->machine = model_machine(files->model, crash);
	files->copy = NULL;
	files->pc = crash->registers[RECORD_RIP];
	files->sp = crash->registers[RECORD_RSP];
	files->caller = false;
	unwind(files, stack);
}

/* Return addresses, as they are. */
static void name_chain(struct process_files *files, const struct record_stack *chain,
		       struct stack *stack)
{
	files->stack = stack;
	files->caller = true;
	for (size_t i = 0; i < chain->bytes / 8; i++)
		name_frame(files, dwfl_addrmodule(files->dwfl, chain->memory[i]), chain->memory[i]);
}

static bool is_copy(const struct record_stack *stack)
{
	return stack->kind == RECORD_STACK_COPY || stack->kind == RECORD_STACK_RISCV;
}

void unwind_site(struct process_files *files, const struct record_site *site, struct stack *stack)
{
	const struct record_stack *copy = model_stack(files->model, site->stack);

	memset(stack, 0, sizeof(*stack));
	if (!copy)
		return;
	if (copy->kind == RECORD_STACK_CHAIN)
		name_chain(files, copy, stack);
	if (!is_copy(copy))
		return;
	files->copy = copy;
	files->pc = copy->ip;
	files->sp = copy->sp;
	files->caller = true;
	unwind(files, stack);
}

size_t unwind_addresses(struct process_files *files, const struct record_site *site,
			uint64_t *addresses, size_t max)
{
	const struct record_stack *copy = model_stack(files->model, site->stack);
	static struct stack unused;
	size_t count = 0;

	if (copy && copy->kind == RECORD_STACK_CHAIN)
		for (; count < copy->bytes / 8 && count < max; count++)
			addresses[count] = copy->memory[count];
	if (!copy || !is_copy(copy) || !max)
		return count;
	files->copy = copy;
	files->pc = copy->ip;
	files->sp = copy->sp;
	files->caller = true;
	files->addresses = addresses;
	files->address_count = 0;
	files->address_max = max;
	unwind(files, &unused);
	files->addresses = NULL;
	return files->address_count;
}

/* Whether a path is of what came with the compiler or the system. */
static bool is_foreign(const char *path)
{
	static const char *const places[] = {"/lib", "/usr/lib", "/usr/include", "/usr/src/rustc",
					     "/rustc/"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (path && !strncmp(path, places[i], strlen(places[i])))
			return true;
	return false;
}

const struct frame *stack_own(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame->file && !is_foreign(frame->object) && !is_foreign(frame->file))
			return frame;
	}
	/* Of a program without debugging information, at least that it is not a library. */
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].object && !is_foreign(stack->frames[i].object))
			return &stack->frames[i];
	return stack->count ? &stack->frames[0] : NULL;
}

bool stack_has(const struct stack *stack, const char *function, size_t max)
{
	for (size_t i = 0; i < stack->count && i < max; i++)
		if (stack->frames[i].function && !strcmp(stack->frames[i].function, function))
			return true;
	return false;
}
