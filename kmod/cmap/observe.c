// SPDX-License-Identifier: GPL-2.0-only
/*
 * A map's operations while the map is observed: each marks its begin and its end.  They are not
 * timed, because that would include the time of the observer.
 */
#include <linux/rcupdate.h>
#include "call.h"
#include "front.h"
#include "observe.h"

/* The log's next operation, which it has room for; @here without a log. */
static struct mapstat_op *op_at(struct mapstat_access_log *log, struct mapstat_op *here)
{
	return log ? &log->op[log->nr_ops] : here;
}

/**
 * observed_load - see cmap_load()
 * @m: the map
 * @key: the key
 * @value: where the value goes
 * @log: keeps its accesses for later, and has room for an operation; or NULL
 *
 * Context: Process or softirq.
 * Return: 0 or -ENOENT.
 */
int observed_load(struct cmap *m, const void *key, void *value, struct mapstat_access_log *log)
{
	struct mapstat_op here, *op = op_at(log, &here);
	int ret;

	cmap_op_begin(op, m, MAPSTAT_OP_LOAD, log);
	rcu_read_lock();
	ret = cmap_has_front(m) ? front_load(m, key, value) : call_load_observed(m, key, value);
	rcu_read_unlock();
	mapstat_op_end(op);
	return ret;
}

/**
 * observed_load_many - see cmap_load_many()
 * @m: the map
 * @q: what to load
 * @log: keeps its accesses for later, and has room for an operation; or NULL
 *
 * Context: Process or softirq.
 * Return: keys found.
 */
unsigned int observed_load_many(struct cmap *m, const struct cmap_many *q,
				struct mapstat_access_log *log)
{
	struct mapstat_op here, *op = op_at(log, &here);
	unsigned int hits;

	cmap_op_begin(op, m, MAPSTAT_OP_LOAD_MANY, log);
	op->count = max(q->n, 1U);
	hits = call_load_many(m, q);
	cmap_count_loads(m, q->n, hits);
	mapstat_op_end(op);
	return hits;
}

static enum mapstat_op_kind kind_of(enum cmap_update_op op)
{
	switch (op) {
	case CMAP_STORE:
		return MAPSTAT_OP_STORE;
	case CMAP_DELETE:
		return MAPSTAT_OP_DELETE;
	default:
		return MAPSTAT_OP_RMW;
	}
}

/**
 * observed_update - see struct cmap_update
 * @m: the map
 * @u: the write
 * @log: keeps its accesses for later, and has room for an operation; or NULL
 *
 * Context: Process or softirq.
 * Return: what the operation returns.
 */
int observed_update(struct cmap *m, const struct cmap_update *u, struct mapstat_access_log *log)
{
	struct mapstat_op here, *op = op_at(log, &here);
	int ret;

	cmap_op_begin(op, m, kind_of(u->op), log);
	rcu_read_lock();
	ret = cmap_has_front(m) ? front_update(m, u) : call_update(m, u);
	rcu_read_unlock();
	mapstat_op_end(op);
	return ret;
}

/**
 * observed_collect - see struct cmap_ops
 * @m: the map
 * @page: receives the entries of one step of a range
 *
 * Context: Process; may sleep.
 * Return: 0 or -ENOMEM.
 */
int observed_collect(struct cmap *m, struct cmap_page *page)
{
	struct mapstat_op op;
	int ret;

	cmap_op_begin(&op, m, MAPSTAT_OP_RANGE, NULL);
	ret = m->ops->collect(m, page);
	mapstat_op_end(&op);
	return ret;
}
