// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls a function that begins with a nop, and prints what a call took of the CPU time,
 * in ns: hits plain|bare THREADS CALLS. With "bare" it puts a probe on it whose program
 * does nothing: what every uprobe costs at least.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <link.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define UPROBE_MULTI 48 /* enum bpf_attach_type, since Linux 6.6 */

static unsigned long calls;

/* In assembly, so that the nop is first. */
long hit(long value);
__asm__(".pushsection .text, \"ax\"\n"
	".balign 16\n"
	".type hit, @function\n"
	"hit:	nop\n"
	"	mov %rdi, %rax\n"
	"	ret\n"
	".size hit, . - hit\n"
	".popsection\n");

static void *call(void *unused)
{
	for (unsigned long i = 0; i < calls; i++)
		hit((long)i);
	return NULL;
}

static int find_offset(struct dl_phdr_info *info, size_t size, void *offset)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t at = (uintptr_t)hit - info->dlpi_addr - header->p_vaddr;

		if (header->p_type == PT_LOAD && at < header->p_filesz)
			*(uint64_t *)offset = at + header->p_offset;
	}
	return 1;
}

/* A program that returns 0, on our function. */
static int probe(void)
{
	struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = UPROBE_MULTI);
	static uint64_t offset;
	struct {
		__u32 program, target, type, flags;
		__u64 path, offsets, counters, cookies;
		__u32 count, multi_flags, pid, pad;
	} link = {.type = UPROBE_MULTI, .count = 1};
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "bare", "GPL", program, 2, &options);

	if (fd < 0)
		return fd;
	dl_iterate_phdr(find_offset, &offset);
	link.program = (__u32)fd;
	link.path = (uintptr_t) "/proc/self/exe";
	link.offsets = (uintptr_t)&offset;
	link.pid = (__u32)getpid();
	return syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link)) < 0 ? -errno : 0;
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count = argc > 3 ? atoi(argv[2]) : 0, ret;
	double each_ns;

	if (count < 1 || count > 64)
		return 2;
	calls = strtoul(argv[3], NULL, 10);
	ret = strcmp(argv[1], "bare") ? 0 : probe();
	if (ret) {
		fprintf(stderr, "hits: no probe: %s\n", strerror(-ret));
		return 1;
	}
	each_ns = now_ns();
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, call, NULL))
			return 1;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	each_ns = (now_ns() - each_ns) / (double)calls / count;
	printf("%.2f\n", each_ns);
	return 0;
}
