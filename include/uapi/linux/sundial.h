/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Sundial: virtual clocks that are read from memory, and generations of
 * translated code.
 *
 * This header is the specification of the clock page, of TB sets and of
 * /dev/sundial. A memfd or any other shared memory that holds the same page is
 * read by the same code; nothing in the page says which one it is.
 *
 * Words
 *   count     nanoseconds since the domain's beginning; what CLOCK_MONOTONIC
 *             of the domain shows
 *   domain    one virtual clock, published by one page
 *   host time CLOCK_MONOTONIC of the machine, in nanoseconds, in the time
 *             namespace of the process that created the domain
 *   writer    who changes the page: the kernel (kind KERNEL) or whoever has
 *             mapped it writable (kind USER)
 *
 * Growth
 *   The page starts with SUNDIAL_CLOCK_MAGIC and never changes its version.
 *   New fields are appended; a reader may use a field that ends at byte E if
 *   page->size >= E and the flag bit that comes with the field is set. Bytes
 *   from page->size to the end of the page are zero. Flag bits that a reader
 *   does not know may be ignored: a bit that changed the meaning of an old
 *   field would need another magic.
 *   An ioctl structure never changes its size. A new need is a new number.
 *   Unknown flag bits and padding that is not zero are refused with EINVAL,
 *   unknown numbers with ENOTTY.
 *
 * All fields are little-endian; the machine must be 64-bit and little-endian,
 * so that an aligned 64-bit field is loaded and stored whole.
 */
#ifndef _UAPI_LINUX_SUNDIAL_H
#define _UAPI_LINUX_SUNDIAL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SUNDIAL_CLOCK_MAGIC	    0x4c414453 /* "SDAL" in memory */
#define SUNDIAL_CLOCK_VERSION	    1
#define SUNDIAL_CLOCK_PAGE_SIZE	    4096
#define SUNDIAL_CLOCK_FIRST_SIZE    256	  /* least value of page->size: what every release has */
#define SUNDIAL_CLOCK_MAX_PAGES	    65536 /* most pages in one array of kind USER */
#define SUNDIAL_CLOCK_MAX_SHIFT	    63
#define SUNDIAL_CLOCK_COARSE_NS	    4000000    /* default granularity of *_COARSE: 250 Hz */
#define SUNDIAL_CLOCK_MAX_COARSE_NS 1000000000 /* and the greatest that is accepted */

/*
 * Who writes the page. Fixed at creation.
 *
 * KERNEL: one page in a file descriptor. Nobody can map it writable; it is
 * changed by the SUNDIAL_CLOCK_* calls below. The count never goes backward
 * unless the domain was created STEPPABLE.
 *
 * USER: one or more pages in a file descriptor, each a domain, mapped writable
 * by whoever holds a writable descriptor. The kernel fills the pages once, at
 * creation. It looks at one again only for those who ask it for that page's time or
 * wait for it, and stores nothing but deadline_ns. It promises nothing about what
 * they show.
 */
enum sundial_clock_kind {
	SUNDIAL_KIND_KERNEL = 0,
	SUNDIAL_KIND_USER = 1,
};

/*
 * How the count is found. Fixed at creation.
 *
 * MANUAL: the count is now_ns, one 64-bit load.
 *
 * SCALED: the count is base_ns + ((host - host_base_ns) * mult >> shift), where
 * the product has 128 bits, the sum wraps at 64, and a host time before
 * host_base_ns counts as host_base_ns (another CPU may have been asked for the
 * time just before the rate changed). mult 0 is a frozen clock. Host time
 * stands still while the machine is suspended, and so does the count.
 */
enum sundial_clock_mode {
	SUNDIAL_MODE_MANUAL = 0,
	SUNDIAL_MODE_SCALED = 1,
};

/* sundial_clock_page.flags */
#define SUNDIAL_PAGE_STEPPABLE (1U << 0) /* the count may be set backward */

/*
 * One of the two copies of what must be read as a whole.
 *
 * The clocks of the domain are offsets of its count, modulo 2^64:
 *   CLOCK_MONOTONIC            count
 *   CLOCK_REALTIME, _ALARM     count + realtime_ns
 *   CLOCK_BOOTTIME, _ALARM     count + boottime_ns
 *   CLOCK_TAI                  count + tai_ns
 *   CLOCK_MONOTONIC_RAW        count + raw_ns
 *   CLOCK_MONOTONIC_COARSE     count rounded down to a multiple of coarse_ns
 *   CLOCK_REALTIME_COARSE      that + realtime_ns
 * CPU-time clocks are not in the page. A result is a signed 64-bit number of
 * nanoseconds; it is negative when a clock is set before its epoch.
 */
