// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial doctor: what this machine can do, and what stands in for each part
 * that is missing. Each probe asks the kernel for the thing itself, in a child
 * where asking would change this process.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/layout.h"
#include "base/types.h"
#include "cli/command.h"
#include "sim/fail.h"
#include "sim/machine.h"
#include "sim/program.h"

enum state {
	STATE_YES,
	STATE_NO,
	STATE_NOTE, /* neither good nor bad */
};

struct finding {
	enum state state;
	char detail[512];
};

struct probe {
	const char *name;
	void (*look)(struct finding *f);
	bool needed;	     /* without it sundial sim does not run */
	const char *instead; /* what happens where it is missing */
};

static void __attribute__((format(printf, 3, 4)))
found(struct finding *f, enum state state, const char *fmt, ...)
{
	va_list ap;

	f->state = state;
	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

/* Runs try() in a child; 0, or the errno with which it failed. */
static int in_child(int (*try)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(try() ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return EAGAIN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EFAULT;
}

static void found_errno(struct finding *f, int error, const char *good)
{
	if (error)
		found(f, STATE_NO, "%s", strerror(error));
	else
		found(f, STATE_YES, "%s", good);
}

static void look_kernel(struct finding *f)
{
	struct utsname uts;

	uname(&uts);
	found(f, strcmp(uts.machine, "x86_64") ? STATE_NO : STATE_YES, "Linux %s %s", uts.release,
	      uts.machine);
}

static void look_native(struct finding *f)
{
	char path[PATH_MAX];
	bool there = native_look(path, sizeof(path));

	found(f, there ? STATE_YES : STATE_NO, there ? "%.400s" : "not in %.400s", path);
}

static void look_sud(struct finding *f)
{
	int error = machine_sud();

	if (error == EINVAL)
		found(f, STATE_NO, "not in this kernel; Linux 5.11 and later have it");
	else if (error)
		found(f, STATE_NO, "forbidden by a seccomp filter or the container: %s",
		      strerror(error));
	else
		found(f, STATE_YES, "calls are trapped without ptrace");
}

static void look_fsgsbase(struct finding *f)
{
	if (machine_fsgsbase())
		found(f, STATE_YES, "a thread finds its state without a system call");
	else
		found(f, STATE_NO, "needs Linux 5.9 and a CPU since Ivy Bridge, no nofsgsbase");
}

static int try_memfd(void)
{
	int fd = memfd_create("doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd < 0 ? -1 : ftruncate(fd, 4096);
}

static void look_memfd(struct finding *f)
{
	found_errno(f, in_child(try_memfd), "clock pages and arena are anonymous files");
}

static int try_arena(void)
{
	int fd = memfd_create("doctor", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, 8L << 30))
		return -1;
	return mmap((void *)ARENA_BASE, 8UL << 30, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_NORESERVE, fd, 0) == MAP_FAILED;
}

static void look_arena(struct finding *f)
{
	found_errno(f, in_child(try_arena), "8 GiB of address space, used as needed");
}

static int try_no_randomise(void)
{
	return machine_fix_addresses(NULL) ? 0 : -1;
}

static void look_aslr(struct finding *f)
{
	found_errno(f, in_child(try_no_randomise), "can be switched off for guests");
}

static int try_tsc(void)
{
	return prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
}

static void look_tsc(struct finding *f)
{
	found_errno(f, in_child(try_tsc), "rdtsc is answered from the virtual clock");
}

static int try_waitv(void)
{
	/* No list: EINVAL where the call exists. */
	return syscall(SYS_futex_waitv, NULL, 0, 0, NULL, 0) && errno == ENOSYS ? -1 : 0;
}

static void look_waitv(struct finding *f)
{
	found_errno(f, in_child(try_waitv), "the supervisor sees the end at once");
}

/* The line that has the kernel start riscv64 programs by themselves; its name here is %s. */
#define BINFMT_LINE                                                                                \
	":sundial-riscv64:M::"                                                                     \
	"\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xf3\\x00" \
	":"                                                                                        \
	"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\x" \
	"ff\\xff\\xff:"                                                                            \
	"%s:P"

static void look_rv64(struct finding *f)
{
	char path[PATH_MAX], *slash;

	native_look(path, sizeof(path));
	slash = strrchr(path, '/');
	if (slash)
		snprintf(slash + 1, path + sizeof(path) - slash - 1, "sundial-rv64");
	if (access(path, X_OK))
		found(f, STATE_NO, "not in %.400s", path);
	else if (!access("/proc/sys/fs/binfmt_misc/sundial-riscv64", F_OK))
		found(f, STATE_YES, "riscv64 programs run by themselves (binfmt_misc)");
	else
		found(f, STATE_YES,
		      "sundial run PROG; by themselves once its line, below, is given");
}

/* What makes riscv64 programs run by themselves, for root to write. */
static void print_binfmt(void)
{
	char path[PATH_MAX], *slash;

	if (!native_look(path, sizeof(path)) || !(slash = strrchr(path, '/')))
		return;
	snprintf(slash + 1, path + sizeof(path) - slash - 1, "sundial-binfmt-riscv64");
	printf("\nThe kernel itself starts riscv64 programs after, as root,\n"
	       "printf '%%s' '" BINFMT_LINE "' >/proc/sys/fs/binfmt_misc/register\n",
	       path);
}

static int try_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0) < 0;
}

