/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An entry of "readdirty" (default mode): key, value, and one state word.  Tables hold
 * pointers to entries, several tables to the same one, so only this word determines whether
 * the key is present.
 *
 * THE STATE WORD
 *	live	neither bit: the key is present, with @value
 *	dead	ENTRY_DEAD: a tombstone; a store may revive it
 *	frozen	ENTRY_DEAD and ENTRY_FROZEN: a permanent tombstone.  It does not
 *		determine the state of the key: there may be another entry for it now
 *	locked	ENTRY_LOCKED: held by a writer; the other bits are as before it was locked
 * The remaining bits count changes; in 64 bits the count cannot wrap.
 *
 * The word is a lock and a sequence count in one.  Readers write nothing, they retry if the
 * word changed during the read (and take the lock if that happens repeatedly).
 * A writer's critical section is short, calls nothing that sleeps, and runs with preemption
 * and softirqs off, so that a waiter only waits for a writer that is running.  Softirqs are
 * off because the contract allows operations there, and one that interrupted a writer on its
 * own CPU would wait forever.  On PREEMPT_RT softirqs run in threads, and disabling
 * preemption is enough.
 */
#ifndef MAPSTAT_READDIRTY_ENTRY_H
#define MAPSTAT_READDIRTY_ENTRY_H

#include <linux/atomic.h>
#include <linux/bottom_half.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include "kmod/designs/update.h"
#include "trie.h"

#define ENTRY_LOCKED	1UL
#define ENTRY_DEAD	2UL
#define ENTRY_FROZEN	4UL
#define ENTRY_CHANGE	8UL

/* Attempts to read without the lock before the reader takes it, to ensure progress. */
#define ENTRY_READ_TRIES	16

/* Used inside the design: the entry is frozen, continue the search. */
#define ENTRY_GONE	1

/**
 * struct rd_entry - a key and its value
 * @item: hash, and link of the trie that the entry was inserted into; constant from then on
 * @state: the state word; see above
 * @grave: the next frozen entry; owned by the worker
 * @data: the key, constant; then, at the next multiple of 8 bytes, the value:
 *	written with @state locked, valid for a reader that finds @state unchanged afterwards
 */
struct rd_entry {
	struct trie_item item;
	unsigned long state;
	struct rd_entry *grave;
	u64 data[];
};

static __always_inline struct rd_entry *rd_entry_of(struct snap_item *item)
{
	return container_of(item, struct rd_entry, item.snap);
}

static __always_inline u64 *rd_entry_value(struct rd_entry *e, const struct cmap_shape shape)
{
	return e->data + DIV_ROUND_UP(shape.key_size, sizeof(u64));
}

/* Copy a value that a writer may be changing; the caller checks the state afterwards. */
static __always_inline void rd_entry_copy_out(void *to, const u64 *value,
					      const struct cmap_shape shape)
{
	const u8 *rest = (const u8 *)(value + shape.value_size / 8);
	unsigned int i;

	/* Pair with the WRITE_ONCE()s in rd_entry_copy_in(). */
	for (i = 0; i < shape.value_size / 8; i++)
		((u64 *)to)[i] = READ_ONCE(value[i]);
	for (i = 0; i < shape.value_size % 8; i++)
		((u8 *)to)[shape.value_size / 8 * 8 + i] = READ_ONCE(rest[i]);
}

static __always_inline void rd_entry_copy_in(u64 *value, const void *from,
					     const struct cmap_shape shape)
{
	u8 *rest = (u8 *)(value + shape.value_size / 8);
	unsigned int i;

	/* Pair with the READ_ONCE()s in rd_entry_copy_out(). */
	for (i = 0; i < shape.value_size / 8; i++)
		WRITE_ONCE(value[i], ((const u64 *)from)[i]);
	for (i = 0; i < shape.value_size % 8; i++)
		WRITE_ONCE(rest[i], ((const u8 *)from)[shape.value_size / 8 * 8 + i]);
}

static __always_inline bool rd_entry_trylock(struct rd_entry *e, unsigned long *state)
{
	*state = READ_ONCE(e->state);	/* a guess, checked by try_cmpxchg_acquire() */
	/* Acquire pairs with the release in rd_entry_unlock(). */
	return !(*state & ENTRY_LOCKED) &&
	       try_cmpxchg_acquire(&e->state, state, *state | ENTRY_LOCKED);
}

