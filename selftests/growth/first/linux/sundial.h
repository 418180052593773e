/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Sundial: virtual clocks that are read from memory.
 *
 * This header is the specification of the clock page and of /dev/sundial. A
 * memfd or any other shared memory that holds the same page is read by the
 * same code; nothing in the page says which one it is.
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
 * creation, and never reads them; it promises nothing about what they show.
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
 * E2BIG     count is more than SUNDIAL_CLOCK_MAX_PAGES
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
 * The four calls below change a domain of kind KERNEL and answer
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
 * Numbers 0x80 to 0x9f of 'y'. The rest of 0x80-0x8f is for clock domains,
 * 0x90-0x9f for other objects.
 */
#define SUNDIAL_IOC_MAGIC	  'y'
#define SUNDIAL_CLOCK_CREATE	  _IOW(SUNDIAL_IOC_MAGIC, 0x80, struct sundial_clock_create)
#define SUNDIAL_CLOCK_INFO	  _IOR(SUNDIAL_IOC_MAGIC, 0x81, struct sundial_clock_info)
#define SUNDIAL_CLOCK_SET	  _IOW(SUNDIAL_IOC_MAGIC, 0x82, struct sundial_clock_set)
#define SUNDIAL_CLOCK_ADVANCE	  _IOWR(SUNDIAL_IOC_MAGIC, 0x83, struct sundial_clock_advance)
#define SUNDIAL_CLOCK_SET_RATE	  _IOW(SUNDIAL_IOC_MAGIC, 0x84, struct sundial_clock_set_rate)
#define SUNDIAL_CLOCK_SET_OFFSETS _IOW(SUNDIAL_IOC_MAGIC, 0x85, struct sundial_clock_set_offsets)
#define SUNDIAL_CLOCK_READER	  _IOW(SUNDIAL_IOC_MAGIC, 0x86, struct sundial_clock_reader)

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

#endif /* _UAPI_LINUX_SUNDIAL_H */
