// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records from JSON: the output of "mapstat events --json", possibly rewritten by another program.
 * An object may be on one line, span several lines or be in an array; its members may be in any
 * order.
 */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "heat.h"

struct json_file {
	const char *name;
	struct json_tokener *tokener;
	size_t line;		/* line number of the next byte, from 1 */
	size_t begun;		/* line in which the current value begins; 0: between values */
};

static int malformed(const struct json_file *f, size_t line, const char *what, const char *why)
{
	return fail(ST_MALFORMED, "mapstat events --json writes such files",
		    "%s, line %zu: %s: %s", f->name, line, what, why);
}

/* A non-negative integer; another program may have written it as 1.0. */
static bool whole(struct json_object *object, const char *name, uint64_t *n)
{
	struct json_object *v = json_object_object_get(object, name);
	const double d = json_object_get_double(v);

	if (json_object_is_type(v, json_type_int))
		*n = json_object_get_uint64(v);
	else if (json_object_is_type(v, json_type_double) && d >= 0 && d < 0x1p64)
		*n = (uint64_t)d;
	else
		return false;
	return (double)*n == d;
}

/* As whole(), with values above @most reduced to @most. */
static bool small(struct json_object *object, const char *name, unsigned int most, unsigned int *n)
{
	uint64_t v;

	if (!whole(object, name, &v) || v > UINT32_MAX)
		return false;
	*n = v < most ? (unsigned int)v : most;
	return true;
}

/* Return: a string without NUL, or "".  @wrong receives the name of the first invalid member. */
static const char *text(struct json_object *object, const char *name, const char **wrong)
{
	struct json_object *v = json_object_object_get(object, name);
	const char *s = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;

	if (s && strlen(s) == (size_t)json_object_get_string_len(v))
		return s;
	*wrong = *wrong ? *wrong : name;
	return "";
}

static bool address(const char *s, __u64 *addr)
{
	if (strncmp(s, "0x", 2) || strlen(s) > 2 + 16 || !s[2] ||
	    s[2 + strspn(s + 2, "0123456789abcdefABCDEF")])
		return false;
	*addr = strtoull(s, NULL, 16);
	return true;
}

static bool l1_of(const char *word, unsigned int *l1)
{
	for (*l1 = 0; *l1 < HEAT_NR_L1; ++*l1) {
		const struct mapstat_event e = { .l1 = (__u8)*l1 };

		if (!strcmp(event_l1(&e), word))
			return true;
	}
	return false;
}

static int record(struct heat *h, const struct json_file *f, struct json_object *object)
{
	const char *wrong = NULL, *access, *addr, *l1;
	struct json_object *tlb_miss;
	uint64_t seq, seq_cpu;
	struct heat_event e;
	char why[64];

	e.map = text(object, "map", &wrong);
	e.op = text(object, "op", &wrong);
	e.func = text(object, "func", &wrong);
	e.what = text(object, "what", &wrong);
	access = text(object, "access", &wrong);
	addr = text(object, "addr", &wrong);
	l1 = text(object, "l1", &wrong);
	if (wrong) {
		snprintf(why, sizeof(why), "%s is missing, or not a string", wrong);
		return malformed(f, f->begun, "not a record", why);
	}
	tlb_miss = json_object_object_get(object, "tlb_miss");
	if (!json_object_is_type(tlb_miss, json_type_boolean))
		return malformed(f, f->begun, "not a record", "tlb_miss is neither true nor false");
	if (!address(addr, &e.addr) || !l1_of(l1, &e.l1) || !small(object, "cpu", 63, &e.cpu) ||
	    !small(object, "invalidated", 255, &e.invalidated))
		return malformed(f, f->begun, "not a record",
				 "addr, l1, cpu or invalidated is missing or out of range");
	e.write = strcmp(access, "read");
	e.tlb_miss = json_object_get_boolean(tlb_miss);
	heat_add(h, &e);
	if (whole(object, "seq", &seq) && whole(object, "seq_cpu", &seq_cpu))
		heat_number(h, seq_cpu, seq);
	h->count.read++;
	return ST_OK;
}

