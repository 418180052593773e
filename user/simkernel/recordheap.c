// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The malloc family in recorded programs: their engine stops at its functions' first
 * instructions and where they return to, and calls here. So allocations of dynamic,
 * static, forked and executed programs are seen alike, by whichever allocator, and with
 * nothing put into the program's environment or its heap. recorder.h has the rules.
 *
 * Events go to the ring; a table has every live block, and those freed last until
 * another one needs the place, so that a block allocated many wraps ago still has its
 * stack. A stack is known by its key: the return address, the depth, and every word of
 * its innermost part that looks like an address of the program's code. Only the first
 * time that a key is seen are registers and memory copied.
 *
 * A call inside of another one (realloc that frees, a wrapper around libc's malloc) is
 * not counted: the outermost one is what the program asked for.
 */
#include <elf.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"
#include "simkernel/syscall.h"

#define KEY_WORDS    48
#define STACK_PROBES 8
#define GOLDEN	     0x9e3779b97f4a7c15UL
#define SAME_STACK   (256UL << 10) /* two stack pointers so near are of one stack */
#define FORKS	     8		   /* how far back a block is looked for */
#define SECTIONS_MAX 256

enum heap_function {
	HEAP_MALLOC,
	HEAP_CALLOC,
	HEAP_REALLOC,
	HEAP_FREE,
	HEAP_MEMALIGN,
	HEAP_ALIGNED_ALLOC,
	HEAP_POSIX_MEMALIGN,
	HEAP_VALLOC,
	HEAP_PVALLOC,
};

static const struct {
	char name[16];
	u32 function; /* enum record_function */
} names[RECORDER_FUNCTIONS] = {
	[HEAP_MALLOC] = {"malloc", RECORD_MALLOC},
	[HEAP_CALLOC] = {"calloc", RECORD_CALLOC},
	[HEAP_REALLOC] = {"realloc", RECORD_REALLOC},
	[HEAP_FREE] = {"free", RECORD_FREE_FUNCTION},
	[HEAP_MEMALIGN] = {"memalign", RECORD_MEMALIGN},
	[HEAP_ALIGNED_ALLOC] = {"aligned_alloc", RECORD_MEMALIGN},
	[HEAP_POSIX_MEMALIGN] = {"posix_memalign", RECORD_POSIX_MEMALIGN},
	[HEAP_VALLOC] = {"valloc", RECORD_MEMALIGN},
	[HEAP_PVALLOC] = {"pvalloc", RECORD_MEMALIGN},
};

struct image { /* a file, mapped for a moment */
	const struct process *process;
	const u8 *bytes;
	u64 size;
};

static const void *part(const struct image *image, u64 offset, u64 bytes)
{
	if (offset > image->size || bytes > image->size - offset)
		return NULL;
	return image->bytes + offset;
}

/* Where in the file the code at that address is; 0: in no segment that is executed. */
static u64 code_offset(const struct image *image, u64 address)
{
	const Elf64_Ehdr *eh = (const void *)image->bytes;
	const Elf64_Phdr *ph = part(image, eh->e_phoff, eh->e_phnum * sizeof(*ph));
	int i;

	for (i = 0; ph && i < eh->e_phnum; i++, ph++)
		if (ph->p_type == PT_LOAD && ph->p_flags & PF_X &&
		    address - ph->p_vaddr < ph->p_filesz)
			return address - ph->p_vaddr + ph->p_offset;
	return 0;
}

/* A sanitizer's allocator walks its caller's stack itself, and says more than we could. */
static bool is_sanitizer(const char *name, u64 room)
{
	static const char inits[][12] = {"__asan_init", "__msan_init", "__tsan_init"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(inits); i++)
		if (room >= sizeof(inits[i]) && !memcmp(name, inits[i], sizeof(inits[i])))
			return true;
	return false;
}

static void look_at_symbol(const struct image *image, const Elf64_Sym *sym, const char *text,
			   u64 text_bytes, struct recorder_file *file)
{
	const char *name = text + sym->st_name;
	u64 room = text_bytes - sym->st_name;
	int i;

	if (sym->st_shndx == SHN_UNDEF || ELF64_ST_TYPE(sym->st_info) != STT_FUNC ||
	    sym->st_name >= text_bytes)
		return;
	if (image->process->host->config.functions[0] && *name &&
	    record_function_wanted(image->process, file, name, room))
		record_function_found(image->process->host, file, name, room,
				      code_offset(image, sym->st_value));
	if (!strchr("_mcrfapv", name[0]))
		return;
	file->sanitizer |= is_sanitizer(name, room);
	for (i = 0; i < RECORDER_FUNCTIONS; i++)
		if (!strncmp(name, names[i].name, min(sizeof(names[i].name), room)))
			file->functions[i] = code_offset(image, sym->st_value);
}

static void look_at_table(const struct image *image, const Elf64_Shdr *table,
			  const Elf64_Shdr *strings, struct recorder_file *file)
{
	const Elf64_Sym *sym = part(image, table->sh_offset, table->sh_size);
	const char *text = part(image, strings->sh_offset, strings->sh_size);
	u64 i;

	if (!sym || !text || !strings->sh_size || text[strings->sh_size - 1])
		return;
	for (i = 0; i < table->sh_size / sizeof(*sym); i++)
		look_at_symbol(image, &sym[i], text, strings->sh_size, file);
}

void record_heap_find(const struct process *p, int fd, struct recorder_file *file)
{
	struct image image = {.process = p, .size = file->identity[2]};
	const Elf64_Ehdr *eh;
	const Elf64_Shdr *sh;
	long at;
	int i;

	if (image.size < sizeof(*eh))
		return;
	at = hostcall(SYS_mmap, 0, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (is_error(at))
		return;
	image.bytes = (const u8 *)at;
	eh = (const void *)image.bytes;
	sh = part(&image, eh->e_shoff, eh->e_shnum * sizeof(*sh));
	if (!memcmp(eh->e_ident, ELFMAG, SELFMAG) && eh->e_shentsize == sizeof(*sh) && sh)
		for (i = 0; i < eh->e_shnum && i < SECTIONS_MAX; i++)
			if ((sh[i].sh_type == SHT_DYNSYM || sh[i].sh_type == SHT_SYMTAB) &&
			    sh[i].sh_link < eh->e_shnum)
				look_at_table(&image, &sh[i], &sh[sh[i].sh_link], file);
	hostcall(SYS_munmap, at, image.size);
	if (file->sanitizer)
		memset(file->functions, 0, sizeof(file->functions));
}

static void hook_wanted(struct thread *th, const struct recorder_file *file, u64 start, u64 bytes,
			u64 offset)
{
	struct recorder *r = th->host->recorder;
	u32 i;

	for (i = 0; i < r->probe_count; i++) {
		u64 at = r->probes[i].offset;

		if (r->probes[i].file != file || at < offset || at - offset >= bytes)
			continue;
		if (!th->engine->hook(th, start + (at - offset), RECORDER_FUNCTIONS + i))
			r->probes_refused++;
	}
}

void record_heap_hook(struct thread *th, const struct recorder_file *file, u64 start, u64 end,
		      u64 offset)
{
	u64 bytes = end - start;
	u32 i;

	if (!th->engine->hook)
		return;
	for (i = 0; i < RECORDER_FUNCTIONS; i++) {
		u64 at = file->functions[i];

		if (!at || at < offset || at - offset >= bytes)
			continue;
		if (!th->engine->hook(th, start + (at - offset), i))
			sim_note(th->host,
				 "allocations by %s of %s are not recorded: its code "
				 "begins with what cannot be moved",
				 names[i].name, file->path);
		else if (i == HEAP_MALLOC)
			th->task->process->record_heap = true;
	}
	/* Behind the family, which is hooked only once where both are meant. */
	hook_wanted(th, file, start, bytes, offset);
}

/* A word of the stack's innermost part that looks like code makes the key. */
static u64 stack_key(const struct process *p, const struct record_stack *stack, const u64 *words,
		     u64 count)
{
	u64 key = (stack->ip ^ stack->sp << 40) * GOLDEN, i;

	for (i = 0; i < count; i++)
		if (words[i] - p->record_text[0] < p->record_text[1])
			key = ((key << 7 | key >> 57) ^ words[i]) * GOLDEN;
	return key | 1;
}

static u64 copy_words(u64 *to, u64 from, u64 count)
{
	u64 page = (PAGE_BYTES - (from & (PAGE_BYTES - 1))) / 8;

	if (!copy_from_user(to, from, count * 8))
		return count;
	count = min(count, page);
	return copy_from_user(to, from, count * 8) ? 0 : count;
}

/* The number of that stack, counted from 1; 0: no room for another one. */
static u32 stack_number(struct thread *th, struct record_stack *stack)
{
	struct recorder *r = th->host->recorder;
	u64 words[KEY_WORDS], count = copy_words(words, stack->sp, KEY_WORDS), key, i;

	key = stack_key(th->task->process, stack, words, count);
	for (i = 0; i < STACK_PROBES; i++) {
		u64 at = ((key >> 20) + i) & (r->nstacks - 1);

		if (r->stack_keys[at] == key)
			return at + 1;
		if (r->stack_keys[at])
			continue;
		r->stack_keys[at] = key;
		stack->kind =
			th->engine->machine_registers ? RECORD_STACK_RISCV : RECORD_STACK_COPY;
		stack->bytes = 8 * copy_words((u64 *)r->stacks[at].memory, stack->sp,
					      RECORD_STACK_BYTES / 8);
		memcpy(&r->stacks[at], stack, offsetof(struct record_stack, memory));
		return at + 1;
	}
	return 0;
}

/* Virtual time stands still while a program only computes. */
static bool later(const struct record_site *a, const struct record_site *b)
{
	if (a->host_ns == b->host_ns)
		return (s32)(a->order - b->order) > 0;
	return a->host_ns > b->host_ns;
}

static struct recorder_block *bucket_of(struct recorder *r, s32 pid, u64 address)
{
	u64 hash = ((address >> 4) ^ (u64)pid << 40) * GOLDEN;

	return &r->blocks[(hash >> 24 & (r->nblocks - 1)) & ~(RECORDER_BUCKET - 1UL)];
}

/* The live block, or the one freed last, of process pid at address. */
static struct recorder_block *find(struct recorder *r, s32 pid, u32 epoch, u64 address)
{
	struct recorder_block *b = bucket_of(r, pid, address), *found = NULL;
	int i;

	for (i = 0; i < RECORDER_BUCKET; i++, b++) {
		if (b->state == RECORDER_EMPTY || b->address != address || b->pid != pid ||
		    b->epoch != epoch)
			continue;
		if (b->state == RECORDER_LIVE)
			return b;
		if (!found || later(&b->freed, &found->freed))
			found = b;
	}
	return found;
}

static bool owner_is_gone(struct host *h, const struct recorder_block *b)
{
	struct process *p = h->pid_process[b->pid];

	return !p || p->state != PROCESS_ALIVE || p->record_epoch != b->epoch;
}

/* A place for another block: an empty one, what was freed first, or what a dead process left. */
static struct recorder_block *place_for(struct host *h, s32 pid, u64 address)
{
	struct recorder *r = h->recorder;
	struct recorder_block *b = bucket_of(r, pid, address), *best = NULL;
	int i;

	r->buckets_used[(b - r->blocks) / RECORDER_BUCKETS] = 1;
	for (i = 0; i < RECORDER_BUCKET; i++, b++) {
		if (b->state == RECORDER_EMPTY)
			return b;
		if (b->state == RECORDER_FREED && (!best || b->freed.host_ns < best->freed.host_ns))
			best = b;
	}
	for (i = 0, b -= RECORDER_BUCKET; i < RECORDER_BUCKET && !best; i++, b++)
		if (owner_is_gone(h, b))
			best = b;
	return best;
}

static struct record_site site(struct thread *th, u32 index, u32 stack)
{
	return (struct record_site){
		.host_ns = host_now(th->host),
		.virtual_ns = host_now(th->host),
		.tid = th->task->tid,
		.function = names[index].function,
		.stack = stack,
		.order = th->host->recorder->emitted,
	};
}

static void put_event(struct thread *th, u16 type, u64 address, u64 size, u32 index, u32 stack)
{
	struct record_memory e = {
		.address = address,
		.size_bytes = size,
		.function = names[index].function,
		.stack = stack,
	};

	record_fill(th->host, th->task, &e.header, type, sizeof(e));
	record_put(th->host, &e.header);
}

static void allocated(struct thread *th, u64 address, u64 size, u32 index, u32 stack)
{
	struct process *p = th->task->process;
	struct recorder_block *b = find(th->host->recorder, p->pid, p->record_epoch, address);

	put_event(th, RECORD_ALLOC, address, size, index, stack);
	/* A live one that is given out again was freed unseen. */
	if (!b || b->state != RECORDER_LIVE)
		b = place_for(th->host, p->pid, address);
	if (!b) {
		th->host->recorder->table_full++;
		p->record_heap = false;
		return;
	}
	*b = (struct recorder_block){
		.state = RECORDER_LIVE,
		.epoch = p->record_epoch,
		.pid = p->pid,
		.address = address,
		.size_bytes = size,
		.allocated = site(th, index, stack),
	};
}

/* A block that p has from before it was forked: as of p's own, from now on. */
static struct recorder_block *inherited(struct host *h, const struct process *p, u64 address)
{
	const struct process *child = p;
	int i;

	for (i = 0; i < FORKS && child && child->record_from; i++) {
		struct recorder_block *b = find(h->recorder, child->record_from, p->record_epoch,
						address),
				      *own;

		if (b && b->allocated.host_ns <= child->record_forked_ns &&
		    (b->state == RECORDER_LIVE || b->freed.host_ns >= child->record_forked_ns)) {
			own = place_for(h, p->pid, address);
			if (!own)
				return NULL;
			*own = *b;
			own->pid = p->pid;
			own->state = RECORDER_LIVE;
			own->freed = (struct record_site){0};
			return own;
		}
		child = h->pid_process[child->record_from];
	}
	return NULL;
}

static void keep_misuse(struct thread *th, const struct recorder_block *b, u64 address, u32 index,
			u32 stack)
{
	struct recorder *r = th->host->recorder;
	struct recorder_misuse *m;

	if (r->misuse_count == RECORDER_MISUSES)
		return;
	m = &r->misuses[r->misuse_count++];
	if (b)
		m->block = *b;
	else
		m->block.epoch = th->task->process->record_epoch;
	m->address = address;
	m->pid = th->task->process->pid;
	m->how = b ? RECORD_HOW_FREED_TWICE : RECORD_HOW_NEVER_ALLOCATED;
	m->again = site(th, index, stack);
}

static void freed(struct thread *th, u64 address, u32 index, u32 stack)
{
	struct process *p = th->task->process;
	struct recorder_block *b = find(th->host->recorder, p->pid, p->record_epoch, address);

	if (!b)
		b = inherited(th->host, p, address);
	put_event(th, RECORD_FREE, address, b && b->state == RECORDER_LIVE ? b->size_bytes : 0,
		  index, stack);
	if (!b || b->state != RECORDER_LIVE) {
		if (b || (p->record_heap && !p->record_from))
			keep_misuse(th, b, address, index, stack);
		return;
	}
	b->state = RECORDER_FREED;
	b->freed = site(th, index, stack);
}

/* It was not, after all: realloc failed. */
static void restore(struct thread *th, u64 address)
{
	struct process *p = th->task->process;
	struct recorder_block *b = find(th->host->recorder, p->pid, p->record_epoch, address);

	if (!b || b->state != RECORDER_FREED)
		return;
	b->state = RECORDER_LIVE;
	b->freed = (struct record_site){0};
	put_event(th, RECORD_ALLOC, address, b->size_bytes, HEAP_REALLOC, b->allocated.stack);
}

/*
 * Room for a call whose caller has that stack pointer; NULL: it is made inside of another
 * one, or there are too many. A call left by longjmp() is still there; one that begins at
 * the same height of the stack or above shows that it is over.
 */
static struct heap_call *new_call(struct task *t, u64 sp)
{
	struct heap_call *c, *free = NULL;

	for (c = t->heap_calls; c < t->heap_calls + HEAP_CALLS; c++) {
		bool near = c->sp && sp - c->sp + SAME_STACK < 2 * SAME_STACK;

		if (near && sp < c->sp)
			return NULL;
		if (!free && (!c->sp || near))
			free = c;
	}
	return free;
}

bool record_heap_enter(struct thread *th, u32 index, const u64 args[3], struct record_stack *caller)
{
	struct heap_call *c;

	if (index >= RECORDER_FUNCTIONS)
		record_function_called(th, index - RECORDER_FUNCTIONS, args);
	if (index >= RECORDER_FUNCTIONS || (index == HEAP_FREE && !args[0]))
		return false;
	c = new_call(th->task, caller->sp);
	if (!c)
		return false;
	*c = (struct heap_call){.sp = caller->sp, .back = caller->ip, .index = index};
	memcpy(c->args, args, sizeof(c->args));
	c->stack = stack_number(th, caller);
	if (index == HEAP_FREE) {
		freed(th, args[0], index, c->stack);
	} else if (index == HEAP_REALLOC && args[0]) {
		freed(th, args[0], index, c->stack);
		c->freed = true;
	}
	return true;
}

/* What the call gave, told of; see the C standard and posix_memalign(3) for whose is which. */
static void tell_result(struct thread *th, const struct heap_call *c, u64 result)
{
	u64 size = c->args[0];

	switch (c->index) {
	case HEAP_FREE:
		return;
	case HEAP_CALLOC:
		size *= c->args[1];
		break;
	case HEAP_REALLOC:
		size = c->args[1];
		if (!result && size && c->freed)
			restore(th, c->args[0]);
		break;
	case HEAP_MEMALIGN:
	case HEAP_ALIGNED_ALLOC:
		size = c->args[1];
		break;
	case HEAP_POSIX_MEMALIGN:
		size = c->args[2];
		if (result || get_user(result, c->args[0]))
			return;
		break;
	}
	if (result)
		allocated(th, result, size, c->index, c->stack);
}

u64 record_heap_leave(struct thread *th, u64 sp, u64 result)
{
	struct heap_call *c;

	for (c = th->task->heap_calls; c < th->task->heap_calls + HEAP_CALLS; c++) {
		if (c->sp != sp)
			continue;
		tell_result(th, c, result);
		c->sp = 0;
		return c->back;
	}
	return 0;
}
