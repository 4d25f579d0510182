// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of a map, while somebody listens to what operations touch: each says that it
 * begins and that it ends.  They are not timed, for that would time those who listen.
 */
#include <linux/rcupdate.h>
#include "call.h"
#include "front.h"
#include "told.h"

/**
 * told_load - see cmap_load()
 * @m: the map
 * @key: the key
 * @value: where the value goes
 *
 * Context: Process or softirq.
 * Return: 0 or -ENOENT.
 */
int told_load(struct cmap *m, const void *key, void *value)
{
	struct mapstat_op op;
	int ret;

	mapstat_op_begin(&op, m, MAPSTAT_OP_LOAD);
	rcu_read_lock();
	ret = static_branch_unlikely(&front_in_use) ? front_load(m, key, value) :
	      call_load(m, key, value);
	rcu_read_unlock();
	mapstat_op_end(&op);
	return ret;
}

/**
 * told_load_many - see cmap_load_many()
 * @m: the map
 * @q: what to load
 *
 * Context: Process or softirq.
 * Return: keys found.
 */
unsigned int told_load_many(struct cmap *m, const struct cmap_many *q)
{
	struct mapstat_op op;
	unsigned int hits;

	mapstat_op_begin(&op, m, MAPSTAT_OP_LOAD_MANY);
	hits = call_load_many(m, q);
	mapstat_op_end(&op);
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
 * told_update - see struct cmap_update
 * @m: the map
 * @u: the write
 *
 * Context: Process or softirq.
 * Return: what the operation returns.
 */
int told_update(struct cmap *m, const struct cmap_update *u)
{
	struct mapstat_op op;
	int ret;

	mapstat_op_begin(&op, m, kind_of(u->op));
	rcu_read_lock();
	ret = static_branch_unlikely(&front_in_use) ? front_update(m, u) : call_update(m, u);
	rcu_read_unlock();
	mapstat_op_end(&op);
	return ret;
}

/**
 * told_collect - see struct cmap_ops
 * @m: the map
 * @page: where one step of a range puts entries
 *
 * Context: Process; may sleep.
 * Return: 0 or -ENOMEM.
 */
int told_collect(struct cmap *m, struct cmap_page *page)
{
	struct mapstat_op op;
	int ret;

	mapstat_op_begin(&op, m, MAPSTAT_OP_RANGE);
	ret = m->ops->collect(m, page);
	mapstat_op_end(&op);
	return ret;
}