struct sundial_clock_rate {
	__u64 host_base_ns; /* SCALED: host time at which the count was base_ns */
	__u64 base_ns;	    /* SCALED */
	__u64 mult;	    /* SCALED: count nanoseconds per host nanosecond, << shift */
	__u32 shift;	    /* SCALED: 0 to SUNDIAL_CLOCK_MAX_SHIFT */
	__u32 reserved;	    /* zero */
	__s64 realtime_ns;
	__s64 boottime_ns;
	__s64 tai_ns;
	__s64 raw_ns;
};

/*
 * The page. "Constant" fields never change after creation.
 *
 * rate[] is a latch with two copies. A reader loads seq (acquire), copies
 * rate[seq & 1], and starts again if seq (after a load barrier) has changed. A
 * writer first makes rate[1] equal to rate[0] if seq is even, then makes seq
 * odd, writes rate[0], makes seq even, writes rate[1], with a store barrier
 * between any two of these. So one copy is always whole: a reader that
 * interrupted the writer, or whose writer died, still gets a value, and a new
 * writer may begin where a dead one stopped.
 *
 * In mode SCALED a writer takes the host time from which a new rate holds while
 * seq is odd, after a full barrier, and a reader takes its host time between its
 * two looks at seq. So a reader that saw no change has the earlier time.
 * While seq is odd the old copy is whole but no longer in force. A SCALED
 * reader that extrapolated it could return a little more than the new rate
 * will give to the next reader; so one that is not inside an interrupt waits a
 * short, bounded while for seq to become even before it takes the old copy.
 *
 * tick_ns, limit_ns, deadline_ns and reads are for domains of kind USER in
 * mode MANUAL. They start as zero and limit_ns as all ones, and stay so elsewhere.
 * A ticking reader takes now_ns + tick_ns as the time, stores it in now_ns and
 * adds one to reads. If the sum would pass limit_ns it changes nothing and asks
 * its scheduler instead. At most one thread may tick a page at a time and no
 * other thread may set it meanwhile; but a signal handler that interrupts a
 * ticking reader may set now_ns to a later time and change limit_ns: the store
 * is a compare-and-exchange that then fails and starts again.
 */
struct sundial_clock_page {
	__u32 magic;	   /* constant: SUNDIAL_CLOCK_MAGIC */
	__u32 size;	   /* constant: bytes of the page in use */
	__u16 version;	   /* constant: SUNDIAL_CLOCK_VERSION */
	__u8 kind;	   /* constant: enum sundial_clock_kind */
	__u8 mode;	   /* constant: enum sundial_clock_mode */
	__u32 flags;	   /* constant: SUNDIAL_PAGE_* */
	__u64 domain;	   /* constant: identity; 0 is the host's own time, and never a page */
	__u64 now_ns;	   /* MANUAL: the count */
	__u64 limit_ns;	   /* the greatest count that a ticking reader may store */
	__u64 tick_ns;	   /* what each reading adds */
	__u64 deadline_ns; /* when the earliest waiter is due; 0 while nobody waits */
	__u64 reads;	   /* readings made by ticking readers */

	__u32 seq;	 /* latch: rate[seq & 1] is whole */
	__u32 reserved;	 /* zero */
	__u64 coarse_ns; /* 1 to SUNDIAL_CLOCK_MAX_COARSE_NS; changed rarely, one load */
	__u64 pad[6];	 /* zero */

	struct sundial_clock_rate rate[2];
};

/*
 * SUNDIAL_CLOCK_CREATE, on /dev/sundial: makes one domain of kind KERNEL, or an
 * array of count domains of kind USER, and returns a new descriptor for it
 * (readable and writable, close-on-exec).
 *
 * All domains begin at now_ns. A SCALED one starts at the host's own rate
 * (mult 1, shift 0).
 *
 * The descriptor is mapped MAP_SHARED: one page at offset 0 (KERNEL), or all
 * pages at offset 0 or any single page at its own offset (USER). Another size
 * or offset, or MAP_PRIVATE, is EINVAL. Asking for a writable mapping of kind
 * KERNEL, or of a read-only descriptor, is EACCES, and a read-only mapping of
 * those can never be made writable.
 * Mappings are shared with children over fork and cannot grow.
 *
 * EINVAL    a field is not one of those described here
 * E2BIG     count is more than SUNDIAL_CLOCK_MAX_PAGES, or than the module's
 *           parameter max_clock_pages
 * ENOMEM    no memory, or the pages would pass the user's RLIMIT_MEMLOCK
 *           (counted per user over all descriptors; not with CAP_IPC_LOCK)
 * EMFILE, ENFILE   no descriptor left
 * EFAULT    the argument cannot be read
 */