static void look_pidfd(struct finding *f)
{
	found_errno(f, in_child(try_pidfd), "killed processes are waited for by descriptor");
}

static int try_mounts(void)
{
	if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static void look_mounts(struct finding *f)
{
	found_errno(f, in_child(try_mounts),
		    geteuid() ? "by a user namespace: --dir works" : "as root: --dir works");
}

static bool read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool good = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (good)
		line[strcspn(line, "\n")] = 0;
	return good;
}

static void look_ptrace(struct finding *f)
{
	char value[32] = "0";

	if (!read_line("/proc/sys/kernel/yama/ptrace_scope", value, sizeof(value)))
		found(f, STATE_NOTE, "no restriction: debuggers can attach to guests");
	else
		found(f, STATE_NOTE, "ptrace_scope is %s%s", value,
		      *value == '0' ? "" : ": a debugger must be root to attach to guests");
}

static void look_module(struct finding *f)
{
	int fd = open("/dev/sundial", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		found(f, STATE_YES, "/dev/sundial can be opened");
	else
		found(f, STATE_NO, "/dev/sundial: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static int try_bpf(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 4096,
			       .max_entries = 1,
			       .map_flags = BPF_F_MMAPABLE};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0;
}

static void look_bpf(struct finding *f)
{
	int error = in_child(try_bpf);

	if (error)
		found(f, STATE_NO, "bpf(2): %s", strerror(error));
	else
		found(f, STATE_YES, "maps that programs and C share: BPF reads clock pages there");
}

static void look_btf(struct finding *f)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		found(f, STATE_NO, "/sys/kernel/btf/vmlinux: %s", strerror(errno));
	else
		found(f, STATE_YES, "the kernel's types: programs fit themselves to it");
}

/* The module registers its functions if it has BTF, which it then shows here. */
static void look_kfuncs(struct finding *f)
{
	if (!access("/sys/kernel/btf/sundial", F_OK))
		found(f, STATE_YES, "bpf_sundial_now() and others, in any context");
	else if (access("/sys/module/sundial", F_OK))
		found(f, STATE_NO, "the kernel module is not loaded");
	else
		found(f, STATE_NO,
		      "the module was built without BTF: the kernel's headers came without "
		      "vmlinux or resolve_btfids, as Debian's for Linux 6.1 do");
}

static void look_kvm(struct finding *f)
{
	if (access("/dev/kvm", R_OK | W_OK))
		found(f, STATE_NO, "/dev/kvm: %s", strerror(errno));
	else
		found(f, STATE_YES, "/dev/kvm can be used");
}

static void look_cores(struct finding *f)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	found(f, STATE_NOTE, "%d usable; a simulation computes on one, its supervisor on any", n);
}

