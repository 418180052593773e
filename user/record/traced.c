// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For users who may not load BPF programs. The recorder is the parent, so ptrace lets it
 * stop a process where a signal is about to end it: registers, stacks and mappings of
 * all its threads are read there. Until then it stops at forks, execs, exits and
 * signals, so that a program which makes none runs at full speed. What the injected
 * library saw is in shared memory as ever. One thread.
 */
#include "record/traced.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "record/mappings.h"
#include "record/save.h"

#define EXIT_SUNDIAL 125
#define RED_ZONE     128
#define STOP_TRIES   1000
#define TRACED                                                                                 \
	(PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | \
	 PTRACE_O_TRACEEXIT)

struct traced {
	const struct session_options *options;
	struct target *target;
	struct record_crashed_thread *threads; /* RECORD_CRASH_THREADS */
	size_t thread_count;
	/* The last fault that a handler got: it may raise it again by default. */
	struct record_crashed_thread *handled;
	unsigned int files;
	int status; /* of the target, as wait(2) has it */
};

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000000 + (__u64)ts.tv_nsec;
}

/* The value of a key of /proc/TID/status, by base; 0 if there is none. */
static unsigned long long status_of(pid_t tid, const char *key, int base)
{
	unsigned long long value = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtoull(line + strlen(key), NULL, base);
	if (file)
		fclose(file);
	return value;
}

static bool is_crash(int number)
{
	return number == SIGSEGV || number == SIGABRT || number == SIGBUS || number == SIGFPE ||
	       number == SIGILL || number == SIGTRAP || number == SIGSYS;
}

/* Whether the signal ends the process: neither caught nor ignored. */
static bool is_final(pid_t tid, int number)
{
	unsigned long long kept = status_of(tid, "SigCgt:", 16) | status_of(tid, "SigIgn:", 16);

	return is_crash(number) && !(kept >> (number - 1) & 1);
}

static bool copy(pid_t tid, __u64 address, void *to, size_t bytes)
{
	struct iovec local = {to, bytes}, remote = {(void *)address, bytes};

	return process_vm_readv(tid, &local, 1, &remote, 1, 0) == (ssize_t)bytes;
}

static void copy_registers(__u64 *to, const struct user_regs_struct *from)
{
	const __u64 all[RECORD_REGISTERS] = {
		[RECORD_RAX] = from->rax, [RECORD_RDX] = from->rdx, [RECORD_RCX] = from->rcx,
		[RECORD_RBX] = from->rbx, [RECORD_RSI] = from->rsi, [RECORD_RDI] = from->rdi,
		[RECORD_RBP] = from->rbp, [RECORD_RSP] = from->rsp, [RECORD_R8] = from->r8,
		[RECORD_R9] = from->r9,	  [RECORD_R10] = from->r10, [RECORD_R11] = from->r11,
		[RECORD_R12] = from->r12, [RECORD_R13] = from->r13, [RECORD_R14] = from->r14,
		[RECORD_R15] = from->r15, [RECORD_RIP] = from->rip,
	};

	memcpy(to, all, sizeof(all));
}

/* As the BPF programs copy it: the stack page by page, and what is pointed at. */
static void copy_memory(struct record_crashed_thread *thread, pid_t tid)
{
	__u64 sp = thread->crash.registers[RECORD_RSP];

	thread->base = (sp - RED_ZONE) & ~(__u64)(RECORD_PAGE_BYTES - 1);
	for (int i = 0; i < RECORD_CRASH_PAGES; i++)
		thread->status[i] = copy(tid, thread->base + (__u64)i * RECORD_PAGE_BYTES,
					 thread->page[i], RECORD_PAGE_BYTES)
					    ? RECORD_STATUS_OK
					    : RECORD_STATUS_FAULT;
	memcpy(thread->pointers, thread->crash.registers, 16 * sizeof(__u64));
	copy(tid, sp, thread->pointers + 16, (RECORD_POINTED - 16) * sizeof(__u64));
	memset(thread->pointed_status, RECORD_STATUS_FAULT, sizeof(thread->pointed_status));
	for (int i = 0; i < RECORD_POINTED; i++) {
		thread->pointers[i] &= ~7ULL;
		if (copy(tid, thread->pointers[i], thread->pointed[i], sizeof(thread->pointed[i])))
			thread->pointed_status[i] = RECORD_STATUS_OK;
	}
}

/* Keeps a thread that is stopped; info: of the signal that ends it, or NULL. */
static void keep_thread(struct traced *t, pid_t tgid, pid_t tid, const siginfo_t *info)
{
	struct record_crashed_thread *thread = &t->threads[t->thread_count];
	struct user_regs_struct registers;
	char path[64];
	FILE *file;

	if (t->thread_count == RECORD_CRASH_THREADS ||
	    ptrace(PTRACE_GETREGS, tid, NULL, &registers))
		return;
	memset(thread, 0, sizeof(*thread));
	thread->crash.header = (struct record_header){.type = RECORD_CRASH,
						      .length = sizeof(thread->crash),
						      .cpu = UINT16_MAX,
						      .tgid = (__u32)tgid,
						      .tid = (__u32)tid,
						      .host_ns = now_ns()};
	thread->crash.header.virtual_ns = thread->crash.header.host_ns;
	thread->crash.number = info ? info->si_signo : SIGKILL;
	thread->crash.code = info ? info->si_code : 0;
	thread->crash.address = info ? (__u64)info->si_addr : 0;
	thread->crash.flags = info ? RECORD_CRASH_FIRST | RECORD_CRASH_FINAL : 0;
	thread->crash.pages = RECORD_CRASH_PAGES;
	thread->crash.epoch = tgid == t->target->pid; /* as the library's blocks have it */
	thread->crash.flags_register = registers.eflags;
	copy_registers(thread->crash.registers, &registers);
	copy_memory(thread, tid);
	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	file = fopen(path, "re");
	if (file && fgets(thread->crash.name, sizeof(thread->crash.name), file))
		thread->crash.name[strcspn(thread->crash.name, "\n")] = 0;
	if (file)
		fclose(file);
	t->thread_count++;
}

