// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print records as text and as JSON lines.
 */
#include "events.h"

static const char *word_of(const char *const *words, size_t n, unsigned int at)
{
	return at < n ? words[at] : "?";
}

#define WORD(words, at)	word_of(words, sizeof(words) / sizeof(*(words)), at)

const char *event_op(const struct mapstat_event *e)
{
	static const char *const words[] = {
		[MAPSTAT_EVENT_OP_NONE] = "none",
		[MAPSTAT_EVENT_OP_LOAD] = "load",
		[MAPSTAT_EVENT_OP_STORE] = "store",
		[MAPSTAT_EVENT_OP_DELETE] = "delete",
		[MAPSTAT_EVENT_OP_RMW] = "rmw",
		[MAPSTAT_EVENT_OP_RANGE] = "range",
		[MAPSTAT_EVENT_OP_LOAD_MANY] = "load_many",
	};

	return WORD(words, e->op);
}

const char *event_l1(const struct mapstat_event *e)
{
	static const char *const words[] = {
		[MAPSTAT_EVENT_L1_HIT] = "hit",
		[MAPSTAT_EVENT_L1_COLD] = "cold",
		[MAPSTAT_EVENT_L1_CAPACITY] = "capacity",
		[MAPSTAT_EVENT_L1_CONFLICT] = "conflict",
		[MAPSTAT_EVENT_L1_COHERENCE] = "coherence",
	};

	return WORD(words, e->l1);
}

const char *event_type(const struct mapstat_event *e)
{
	if (e->flags & MAPSTAT_EVENT_ATOMIC)
		return "atomic";
	return e->type == MAPSTAT_EVENT_READ ? "read" : "write";
}

void event_header(FILE *out)
{
	fprintf(out, "%-20s %3s %7s %-18s %-9s %-6s %-16s %12s %5s %-9s %3s  %s\n", "time_ns",
		"cpu", "pid", "map", "op", "access", "address", "pfn", "bytes", "l1", "tlb",
		"what");
}

void event_text(FILE *out, struct event_names *n, const struct mapstat_event *e)
{
	const char *func, *what;
	char pfn[20] = "-";

	if (e->pfn != MAPSTAT_EVENT_NO_PFN)
		snprintf(pfn, sizeof(pfn), "%llx", e->pfn);
	name_of_site(n, e->site, &func, &what);
	fprintf(out, "%-20llu %3u %7u ", e->time_ns, e->cpu, e->pid);
	put_cell(out, name_of_map(n, e->map), 18, LEFT);
	fprintf(out, " %-9s %-6s %016llx %12s %5u %-9s %3s  ", event_op(e), event_type(e),
		e->addr, pfn, e->size, event_l1(e),
		e->flags & MAPSTAT_EVENT_TLB_MISS ? "x" : "");
	put_safe(out, func);
	fputs(": ", out);
	put_safe(out, what);
	putc('\n', out);
}

char *address_text(char *buf, uint64_t address)
{
	snprintf(buf, ADDRESS_LEN, "0x%llx", (unsigned long long)address);
	return buf;
}

static void put_number(struct event_line *l, const char *name, uint64_t n)
{
	struct json_object **m = &l->member[l->n++];

	if (*m)
		json_object_set_uint64(*m, n);
	else
		*m = json_add(l->record, name, json_object_new_uint64(n));
}

static void put_text(struct event_line *l, const char *name, const char *text)
{
	struct json_object **m = &l->member[l->n++];

	if (*m && text)
		json_set_text(*m, text);
	else
		*m = json_add_text(l->record, name, text);
}

int event_json(FILE *out, struct event_line *l, struct event_names *n,
	       const struct mapstat_event *e)
{
	char addr[ADDRESS_LEN];
	const char *func, *what;

	if (!l->record)
		l->record = json_object_new_object();
	l->n = 0;
	name_of_site(n, e->site, &func, &what);
	put_number(l, "time_ns", e->time_ns);
	put_number(l, "seq_cpu", e->seq_cpu);
	put_number(l, "seq", e->seq);
	put_number(l, "cpu", e->cpu);
	put_number(l, "pid", e->pid);
	put_number(l, "map_id", e->map);
	put_text(l, "map", name_of_map(n, e->map));
	put_text(l, "op", event_op(e));
	put_text(l, "access", event_type(e));
	put_text(l, "addr", address_text(addr, e->addr));
	put_text(l, "pfn", e->pfn == MAPSTAT_EVENT_NO_PFN ? NULL : address_text(addr, e->pfn));
	put_number(l, "size", e->size);
	put_text(l, "l1", event_l1(e));
	json_add(l->record, "tlb_miss",
		 json_object_new_boolean(e->flags & MAPSTAT_EVENT_TLB_MISS));
	put_number(l, "invalidated", e->invalidated);
	put_text(l, "func", func);
	put_text(l, "what", what);
	return json_write(out, json_object_get(l->record), ST_OK);
}

bool event_count_partial(const struct event_count *c)
{
	return c->dropped || c->produced > c->read;
}

void event_count_json(struct json_object *to, const struct event_count *c)
{
	json_add(to, "records", json_object_new_uint64(c->read));
	if (c->known) {
		json_add(to, "dropped", json_object_new_uint64(c->dropped));
		json_add(to, "produced", json_object_new_uint64(c->produced));
		json_add(to, "partial", json_object_new_boolean(event_count_partial(c)));
	} else {
		json_add_text(to, "dropped", NULL);
		json_add_text(to, "produced", NULL);
		json_add_text(to, "partial", NULL);
	}
	json_add(to, "events_shift", json_object_new_int64(c->shift));
}

int event_summary_json(FILE *out, const char *source, const struct event_count *c)
{
	struct json_object *line = json_object_new_object();
	struct json_object *o = json_add(line, "summary", json_object_new_object());

	json_add_text(o, "source", source);
	event_count_json(o, c);
	return json_write(out, line, ST_OK);
}

void event_summary_text(FILE *out, const char *source, const struct event_count *c)
{
	fprintf(out, "mapstat: %llu records from %s", c->read, source);
	if (c->known)
		fprintf(out, ", %llu of %llu dropped%s\n", c->dropped, c->produced,
			event_count_partial(c) ? ": partial" : "");
	else
		fputs("; how many were dropped is not known\n", out);
}
