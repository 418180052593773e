// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of signals and their codes, and the line that strace writes when one is
 * delivered: --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---
 */
#include "base/string.h"
#include "simkernel/signal.h"
#include "simkernel/sigset.h"
#include "simkernel/strace.h"

static const char *const names[] = {
	[SIGHUP] = "SIGHUP",	   [SIGINT] = "SIGINT",	      [SIGQUIT] = "SIGQUIT",
	[SIGILL] = "SIGILL",	   [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
	[SIGBUS] = "SIGBUS",	   [SIGFPE] = "SIGFPE",	      [SIGKILL] = "SIGKILL",
	[SIGUSR1] = "SIGUSR1",	   [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE",	   [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD",     [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP",	   [SIGTSTP] = "SIGTSTP",     [SIGTTIN] = "SIGTTIN",
	[SIGTTOU] = "SIGTTOU",	   [SIGURG] = "SIGURG",	      [SIGXCPU] = "SIGXCPU",
	[SIGXFSZ] = "SIGXFSZ",	   [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
	[SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGIO",	      [SIGPWR] = "SIGPWR",
	[SIGSYS] = "SIGSYS",
};

const char *signal_name(int sig, char buf[16])
{
	if (sig > 0 && sig < (int)ARRAY_SIZE(names) && names[sig])
		return names[sig];
	if (sig == SIGRTMIN_KERNEL)
		return "SIGRTMIN";
	if (sig > SIGRTMIN_KERNEL && sig <= NSIG_MAX)
		str_format(buf, 16, "SIGRT_%d", sig - SIGRTMIN_KERNEL);
	else
		str_format(buf, 16, "%d", sig);
	return buf;
}

static const char *code_name(int sig, int code, char buf[16])
{
	static const char *const child[] = {"CLD_EXITED",  "CLD_KILLED",  "CLD_DUMPED",
					    "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"};
	static const char *const segv[] = {"SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR",
					   "SEGV_PKUERR"};
	static const char *const bus[] = {"BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"};
	static const char *const fpe[] = {"FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF",
					  "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB"};
	static const char *const ill[] = {"ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP",
					  "ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK"};
	static const char *const trap[] = {"TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH",
					   "TRAP_HWBKPT"};
	const char *const *list = NULL;
	int n = 0;

#define LIST(signal, array)            \
	case signal:                   \
		list = array;          \
		n = ARRAY_SIZE(array); \
		break
	switch (sig) {
		LIST(SIGCHLD, child);
		LIST(SIGSEGV, segv);
		LIST(SIGBUS, bus);
		LIST(SIGFPE, fpe);
		LIST(SIGILL, ill);
		LIST(SIGTRAP, trap);
	}
#undef LIST
	if (code > 0 && code <= n)
		return list[code - 1];
	switch (code) {
	case SI_USER:
		return "SI_USER";
	case SI_KERNEL:
		return "SI_KERNEL";
	case SI_QUEUE:
		return "SI_QUEUE";
	case SI_TIMER:
		return "SI_TIMER";
	case SI_MESGQ:
		return "SI_MESGQ";
	case SI_ASYNCIO:
		return "SI_ASYNCIO";
	case SI_SIGIO:
		return "SI_SIGIO";
	case SI_TKILL:
		return "SI_TKILL";
	}
	str_format(buf, 16, "%d", code);
	return buf;
}

/* Addresses differ between two machines; small numbers are values. */
static void pointer(struct host *h, char *out, size_t size, u64 v)
{
	if (!v)
		str_copy(out, "NULL", size);
	else if (h->config.strace_mode == STRACE_DETERMINISTIC && v >> 16)
		str_copy(out, "ADDR", size);
	else
		str_format(out, size, "0x%lx", v);
}

/* The fields beside signo and code, each beginning with a comma. */
static void details(struct host *h, char *out, size_t size, int sig, const siginfo_t *info)
{
	char buf[16], ptr[24], addr[24];
	int status = info->si_status;

	pointer(h, ptr, sizeof(ptr), (u64)info->si_value.sival_ptr);
	pointer(h, addr, sizeof(addr), (u64)info->si_addr);

	*out = '\0';
	if (info->si_code == SI_TIMER) {
		str_format(out, size, ", si_timerid=%#x, si_overrun=%d, si_ptr=%s",
			   info->si_timerid, info->si_overrun, ptr);
	} else if (info->si_code == SI_KERNEL) {
		return;
	} else if (info->si_code < 0 && info->si_code != SI_TKILL) {
		str_format(out, size, ", si_pid=%d, si_uid=%d, si_ptr=%s", info->si_pid,
			   (int)info->si_uid, ptr);
	} else if (info->si_code <= 0) {
		str_format(out, size, ", si_pid=%d, si_uid=%d", info->si_pid, (int)info->si_uid);
	} else if (sig == SIGCHLD) {
		const char *what = buf;

		if (info->si_code == CLD_EXITED)
			str_format(buf, sizeof(buf), "%d", status);
		else
			what = signal_name(status, buf);
		str_format(out, size,
			   ", si_pid=%d, si_uid=%d, si_status=%s, si_utime=%ld, si_stime=%ld",
			   info->si_pid, (int)info->si_uid, what, (long)info->si_utime,
			   (long)info->si_stime);
	} else if (SIGBIT(sig) & SIGSET_SYNCHRONOUS) {
		str_format(out, size, ", si_addr=%s", addr);
	}
}

void signal_note(struct host *h, struct task *t, int sig, const siginfo_t *info)
{
	char name[16], code[16], more[128];

	if (sig == SIGKILL)
		return; /* "+++ killed by SIGKILL +++" says it */
	details(h, more, sizeof(more), sig, info);
	strace_note(h, t, "--- %s {si_signo=%s, si_code=%s%s} ---", signal_name(sig, name),
		    signal_name(sig, name), code_name(sig, info->si_code, code), more);
}
