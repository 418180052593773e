// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stub's thread: waits for gdb, answers its packets while the world is stopped, lets
 * it run, and says why it stopped. The protocol is in gdb's manual, appendix "gdb Remote
 * Serial Protocol"; of it everything that gdb needs for one process in all-stop mode.
 *
 * When gdb detaches, or is gone, the program goes on without it, and this thread ends.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "rv64/exec.h"
#include "rv64/gdb/stub.h"

#define stub gdb_stub

struct start {
	const char *where;
	sem_t ready;
	int listener;
};

static int socket_fd;
static struct rv64_thread *current; /* for registers, as gdb chose it */
static const char *packet_end;	    /* of what is answered now; packets may hold zero bytes */
static char reply[2 * GDB_PACKET_BYTES + 64];

static size_t answer(const char *text)
{
	return strlen(strcpy(reply, text));
}

/* Why the world stands still, as a packet. */
static size_t put_stop(void)
{
	const struct gdb_event *e = &stub.event;
	static const char *const watches[] = {[GDB_WATCH_WRITE] = "watch",
					      [GDB_WATCH_READ] = "rwatch",
					      [GDB_WATCH_ACCESS] = "awatch"};
	int n;

	switch (e->kind) {
	case GDB_EXIT:
		return sprintf(reply, "W%02x", e->number);
	case GDB_KILLED:
		return sprintf(reply, "X%02x", gdb_signal_of(e->number));
	case GDB_NOBODY:
		return sprintf(reply, "N");
	case GDB_SIGNAL:
	case GDB_INTERRUPT:
		return sprintf(reply, "T%02xthread:%x;", gdb_signal_of(e->number), e->tid);
	}
	n = sprintf(reply, "T05thread:%x;", e->tid);
	if (e->kind == GDB_BREAKPOINT)
		n += sprintf(reply + n, "swbreak:;");
	if (e->kind == GDB_WATCH)
		n += sprintf(reply + n, "%s:%lx;", watches[e->watch_kind], e->address);
	return n;
}

static bool is_end(void)
{
	return stub.event.kind == GDB_EXIT || stub.event.kind == GDB_KILLED;
}

/* With the lock: lets the world run until something happens. False: gdb is gone. */
static bool run(void)
{
	stub.interrupt = false;
	gdb_resume_world();
	while (!stub.stopped && !stub.interrupt && !stub.closed)
		pthread_cond_wait(&stub.wake, &stub.lock);
	if (stub.closed)
		return false;
	if (!stub.stopped)
		stub.event = (struct gdb_event){
			.kind = GDB_INTERRUPT, .tid = current ? current->tid : 0, .number = SIGINT};
	if (is_end())
		return true;
	gdb_stop_world();
	current = gdb_thread(stub.event.tid);
	if (!current) { /* it has ended meanwhile */
		current = gdb_thread(0);
		stub.event.tid = current ? current->tid : 0;
	}
	return true;
}

static void set_action(struct rv64_thread *t, char kind, int sig, u64 start, u64 end)
{
	t->gdb.action = kind == 's' || kind == 'S' || kind == 'r' ? GDB_STEP : GDB_RUN;
	t->gdb.range_start = start;
	t->gdb.range_end = end;
	t->gdb.deliver = sig;
	if (t->gdb.in_call && t->gdb.replaced)
		gdb_kick(t);
}

/* One of vCont's actions, for the threads that no earlier one was for. */
static const char *take_action(const char *p, bool *given)
{
	u64 start = 0, end = 0;
	struct rv64_thread *t;
	char kind = *p;
	s64 tid = -1;
	int sig = 0, i = 0;

	if (!kind)
		return NULL;
	p++;

	if (kind == 'C' || kind == 'S')
		sig = gdb_signal_from(gdb_number(&p));
	if (kind == 'r') {
		start = gdb_number(&p);
		end = *p == ',' ? p++, gdb_number(&p) : 0;
	}
	if (*p == ':') {
		p++;
		tid = gdb_thread_id(&p);
	}
	for (t = stub.threads; t; t = t->gdb.next, i++) {
		if (given[i] || (tid > 0 && t->tid != tid))
			continue;
		given[i] = true;
		if (kind != 't')
			set_action(t, kind, sig, start, end);
	}
	return *p == ';' ? p + 1 : NULL;
}

/* False: gdb is gone. */
static bool resume(const char *p, size_t *length)
{
	struct rv64_thread *t;
	bool *given, alive;
	size_t count = 0;

	for (t = stub.threads; t; t = t->gdb.next, count++)
		t->gdb.action = GDB_STAY;
	given = calloc(count + 1, sizeof(*given));
	while (given && p)
		p = take_action(p, given);
	free(given);
	alive = run();
	*length = alive ? put_stop() : 0;
	return alive;
}

