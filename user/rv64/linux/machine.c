// SPDX-License-Identifier: GPL-2.0-or-later
/* What shows the machine: its name and extensions. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include "base/string.h"
#include "rv64/csr.h"
#include "rv64/linux/calls.h"
#include "rv64/linux/space.h"

#define HWCAP(letter) (1UL << ((letter) - 'A'))

/* arch/riscv/include/uapi/asm/hwprobe.h */
#define KEY_MVENDORID	    0
#define KEY_MARCHID	    1
#define KEY_MIMPID	    2
#define KEY_BASE_BEHAVIOR   3
#define KEY_IMA_EXT_0	    4
#define KEY_CPUPERF_0	    5
#define KEY_ZICBOZ_BLOCK    6
#define KEY_HIGHEST_VADDR   7
#define KEY_TIME_CSR_FREQ   8
#define KEY_SCALAR_MISALIGN 9
#define BASE_IMA	    1
#define IMA_FD		    (1UL << 0)
#define IMA_C		    (1UL << 1)
#define EXT_ZBA		    (1UL << 3)
#define EXT_ZBB		    (1UL << 4)
#define EXT_ZBS		    (1UL << 5)
#define EXT_ZFH		    (1UL << 27)
#define EXT_ZFHMIN	    (1UL << 28)
#define EXT_ZICOND	    (1UL << 35)
#define MISALIGNED_FAST	    3
#define PROBE_WHICH_CPUS    1

u64 rv64_hwcap(void)
{
	return HWCAP('I') | HWCAP('M') | HWCAP('A') | HWCAP('F') | HWCAP('D') | HWCAP('C');
}

int rv64_cpuinfo_of(char *text, size_t size, u32 cpu)
{
	return str_format(text, size,
			  "processor\t: %u\nhart\t\t: %u\nisa\t\t: rv64imafdc_zicntr_zicond_"
			  "zicsr_zifencei_zihintpause_zfh_zfhmin_zba_zbb_zbs\n"
			  "mmu\t\t: sv39\nuarch\t\t: sundial\nmvendorid\t: 0x0\n"
			  "marchid\t\t: 0x0\nmimpid\t\t: 0x0\n\n",
			  cpu, cpu);
}

void rv64_cpuinfo(FILE *file)
{
	char text[512];
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		CPU_SET(0, &set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set)) {
			rv64_cpuinfo_of(text, sizeof(text), cpu);
			fputs(text, file);
		}
}

/* False: a key that is not known here, which is answered -1. */
static bool probe_value(s64 key, u64 *value)
{
	switch (key) {
	case KEY_MVENDORID:
	case KEY_MARCHID:
	case KEY_MIMPID:
	case KEY_ZICBOZ_BLOCK:
		*value = 0;
		return true;
	case KEY_BASE_BEHAVIOR:
		*value = BASE_IMA;
		return true;
	case KEY_IMA_EXT_0:
		*value = IMA_FD | IMA_C | EXT_ZBA | EXT_ZBB | EXT_ZBS | EXT_ZFH | EXT_ZFHMIN |
			 EXT_ZICOND;
		return true;
	case KEY_CPUPERF_0:
	case KEY_SCALAR_MISALIGN:
		*value = MISALIGNED_FAST;
		return true;
	case KEY_HIGHEST_VADDR:
		*value = RV64_SPACE_END - 1;
		return true;
	case KEY_TIME_CSR_FREQ:
		*value = RV64_TIME_HZ;
		return true;
	}
	*value = 0;
	return false;
}

CALL(riscv_hwprobe)
{
	struct {
		s64 key;
		u64 value;
	} pair;
	u64 i, value;

	/* All harts are alike; which of them have a value is a question for later kernels. */
	if (a[4] || (!a[2] != !a[3]))
		return -EINVAL;
	for (i = 0; i < a[1]; i++) {
		u64 at = a[0] + i * sizeof(pair);

		if (get_user(pair, at))
			return -EFAULT;
		if (!probe_value(pair.key, &value))
			pair.key = -1;
		pair.value = value;
		if (put_user(pair, at))
			return -EFAULT;
	}
	return 0;
}

CALL(uname)
{
	struct utsname uts;
	long ret = hostcall(SYS_uname, &uts);

	memset(uts.machine, 0, sizeof(uts.machine));
	strcpy(uts.machine, "riscv64");
	return ret ? ret : put_user(uts, a[0]);
}
