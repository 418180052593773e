/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events for programs. */
#ifndef REWIND_EVENT_JSON_H
#define REWIND_EVENT_JSON_H

#include <jansson.h>
#include "events.h"

/* A new object of all that an event says. */
json_t *event_json(const struct record_header *event);

#endif
