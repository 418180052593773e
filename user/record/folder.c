// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names begin with a time, so that their order is that of the crashes. Nothing else in
 * the folder is touched. It must be the user's own: what a stranger can put there, such
 * as a link under a name that will be written, a recorder with privileges would follow.
 */
#include "record/folder.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX	"crash-"
#define SUFFIX	".record"
#define PARTIAL ".partial"

static bool ends(const char *name, const char *with)
{
	size_t length = strlen(name), suffix = strlen(with);

	return length >= suffix && !strcmp(name + length - suffix, with);
}

static int is_recording(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PREFIX, strlen(PREFIX)) && ends(entry->d_name, SUFFIX);
}

static int is_unfinished(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PREFIX, strlen(PREFIX)) &&
	       ends(entry->d_name, SUFFIX PARTIAL);
}

static void join(const char *path, const char *name, char *joined, size_t bytes)
{
	snprintf(joined, bytes, "%s/%s", path, name);
}

int folder_open(const char *path)
{
	struct dirent **names;
	char joined[4096];
	struct stat st;
	int count;

	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	if (lstat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	count = scandir(path, &names, is_unfinished, alphasort);
	for (int i = 0; i < count; i++) {
		join(path, names[i]->d_name, joined, sizeof(joined));
		unlink(joined);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return 0;
}

void folder_name(const char *path, const char *comm, pid_t pid, char *name, size_t bytes)
{
	struct timespec now;
	char date[32], safe[17];
	struct tm tm;
	size_t i;

	for (i = 0; comm[i] && i < sizeof(safe) - 1; i++)
		safe[i] = isalnum((unsigned char)comm[i]) || strchr("._-", comm[i]) ? comm[i] : '_';
	safe[i] = 0;
	clock_gettime(CLOCK_REALTIME, &now);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%S", gmtime_r(&now.tv_sec, &tm));
	snprintf(name, bytes, "%s/" PREFIX "%s.%03ldZ-%s-%d" SUFFIX, path, date,
		 now.tv_nsec / 1000000, safe, pid);
}

void folder_trim(const char *path, size_t files_max, size_t bytes_max)
{
	struct dirent **names;
	size_t files = 0, bytes = 0;
	char joined[4096];
	struct stat st;
	int count = scandir(path, &names, is_recording, alphasort);

	/* From the newest: what is over the limit goes, and all that is older. */
	for (int i = count - 1; i >= 0; i--) {
		join(path, names[i]->d_name, joined, sizeof(joined));
		if (!lstat(joined, &st)) {
			files++;
			bytes += (size_t)st.st_size;
			if (files > files_max || (bytes > bytes_max && files > 1))
				unlink(joined);
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}