/* Return: the state as it was before the lock. */
static __always_inline unsigned long rd_entry_lock(struct cmap *m, struct rd_entry *e)
{
	unsigned long state;

	cmap_access(m, &e->state, sizeof(e->state), MAPSTAT_ATOMIC);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
	else
		local_bh_disable();
	if (unlikely(!rd_entry_trylock(e, &state))) {
		cmap_count(m, CMAP_LOCK_WAITS);
		while (!rd_entry_trylock(e, &state))
			cpu_relax();
	}
	/*
	 * Readers that see any of the following writes to the value see the lock, too.  Pairs
	 * with smp_rmb() in rd_entry_read_unlocked().
	 */
	smp_wmb();
	return state;
}

static __always_inline void rd_entry_unlock(struct rd_entry *e, unsigned long state)
{
	cmap_access(NULL, &e->state, sizeof(e->state), MAPSTAT_WRITE);
	/* Pairs with the acquires of rd_entry_lock() and of readers: the value is written. */
	smp_store_release(&e->state, state);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
	else
		local_bh_enable();
}

/*
 * One attempt to read.  @seen: an earlier attempt of the same load found the entry
 * live.  If it is dead now, it was deleted during the load, and still has its last value:
 * the load returns that value, as if it had taken effect just before the delete.  So a load
 * that has begun to write to the caller's buffer always returns a value.
 *
 * Return: 0, -ENOENT, ENTRY_GONE, or -EAGAIN: try again.
 */
static __always_inline int rd_entry_read_unlocked(struct rd_entry *e, void *value, bool *seen,
						  const struct cmap_shape shape)
{
	/* Pairs with rd_entry_unlock(): the value is at least as new as the state. */
	unsigned long state = smp_load_acquire(&e->state);
	u64 word;

	cmap_access_load(shape, NULL, &e->state, sizeof(e->state), MAPSTAT_READ);
	if (unlikely(state & ENTRY_LOCKED))
		return -EAGAIN;
	if (unlikely(state & ENTRY_DEAD) && !*seen)
		return state & ENTRY_FROZEN ? ENTRY_GONE : -ENOENT;
	*seen = true;
	cmap_access_load(shape, NULL, rd_entry_value(e, shape), shape.value_size, MAPSTAT_READ);
	if (shape.value_size == sizeof(word))
		word = READ_ONCE(*rd_entry_value(e, shape));	/* pairs with rd_entry_copy_in() */
	else
		rd_entry_copy_out(value, rd_entry_value(e, shape), shape);
	smp_rmb();	/* pairs with smp_wmb() in rd_entry_lock() */
	if (unlikely(READ_ONCE(e->state) != state))
		return -EAGAIN;
	if (shape.value_size == sizeof(word))
		*(u64 *)value = word;
	return 0;
}

/* Read with the lock held, if writers change the entry all the time; @seen as above. */
static noinline int rd_entry_read_locked(struct cmap *m, struct rd_entry *e, void *value, bool seen)
{
	unsigned long state = rd_entry_lock(m, e);
	int ret = 0;

	if (state & ENTRY_DEAD && !seen)
		ret = state & ENTRY_FROZEN ? ENTRY_GONE : -ENOENT;
	else
		rd_entry_copy_out(value, rd_entry_value(e, m->shape), m->shape);
	cmap_access(m, rd_entry_value(e, m->shape), m->shape.value_size, MAPSTAT_READ);
	rd_entry_unlock(e, state);
	return ret;
}

static noinline int rd_entry_read_again(struct cmap *m, struct rd_entry *e, void *value, bool seen)
{
	int ret, tries;

	for (tries = 0; tries < ENTRY_READ_TRIES; tries++) {
		cmap_count(m, CMAP_RETRIES);
		cpu_relax();
		ret = rd_entry_read_unlocked(e, value, &seen, m->shape);
		if (ret != -EAGAIN)
			return ret;
	}
	return rd_entry_read_locked(m, e, value, seen);
}

/**
 * rd_entry_read - copy the value of a live entry out
 * @m: the map
 * @e: the entry
 * @value: receives the value; not written to unless 0 is returned
 * @shape: the map's
 *
 * Context: RCU read lock.
 * Return: 0; -ENOENT: the key was absent at some instant of the call; ENTRY_GONE: the entry is
 * frozen, search elsewhere.
 */
static __always_inline int rd_entry_read(struct cmap *m, struct rd_entry *e, void *value,
					 const struct cmap_shape shape)
{
	bool seen = false;
	int ret = rd_entry_read_unlocked(e, value, &seen, shape);

	if (unlikely(ret == -EAGAIN))
		return rd_entry_read_again(m, e, value, seen);
	return ret;
}

static __always_inline bool rd_entry_is_frozen(const struct rd_entry *e)
{
	/*
	 * Acquire: a caller that finds the entry frozen goes on to search other tables, and
	 * must not have read these before.  Pairs with the cmpxchg() in rd_entry_freeze().
	 */
	return smp_load_acquire(&e->state) & ENTRY_FROZEN;
}

