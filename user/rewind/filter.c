// SPDX-License-Identifier: GPL-2.0-or-later
/* Parses a filter by recursive descent to a tree, and walks that for each event. */
#include "rewind/filter.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/view.h"

#define DEPTH_MAX 64 /* of parentheses and nots: it is recursion here */

enum kind { AND, OR, NOT, TERM };

enum key { KEY_TYPE, KEY_TID, KEY_PID, KEY_CPU, KEY_HOST, KEY_COMM, KEY_TEXT, KEYS };

static const char *const key_names[KEYS] = {
	[KEY_TYPE] = "type", [KEY_TID] = "tid",	  [KEY_PID] = "pid",   [KEY_CPU] = "cpu",
	[KEY_HOST] = "host", [KEY_COMM] = "comm", [KEY_TEXT] = "text",
};

struct filter {
	enum kind kind;
	struct filter *left, *right; /* right: of AND and OR */
	enum key key;
	bool part, negated; /* ~; the ! before an operator */
	char *values;	    /* each ends with a zero byte, the last with two */
};

struct parser {
	const char *at, *why;
	unsigned int depth;
};

void filter_free(struct filter *f)
{
	if (!f)
		return;
	filter_free(f->left);
	filter_free(f->right);
	free(f->values);
	free(f);
}

static struct filter *fail(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return NULL;
}

static struct filter *node(struct parser *p, enum kind kind, struct filter *left,
			   struct filter *right)
{
	struct filter *f = left && (right || kind == NOT) ? calloc(1, sizeof(*f)) : NULL;

	if (!f) {
		filter_free(left);
		filter_free(right);
		return fail(p, "no memory");
	}
	f->kind = kind;
	f->left = left;
	f->right = right;
	return f;
}

