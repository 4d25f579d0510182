// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records as text and as JSON lines.
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

/* Addresses are text: a number of JSON need not hold 64 bits. */
void event_json(FILE *out, struct event_names *n, const struct mapstat_event *e)
{
	const char *func, *what;

	name_of_site(n, e->site, &func, &what);
	fprintf(out, "{\"time_ns\": %llu, \"seq_cpu\": %u, \"seq\": %llu, \"cpu\": %u, \"pid\": %u",
		e->time_ns, e->seq_cpu, e->seq, e->cpu, e->pid);
	fprintf(out, ", \"map_id\": %u, \"map\": ", e->map);
	json_text(out, name_of_map(n, e->map));
	fprintf(out, ", \"op\": \"%s\", \"access\": \"%s\", \"addr\": \"0x%llx\"",
		event_op(e), event_type(e), e->addr);
	if (e->pfn == MAPSTAT_EVENT_NO_PFN)
		fputs(", \"pfn\": null", out);
	else
		fprintf(out, ", \"pfn\": \"0x%llx\"", e->pfn);
	fprintf(out, ", \"size\": %u, \"l1\": \"%s\", \"tlb_miss\": %s, \"invalidated\": %u",
		e->size, event_l1(e), e->flags & MAPSTAT_EVENT_TLB_MISS ? "true" : "false",
		e->invalidated);
	fputs(", \"func\": ", out);
	json_text(out, func);
	fputs(", \"what\": ", out);
	json_text(out, what);
	fputs("}\n", out);
}

bool event_count_partial(const struct event_count *c)
{
	return c->dropped || c->produced > c->read;
}

void event_summary_json(FILE *out, const char *source, const struct event_count *c)
{
	fprintf(out, "{\"summary\": {\"source\": \"%s\", \"records\": %llu", source, c->read);
	if (c->known)
		fprintf(out, ", \"dropped\": %llu, \"produced\": %llu, \"partial\": %s",
			c->dropped, c->produced, event_count_partial(c) ? "true" : "false");
	else
		fputs(", \"dropped\": null, \"produced\": null, \"partial\": null", out);
	fprintf(out, ", \"events_shift\": %u}}\n", c->shift);
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
