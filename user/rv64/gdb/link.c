// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection to gdb: a socket, and frames "$data#checksum" on it. Whoever may connect
 * may do all that the program may, so only this machine is listened to.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "rv64/gdb/stub.h"

#define INTERRUPT 0x03
#define ESCAPE	  '}'

bool gdb_acks = true;

static int listen_at_path(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	/* What an earlier run left there. */
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	fchmod(fd, S_IRUSR | S_IWUSR);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int listen_at_port(u16 port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int gdb_listen(const char *where)
{
	char *end;
	unsigned long port = strtoul(where, &end, 10);

	if (*where >= '0' && *where <= '9' && !*end)
		return port && port < 65536 ? listen_at_port(port) : -EINVAL;
	return listen_at_path(where);
}

int gdb_accept(int listener)
{
	struct sockaddr_un address;
	socklen_t bytes = sizeof(address);
	int link = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (!getsockname(listener, (struct sockaddr *)&address, &bytes) &&
	    address.sun_family == AF_UNIX)
		unlink(address.sun_path);
	close(listener);
	return link < 0 ? -errno : link;
}

static bool send_all(int link, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = send(link, data, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		bytes -= n;
	}
	return true;
}

static bool must_escape(char c)
{
	return c == '$' || c == '#' || c == ESCAPE || c == '*';
}

bool gdb_send(int link, const char *data, size_t bytes)
{
	static char frame[2 * GDB_PACKET_BYTES + 8];
	size_t n = 0;
	u8 sum = 0;

	frame[n++] = '$';
	for (size_t i = 0; i < bytes && n < sizeof(frame) - 8; i++) {
		if (must_escape(data[i]))
			frame[n++] = ESCAPE;
		frame[n++] = must_escape(data[i]) ? data[i] ^ 0x20 : data[i];
	}
	for (size_t i = 1; i < n; i++)
		sum += frame[i];
	frame[n++] = '#';
	gdb_put_hex(frame + n, &sum, 1);
	return send_all(link, frame, n + 2);
}

/* Bytes of the socket, one at a time. */
struct source {
	int link;
	ssize_t used, have;
	char buffer[4096];
};

static int next_byte(struct source *s)
{
	if (s->used == s->have) {
		do {
			s->have = read(s->link, s->buffer, sizeof(s->buffer));
		} while (s->have < 0 && errno == EINTR);
		s->used = 0;
		if (s->have <= 0)
			return -1;
	}
	return (u8)s->buffer[s->used++];
}

/* What is between '$' and the checksum, which is not looked at: both kinds of socket
 * deliver what was sent. Negative: the connection is gone. */
static ssize_t read_frame(struct source *s, char *to, size_t room)
{
	size_t n = 0;
	int c;

	while ((c = next_byte(s)) >= 0 && c != '#') {
		if (c == ESCAPE) {
			c = next_byte(s);
			if (c < 0)
				break;
			c ^= 0x20;
		}
		if (n < room)
			to[n++] = c;
	}
	if (c < 0 || next_byte(s) < 0 || next_byte(s) < 0)
		return -1;
	return n;
}

static void hand_over(const char *data, size_t bytes)
{
	pthread_mutex_lock(&gdb_stub.lock);
	while (gdb_stub.full)
		pthread_cond_wait(&gdb_stub.resume, &gdb_stub.lock);
	memcpy(gdb_stub.packet, data, bytes);
	gdb_stub.packet[bytes] = 0;
	gdb_stub.length = bytes;
	gdb_stub.full = true;
	pthread_cond_broadcast(&gdb_stub.wake);
	pthread_mutex_unlock(&gdb_stub.lock);
}

static void note_flag(bool *flag)
{
	pthread_mutex_lock(&gdb_stub.lock);
	*flag = true;
	pthread_cond_broadcast(&gdb_stub.wake);
	pthread_mutex_unlock(&gdb_stub.lock);
}

/* A thread: what arrives becomes the stub's packet, interrupt or end. */
void *gdb_reader(void *link)
{
	static char data[GDB_PACKET_BYTES];
	static struct source source;
	ssize_t n;
	int c;

	source.link = *(int *)link;
	while ((c = next_byte(&source)) >= 0) {
		if (c == INTERRUPT)
			note_flag(&gdb_stub.interrupt);
		if (c != '$')
			continue;
		n = read_frame(&source, data, sizeof(data));
		if (n < 0 || (gdb_acks && !send_all(source.link, "+", 1)))
			break;
		hand_over(data, n);
	}
	note_flag(&gdb_stub.closed);
	return NULL;
}
