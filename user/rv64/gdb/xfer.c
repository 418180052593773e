// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What gdb reads piece by piece: descriptions of the target, and files as the guest sees
 * them, so that gdb needs no copy of the program and its libraries.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rv64/gdb/stub.h"

#define FILE_BYTES 0x1800 /* of a file in one answer: each byte may need two */

/* A piece of an object: 'l' before the last one, 'm' before others. */
static size_t put_piece(char *to, const char *from, size_t bytes, u64 offset, u64 length)
{
	if (!from)
		return sprintf(to, "E0c");
	if (offset > bytes)
		offset = bytes;
	length = min(min(length, (u64)GDB_PACKET_BYTES - 1), bytes - offset);
	*to = offset + length == bytes ? 'l' : 'm';
	memcpy(to + 1, from + offset, length);
	return length + 1;
}

static void thread_name(s32 tid, char *name, size_t bytes)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", getpid(), tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, name, bytes - 1);
		close(fd);
	}
	name[n > 0 ? n - 1 : 0] = 0;
	/* A name may be anything; this one is written into XML. */
	for (; *name; name++) {
		if (strchr("<>&\"'", *name))
			*name = '?';
	}
}

static char *threads_xml(void)
{
	char *text = NULL, name[32];
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fprintf(out, "<?xml version=\"1.0\"?>\n<threads>\n");
	for (struct rv64_thread *t = gdb_stub.threads; t; t = t->gdb.next) {
		thread_name(t->tid, name, sizeof(name));
		fprintf(out, "<thread id=\"%x\" name=\"%s\"/>\n", t->tid, name);
	}
	fprintf(out, "</threads>\n");
	fclose(out);
	return text;
}

static char *auxv(size_t *bytes)
{
	char *copy = malloc(rv64_auxv_bytes + 1);
	s64 n = copy ? gdb_memory_read(copy, rv64_auxv, rv64_auxv_bytes) : 0;

	*bytes = n > 0 ? n : 0;
	return copy;
}

static char *siginfo(const struct rv64_thread *t, size_t *bytes)
{
	char *copy = malloc(sizeof(t->gdb.info));

	*bytes = sizeof(t->gdb.info);
	return copy ? memcpy(copy, &t->gdb.info, *bytes) : NULL;
}

/* The program's path as the guest would open it; *p is behind the process's number then. */
static char *exec_file(const char **p)
{
	size_t n = strlen(rv64_run_options.sysroot);
	bool below =
		n && !strncmp(pass_mm.exe, rv64_run_options.sysroot, n) && pass_mm.exe[n] == '/';

	gdb_number(p);
	*p += **p == ':';
	return strdup(pass_mm.exe + (below ? n : 0));
}

static bool is(const char **p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*p, word, n))
		return false;
	*p += n;
	return true;
}

static size_t write_siginfo(char *to, const char *p, const char *end, struct rv64_thread *t)
{
	u64 offset = gdb_number(&p), bytes;

	if (!t || *p++ != ':' || offset > sizeof(t->gdb.info))
		return sprintf(to, "E01");
	/* Binary, as it came; the signal that waits takes it along. */
	bytes = min((size_t)(end - p), sizeof(t->gdb.info) - offset);
	memcpy((char *)&t->gdb.info + offset, p, bytes);
	if (t->pending)
		t->info = t->gdb.info;
	return sprintf(to, "%lx", (unsigned long)bytes);
}

size_t gdb_xfer(char *to, const char *p, const char *end, struct rv64_thread *t)
{
	char *object = NULL;
	size_t bytes = 0, n;
	u64 offset;

	if (is(&p, "siginfo:write::"))
		return write_siginfo(to, p, end, t);
	if (is(&p, "features:read:target.xml:"))
		object = gdb_target_xml();
	else if (is(&p, "threads:read::"))
		object = threads_xml();
	else if (is(&p, "auxv:read::"))
		object = auxv(&bytes);
	else if (is(&p, "exec-file:read:"))
		object = exec_file(&p);
	else if (is(&p, "siginfo:read::") && t)
		object = siginfo(t, &bytes);
	else
		return sprintf(to, "E00");
	if (object && !bytes)
		bytes = strlen(object);
	offset = gdb_number(&p);
	if (*p == ',')
		p++;
	n = put_piece(to, object, bytes, offset, gdb_number(&p));
	free(object);
	return n;
}

/* As the guest would open it; libraries in the sysroot are what gdb looks for mostly. */
static int open_file(const char *path)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	int fd = -1, root;

	if (rv64_run_options.sysroot[0]) {
		root = open(rv64_run_options.sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd = hostcall(SYS_openat2, root, path, &how, sizeof(how));
		close(root);
	}
	return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
}

static size_t file_error(char *to)
{
	/* gdb's numbers are the oldest of Linux's; others are "unknown". */
	return sprintf(to, "F-1,%x", errno <= EINVAL ? errno : 9999);
}

static size_t file_open(char *to, const char *p)
{
	char path[PATH_MAX];
	size_t n = gdb_take_hex(path, p, sizeof(path) - 1);
	int fd;

	path[n] = 0;
	p += 2 * n;
	if (*p++ != ',' || gdb_number(&p)) { /* for reading only */
		errno = EACCES;
		return file_error(to);
	}
	fd = open_file(path);
	return fd < 0 ? file_error(to) : (size_t)sprintf(to, "F%x", fd);
}

static size_t file_read(char *to, const char *p)
{
	u64 fd = gdb_number(&p), count, offset;
	size_t head;
	ssize_t n;
	char data[FILE_BYTES];

	count = *p == ',' ? p++, gdb_number(&p) : 0;
	offset = *p == ',' ? p++, gdb_number(&p) : 0;
	n = pread(fd, data, min(count, sizeof(data)), offset);
	if (n < 0)
		return file_error(to);
	head = sprintf(to, "F%lx;", (unsigned long)n);
	memcpy(to + head, data, n);
	return head + n;
}

/* struct fio_stat: big-endian; only what gdb looks at is filled in. */
static size_t file_stat(char *to, const char *p)
{
	struct stat st;
	u8 out[64] = {0};
	size_t head;

	if (fstat(gdb_number(&p), &st))
		return file_error(to);
	for (int i = 0; i < 4; i++)
		out[8 + i] = st.st_mode >> (24 - 8 * i);
	for (int i = 0; i < 8; i++)
		out[28 + i] = (u64)st.st_size >> (56 - 8 * i);
	head = sprintf(to, "F%x;", (u32)sizeof(out));
	memcpy(to + head, out, sizeof(out));
	return head + sizeof(out);
}

size_t gdb_file(char *to, const char *p)
{
	if (is(&p, "setfs:"))
		return sprintf(to, "F0");
	if (is(&p, "open:"))
		return file_open(to, p);
	if (is(&p, "pread:"))
		return file_read(to, p);
	if (is(&p, "fstat:"))
		return file_stat(to, p);
	if (is(&p, "close:"))
		return close(gdb_number(&p)) ? file_error(to) : (size_t)sprintf(to, "F0");
	*to = 0;
	return 0;
}