static void skip_space(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* Whether the next word is this one, which is then behind. */
static bool take_word(struct parser *p, const char *word)
{
	size_t length = strlen(word);

	skip_space(p);
	if (strncmp(p->at, word, length) ||
	    (p->at[length] && !isspace((unsigned char)p->at[length]) && p->at[length] != '(' &&
	     p->at[length] != ')'))
		return false;
	p->at += length;
	return true;
}

/* Copies a word, or what is in quotes, to end, which has room for the rest of the text. */
static char *take_value(struct parser *p, char *end, const char *stop)
{
	const char *from = p->at;
	size_t length;

	if (*from == '\'' || *from == '"') {
		const char *close = strchr(from + 1, *from);

		if (!close) {
			fail(p, "a quote is not closed");
			return NULL;
		}
		length = (size_t)(close - from) - 1;
		memcpy(end, from + 1, length);
		p->at = close + 1;
	} else {
		length = strcspn(from, stop);
		if (!length) {
			fail(p, "a value is missing");
			return NULL;
		}
		memcpy(end, from, length);
		p->at += length;
	}
	end[length] = 0;
	return end + length + 1;
}

/* The operator after a key, if there is one. */
static bool take_operator(struct parser *p, struct filter *f)
{
	const char *at = p->at;

	f->negated = *at == '!';
	at += f->negated;
	if (*at != '=' && *at != '~')
		return false;
	f->part = *at == '~';
	p->at = at + 1;
	return true;
}

/* key=value,value: what is before the operator must be a key. */
static bool take_key(struct parser *p, struct filter *f)
{
	const char *start = p->at;

	for (int i = 0; i < KEYS; i++) {
		size_t length = strlen(key_names[i]);

		if (strncmp(start, key_names[i], length))
			continue;
		p->at = start + length;
		f->key = (enum key)i;
		if (take_operator(p, f))
			return true;
	}
	p->at = start;
	f->key = KEY_TEXT;
	f->part = true;
	f->negated = false;
	return false;
}

static struct filter *parse_term(struct parser *p)
{
	struct filter *f = calloc(1, sizeof(*f));
	char *end;
	bool keyed;

	if (!f)
		return fail(p, "no memory");
	f->kind = TERM;
	keyed = take_key(p, f);
	if (!keyed && isalpha((unsigned char)*p->at) &&
	    strchr("=~!", p->at[strspn(p->at, "abcdefghijklmnopqrstuvwxyz_")] ?: ' ')) {
		fail(p, "keys are type, tid, pid, cpu, host, comm and text");
		goto out;
	}
	/* Each value is there without its comma, so this is enough. */
	end = f->values = calloc(1, strlen(p->at) + 2);
	if (!end) {
		fail(p, "no memory");
		goto out;
	}
	do {
		end = take_value(p, end, keyed ? " \t\n,()" : " \t\n()");
		if (!end)
			goto out;
	} while (keyed && *p->at == ',' && p->at++);
	return f;
out:
	filter_free(f);
	return NULL;
}

static struct filter *parse_either(struct parser *p);

static struct filter *parse_one(struct parser *p)
{
	struct filter *f;

	if (p->depth++ > DEPTH_MAX)
		return fail(p, "too deep");
	skip_space(p);
	if (take_word(p, "not")) {
		f = parse_one(p);
		f = f ? node(p, NOT, f, NULL) : NULL;
	} else if (*p->at == '(') {
		p->at++;
		f = parse_either(p);
		skip_space(p);
		if (f && *p->at != ')') {
			filter_free(f);
			f = fail(p, "a parenthesis is not closed");
		}
		p->at += f ? 1 : 0;
	} else {
		f = parse_term(p);
	}
	p->depth--;
	return f;
}

static struct filter *parse_both(struct parser *p)
{
	struct filter *f = parse_one(p);

	while (f) {
		const char *before;

		skip_space(p);
		before = p->at;
		if (!*p->at || *p->at == ')' || take_word(p, "or")) {
			p->at = before;
			break;
		}
		take_word(p, "and");
		f = node(p, AND, f, parse_one(p));
	}
	return f;
}

static struct filter *parse_either(struct parser *p)
{
	struct filter *f = parse_both(p);

	while (f && take_word(p, "or"))
		f = node(p, OR, f, parse_both(p));
	return f;
}

struct filter *filter_parse(const char *text, const char **why)
{
	struct parser p = {.at = text};
	struct filter *f = parse_either(&p);

	skip_space(&p);
	if (f && *p.at) {
		filter_free(f);
		f = fail(&p, "a parenthesis is closed that was not opened");
	}
	*why = p.why;
	return f;
}

static bool is_value(const struct filter *f, const char *text)
{
	for (const char *value = f->values; *value; value += strlen(value) + 1)
		if (f->part ? strcasestr(text, value) != NULL : !strcmp(text, value))
			return true;
	return false;
}

static bool is_number(const struct filter *f, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", number);
	return is_value(f, text);
}

static bool term_matches(const struct filter *f, const struct model *model,
			 const struct record_header *event)
{
	char words[512];

	switch (f->key) {
	case KEY_TYPE:
		return is_value(f, event_name(event));
	case KEY_TID:
		return is_number(f, event->tid);
	case KEY_PID:
		return is_number(f, event->tgid);
	case KEY_CPU:
		return event->cpu == UINT16_MAX ? is_value(f, "-") : is_number(f, event->cpu);
	case KEY_HOST:
		return is_value(f, model_host(model, event->domain));
	case KEY_COMM:
		return is_value(f, model_thread_name(model, event->domain, event->tid) ?: "");
	default:
		event_words(event, words, sizeof(words));
		return is_value(f, words);
	}
}

bool filter_matches(const struct filter *f, const struct model *model,
		    const struct record_header *event)
{
	switch (f->kind) {
	case AND:
		return filter_matches(f->left, model, event) &&
		       filter_matches(f->right, model, event);
	case OR:
		return filter_matches(f->left, model, event) ||
		       filter_matches(f->right, model, event);
	case NOT:
		return !filter_matches(f->left, model, event);
	default:
		return term_matches(f, model, event) != f->negated;
	}
}
