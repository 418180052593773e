// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what is around a line. Files are small and few, so nothing is kept. */
#include "rewind/source.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (8L << 20)
#define TAB	       8

static void copy_line(char *to, const char *from)
{
	size_t n = 0;

	for (; *from && *from != '\n' && *from != '\r' && n + 1 < SOURCE_LINE_BYTES; from++) {
		if (*from != '\t') {
			to[n++] = *from;
			continue;
		}
		do
			to[n++] = ' ';
		while (n % TAB && n + 1 < SOURCE_LINE_BYTES);
	}
	to[n] = 0;
}

/* Only a regular file: a name from somewhere else must not open a device. */
static FILE *open_source(const struct frame *frame)
{
	struct stat st;
	char path[4096];
	int fd;

	if (!frame->file || (*frame->file != '/' && (!frame->folder || *frame->folder != '/')))
		return NULL;
	snprintf(path, sizeof(path), "%s%s%s", *frame->file == '/' ? "" : frame->folder,
		 *frame->file == '/' ? "" : "/", frame->file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX) {
		close(fd);
		return NULL;
	}
	return fdopen(fd, "r");
}

size_t source_lines(const struct frame *frame, int around, struct source_line *to)
{
	FILE *source = frame->line > 0 ? open_source(frame) : NULL;
	int line = frame->line;
	size_t count = 0, room = 0;
	char *text = NULL;
	int number = 0;

	if (!source)
		return 0;
	while (number < line + around && getline(&text, &room, source) >= 0) {
		number++;
		if (number < line - around)
			continue;
		to[count].number = number;
		copy_line(to[count++].text, text);
	}
	free(text);
	fclose(source);
	return number >= line ? count : 0;
}