struct sundial_clock_create {
	__u32 kind;	   /* in: enum sundial_clock_kind */
	__u32 mode;	   /* in: enum sundial_clock_mode */
	__u32 flags;	   /* in: SUNDIAL_CREATE_* */
	__u32 count;	   /* in: number of pages; 1 for KERNEL */
	__u64 now_ns;	   /* in: the count at the beginning */
	__u64 coarse_ns;   /* in: granularity of *_COARSE; 0 is SUNDIAL_CLOCK_COARSE_NS */
	__s64 realtime_ns; /* in: offsets, as in struct sundial_clock_rate */
	__s64 boottime_ns;
	__s64 tai_ns;
	__s64 raw_ns;
	__u64 pad[2]; /* in: zero */
};

#define SUNDIAL_CREATE_STEPPABLE (1U << 0) /* kind KERNEL only: SET may go backward */

/*
 * SUNDIAL_CLOCK_INFO, on a clock's descriptor: what it is. Allowed on a
 * read-only descriptor. For kind USER now_ns is zero: the kernel does not look.
 */
struct sundial_clock_info {
	__u32 kind;	 /* out */
	__u32 mode;	 /* out */
	__u32 flags;	 /* out: SUNDIAL_PAGE_* */
	__u32 count;	 /* out: pages in the array */
	__u64 domain;	 /* out: of the first page; the others follow one by one */
	__u64 now_ns;	 /* out: the count at some moment during the call */
	__u32 page_size; /* out: SUNDIAL_CLOCK_PAGE_SIZE */
	__u32 writable;	 /* out: 1 if this descriptor may change the domain, else 0 */
	__u64 pad[3];	 /* out: zero */
};

/*
 * SET, ADVANCE, SET_RATE and SET_OFFSETS, below, change a domain of kind KERNEL and answer
 * EOPNOTSUPP  for kind USER, which is changed by storing to its page
 * EPERM       on a read-only descriptor
 */

/*
 * SUNDIAL_CLOCK_SET: the count becomes now_ns, in mode SCALED without a change
 * of rate.
 * ERANGE      now_ns is before the count and the domain is not STEPPABLE
 */
struct sundial_clock_set {
	__u64 now_ns; /* in */
	__u32 flags;  /* in: zero */
	__u32 pad;    /* in: zero */
};

/*
 * SUNDIAL_CLOCK_ADVANCE: adds delta_ns to the count; writers that add at the
 * same time do not lose one another's part.
 * EOVERFLOW   the sum does not fit 64 bits
 */
struct sundial_clock_advance {
	__u64 delta_ns; /* in */
	__u64 now_ns;	/* out: the count after it */
	__u32 flags;	/* in: zero */
	__u32 pad;	/* in: zero */
};

/*
 * SUNDIAL_CLOCK_SET_RATE: from now on the count grows by mult / 2^shift
 * nanoseconds per nanosecond of the host; it does not jump.
 * EOPNOTSUPP  in mode MANUAL
 * EINVAL      shift is more than SUNDIAL_CLOCK_MAX_SHIFT
 */
struct sundial_clock_set_rate {
	__u64 mult;  /* in */
	__u32 shift; /* in */
	__u32 flags; /* in: zero */
};

/* SUNDIAL_CLOCK_SET_OFFSETS: replaces all offsets, as one change for readers. */
struct sundial_clock_set_offsets {
	__s64 realtime_ns; /* in: as in struct sundial_clock_rate */
	__s64 boottime_ns; /* in */
	__s64 tai_ns;	   /* in */
	__s64 raw_ns;	   /* in */
	__u32 flags;	   /* in: zero */
	__u32 pad;	   /* in: zero */
};

/*
 * SUNDIAL_CLOCK_READER: returns a new, read-only, close-on-exec descriptor for
 * the same domains, fit to be given away: it cannot change them, be mapped
 * writable, or be turned into one that can.
 * EMFILE, ENFILE, ENOMEM
 */
struct sundial_clock_reader {
	__u32 flags; /* in: zero */
	__u32 pad;   /* in: zero */
};