static __always_inline bool rd_entry_is_dead(const struct rd_entry *e)
{
	return READ_ONCE(e->state) & ENTRY_DEAD;	/* pairs with rd_entry_unlock() */
}

/*
 * Can the write be seen to change nothing, without the lock?  Return: true if so, with the
 * result of the operation in *ret.
 */
static __always_inline bool rd_entry_update_is_idle(struct cmap *m, struct rd_entry *e,
						    const struct cmap_update *u,
						    const struct cmap_shape shape, int *ret)
{
	/* Pairs with rd_entry_unlock(): while locked, the other bits are as before. */
	const bool dead = smp_load_acquire(&e->state) & ENTRY_DEAD;

	if (u->op == CMAP_LOAD_OR_STORE) {
		if (u->previous ? rd_entry_read(m, e, u->previous, shape) : dead)
			return false;
		if (u->loaded)
			*u->loaded = true;
		*ret = 0;
		return true;
	}
	if (likely(!dead) || update_may_insert(u->op))
		return false;
	update_decide(m, u, NULL, shape, ret);
	return true;
}

/* Carry out the action on a locked entry.  Return: its new state. */
static __always_inline unsigned long rd_entry_act(struct rd_entry *e, unsigned long state,
						  const struct cmap_update *u, enum cmap_action act,
						  const struct cmap_shape shape)
{
	switch (act) {
	case CMAP_ACT_NONE:
		return state;	/* nothing changed: readers need not retry */
	case CMAP_ACT_INSERT:
	case CMAP_ACT_REPLACE:
		cmap_access(NULL, rd_entry_value(e, shape), shape.value_size, MAPSTAT_WRITE);
		rd_entry_copy_in(rd_entry_value(e, shape), u->value, shape);
		return (state + ENTRY_CHANGE) & ~ENTRY_DEAD;
	case CMAP_ACT_REMOVE:
		break;
	}
	return (state + ENTRY_CHANGE) | ENTRY_DEAD;
}

/**
 * rd_entry_update - carry out a write on an entry
 * @m: the map
 * @e: the entry
 * @u: the write
 * @shape: the map's
 * @act: receives the action
 *
 * Context: RCU read lock.  Allocates nothing.
 * Return: result of the operation, or ENTRY_GONE: nothing was done.
 */
static __always_inline int rd_entry_update(struct cmap *m, struct rd_entry *e,
					   const struct cmap_update *u,
					   const struct cmap_shape shape, enum cmap_action *act)
{
	unsigned long state;
	int ret = ENTRY_GONE;
	u64 *value;

	*act = CMAP_ACT_NONE;
	if (unlikely(rd_entry_is_frozen(e)))
		return ret;
	if (rd_entry_update_is_idle(m, e, u, shape, &ret)) {
		cmap_access(m, &e->state, sizeof(e->state), MAPSTAT_READ);
		update_count(m, CMAP_ACT_NONE);
		return ret;
	}
	state = rd_entry_lock(m, e);
	if (unlikely(state & ENTRY_FROZEN)) {
		rd_entry_unlock(e, state);
		return ENTRY_GONE;
	}
	value = state & ENTRY_DEAD ? NULL : rd_entry_value(e, shape);
	*act = update_decide(m, u, value, shape, &ret);
	rd_entry_unlock(e, rd_entry_act(e, state, u, *act, shape));
	update_count(m, *act);
	if (*act == CMAP_ACT_REMOVE)
		cmap_count(m, CMAP_TOMBSTONES);
	return ret;
}

/**
 * rd_entry_freeze - make a tombstone permanent
 * @e: the entry
 * @buried: receives whether this call froze it
 *
 * Context: The worker.
 * Return: true: the entry is frozen; false: it is live, was live until just now, or is locked
 * by a writer, which may revive it.
 */
static inline bool rd_entry_freeze(struct rd_entry *e, bool *buried)
{
	unsigned long state = READ_ONCE(e->state);	/* a guess, checked by try_cmpxchg() */

	*buried = false;
	if (state & ENTRY_FROZEN)
		return true;
	if (!(state & ENTRY_DEAD) || state & ENTRY_LOCKED)
		return false;
	/* Fully ordered.  Pairs with the acquires of threads that find it frozen and act on it. */
	*buried = try_cmpxchg(&e->state, &state, (state + ENTRY_CHANGE) | ENTRY_FROZEN);
	return *buried;
}

#endif /* MAPSTAT_READDIRTY_ENTRY_H */
