// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the engines are: beside the command in a build tree, in libexec once installed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/types.h"
#include "sim/fail.h"
#include "sim/program.h"

bool native_look(char *path, size_t size)
{
	static const char *const places[] = {"", "../libexec/sundial/"};
	const char *given = getenv("SUNDIAL_NATIVE");
	char self[PATH_MAX], candidate[PATH_MAX + 64], real[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = 0;
	slash = strrchr(self, '/');
	if (!slash)
		fail(EXIT_SUNDIAL, "cannot read /proc/self/exe; is /proc mounted?");
	slash[1] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (given)
			snprintf(candidate, sizeof(candidate), "%s", given);
		else
			snprintf(candidate, sizeof(candidate), "%s%ssundial-native", self,
				 places[i]);
		if (!access(candidate, X_OK) && realpath(candidate, real) && strlen(real) < size) {
			strcpy(path, real);
			return true;
		}
	}
	snprintf(path, size, "%s", given ? given : self);
	return false;
}

void native_find(char *path, size_t size)
{
	if (!native_look(path, size))
		fail(EXIT_SUNDIAL,
		     "sundial-native is missing or not executable (looked in %s); build it with "
		     "make, or set SUNDIAL_NATIVE to its path",
		     path);
}

void rv64_look(const char *native, char *path)
{
	const char *slash = strrchr(native, '/');
	int folder = slash ? slash + 1 - native : 0;

	snprintf(path, PATH_MAX, "%.*ssundial-rv64", folder, native);
	if (access(path, X_OK))
		path[0] = 0;
}