/*
 * Waiting
 *
 * A wait ends when the count of a page has reached its deadline; deadlines are
 * absolute counts, so a wait that is interrupted and restarted is the same wait.
 * For another clock than CLOCK_MONOTONIC subtract that clock's offset. Waiters
 * of one page are woken in the order of their deadlines, those with the same
 * deadline in the order in which they came. A count that steps back later
 * (STEPPABLE) does not undo what was reached.
 *
 * Kind KERNEL: every SET, ADVANCE and SET_RATE looks for waiters that are due; in
 * mode SCALED the kernel also wakes them when host time brings them there. A
 * frozen clock wakes nobody. A SCALED count that has passed 2^64 by host time alone
 * has reached every deadline, until it is changed.
 *
 * Kind USER in mode MANUAL: the kernel does not see stores, so it shows the
 * earliest deadline in deadline_ns of the page, and the writer calls KICK when it
 * has stored a count that is not below it:
 *
 *	writer				WAIT, in the kernel
 *	now_ns = t			deadline_ns = d
 *	full barrier			full barrier
 *	reads deadline_ns; if that	reads now_ns; if that
 *	is not 0 and <= t: KICK		is >= d: does not sleep
 *
 * At least one of the two sees the other's store, so no waiter is forgotten.
 * sundial_page.h has the writer's half. What else is stored in deadline_ns
 * harms only those who wait for this page.
 *
 * Kind USER in mode SCALED: EOPNOTSUPP. Its rate can change with no call.
 */

/*
 * SUNDIAL_CLOCK_WAIT: sleeps until the count of page index is deadline_ns or
 * more. Both kinds; allowed on a read-only descriptor.
 * EOPNOTSUPP  kind USER in mode SCALED
 * EINVAL      no such page, unknown flags
 * EINTR       a signal handler ran that was installed without SA_RESTART; with it
 *             the wait goes on
 */
struct sundial_clock_wait {
	__u64 deadline_ns; /* in: a count */
	__u32 index;	   /* in: page of the array; 0 for KERNEL */
	__u32 flags;	   /* in: zero */
	__u64 now_ns;	   /* out: a count that was reached, deadline_ns or more */
	__u64 pad;	   /* in: zero */
};

/*
 * SUNDIAL_CLOCK_ALARM: sets the alarm of this descriptor (of the open file, as
 * a timerfd has one), in place of the former. poll(2) reports POLLIN once the
 * count has reached deadline_ns. read(2) of 8 bytes or more waits for that,
 * returns the count as a __u64 (deadline_ns or more) and switches the alarm off;
 * before it is due, or while it is off, a descriptor with O_NONBLOCK answers
 * EAGAIN. Both kinds; allowed on a read-only descriptor, whose alarm is its own.
 * EOPNOTSUPP  kind USER in mode SCALED
 * EINVAL      no such page, unknown flags; of read(2): fewer than 8 bytes
 * EINTR       of read(2): as WAIT
 */
struct sundial_clock_alarm {
	__u64 deadline_ns; /* in: a count; zero with SUNDIAL_ALARM_OFF */
	__u32 index;	   /* in: as in WAIT; zero with SUNDIAL_ALARM_OFF */
	__u32 flags;	   /* in: SUNDIAL_ALARM_* */
};

#define SUNDIAL_ALARM_OFF (1U << 0)

/*
 * SUNDIAL_CLOCK_KICK: wakes whoever waits for page index of an array of kind USER
 * and is due by what the page shows now.
 * EOPNOTSUPP  kind KERNEL, or mode SCALED: there is nothing to kick
 * EPERM       read-only descriptor
 * EINVAL      no such page, unknown flags
 */
struct sundial_clock_kick {
	__u32 index; /* in */
	__u32 flags; /* in: zero */
	__u32 woken; /* out: waits and alarms that ended */
	__u32 pad;   /* in: zero */
};

/*
 * SUNDIAL_CLOCK_BIND: from now on page index is the domain of thread tid (of the
 * caller's pid namespace; 0 is the caller), for those who ask from outside it: BPF
 * programs through bpf_sundial_now() and bpf_sundial_domain(). A thread that is
 * not bound is in domain 0, the host's own time. Children do not inherit it.
 *
 * With word not 0 the domain may change with no call: word is the address, in
 * the caller's memory, of an aligned __u32 with the page's index, which is looked
 * up each time; a value that is no page, or memory that is not there, is domain
 * 0. index must then be zero, and tid 0 or the caller's own.
 *
 * A binding ends with the thread, with SUNDIAL_BIND_OFF, or when the descriptor
 * (all its duplicates) is closed. Both kinds; allowed on a read-only descriptor.
 * ESRCH       no such thread
 * EPERM       the thread is another user's, without CAP_SYS_PTRACE
 * EBUSY       it is bound through another descriptor
 * ENOENT      SUNDIAL_BIND_OFF: it is not bound through this one
 * ENOSPC      the descriptor binds SUNDIAL_CLOCK_MAX_BINDINGS threads already
 * EINVAL      no such page, word not aligned or not the caller's, unknown flags
 * ENOMEM
 */
