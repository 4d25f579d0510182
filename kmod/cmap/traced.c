// SPDX-License-Identifier: GPL-2.0-only
/*
 * The public calls while the tracepoint mapstat:cmap_op is enabled.
 */
#include <linux/rcupdate.h>
#include <mapstat/trace.h>
#include "kmod/designs/lookup.h"
#include "kmod/designs/loop.h"
#include "kmod/designs/update.h"
#include "front.h"
#include "traced.h"

static const char *const update_names[] = {
	[CMAP_STORE]			= "store",
	[CMAP_LOAD_OR_STORE]		= "load_or_store",
	[CMAP_SWAP]			= "swap",
	[CMAP_COMPARE_AND_SWAP]		= "compare_and_swap",
	[CMAP_DELETE]			= "delete",
	[CMAP_LOAD_AND_DELETE]		= "load_and_delete",
	[CMAP_COMPARE_AND_DELETE]	= "compare_and_delete",
};

/**
 * traced_load - as front_load(), with a trace event
 * @m: the map
 * @key: the key
 * @value: receives the value
 *
 * Context: As cmap_load().
 * Return: As cmap_load().
 */
int traced_load(struct cmap *m, const void *key, void *value)
{
	const u64 start = mapstat_clock_read();
	int ret;

	rcu_read_lock();
	ret = front_load(m, key, value);
	rcu_read_unlock();
	trace_cmap_op(m, "load", cmap_hash(m, key, m->shape),
		      mapstat_clock_ns(mapstat_clock_read() - start), ret);
	return ret;
}

/**
 * traced_load_many - as front_load_many(), with a trace event
 * @m: the map
 * @q: the keys
 *
 * The event has the hash of the first key, and as its result the number of keys found.
 *
 * Context: As cmap_load_many().
 * Return: As cmap_load_many().
 */
unsigned int traced_load_many(struct cmap *m, const struct cmap_many *q)
{
	const u64 start = mapstat_clock_read();
	unsigned int hits;

	rcu_read_lock();
	hits = front_load_many(m, q);
	rcu_read_unlock();
	trace_cmap_op(m, "load_many", q->n ? cmap_hash(m, q->keys, m->shape) : 0,
		      mapstat_clock_ns(mapstat_clock_read() - start), hits);
	return hits;
}

/**
 * traced_update - as front_update(), with a trace event
 * @m: the map
 * @u: the write
 *
 * Context: As the operation.
 * Return: As the operation.
 */
int traced_update(struct cmap *m, const struct cmap_update *u)
{
	const u64 start = mapstat_clock_read();
	int ret;

	rcu_read_lock();
	ret = front_update(m, u);
	rcu_read_unlock();
	trace_cmap_op(m, update_names[u->op], cmap_hash(m, u->key, m->shape),
		      mapstat_clock_ns(mapstat_clock_read() - start), ret);
	return ret;
}

/**
 * traced_whole - emit the event of an operation on a whole map, which has no hash
 * @m: the map
 * @op: its name
 * @start: mapstat_clock_read() before it
 * @ret: what it returned
 *
 * Context: Any.
 */
void traced_whole(struct cmap *m, const char *op, u64 start, int ret)
{
	trace_cmap_op(m, op, 0, mapstat_clock_ns(mapstat_clock_read() - start), ret);
}

/* The stress threads' loop over the above, so that each operation has an event. */
STRESS_DEFINE_RUN(traced, traced_load)
