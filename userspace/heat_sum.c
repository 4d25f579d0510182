// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sum records by cache line and by place (operation, function, object).
 */
#include <stdlib.h>
#include <string.h>
#include "heat.h"

static void count(struct heat_count *n, const struct heat_event *e)
{
	n->accesses++;
	n->writes += e->write;
	n->l1[e->l1]++;
	n->tlb_misses += e->tlb_miss;
	n->invalidated += e->invalidated;
}

__u64 heat_misses(const struct heat_count *n)
{
	return n->accesses - n->l1[MAPSTAT_EVENT_L1_HIT];
}

static struct heat_map *map_of(struct heat *h, const char *name)
{
	struct heat_map *m;

	for (size_t i = 0; i < h->nmaps; i++)
		if (!strcmp(h->map[i].name, name))
			return &h->map[i];
	h->map = xrealloc(h->map, h->nmaps + 1, sizeof(*h->map));
	m = &h->map[h->nmaps++];
	*m = (struct heat_map){ .name = xstrdup(name) };
	return m;
}

/* Inlined copies of a place have different sites but the same names: they count as one. */
static size_t place_of(struct heat_map *m, const struct heat_event *e)
{
	struct heat_place *p;

	for (size_t i = 0; i < m->nplaces; i++) {
		p = &m->place[i];
		if (!strcmp(p->what, e->what) && !strcmp(p->func, e->func) &&
		    !strcmp(p->op, e->op))
			return i;
	}
	m->place = xrealloc(m->place, m->nplaces + 1, sizeof(*m->place));
	m->place[m->nplaces] = (struct heat_place){
		.op = xstrdup(e->op), .func = xstrdup(e->func), .what = xstrdup(e->what),
	};
	return m->nplaces++;
}

static uint32_t *slot_of(const struct heat_map *m, __u64 addr)
{
	size_t at = (size_t)(addr / HEAT_LINE * 0x9e3779b97f4a7c15ULL >> 32);

	while (m->find[at & (m->room - 1)] &&
	       m->line[m->find[at & (m->room - 1)] - 1].addr != addr)
		at++;
	return &m->find[at & (m->room - 1)];
}

static void make_room(struct heat_map *m)
{
	if (2 * m->nlines < m->room)
		return;
	m->room = m->room ? 2 * m->room : 1024;
	m->find = xrealloc(m->find, m->room, sizeof(*m->find));
	memset(m->find, 0, m->room * sizeof(*m->find));
	m->line = xrealloc(m->line, m->room, sizeof(*m->line));
	for (size_t i = 0; i < m->nlines; i++)
		*slot_of(m, m->line[i].addr) = (uint32_t)i + 1;
}

static struct heat_line *line_of(struct heat_map *m, __u64 addr, size_t place)
{
	uint32_t *slot;

	make_room(m);
	slot = slot_of(m, addr);
	if (!*slot) {
		m->line[m->nlines++] = (struct heat_line){ .addr = addr, .place = place };
		*slot = (uint32_t)m->nlines;
	}
	return &m->line[*slot - 1];
}

void heat_add(struct heat *h, const struct heat_event *e)
{
	const __u64 cpu = 1ULL << (e->cpu < 63 ? e->cpu : 63);
	struct heat_line *line;
	struct heat_map *m;
	size_t place;

	if (h->only && strcmp(h->only, e->map))
		return;
	m = map_of(h, e->map);
	place = place_of(m, e);
	line = line_of(m, e->addr / HEAT_LINE * HEAT_LINE, place);
	*(e->write ? &line->writers : &line->readers) |= cpu;
	count(&m->n, e);
	count(&line->n, e);
	count(&m->place[place].n, e);
}

