// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat heat --json": the sums, of each map its places and its lines.
 */
#include <stdlib.h>
#include "heat.h"

static void put_number(FILE *out, const char *name, __u64 n, bool first)
{
	json_key(out, name, first);
	fprintf(out, "%llu", n);
}

static void put_text(FILE *out, const char *name, const char *text, bool first)
{
	json_key(out, name, first);
	json_text(out, text);
}

static void put_count(FILE *out, const struct heat_count *n)
{
	put_number(out, "accesses", n->accesses, false);
	put_number(out, "writes", n->writes, false);
	put_number(out, "tlb_misses", n->tlb_misses, false);
	put_number(out, "invalidated", n->invalidated, false);
	json_key(out, "l1", false);
	putc('{', out);
	for (unsigned int i = 0; i < HEAT_NR_L1; i++)
		put_number(out, event_l1(&(struct mapstat_event){ .l1 = (__u8)i }), n->l1[i], !i);
	putc('}', out);
}

/* The last of the CPUs stands for all above it, too. */
static void put_cpus(FILE *out, const char *name, __u64 cpus)
{
	bool first = true;

	json_key(out, name, false);
	putc('[', out);
	for (unsigned int cpu = 0; cpu < 64; cpu++) {
		if (!(cpus >> cpu & 1))
			continue;
		fprintf(out, "%s%u", first ? "" : ", ", cpu);
		first = false;
	}
	putc(']', out);
}

static void put_place(FILE *out, const struct heat_place *p)
{
	putc('{', out);
	put_text(out, "op", p->op, true);
	put_text(out, "func", p->func, false);
	put_text(out, "what", p->what, false);
	put_count(out, &p->n);
	putc('}', out);
}

/* Addresses are text: a number of JSON need not hold 64 bits. */
static void put_line(FILE *out, const struct heat_map *m, const struct heat_line *l)
{
	fprintf(out, "{\"addr\": \"0x%llx\"", l->addr);
	put_text(out, "func", m->place[l->place].func, false);
	put_text(out, "what", m->place[l->place].what, false);
	put_cpus(out, "writers", l->writers);
	put_cpus(out, "readers", l->readers);
	put_count(out, &l->n);
	putc('}', out);
}

static void put_map(FILE *out, const struct heat_map *m)
{
	putc('{', out);
	put_text(out, "name", m->name, true);
	put_count(out, &m->n);
	fputs(",\n  \"places\": [", out);
	for (size_t i = 0; i < m->nplaces; i++) {
		fputs(i ? ",\n   " : "\n   ", out);
		put_place(out, &m->place[i]);
	}
	fputs("],\n  \"lines\": [", out);
	for (size_t i = 0; i < m->nlines; i++) {
		fputs(i ? ",\n   " : "\n   ", out);
		put_line(out, m, &m->line[i]);
	}
	fputs("]}", out);
}

/* As in the summary of "events --json"; and what the picture says of it, NULL: it lacks nothing. */
static void put_records(FILE *out, const struct heat *h)
{
	const struct event_count *c = &h->count;
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);
	const bool lacks = heat_lacks(h, f);

	fclose(f);
	put_number(out, "records", c->read, false);
	if (c->known) {
		put_number(out, "dropped", c->dropped, false);
		put_number(out, "produced", c->produced, false);
		fprintf(out, ", \"partial\": %s", event_count_partial(c) ? "true" : "false");
	} else {
		fputs(", \"dropped\": null, \"produced\": null, \"partial\": null", out);
	}
	put_number(out, "events_shift", c->shift, false);
	json_key(out, "lacks", false);
	json_text_or_null(out, lacks ? text : NULL);
	free(text);
}

void heat_document(const struct heat *h, FILE *out)
{
	fprintf(out, "{\"line_bytes\": %d", HEAT_LINE);
	put_records(out, h);
	fputs(",\n\"maps\": [", out);
	for (size_t i = 0; i < h->nmaps; i++) {
		fputs(i ? ",\n " : "\n ", out);
		put_map(out, &h->map[i]);
	}
	fputs("]}\n", out);
}