struct sundial_clock_bind {
	__s32 tid;   /* in */
	__u32 index; /* in: zero with word or SUNDIAL_BIND_OFF */
	__u64 word;  /* in: address or 0; zero with SUNDIAL_BIND_OFF */
	__u32 flags; /* in: SUNDIAL_BIND_* */
	__u32 pad;   /* in: zero */
};

#define SUNDIAL_BIND_OFF	   (1U << 0)
#define SUNDIAL_CLOCK_MAX_BINDINGS 16384

/*
 * TB sets: generations of translated code
 *
 * For programs that keep something which they derived from memory (translation
 * blocks, "TBs") and that must throw it away when the memory is no longer what
 * it was. A set has slots; each process of those that share it attaches a range
 * of its own addresses to a slot, and the slot's generation changes whenever the
 * page tables of such a range change. A TB remembers the generation that it was
 * made under and is dead when the slot shows another. Calls name slots, never
 * addresses, so they mean the same in every process.
 *
 * Seen, always, in every attached range: munmap(2), mprotect(2), mremap(2),
 * MADV_DONTNEED, truncation of the file or a hole in it, exec, exit, a debugger's
 * forced write that has to copy the page first, as the first one to a page of a
 * program file does. Also some changes that leave the bytes as they were (reclaim,
 * copy on write, NUMA balancing). Not seen, because no page table changes: stores
 * through a present writable entry, through another mapping of the same memory,
 * forced writes to a page that is the process's own, write(2) to the file. fork(2)
 * keeps what the parent sees and is not reported, but for private huge pages of
 * hugetlbfs.
 *
 * Whoever derives from memory does it so:
 *
 *	do {
 *		g = generation[slot] (acquire), until it is even
 *		read the memory, translate
 *	} while (generation[slot] (after a load barrier) != g)
 *
 * and uses the result only while generation[slot] == g. A generation is odd from
 * before the page tables begin to change until they have changed and no CPU's TLB
 * has the old ones, which may be a little after munmap() has returned, or while
 * others change page tables elsewhere in the same memory:
 *
 *	translator			the kernel, in munmap()
 *	g = 4
 *	reads old bytes
 *					generation = 5
 *	5 != 4: throws it away
 *					page tables change, TLBs are flushed
 *	reads old bytes (an other CPU
 *	may still have them cached):
 *	odd, so it waits
 *					generation = 6
 *	reads what is there now
 *
 * A generation never decreases. After fork() the child is not registered: the
 * set's mappings are not inherited (unless the parent asks for it with
 * MADV_DOFORK) and calls answer ESTALE until it registers itself; after exec()
 * likewise.
 */
#define SUNDIAL_TB_MAGIC      0x42544453 /* "SDTB" in memory */
#define SUNDIAL_TB_MAX_SLOTS  65536
#define SUNDIAL_TB_MAX_VCPUS  4096
#define SUNDIAL_TB_MAX_EVENTS 65536
#define SUNDIAL_TB_MAX_SPACES 1024  /* most processes that one set has registered */
#define SUNDIAL_TB_MAX_RANGES 16384 /* most ranges of one process, over all sets */

/*
 * What the descriptor maps, MAP_SHARED, each at its own offset and whole:
 *
 *   offset 0                        read-only: struct sundial_tb_page, then
 *                                   slots generations of 64 bits, from byte
 *                                   page->generations on
 *   offset SUNDIAL_TB_VCPU_OFFSET   read-write: vcpus times struct
 *                                   sundial_tb_vcpu; nothing to map if vcpus is 0
 *
 * both rounded up to whole pages of memory. Another size or offset, or
 * MAP_PRIVATE, is EINVAL; a writable mapping of the first part is EACCES, and it
 * can never be made writable.
 */
#define SUNDIAL_TB_VCPU_OFFSET (1ULL << 30)

struct sundial_tb_page {
	__u32 magic;	   /* constant: SUNDIAL_TB_MAGIC */
	__u32 size;	   /* constant: bytes of this header in use */
	__u32 slots;	   /* constant */
	__u32 vcpus;	   /* constant */
	__u32 events;	   /* constant: capacity of the queue */
	__u32 generations; /* constant: byte of the first generation from the page's beginning */
	__u32 sleepers;	   /* SYNCs that sleep now, to be woken by QUIESCENT */
	__u32 reserved;	   /* zero */
	__u64 queued;	   /* events put into the queue so far, lost ones too */
	__u64 pad[3];	   /* zero */
};

