/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the gdb stub share.
 *
 * Guest threads, the stub's thread and the one that reads its socket meet under stub.lock.
 * Guest threads wait for `resume`, the stub for `wake`. Registers of a guest thread are the
 * stub's while the world is stopped and the thread is parked or in a call.
 *
 * The stub's two threads have a table of descriptors of their own: the guest can neither
 * see nor close theirs, nor do they hold the guest's.
 */
#ifndef SUNDIAL_RV64_GDB_STUB_H
#define SUNDIAL_RV64_GDB_STUB_H

#include <pthread.h>
#include "rv64/gdb/gdb.h"
#include "rv64/linux/linux.h"

#define GDB_PACKET_BYTES 0x4000

enum gdb_action {
	GDB_RUN,
	GDB_STEP,
	GDB_STAY,
};

enum gdb_event_kind {
	GDB_INTERRUPT, /* by the debugger */
	GDB_STEPPED,
	GDB_BREAKPOINT,
	GDB_WATCH,
	GDB_SIGNAL,
	GDB_EXIT,
	GDB_KILLED,
	GDB_NOBODY, /* no thread is left of those that were resumed */
};

struct gdb_event {
	u8 kind;
	u8 watch_kind;
	s32 tid;
	s32 number; /* signal or status */
	u64 address;
};

/* As in packets Z2 to Z4. */
enum gdb_watch {
	GDB_WATCH_WRITE = 2,
	GDB_WATCH_READ = 3,
	GDB_WATCH_ACCESS = 4,
};

struct gdb_stub {
	pthread_mutex_t lock;
	pthread_cond_t resume, wake;
	bool stopped; /* no guest thread may run */
	bool attached;
	struct rv64_thread *threads;
	struct gdb_event event; /* why they are stopped */
	u64 passed;		/* signals that are not reported, as SIGBIT() */
	/* The reader's: one packet at a time, until the stub has taken it. */
	bool full, interrupt, closed;
	size_t length;
	char packet[GDB_PACKET_BYTES + 1];
};
extern struct gdb_stub gdb_stub;

/* threads.c, for the stub. Results are of the stopped world unless they say otherwise. */
void gdb_stop_world(void);		 /* with the lock; returns when every thread stands still */
void gdb_resume_world(void);		 /* with the lock */
struct rv64_thread *gdb_thread(s32 tid); /* NULL: none. 0 and -1: any */
/* It leaves the call that it waits in. */
void gdb_kick(struct rv64_thread *t);

/* link.c: the connection. Negative errno, or the descriptor. */
int gdb_listen(const char *where);
int gdb_accept(int listener);
void *gdb_reader(void *link);
bool gdb_send(int link, const char *data, size_t bytes); /* framed; false: it is gone */
extern bool gdb_acks;

/* text.c: hexadecimal digits */
int gdb_hex_digit(char c); /* -1: none */
u64 gdb_number(const char **p);
s64 gdb_thread_id(const char **p);
char *gdb_put_hex(char *to, const void *from, size_t bytes);
/* How many bytes were read of at most `bytes`. */
size_t gdb_take_hex(void *to, const char *from, size_t bytes);

/* regs.c */
char *gdb_put_registers(char *to, struct rv64_thread *t);
void gdb_take_registers(struct rv64_thread *t, const char *from);
char *gdb_put_register(char *to, struct rv64_thread *t, u32 number); /* NULL: there is none */
bool gdb_take_register(struct rv64_thread *t, u32 number, const char *from);
/* Allocated; NULL: no memory. */
char *gdb_target_xml(void);

/* memory.c */
int gdb_memory_open(void);
s64 gdb_memory_read(void *to, u64 address, u64 bytes); /* how many, or negative */
bool gdb_memory_write(u64 address, const void *from, u64 bytes);
/* Packets Z and z; false: not possible. */
bool gdb_point(bool insert, u32 kind, u64 address, u64 bytes);
void gdb_points_clear(void);
bool gdb_watching(void);
/* On a guest thread: which watchpoint its next instruction hits: fills watched. */
void gdb_watch_next(struct rv64_thread *t);

/* xfer.c: qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH, of which request is what follows the first
 * colon. Writes the answer at to, returns its length. */
size_t gdb_xfer(char *to, const char *request, const char *end, struct rv64_thread *t);
size_t gdb_file(char *to, const char *request); /* vFile: */

/* signals.c: gdb's numbers */
int gdb_signal_of(int host);
int gdb_signal_from(int gdb);

#endif
