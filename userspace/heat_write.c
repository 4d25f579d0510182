// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat heat --json": the sums of each map, its places and its lines.
 */
#include <stdlib.h>
#include "heat.h"

static void add_count(struct json_object *to, const struct heat_count *n)
{
	struct json_object *l1;

	json_add(to, "accesses", json_object_new_uint64(n->accesses));
	json_add(to, "writes", json_object_new_uint64(n->writes));
	json_add(to, "tlb_misses", json_object_new_uint64(n->tlb_misses));
	json_add(to, "invalidated", json_object_new_uint64(n->invalidated));
	l1 = json_add(to, "l1", json_object_new_object());
	for (unsigned int i = 0; i < HEAT_NR_L1; i++)
		json_add(l1, event_l1(&(struct mapstat_event){ .l1 = (__u8)i }),
			 json_object_new_uint64(n->l1[i]));
}

/* CPU 63 stands for all CPUs from 63 on. */
static void add_cpus(struct json_object *to, const char *name, __u64 cpus)
{
	struct json_object *array = json_add(to, name, json_object_new_array());

	for (int cpu = 0; cpu < 64; cpu++)
		if (cpus >> cpu & 1)
			json_add(array, NULL, json_object_new_int(cpu));
}

static void add_place(struct json_object *places, const struct heat_place *p)
{
	struct json_object *o = json_add(places, NULL, json_object_new_object());

	json_add_text(o, "op", p->op);
	json_add_text(o, "func", p->func);
	json_add_text(o, "what", p->what);
	add_count(o, &p->n);
}

static void add_line(struct json_object *lines, const struct heat_map *m,
		     const struct heat_line *l)
{
	struct json_object *o = json_add(lines, NULL, json_object_new_object());
	char addr[ADDRESS_LEN];

	json_add_text(o, "addr", address_text(addr, l->addr));
	json_add_text(o, "func", m->place[l->place].func);
	json_add_text(o, "what", m->place[l->place].what);
	add_cpus(o, "writers", l->writers);
	add_cpus(o, "readers", l->readers);
	add_count(o, &l->n);
}

static void add_map(struct json_object *maps, const struct heat_map *m)
{
	struct json_object *o = json_add(maps, NULL, json_object_new_object()), *array;

	json_add_text(o, "name", m->name);
	add_count(o, &m->n);
	array = json_add(o, "places", json_object_new_array());
	for (size_t i = 0; i < m->nplaces; i++)
		add_place(array, &m->place[i]);
	array = json_add(o, "lines", json_object_new_array());
	for (size_t i = 0; i < m->nlines; i++)
		add_line(array, m, &m->line[i]);
}

/* Why the records are incomplete; null: they are complete. */
static void add_lacks(struct json_object *to, const struct heat *h)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);
	const bool lacks = heat_lacks(h, f);

	fclose(f);
	json_add_text(to, "lacks", lacks ? text : NULL);
	free(text);
}

int heat_document(const struct heat *h, FILE *out)
{
	struct json_object *document = json_object_new_object(), *maps;

	json_add(document, "line_bytes", json_object_new_int(HEAT_LINE));
	event_count_json(document, &h->count);
	add_lacks(document, h);
	maps = json_add(document, "maps", json_object_new_array());
	for (size_t i = 0; i < h->nmaps; i++)
		add_map(maps, &h->map[i]);
	return json_write(out, document, ST_OK);
}