void heat_number(struct heat *h, __u64 cpu, __u64 seq)
{
	struct heat_numbers *of = NULL;

	for (size_t i = h->nnumbers; !of && i--; )
		of = h->numbers[i].cpu == cpu ? &h->numbers[i] : NULL;
	if (!of) {
		h->numbers = xrealloc(h->numbers, h->nnumbers + 1, sizeof(*h->numbers));
		of = &h->numbers[h->nnumbers++];
		*of = (struct heat_numbers){ .cpu = cpu };
	}
	of->last = seq > of->last ? seq : of->last;
	of->n++;
}

static __u64 missing_numbers(const struct heat *h)
{
	__u64 sum = 0;

	for (size_t i = 0; i < h->nnumbers; i++)
		if (h->numbers[i].last >= h->numbers[i].n &&
		    __builtin_add_overflow(sum, h->numbers[i].last - h->numbers[i].n + 1, &sum))
			return ~0ULL;
	return sum;
}

static bool lacks_records(const struct heat *h, FILE *out)
{
	const struct event_count *c = &h->count;
	const __u64 missing = missing_numbers(h);

	if (c->known && !event_count_partial(c))
		return false;
	if (!c->known && missing)
		fprintf(out, "Partial: at least %llu records are missing among these %llu.",
			missing, c->read);
	else if (!c->known)
		fputs("How many records were dropped is not known, as nothing counted them.",
		      out);
	else if (c->dropped)
		fprintf(out, "Partial: %llu of %llu records were dropped because buffers were "
			"full. Read them during the run, or use larger buffers (events_kib, "
			"events_subbufs) or fewer records (events_shift).", c->dropped,
			c->produced);
	else
		fprintf(out, "Partial: of %llu records %llu were read.", c->produced, c->read);
	return true;
}

bool heat_lacks(const struct heat *h, FILE *out)
{
	const bool lacks = lacks_records(h, out);

	if (h->count.shift)
		fprintf(out, "%sOne access in %u was recorded (events_shift=%u).",
			lacks ? " " : "", 1U << h->count.shift, h->count.shift);
	return lacks || h->count.shift;
}

static int by_address(const void *a, const void *b)
{
	const struct heat_line *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int by_misses(const void *a, const void *b)
{
	const struct heat_place *x = a, *y = b;
	const __u64 p = heat_misses(&x->n), q = heat_misses(&y->n);
	int what;

	if (p != q)
		return p < q ? 1 : -1;
	if (x->n.accesses != y->n.accesses)
		return x->n.accesses < y->n.accesses ? 1 : -1;
	what = strcmp(x->func, y->func);
	what = what ? what : strcmp(x->what, y->what);
	return what ? what : strcmp(x->op, y->op);
}

/* Lines refer to places by index: renumber them after sorting. */
static void sort_places(struct heat_map *m)
{
	size_t *now = xrealloc(NULL, m->nplaces, sizeof(*now));
	struct heat_place *old = xrealloc(NULL, m->nplaces, sizeof(*old));

	memcpy(old, m->place, m->nplaces * sizeof(*old));
	qsort(m->place, m->nplaces, sizeof(*m->place), by_misses);
	for (size_t i = 0; i < m->nplaces; i++)
		for (size_t j = 0; j < m->nplaces; j++)
			if (old[i].what == m->place[j].what)
				now[i] = j;
	for (size_t i = 0; i < m->nlines; i++)
		m->line[i].place = now[m->line[i].place];
	free(old);
	free(now);
}

void heat_sort(struct heat *h)
{
	for (size_t i = 0; i < h->nmaps; i++) {
		struct heat_map *m = &h->map[i];

		qsort(m->line, m->nlines, sizeof(*m->line), by_address);
		sort_places(m);
	}
}

void heat_free(struct heat *h)
{
	for (size_t i = 0; i < h->nmaps; i++) {
		struct heat_map *m = &h->map[i];

		for (size_t j = 0; j < m->nplaces; j++) {
			free(m->place[j].op);
			free(m->place[j].func);
			free(m->place[j].what);
		}
		free(m->place);
		free(m->line);
		free(m->find);
		free(m->name);
	}
	free(h->map);
	free(h->numbers);
	*h = (struct heat){ 0 };
}
