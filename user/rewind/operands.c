// SPDX-License-Identifier: GPL-2.0-or-later
/* A socket's address is whatever a program passed: it is looked at no further than it goes. */
#include "rewind/operands.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

const char *operand_status(__u8 status)
{
	static const char *const names[] = {
		[RECORD_OPERAND_OK] = "ok",
		[RECORD_OPERAND_FAULT] = "fault",
		[RECORD_OPERAND_TRUNCATED] = "truncated",
	};

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}

static void internet(const __u8 *address, size_t known, char *text, size_t bytes)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	char name[INET6_ADDRSTRLEN];

	memcpy(&four, address, sizeof(four));
	memcpy(&six, address, sizeof(six));
	if (four.sin_family == AF_INET && known >= sizeof(four))
		snprintf(text, bytes, "%s:%u",
			 inet_ntop(AF_INET, &four.sin_addr, name, sizeof(name)),
			 ntohs(four.sin_port));
	/* The last word, of the scope, came later and may be missing. */
	else if (four.sin_family == AF_INET6 && known >= sizeof(six) - 4)
		snprintf(text, bytes, "[%s]:%u",
			 inet_ntop(AF_INET6, &six.sin6_addr, name, sizeof(name)),
			 ntohs(six.sin6_port));
	else
		snprintf(text, bytes, "an address cut off");
}

/* A name with a zero byte in front is of the abstract namespace. */
static void local(const __u8 *address, size_t known, char *text, size_t bytes)
{
	const char *path = (const char *)address + offsetof(struct sockaddr_un, sun_path);
	int length = (int)(known - offsetof(struct sockaddr_un, sun_path));

	if (length <= 0)
		snprintf(text, bytes, "unix:, without a name");
	else if (!*path)
		snprintf(text, bytes, "unix:@%.*s", length - 1, path + 1);
	else
		snprintf(text, bytes, "unix:%.*s", length, path);
}

void operand_address(const struct record_address *event, char *text, size_t bytes)
{
	size_t known =
		event->bytes < sizeof(event->address) ? event->bytes : sizeof(event->address);
	sa_family_t family;

	memcpy(&family, event->address, sizeof(family));
	if (event->status == RECORD_OPERAND_FAULT)
		snprintf(text, bytes, "an address that could not be read");
	else if (known < sizeof(family))
		snprintf(text, bytes, "no address");
	else if (family == AF_INET || family == AF_INET6)
		internet(event->address, known, text, bytes);
	else if (family == AF_UNIX)
		local(event->address, known, text, bytes);
	else
		snprintf(text, bytes, "an address of family %u", family);
}

void operand_words(const struct record_header *event, const char *call, char *text, size_t bytes)
{
	const struct record_path *path = (const struct record_path *)event;
	char address[128];

	if (event->type == RECORD_NET) {
		operand_address((const struct record_address *)event, address, sizeof(address));
		snprintf(text, bytes, "%s: %s", call, address);
	} else if (path->status == RECORD_OPERAND_FAULT) {
		snprintf(text, bytes, "%s: a path that could not be read", call);
	} else {
		snprintf(text, bytes, "%s: %s\"%s\"%s", call, path->offset ? "..." : "", path->path,
			 path->status == RECORD_OPERAND_TRUNCATED ? "..." : "");
	}
}