/*
 * A vCPU: a thread that runs translated code. It stores, and only it:
 *
 *   to run      state = (state + 1), now odd; full barrier; then looks at the
 *               generations (or the queue) before it trusts any TB
 *   to pause    state = (state + 1), now even; full barrier; if page->sleepers is
 *               not 0: SUNDIAL_TB_QUIESCENT
 *
 * and pauses before every system call that may block and whenever it finds exit
 * not 0, which translated code looks at on its back edges; then it stores 0 there,
 * before it runs again. So a SYNC that saw the state odd need only wait until it
 * is another number: the vCPU has been outside of translated code meanwhile and
 * has looked at the generations since. The kernel believes nothing here: a vCPU
 * that lies runs its own old code, and a SYNC can time out.
 */
struct sundial_tb_vcpu {
	__u64 state;  /* odd: RUNNING, even: QUIESCENT; counts the changes */
	__u32 exit;   /* set by a SYNC, cleared by the vCPU */
	__u32 pad32;  /* zero */
	__u64 pad[6]; /* zero */
};

#define SUNDIAL_TB_RUNNING 1ULL /* bit of sundial_tb_vcpu.state */

/*
 * SUNDIAL_TB_CREATE, on /dev/sundial: makes a set and returns a descriptor
 * (close-on-exec). The caller's memory is not registered by it. Generations start
 * at 2, so that 0 and 1 can mean "none yet".
 * EINVAL    slots is 0, or a field is not one of those described here
 * E2BIG     more than SUNDIAL_TB_MAX_*, or slots than the module's parameter
 *           max_tb_slots
 * ENOMEM    as SUNDIAL_CLOCK_CREATE
 * EMFILE, ENFILE
 */
struct sundial_tb_create {
	__u32 slots;  /* in */
	__u32 vcpus;  /* in: most vCPUs; may be 0 */
	__u32 events; /* in: capacity of the event queue; may be 0 */
	__u32 flags;  /* in: zero */
	__u64 pad[2]; /* in: zero */
};

/* SUNDIAL_TB_INFO: what the set is, for who was given its descriptor. */
struct sundial_tb_info {
	__u32 slots;	/* out */
	__u32 vcpus;	/* out */
	__u32 events;	/* out */
	__u32 spaces;	/* out: processes (memories) that are registered */
	__u32 ranges;	/* out: ranges that are attached, over all processes */
	__u32 attached; /* out: of these the caller's */
	__u64 pad[2];	/* out: zero */
};

/*
 * SUNDIAL_TB_REGISTER: lets the caller's memory (all threads that share it) attach
 * ranges. Doing it again changes nothing. It lasts until exec, exit, or until the
 * set is gone.
 * ENOSPC    SUNDIAL_TB_MAX_SPACES are registered
 * EINTR     a signal came
 * EINVAL    unknown flags
 * ENOMEM
 */
struct sundial_tb_register {
	__u32 flags; /* in: zero */
	__u32 pad;   /* in: zero */
};

/*
 * SUNDIAL_TB_ATTACH: watches length bytes from address on for slot. A slot has at
 * most one range of each process; ranges of different slots may overlap. Nothing
 * need be mapped there yet. The slot's generation changes, here and in DETACH.
 * ESTALE    the caller's memory is not registered
 * EBUSY     the slot has a range of this process
 * ENOSPC    the process has attached SUNDIAL_TB_MAX_RANGES
 * EINVAL    no such slot; not whole pages, empty, or beyond what a process can map
 * ENOMEM
 */
struct sundial_tb_attach {
	__u64 address; /* in: multiple of the page size */
	__u64 length;  /* in: multiple of the page size */
	__u32 slot;    /* in */
	__u32 flags;   /* in: zero */
	__u64 pad;     /* in: zero */
};

/*
 * SUNDIAL_TB_DETACH: no longer watches the caller's range of slot.
 * ESTALE, EINVAL as above
 * ENOENT    the slot has no range of this process
 */
struct sundial_tb_detach {
	__u32 slot;  /* in */
	__u32 flags; /* in: zero */
};

/*
 * SUNDIAL_TB_INVALIDATE: changes the generations of count slots from slot on, for
 * every process that shares the set. With SUNDIAL_TB_SYNC it then returns only when
 * no vCPU can still be in code that it entered before: it asks every RUNNING one to
 * leave (exit) and waits until each has paused, or its thread has ended. Count 0
 * with SUNDIAL_TB_SYNC only waits, for what page tables changed. A caller that is a
 * vCPU itself is not waited for. Any number of SYNCs may wait at once.
 * ESTALE     the caller's memory is not registered
 * EINVAL     no such slots; count 0 without, or timeout_ns without, SUNDIAL_TB_SYNC
 * ETIMEDOUT  timeout_ns of host time went by; running says how many vCPUs had not
 *            paused. The generations have changed nevertheless, here and for
 * EINTR      a signal came; ask again with count 0 to go on waiting
 * ENOMEM     SUNDIAL_TB_SYNC: nothing was done
 */