static void look_rdrand(struct finding *f)
{
	unsigned int leaf1_ecx, a = 1, b, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(leaf1_ecx), "=d"(d) : "c"(0));
	if (leaf1_ecx & 1U << 30)
		found(f, STATE_NOTE,
		      "the CPU has it: programs that execute it get real randomness");
	else
		found(f, STATE_NOTE, "not in this CPU: nothing leaks through it");
}

static const struct probe probes[] = {
	{"kernel", look_kernel, true, "only x86-64 is simulated"},
	{"sundial-native", look_native, true, "run make, or set SUNDIAL_NATIVE to its path"},
	{"sundial-rv64", look_rv64, false, "riscv64 programs do not run; make builds it"},
	{"syscall user dispatch", look_sud, true, "use a kernel or container that allows it"},
	{"FSGSBASE", look_fsgsbase, true, "use another kernel or machine"},
	{"memfd", look_memfd, true, "use a kernel since 3.17, or allow memfd_create"},
	{"arena", look_arena, false, "a smaller arena is tried; see ulimit -v and ulimit -f"},
	{"randomisation of addresses", look_aslr, false,
	 "it stays on: addresses differ from run to run, and a start may have to be repeated"},
	{"rdtsc trap", look_tsc, false, "rdtsc shows the machine's counter: determinism may end"},
	{"futex_waitv", look_waitv, false, "the supervisor may be 20 ms late (Linux 5.16 has it)"},
	{"pidfd", look_pidfd, true, "use a kernel since 5.3, or allow pidfd_open"},
	{"mount namespaces", look_mounts, false, "no --dir: guests share /tmp with the machine"},
	{"ptrace", look_ptrace, false, NULL},
	{"kernel module", look_module, false,
	 "clock pages live in memory files, with the same results; no clocks that users share "
	 "without trust. insmod sundial.ko adds them"},
	{"BPF functions of the module", look_kfuncs, false,
	 "BPF programs read clock pages in a mappable array, with the same results"},
	{"BPF", look_bpf, false, "not needed by sim and run"},
	{"BTF", look_btf, false, "not needed by sim and run"},
	{"KVM", look_kvm, false, "make check-vm boots its kernels under QEMU's own emulation"},
	{"cores", look_cores, false, NULL},
	{"RDRAND", look_rdrand, false, NULL},
};

static void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 32)
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void print_json(const struct probe *p, const struct finding *f, bool first)
{
	static const char *const states[] = {"yes", "no", "note"};

	printf("%s\n    {\"name\": ", first ? "" : ",");
	json_string(p->name);
	printf(", \"state\": \"%s\", \"needed\": %s, \"detail\": ", states[f->state],
	       p->needed ? "true" : "false");
	json_string(f->detail);
	if (f->state == STATE_NO) {
		printf(", \"instead\": ");
		json_string(p->instead);
	}
	putchar('}');
}

static void print_text(const struct probe *p, const struct finding *f)
{
	static const char *const marks[] = {"yes", "no", "-"};

	printf("%-28s %-4s %s\n", p->name, marks[f->state], f->detail);
	if (f->state == STATE_NO)
		printf("%-28s %-4s %s%s\n", "", "",
		       p->needed ? "needed: " : "instead: ", p->instead);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'j':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		fail(EXIT_SUNDIAL, "doctor takes no argument '%s'", arg);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_doctor(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"json", 'j', NULL, 0, "Print JSON"},
		{0},
	};
	static const struct argp argp = {
		options, parse, NULL,
		"What this machine can do, and what stands in for each missing part. "
		"Exit status 0 if sundial sim can run."};
	bool json = false, can_run = true;

	argv[0] = (char *)"sundial doctor";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, 0, NULL, &json);
	if (json)
		printf("{\n  \"probes\": [");
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		struct finding f;

		fflush(stdout); /* probes fork */
		probes[i].look(&f);
		if (json)
			print_json(&probes[i], &f, !i);
		else
			print_text(&probes[i], &f);
		if (f.state == STATE_NO && probes[i].needed)
			can_run = false;
	}
	if (json)
		printf("\n  ],\n  \"sim\": %s\n}\n", can_run ? "true" : "false");
	else
		printf("\nsundial sim %s run here.\n", can_run ? "can" : "cannot");
	if (!json)
		print_binfmt();
	return can_run ? 0 : 1;
}