/* c, C, s and S, as gdb sends them to stubs without vCont: all threads continue. */
static bool resume_old(const char *packet, size_t *length)
{
	char text[64], kind = *packet++;
	s32 tid = current ? current->tid : 0;

	if (kind == 'C' || kind == 'S')
		sprintf(text, "%c%02x:%x;c", kind, (u32)gdb_number(&packet), tid);
	else
		sprintf(text, "%c:%x;c", kind, tid);
	return resume(text, length);
}

static size_t read_memory(const char *p)
{
	static char data[GDB_PACKET_BYTES / 2];
	u64 address = gdb_number(&p), bytes;
	s64 n;

	bytes = *p == ',' ? p++, gdb_number(&p) : 0;
	n = gdb_memory_read(data, address, min(bytes, sizeof(data)));
	if (n <= 0)
		return answer(bytes ? "E0e" : "");
	return gdb_put_hex(reply, data, n) - reply;
}

/* M: digits; X: the bytes themselves. */
static size_t write_memory(const char *p, bool binary)
{
	static char data[GDB_PACKET_BYTES];
	u64 address = gdb_number(&p), bytes, have;

	bytes = *p == ',' ? p++, gdb_number(&p) : 0;
	if (*p++ != ':')
		return answer("E01");
	have = packet_end - p;
	if (!binary)
		have = gdb_take_hex(data, p, min(have / 2, sizeof(data)));
	if (bytes > have)
		return answer("E01");
	return answer(!bytes || gdb_memory_write(address, binary ? p : data, bytes) ? "OK" : "E0e");
}

static size_t point(const char *p, bool insert)
{
	u64 kind = gdb_number(&p), address, bytes;

	address = *p == ',' ? p++, gdb_number(&p) : 0;
	bytes = *p == ',' ? p++, gdb_number(&p) : 0;
	return answer(gdb_point(insert, kind, address, bytes) ? "OK" : "E01");
}

static size_t take_register(const char *p)
{
	u64 number = gdb_number(&p);

	return answer(*p == '=' && gdb_take_register(current, number, p + 1) ? "OK" : "E01");
}

static size_t put_register(const char *p)
{
	char *end = gdb_put_register(reply, current, gdb_number(&p));

	return end ? (size_t)(end - reply) : answer("E01");
}

static size_t choose_thread(const char *p)
{
	struct rv64_thread *t;

	if (*p++ != 'g')
		return answer("OK"); /* Hc: vCont says it */
	t = gdb_thread(gdb_thread_id(&p));
	if (!t)
		return answer("E01");
	current = t;
	return answer("OK");
}

static size_t list_threads(void)
{
	size_t n = sprintf(reply, "m");

	for (struct rv64_thread *t = stub.threads; t && n < GDB_PACKET_BYTES; t = t->gdb.next)
		n += sprintf(reply + n, "%s%x", n > 1 ? "," : "", t->tid);
	return n;
}

static size_t pass_signals(const char *p)
{
	u64 set = 0;

	while (*p) {
		int sig = gdb_signal_from(gdb_number(&p));

		set |= sig ? SIGBIT(sig) : 0;
		if (*p)
			p++; /* a semicolon */
	}
	WRITE_ONCE(stub.passed, set);
	return answer("OK");
}

static const char *after(const char *packet, const char *word)
{
	size_t n = strlen(word);

	return strncmp(packet, word, n) ? NULL : packet + n;
}

static size_t query(const char *packet)
{
	const char *p;

	if (after(packet, "qSupported"))
		return sprintf(reply,
			       "PacketSize=%x;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;"
			       "QPassSignals+;no-resumed+;qXfer:features:read+;qXfer:auxv:read+;"
			       "qXfer:exec-file:read+;qXfer:threads:read+;qXfer:siginfo:read+;"
			       "qXfer:siginfo:write+",
			       GDB_PACKET_BYTES);
	if ((p = after(packet, "qXfer:")))
		return gdb_xfer(reply, p, packet_end, current);
	if ((p = after(packet, "QPassSignals:")))
		return pass_signals(p);
	if (after(packet, "qfThreadInfo"))
		return list_threads();
	if (after(packet, "qsThreadInfo"))
		return answer("l");
	if (after(packet, "qAttached"))
		return answer("0");
	if (after(packet, "qSymbol"))
		return answer("OK");
	if (!strcmp(packet, "qC"))
		return current ? (size_t)sprintf(reply, "QC%x", current->tid) : answer("");
	return answer("");
}

static void kill_program(void)
{
	kill(getpid(), SIGKILL);
}