/* Add the kernel's counts: a file may consist of several outputs. */
static int summary(struct heat *h, const struct json_file *f, struct json_object *object)
{
	struct event_count *c = &h->count;
	uint64_t records, dropped, produced;

	if (!whole(object, "records", &records))
		return malformed(f, f->begun, "not a summary", "records is not a number");
	if (!small(object, "events_shift", 31, &c->shift) &&
	    json_object_object_get_ex(object, "events_shift", NULL))
		return malformed(f, f->begun, "not a summary", "events_shift is out of range");
	/* null if it was unknown */
	if (!whole(object, "dropped", &dropped))
		return ST_OK;
	if ((!whole(object, "produced", &produced) &&
	     __builtin_add_overflow(records, dropped, &produced)) ||
	    __builtin_add_overflow(c->dropped, dropped, &c->dropped) ||
	    __builtin_add_overflow(c->produced, produced, &c->produced))
		return malformed(f, f->begun, "not a summary", "more records than can be counted");
	c->known = true;
	return ST_OK;
}

/* A record, a summary, or an array of them. */
static int value(struct heat *h, const struct json_file *f, struct json_object *v)
{
	struct json_object *element;
	int ret = ST_OK;

	if (json_object_object_get_ex(v, "summary", &element))
		return summary(h, f, element);
	if (!json_object_is_type(v, json_type_array))
		return record(h, f, v);
	for (size_t i = 0; i < json_object_array_length(v) && !ret; i++)
		ret = value(h, f, json_object_array_get_idx(v, i));
	return ret;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* @s holds whole lines: json-c rejects a UTF-8 character that is split between two calls. */
static int lines(struct heat *h, struct json_file *f, const char *s, size_t len)
{
	const char *const end = s + len, *line = s, *stop;
	enum json_tokener_error error;
	struct json_object *v;
	char why[128];
	int ret = ST_OK;

	if (len > INT_MAX)
		return malformed(f, f->line, "not JSON", "a line of more than 2 GiB");
	while (!ret) {
		for (; !f->begun && s < end && is_blank(*s); s++)
			f->line += *s == '\n';
		if (s == end)
			break;
		if (!f->begun)
			f->begun = f->line;
		v = json_tokener_parse_ex(f->tokener, s, (int)(end - s));
		error = json_tokener_get_error(f->tokener);
		for (stop = s + json_tokener_get_parse_end(f->tokener); s < stop; s++) {
			if (*s != '\n')
				continue;
			f->line++;
			line = s + 1;
		}
		if (error == json_tokener_continue)
			break;
		if (error != json_tokener_success) {
			snprintf(why, sizeof(why), "%s, at byte %zu",
				 json_tokener_error_desc(error), (size_t)(s - line) + 1);
			return malformed(f, f->line, "not JSON", why);
		}
		ret = value(h, f, v);
		json_object_put(v);
		f->begun = 0;
	}
	return ret;
}

/* Parse @head, which has been read already, and the rest of its line: a pipe cannot be rewound. */
static int first_lines(struct heat *h, struct json_file *f, FILE *in, const char *head,
		       size_t nhead)
{
	char *s = NULL;
	size_t len;
	FILE *out = xmemstream(&s, &len);
	int c = 0, ret;

	fwrite(head, 1, nhead, out);
	while (c != '\n' && (c = getc(in)) != EOF)
		putc(c, out);
	fclose(out);
	ret = lines(h, f, s, len);
	free(s);
	return ret;
}

int heat_json(struct heat *h, FILE *in, const char *name, const char *head, size_t nhead)
{
	struct json_file f = { .name = name, .tokener = json_tokener_new(), .line = 1 };
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int ret;

	if (!f.tokener)
		return fail(ST_SYSTEM, NULL, "out of memory");
	json_tokener_set_flags(f.tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
			       JSON_TOKENER_ALLOW_TRAILING_CHARS);
	ret = first_lines(h, &f, in, head, nhead);
	while (!ret && (len = getline(&line, &room, in)) > 0)
		ret = lines(h, &f, line, (size_t)len);
	if (!ret && !feof(in))
		ret = fail(ST_SYSTEM, NULL, "%s: %s", name, strerror(errno));
	else if (!ret && f.begun)
		ret = malformed(&f, f.line, "not JSON", "it ends within a value");
	free(line);
	json_tokener_free(f.tokener);
	return ret;
}