/* Stops a thread wherever it is; whether it did within a second. */
static bool stop(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
		return false;
	for (int i = 0; i < STOP_TRIES; i++) {
		if (waitpid(tid, &status, __WALL | WNOHANG) == tid)
			return WIFSTOPPED(status);
		usleep(1000);
	}
	return false;
}

/* Every other thread of the process, each stopped while it is read; they end with it. */
static void keep_others(struct traced *t, pid_t tgid, pid_t first)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", tgid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0 || tid == first || !stop(tid))
			continue;
		keep_thread(t, tgid, tid, NULL);
		ptrace(PTRACE_CONT, tid, NULL, NULL);
	}
	if (dir)
		closedir(dir);
}

static int save(struct traced *t, pid_t tgid, const char *path)
{
	struct save_what what = {
		.injected = injected_used(t->options->injected) ? t->options->injected : NULL,
		.command = t->options->command,
		.pid = t->target->pid,
	};
	struct mappings *mappings;
	int ret = mappings_read_existing(&mappings, tgid);

	if (ret)
		return ret;
	what.mappings = mappings;
	ret = save_traced(path, &what, t->threads, t->thread_count);
	mappings_close(mappings);
	return ret;
}

#define HANDLED_NS 100000000ULL /* from one such fault to the next that is kept */

static void on_handled(struct traced *t, pid_t tid)
{
	__u64 last_ns = t->handled->crash.header.host_ns;
	siginfo_t info;

	if ((t->handled->crash.header.tid == (__u32)tid && now_ns() - last_ns < HANDLED_NS) ||
	    ptrace(PTRACE_GETSIGINFO, tid, NULL, &info))
		return;
	t->thread_count = 0;
	keep_thread(t, (pid_t)status_of(tid, "Tgid:", 10), tid, &info);
	if (t->thread_count)
		memcpy(t->handled, t->threads, sizeof(*t->handled));
}

/* Raised again by a handler: what the first time was is what matters. */
static void use_first(struct traced *t, pid_t tid, int number)
{
	if (t->thread_count && t->handled->crash.header.tid == (__u32)tid &&
	    t->handled->crash.number == number)
		memcpy(t->threads, t->handled, sizeof(*t->handled));
}

static void on_crash(struct traced *t, pid_t tid, int number)
{
	pid_t tgid = (pid_t)status_of(tid, "Tgid:", 10);
	siginfo_t info;
	char path[4096];
	int ret;

	if (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info))
		return;
	snprintf(path, sizeof(path), "%s", t->options->path);
	if (t->files)
		snprintf(path, sizeof(path), "%s.%u", t->options->path, t->files + 1);
	t->thread_count = 0;
	keep_thread(t, tgid, tid, &info);
	use_first(t, tid, number);
	keep_others(t, tgid, tid);
	ret = save(t, tgid, path);
	if (ret) {
		fprintf(stderr, "sundial: %s is not written: %s\n", path, strerror(-ret));
		return;
	}
	t->files++;
	fprintf(stderr, "sundial: %.16s[%d] crashed: SIG%s; see: sundial rewind %s\n",
		t->threads[0].crash.name, tgid, sigabbrev_np(number), path);
}

/* The target ends by itself: its mappings are still there. */
static void on_exit_stop(struct traced *t, pid_t tid)
{
	if (tid != t->target->pid || t->files)
		return;
	t->thread_count = 0;
	if (save(t, tid, t->options->path))
		return;
	t->files++;
	if (!t->options->quiet)
		fprintf(stderr, "sundial: recorded in %s\n", t->options->path);
}

/* A thread is stopped: why, and how it goes on. */
static void on_stop(struct traced *t, pid_t tid, int status)
{
	int number = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_STOP &&
	    (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)) {
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		return;
	}
	if (event == PTRACE_EVENT_EXIT)
		on_exit_stop(t, tid);
	if (!event && is_final(tid, number))
		on_crash(t, tid, number);
	else if (!event && is_crash(number))
		on_handled(t, tid);
	ptrace(PTRACE_CONT, tid, NULL, event ? 0 : number);
}

int traced_run(const struct session_options *options, struct target *target)
{
	struct traced t = {.options = options, .target = target, .status = EXIT_SUNDIAL << 8};
	int status;
	pid_t tid;

	t.threads = calloc(RECORD_CRASH_THREADS, sizeof(*t.threads));
	t.handled = calloc(1, sizeof(*t.handled));
	if (!t.threads || !t.handled || ptrace(PTRACE_SEIZE, target->pid, NULL, TRACED)) {
		fprintf(stderr, "sundial: process %d cannot be traced: %s\n", target->pid,
			strerror(errno));
		free(t.threads);
		free(t.handled);
		return EXIT_SUNDIAL;
	}
	/* The terminal tells the program too, whose end is awaited. */
	signal(SIGINT, SIG_IGN);
	target_go(target);
	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (tid > 0 && WIFSTOPPED(status))
			on_stop(&t, tid, status);
		else if (tid == target->pid)
			t.status = status;
	}
	free(t.threads);
	free(t.handled);
	return WIFSIGNALED(t.status) ? 128 + WTERMSIG(t.status) : WEXITSTATUS(t.status);
}