static size_t registers(const char *packet)
{
	const char *p = packet + 1;

	if (!current)
		return answer("E01");
	switch (packet[0]) {
	case 'g':
		return gdb_put_registers(reply, current) - reply;
	case 'G':
		gdb_take_registers(current, p);
		return answer("OK");
	case 'p':
		return put_register(p);
	default:
		return take_register(p);
	}
}

/* What does not let the world run. */
static size_t simple(const char *packet)
{
	const char *p = packet + 1;

	switch (packet[0]) {
	case '?':
		return put_stop();
	case 'g':
	case 'G':
	case 'p':
	case 'P':
		return registers(packet);
	case 'm':
		return read_memory(p);
	case 'M':
	case 'X':
		return write_memory(p, packet[0] == 'X');
	case 'Z':
	case 'z':
		return point(p, packet[0] == 'Z');
	case 'H':
		return choose_thread(p);
	case 'T':
		return answer(gdb_thread(gdb_thread_id(&p)) ? "OK" : "E01");
	case 'q':
	case 'Q':
		return query(packet);
	case 'v':
		p = after(packet, "vFile:");
		return p ? gdb_file(reply, p)
			 : answer(after(packet, "vCont?") ? "vCont;c;C;s;S;t;r" : "");
	default:
		return answer("");
	}
}

/* One packet. False: the session is over. */
static bool serve(const char *packet)
{
	bool alive = true, detach = packet[0] == 'D';
	size_t length = 0;

	if (packet[0] == 'k')
		kill_program();
	if (after(packet, "vKill;")) {
		gdb_send(socket_fd, reply, answer("OK"));
		kill_program();
	}
	if (after(packet, "vCont;"))
		alive = resume(packet + 6, &length);
	else if (strchr("cCsS", packet[0]) && packet[0])
		alive = resume_old(packet, &length);
	else if (detach || after(packet, "QStartNoAckMode"))
		length = answer("OK");
	else
		length = simple(packet);
	if (!alive || !gdb_send(socket_fd, reply, length))
		return false;
	if (after(packet, "QStartNoAckMode"))
		gdb_acks = false;
	return !detach && !is_end();
}

/* With the lock, until the session is over. */
static void session(void)
{
	static char packet[GDB_PACKET_BYTES + 1];
	bool going = true;

	gdb_stop_world();
	current = gdb_thread(0);
	stub.event = (struct gdb_event){.kind = GDB_STEPPED, .tid = current->tid};
	while (going) {
		while (!stub.full && !stub.closed)
			pthread_cond_wait(&stub.wake, &stub.lock);
		if (!stub.full)
			return;
		memcpy(packet, stub.packet, stub.length + 1);
		packet_end = packet + stub.length;
		stub.full = false;
		pthread_cond_broadcast(&stub.resume);
		going = serve(packet);
	}
}

/* The program goes on as if there had been no debugger. */
static void let_go(void)
{
	struct rv64_thread *t = gdb_thread(0);

	gdb_stop_world();
	gdb_points_clear();
	WRITE_ONCE(rv64_gdb_active, 0);
	stub.attached = false;
	if (t)
		rv64_install_signals(t->sighand);
	gdb_resume_world();
}

static void *stub_main(void *arg)
{
	struct start *start = arg;
	pthread_t reader;

	/* From here on descriptors are this thread's own; the guest's are not kept open. */
	if (unshare(CLONE_FILES) || close_range(3, ~0U, 0) || gdb_memory_open())
		start->listener = -errno;
	else
		start->listener = gdb_listen(start->where);
	socket_fd = start->listener;
	sem_post(&start->ready); /* start is gone from here on */
	if (socket_fd < 0)
		return NULL;
	socket_fd = gdb_accept(socket_fd);
	if (socket_fd >= 0 && pthread_create(&reader, NULL, gdb_reader, &socket_fd))
		socket_fd = -1;
	pthread_mutex_lock(&stub.lock);
	if (socket_fd >= 0)
		session();
	let_go();
	pthread_mutex_unlock(&stub.lock);
	if (socket_fd >= 0) {
		shutdown(socket_fd, SHUT_RDWR);
		pthread_join(reader, NULL);
		close(socket_fd);
	}
	return NULL;
}

int rv64_gdb_start(const char *where)
{
	struct start start = {.where = where};
	sigset_t all, old;
	pthread_t id;
	int err;

	sem_init(&start.ready, 0, 0);
	stub.attached = stub.stopped = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&id, NULL, stub_main, &start);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	pthread_detach(id);
	while (sem_wait(&start.ready))
		;
	if (start.listener < 0)
		return start.listener;
	rv64_gdb_active = 1;
	return 0;
}