struct sundial_tb_invalidate {
	__u32 slot;	  /* in */
	__u32 count;	  /* in */
	__u32 flags;	  /* in: SUNDIAL_TB_SYNC */
	__u32 running;	  /* out, with 0 and ETIMEDOUT: vCPUs that are still in old code */
	__u64 timeout_ns; /* in: 0 does not wait, SUNDIAL_TB_FOREVER waits for ever */
	__u64 pad;	  /* in: zero */
};

#define SUNDIAL_TB_SYNC	   (1U << 0)
#define SUNDIAL_TB_FOREVER (~0ULL)

/*
 * SUNDIAL_TB_VCPU: the calling thread becomes vCPU number vcpu, QUIESCENT, until it
 * ends; or it ceases to be one, with SUNDIAL_TB_VCPU_OFF.
 * ESTALE    the caller's memory is not registered
 * EBUSY     another thread that lives is that vCPU, or this thread is another one
 * ENOENT    SUNDIAL_TB_VCPU_OFF: the caller is not this vCPU
 * EINVAL    no such vCPU, unknown flags
 */
struct sundial_tb_vcpu_call {
	__u32 vcpu;  /* in */
	__u32 flags; /* in: SUNDIAL_TB_VCPU_OFF */
};

#define SUNDIAL_TB_VCPU_OFF (1U << 0)

/*
 * SUNDIAL_TB_QUIESCENT: has the SYNCs that sleep look at the vCPUs' states again.
 * EINVAL    unknown flags
 */
struct sundial_tb_quiescent {
	__u32 flags; /* in: zero */
	__u32 pad;   /* in: zero */
};

/*
 * The event queue: read(2) returns whole events, as many as there are and fit, and
 * waits for the first (EAGAIN with O_NONBLOCK; EINVAL if not even one fits);
 * poll(2) reports POLLIN. Each event is read once, by whoever reads first. The
 * queue saves looking at all generations; these alone are the truth, and change
 * before the event can be read. When it is full new events are lost, and the next
 * read begins with an event SUNDIAL_TB_LOST: then look at all generations. A set
 * made with events 0 has no queue: read is EINVAL.
 */
struct sundial_tb_event {
	__u32 slot;	  /* LOST: zero */
	__u32 reason;	  /* enum sundial_tb_reason */
	__u64 start;	  /* first byte concerned, from the beginning of the attached range */
	__u64 end;	  /* byte after the last; INVALIDATED, ATTACHED, DETACHED: zero, as start */
	__u64 generation; /* what the slot's became; LOST: how many events were lost */
};

enum sundial_tb_reason {
	SUNDIAL_TB_LOST = 0,
	SUNDIAL_TB_INVALIDATED = 1, /* SUNDIAL_TB_INVALIDATE */
	SUNDIAL_TB_ATTACHED = 2,
	SUNDIAL_TB_DETACHED = 3,
	SUNDIAL_TB_UNMAPPED = 4,  /* munmap, mremap */
	SUNDIAL_TB_PROTECTED = 5, /* mprotect */
	SUNDIAL_TB_CLEARED = 6,	  /* other: MADV_DONTNEED, truncation, copy on write, reclaim */
	SUNDIAL_TB_ENDED = 7,	  /* the process has execed or exited: the whole range */
};

/*
 * Numbers 0x80 to 0x9f of 'y'. 0x80-0x8f are for clock domains, 0x90-0x9f for
 * TB sets.
 */
#define SUNDIAL_IOC_MAGIC	  'y'
#define SUNDIAL_CLOCK_CREATE	  _IOW(SUNDIAL_IOC_MAGIC, 0x80, struct sundial_clock_create)
#define SUNDIAL_CLOCK_INFO	  _IOR(SUNDIAL_IOC_MAGIC, 0x81, struct sundial_clock_info)
#define SUNDIAL_CLOCK_SET	  _IOW(SUNDIAL_IOC_MAGIC, 0x82, struct sundial_clock_set)
#define SUNDIAL_CLOCK_ADVANCE	  _IOWR(SUNDIAL_IOC_MAGIC, 0x83, struct sundial_clock_advance)
#define SUNDIAL_CLOCK_SET_RATE	  _IOW(SUNDIAL_IOC_MAGIC, 0x84, struct sundial_clock_set_rate)
#define SUNDIAL_CLOCK_SET_OFFSETS _IOW(SUNDIAL_IOC_MAGIC, 0x85, struct sundial_clock_set_offsets)
#define SUNDIAL_CLOCK_READER	  _IOW(SUNDIAL_IOC_MAGIC, 0x86, struct sundial_clock_reader)
#define SUNDIAL_CLOCK_WAIT	  _IOWR(SUNDIAL_IOC_MAGIC, 0x87, struct sundial_clock_wait)
#define SUNDIAL_CLOCK_ALARM	  _IOW(SUNDIAL_IOC_MAGIC, 0x88, struct sundial_clock_alarm)
#define SUNDIAL_CLOCK_KICK	  _IOWR(SUNDIAL_IOC_MAGIC, 0x89, struct sundial_clock_kick)
#define SUNDIAL_CLOCK_BIND	  _IOW(SUNDIAL_IOC_MAGIC, 0x8a, struct sundial_clock_bind)

