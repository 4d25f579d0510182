// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records from JSON: what "mapstat events --json" wrote, or another program wrote again.
 * Each object may be in a line of its own, take several lines or be in an array; its fields
 * come in any order.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "heat.h"

#define EXACT	9007199254740992.0	/* 2^53: a double counts no further */

static const char *const l1_words[HEAT_NR_L1] = {
	[MAPSTAT_EVENT_L1_HIT] = "hit",
	[MAPSTAT_EVENT_L1_COLD] = "cold",
	[MAPSTAT_EVENT_L1_CAPACITY] = "capacity",
	[MAPSTAT_EVENT_L1_CONFLICT] = "conflict",
	[MAPSTAT_EVENT_L1_COHERENCE] = "coherence",
};

/* A file whose first bytes have been read already: a pipe cannot be rewound. */
struct json_file {
	FILE *in;
	const char *name;
	const char *head;
	size_t nhead;
	size_t line;		/* of the byte that comes next, from 1 */
};

static int get(struct json_file *f)
{
	int c;

	if (f->nhead) {
		f->nhead--;
		c = (unsigned char)*f->head++;
	} else {
		c = getc(f->in);
	}
	f->line += c == '\n';
	return c;
}

/* jansson reads no further than to a value's end if it is given byte by byte. */
static size_t next_byte(void *buffer, size_t size, void *data)
{
	struct json_file *f = data;
	const int c = get(f);

	(void)size;
	if (c == EOF)
		return ferror(f->in) ? (size_t)-1 : 0;
	*(char *)buffer = (char)c;
	return 1;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Return: true if something follows. */
static bool skip_blanks(struct json_file *f)
{
	int c;

	while (f->nhead && is_blank(*f->head))
		get(f);
	if (f->nhead)
		return true;
	do {
		c = get(f);
	} while (is_blank(c));
	ungetc(c, f->in);
	return c != EOF;
}

/* @why may hold what the file holds: it must not steer the terminal. */
static int malformed(const struct json_file *f, size_t line, const char *what, char *why)
{
	for (char *s = why; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	return fail(ST_MALFORMED, "mapstat events --json writes such files",
		    "%s, line %zu: %s: %s", f->name, line, what, why);
}

/* A whole number that another program may have written as 1.0. */
static bool small_number(double v, unsigned int most, unsigned int *n)
{
	if (!(v >= 0) || v > UINT32_MAX || v != (double)(unsigned int)v)
		return false;
	*n = v < most ? (unsigned int)v : most;
	return true;
}

static bool address(const char *text, __u64 *addr)
{
	char *end;

	if (strncmp(text, "0x", 2) || strlen(text) > 2 + 16 || !text[2] ||
	    text[2 + strspn(text + 2, "0123456789abcdefABCDEF")])
		return false;
	*addr = strtoull(text, &end, 16);
	return true;
}

static bool l1_of(const char *word, unsigned int *l1)
{
	for (*l1 = 0; *l1 < HEAT_NR_L1; ++*l1)
		if (!strcmp(l1_words[*l1], word))
			return true;
	return false;
}

static int record(struct heat *h, const struct json_file *f, size_t line, json_t *object)
{
	double cpu, invalidated, seq = -1, seq_cpu = -1;
	char range[] = "addr, l1, cpu or invalidated is out of range";
	const char *access, *addr, *l1;
	struct heat_event e;
	json_error_t error;
	int tlb_miss;

	if (json_unpack_ex(object, &error, 0,
			   "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:F, s:F, s?F, s?F}",
			   "map", &e.map, "op", &e.op, "access", &access, "func", &e.func,
			   "what", &e.what, "addr", &addr, "l1", &l1, "tlb_miss", &tlb_miss,
			   "cpu", &cpu, "invalidated", &invalidated, "seq", &seq, "seq_cpu",
			   &seq_cpu))
		return malformed(f, line, "not a record", error.text);
	if (!address(addr, &e.addr) || !l1_of(l1, &e.l1) || !small_number(cpu, 63, &e.cpu) ||
	    !small_number(invalidated, 255, &e.invalidated))
		return malformed(f, line, "not a record", range);
	e.write = strcmp(access, "read");
	e.tlb_miss = tlb_miss;
	heat_add(h, &e);
	if (seq >= 0 && seq < EXACT && seq_cpu >= 0 && seq_cpu < EXACT)
		heat_number(h, (__u64)seq_cpu, (__u64)seq);
	h->count.read++;
	return ST_OK;
}

/* What the kernel counted; a file may be several, put together. */
static int summary(struct heat *h, const struct json_file *f, size_t line, json_t *object)
{
	double records = 0, dropped = -1, produced = -1, shift = 0;
	char range[] = "events_shift is out of range";
	json_error_t error;

	if (json_unpack_ex(object, &error, 0, "{s:F}", "records", &records))
		return malformed(f, line, "not a summary", error.text);
	/* Not numbers where they were not known. */
	json_unpack(object, "{s:F}", "dropped", &dropped);
	json_unpack(object, "{s:F}", "produced", &produced);
	json_unpack(object, "{s:F}", "events_shift", &shift);
	if (!small_number(shift, 31, &h->count.shift))
		return malformed(f, line, "not a summary", range);
	if (produced < 0)
		produced = records + dropped;
	if (dropped < 0 || !(records >= 0 && produced < EXACT))
		return ST_OK;
	h->count.dropped += (__u64)dropped;
	h->count.produced += (__u64)produced;
	h->count.known = true;
	return ST_OK;
}

/* An array holds what a file may hold. */
static int value(struct heat *h, const struct json_file *f, size_t line, json_t *v)
{
	json_t *element = json_object_get(v, "summary");
	size_t i;
	int ret;

	if (element)
		return summary(h, f, line, element);
	if (!json_is_array(v))
		return record(h, f, line, v);
	json_array_foreach(v, i, element) {
		ret = value(h, f, line, element);
		if (ret)
			return ret;
	}
	return ST_OK;
}

int heat_json(struct heat *h, FILE *in, const char *name, const char *head, size_t nhead)
{
	struct json_file f = {
		.in = in, .name = name, .head = head, .nhead = nhead, .line = 1,
	};
	const size_t flags = JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL;
	json_error_t error;
	int ret = ST_OK;

	while (!ret && skip_blanks(&f)) {
		const size_t line = f.line;
		json_t *v = json_load_callback(next_byte, &f, flags, &error);

		if (!v && ferror(in))
			break;
		if (!v)
			return malformed(&f, line + (size_t)error.line - 1, "not JSON",
					 error.text);
		ret = value(h, &f, line, v);
		json_decref(v);
	}
	return ret;
}
