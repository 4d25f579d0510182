/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The semantics of writes, shared by all designs.  A design finds the current value (or
 * its absence) under its own locking, calls update_decide(), and carries out the action.
 */
#ifndef MAPSTAT_UPDATE_H
#define MAPSTAT_UPDATE_H

#include "design.h"

/* The writes to one key; see cmap.c for their return values. */
enum cmap_update_op {
	CMAP_STORE,
	CMAP_LOAD_OR_STORE,
	CMAP_SWAP,
	CMAP_COMPARE_AND_SWAP,
	CMAP_DELETE,
	CMAP_LOAD_AND_DELETE,
	CMAP_COMPARE_AND_DELETE,
};

/**
 * struct cmap_update - one write
 * @op: the operation
 * @key: the key
 * @value: new value, if the operation has one
 * @expect: value to compare with, if the operation has one
 * @previous: receives the previous (for load_or_store: the actual) value, or NULL
 * @loaded: receives whether there was a previous value, or NULL
 */
struct cmap_update {
	enum cmap_update_op op;
	const void *key;
	const void *value;
	const void *expect;
	void *previous;
	bool *loaded;
};

/* How a write changes the map. */
enum cmap_action {
	CMAP_ACT_NONE,		/* nothing: the result is in @ret */
	CMAP_ACT_INSERT,	/* add the key with u->value */
	CMAP_ACT_REPLACE,	/* the key exists: set its value to u->value */
	CMAP_ACT_REMOVE,	/* the key exists: remove it */
};

/* May the write insert a key?  If so, the design may have to allocate beforehand. */
static __always_inline bool update_may_insert(enum cmap_update_op op)
{
	return op == CMAP_STORE || op == CMAP_LOAD_OR_STORE || op == CMAP_SWAP;
}

/* May the write store a value (insert or replace)? */
static __always_inline bool update_has_value(enum cmap_update_op op)
{
	return update_may_insert(op) || op == CMAP_COMPARE_AND_SWAP;
}

/**
 * update_decide - decide the action of a write from the current value
 * @m: the map
 * @u: the write
 * @current_value: the key's value, NULL if the key is absent; must not change during the call
 * @shape: the map's
 * @ret: return value of the operation if the action succeeds
 *
 * Copies the previous value out if the operation asks for it.  May be called again
 * for the same write (a design that lost a race decides again).
 *
 * Return: the action.
 */
static __always_inline enum cmap_action update_decide(const struct cmap *m,
						      const struct cmap_update *u,
						      const void *current_value,
						      const struct cmap_shape shape, int *ret)
{
	if (current_value && (u->previous || u->expect))
		cmap_access(m, current_value, shape.value_size, MAPSTAT_READ);
	*ret = 0;
	if (u->loaded)
		*u->loaded = current_value;
	if (u->previous && current_value)
		cmap_value_copy(u->previous, current_value, shape);

	switch (u->op) {
	case CMAP_STORE:
	case CMAP_SWAP:
		return current_value ? CMAP_ACT_REPLACE : CMAP_ACT_INSERT;
	case CMAP_LOAD_OR_STORE:
		if (current_value)
			return CMAP_ACT_NONE;
		if (u->previous)
			cmap_value_copy(u->previous, u->value, shape);
		return CMAP_ACT_INSERT;
	case CMAP_COMPARE_AND_SWAP:
	case CMAP_COMPARE_AND_DELETE:
		if (current_value && !cmap_value_equal(current_value, u->expect, shape)) {
			*ret = -EAGAIN;
			return CMAP_ACT_NONE;
		}
		fallthrough;
	case CMAP_DELETE:
	case CMAP_LOAD_AND_DELETE:
		if (!current_value) {
			*ret = -ENOENT;
			return CMAP_ACT_NONE;
		}
		return u->op == CMAP_COMPARE_AND_SWAP ? CMAP_ACT_REPLACE : CMAP_ACT_REMOVE;
	}
	*ret = -EINVAL;
	return CMAP_ACT_NONE;
}

/* Count a write that was carried out, and update the length. */
static __always_inline void update_count(struct cmap *m, enum cmap_action act)
{
	switch (act) {
	case CMAP_ACT_NONE:
		cmap_count(m, CMAP_NOCHANGES);
		break;
	case CMAP_ACT_INSERT:
		cmap_count(m, CMAP_INSERTS);
		cmap_entries_add(m, 1);
		break;
	case CMAP_ACT_REPLACE:
		cmap_count(m, CMAP_UPDATES);
		break;
	case CMAP_ACT_REMOVE:
		cmap_count(m, CMAP_DELETES);
		cmap_entries_add(m, -1);
		break;
	}
}

#endif /* MAPSTAT_UPDATE_H */