#define SUNDIAL_TB_CREATE     _IOW(SUNDIAL_IOC_MAGIC, 0x90, struct sundial_tb_create)
#define SUNDIAL_TB_INFO	      _IOR(SUNDIAL_IOC_MAGIC, 0x91, struct sundial_tb_info)
#define SUNDIAL_TB_REGISTER   _IOW(SUNDIAL_IOC_MAGIC, 0x92, struct sundial_tb_register)
#define SUNDIAL_TB_ATTACH     _IOW(SUNDIAL_IOC_MAGIC, 0x93, struct sundial_tb_attach)
#define SUNDIAL_TB_DETACH     _IOW(SUNDIAL_IOC_MAGIC, 0x94, struct sundial_tb_detach)
#define SUNDIAL_TB_INVALIDATE _IOWR(SUNDIAL_IOC_MAGIC, 0x95, struct sundial_tb_invalidate)
#define SUNDIAL_TB_VCPU	      _IOW(SUNDIAL_IOC_MAGIC, 0x96, struct sundial_tb_vcpu_call)
#define SUNDIAL_TB_QUIESCENT  _IOW(SUNDIAL_IOC_MAGIC, 0x97, struct sundial_tb_quiescent)

/* A layout that differs must not compile, on either side. */
#if defined(__cplusplus)
#define SUNDIAL_ASSERT_(cond) static_assert(cond, #cond)
#else
#define SUNDIAL_ASSERT_(cond) _Static_assert(cond, #cond)
#endif
#define SUNDIAL_AT_(type, field, at) SUNDIAL_ASSERT_(__builtin_offsetof(struct type, field) == (at))

SUNDIAL_ASSERT_(sizeof(struct sundial_clock_rate) == 64);
SUNDIAL_AT_(sundial_clock_rate, mult, 16);
SUNDIAL_AT_(sundial_clock_rate, shift, 24);
SUNDIAL_AT_(sundial_clock_rate, realtime_ns, 32);
SUNDIAL_AT_(sundial_clock_rate, raw_ns, 56);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_page) == 256);
SUNDIAL_AT_(sundial_clock_page, version, 8);
SUNDIAL_AT_(sundial_clock_page, flags, 12);
SUNDIAL_AT_(sundial_clock_page, domain, 16);
SUNDIAL_AT_(sundial_clock_page, now_ns, 24);
SUNDIAL_AT_(sundial_clock_page, limit_ns, 32);
SUNDIAL_AT_(sundial_clock_page, tick_ns, 40);
SUNDIAL_AT_(sundial_clock_page, deadline_ns, 48);
SUNDIAL_AT_(sundial_clock_page, reads, 56);
SUNDIAL_AT_(sundial_clock_page, seq, 64);
SUNDIAL_AT_(sundial_clock_page, coarse_ns, 72);
SUNDIAL_AT_(sundial_clock_page, rate, 128);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_create) == 80);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_info) == 64);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_set) == 16);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_advance) == 24);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_set_rate) == 16);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_set_offsets) == 40);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_reader) == 8);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_wait) == 32);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_alarm) == 16);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_kick) == 16);
SUNDIAL_ASSERT_(sizeof(struct sundial_clock_bind) == 24);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_page) == 64);
SUNDIAL_AT_(sundial_tb_page, generations, 20);
SUNDIAL_AT_(sundial_tb_page, sleepers, 24);
SUNDIAL_AT_(sundial_tb_page, queued, 32);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_vcpu) == 64);
SUNDIAL_AT_(sundial_tb_vcpu, exit, 8);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_create) == 32);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_info) == 40);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_register) == 8);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_attach) == 32);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_detach) == 8);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_invalidate) == 32);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_vcpu_call) == 8);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_quiescent) == 8);
SUNDIAL_ASSERT_(sizeof(struct sundial_tb_event) == 32);

#endif /* _UAPI_LINUX_SUNDIAL_H */
