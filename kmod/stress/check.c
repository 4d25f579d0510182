// SPDX-License-Identifier: GPL-2.0-only
/*
 * Check results against the owner's last write.
 *
 * After the prefill, each key is written by one thread only, its owner, which records its
 * writes in a shadow state.  So the owner's loads, stores and deletes of the key have exactly
 * one correct result each, and a load of another thread's key must at least return an untorn
 * value of that key.  At the end every key is compared with its owner's shadow state.
 */
#include <linux/bitops.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include "kmod/memory.h"
#include "run.h"

static const char *const op_names[] = {
	[STRESS_LOAD]	= "load",
	[STRESS_STORE]	= "store",
	[STRESS_DELETE]	= "delete",
};

/* Evaluates to 1, the number of errors; only the message is rate limited. */
#define wrong(m, index, fmt, ...)						\
	(pr_err_ratelimited("map %s: key %llu: " fmt "\n", (m)->name, index, ##__VA_ARGS__), 1)

/* @note is the key's shadow state, or -1 if another thread owns it.  Return: errors, 0 or 1. */
static int check_value(struct stress_run *run, struct cmap *m, u64 index, int note,
		       const void *value)
{
	int version = stress_value_check(&run->keys, index, value);

	if (version < 0)
		return wrong(m, index, "value is torn or belongs to another key");
	if (note < 0)
		return 0;
	if (!(note & STRESS_PRESENT))
		return wrong(m, index, "found after it was deleted");
	if (version != note % STRESS_VERSIONS)
		return wrong(m, index, "version %d, expected %d", version, note % STRESS_VERSIONS);
	return 0;
}

static int check_load(struct stress_run *run, struct cmap *m, u64 index, int note, int ret,
		      const void *value)
{
	bool may_be_absent = note < 0 ? run->may_delete : !(note & STRESS_PRESENT);

	if (!ret)
		return check_value(run, m, index, note, value);
	if (ret != -ENOENT)
		return wrong(m, index, "load returned %d", ret);
	if (!may_be_absent)
		return wrong(m, index, "not found after it was stored");
	return 0;
}

/* Check the result of the owner's write and update the shadow state. */
static int check_write(struct stress_thread *t, struct cmap *m, unsigned int i, u8 *note)
{
	const struct stress_batch *b = t->batch;
	int expect = 0;

	if (b->op[i] == STRESS_STORE && b->ret[i] == -ENOMEM) {
		t->figures.nomem++;	/* a failed store changes nothing (guarantee D) */
		return 0;
	}
	if (b->op[i] == STRESS_STORE) {
		*note = STRESS_PRESENT | t->version[i];
	} else {
		expect = *note & STRESS_PRESENT ? 0 : -ENOENT;
		*note &= ~STRESS_PRESENT;
	}
	if (b->ret[i] == expect)
		return 0;
	return wrong(m, t->index[i], "%s returned %d, expected %d", op_names[b->op[i]], b->ret[i],
		     expect);
}

/**
 * stress_batch_check - check the results of a batch, in its order
 * @t: the thread that ran it
 *
 * Context: Stress thread @t.
 * Return: number of wrong results.
 */
u64 stress_batch_check(struct stress_thread *t)
{
	struct stress_run *run = t->run;
	struct stress_batch *b = t->batch;
	struct cmap *m = run->maps[run->phase.map];
	unsigned int i, errors = 0;

	for (i = 0; i < b->n; i++) {
		bool own = t->index[i] % run->config.threads == t->number;
		u8 *note = own ? stress_note(run, run->phase.map, t->index[i]) : NULL;

		if (b->op[i] == STRESS_LOAD)
			errors += check_load(run, m, t->index[i], note ? *note : -1, b->ret[i],
					     b->values + i * b->value_stride);
		else
			errors += check_write(t, m, i, note);
	}
	return errors;
}

/* A walk over all keys yields the CPU and can be stopped. */
static bool walk_interrupted(void)
{
	cond_resched();
	return kthread_should_stop();
}

/*
 * Stores allocate without waiting, down to the last reserves, and the allocation that fails
 * in the end may be another task's.  So stop filling while some memory is left for others.
 */
static bool memory_is_short(void)
{
	return !mapstat_memory_room();
}

/*
 * Apply @op to the keys from @index on, in the design's own loop.  Not timed, so that the
 * histograms cover the rounds only.
 */
static void walk_step(struct stress_run *run, struct cmap *m, struct stress_batch *b,
		      enum stress_op op, u64 index)
{
	unsigned int i;

	b->n = min_t(u64, run->batch_ops, run->config.keys - index);
	for (i = 0; i < b->n; i++) {
		void *value = b->values + i * b->value_stride;

		b->op[i] = op;
		stress_key_encode(&run->keys, index + i, b->keys + i * b->key_stride);
		if (op == STRESS_STORE)
			stress_value_encode(&run->keys, index + i, 0, value);
		else
			memset(value, 0xff, sizeof(u64));	/* as in draw_op() */
	}
	stress_batch_run(m, b);
}

/* Record in the shadow state what a prefill step stored.  Return: 0 or -errno. */
static int prefill_note(struct stress_run *run, unsigned int map, const struct stress_batch *b,
			u64 index)
{
	unsigned int i;

	for (i = 0; i < b->n; i++) {
		if (b->ret[i])
			return b->ret[i];
		*stress_note(run, map, index + i) = STRESS_PRESENT;
	}
	return 0;
}

/**
 * stress_prefill - store every key once
 * @run: the run; its threads are idle
 * @map: index of the map
 *
 * Context: The coordinator; sleeps.
 * Return: 0, -errno, or -EINTR if the coordinator must stop.
 */
int stress_prefill(struct stress_run *run, unsigned int map)
{
	struct stress_batch *b = stress_batch_alloc(run);
	struct cmap *m = run->maps[map];
	int ret = b ? 0 : -ENOMEM;
	u64 index;

	for (index = 0; !ret && index < run->config.keys; index += b->n) {
		if (walk_interrupted()) {
			ret = -EINTR;
			break;
		}
		if (memory_is_short()) {
			pr_err("map %s: memory is short after %llu of %llu keys\n", m->name,
			       index, run->config.keys);
			ret = -ENOMEM;
			break;
		}
		walk_step(run, m, b, STRESS_STORE, index);
		ret = prefill_note(run, map, b, index);
	}
	stress_batch_free(b);
	return ret;
}

/**
 * struct range_check - state of a walk with cmap_range()
 * @run: the run
 * @map: index of the map
 * @seen: a bit for each key
 * @count: entries seen
 * @errors: wrong entries
 */
struct range_check {
	struct stress_run *run;
	unsigned int map;
	unsigned long *seen;
	u64 count;
	u64 errors;
};

static bool range_entry(const void *key, const void *value, void *arg)
{
	struct range_check *rc = arg;
	struct stress_run *run = rc->run;
	struct cmap *m = run->maps[rc->map];
	u64 index;

	if (stress_key_decode(&run->keys, key, &index))
		rc->errors += wrong(m, index, "range returned a key that was never stored");
	else if (__test_and_set_bit(index, rc->seen))
		rc->errors += wrong(m, index, "range returned the key twice");
	else
		rc->errors += check_value(run, m, index, *stress_note(run, rc->map, index),
					  value);
	return ++rc->count % STRESS_BATCH_MAX || !walk_interrupted();
}

static int check_range(struct stress_run *run, unsigned int map, u64 expect)
{
	struct cmap *m = run->maps[map];
	struct range_check rc = { .run = run, .map = map };
	int ret;

	rc.seen = kvcalloc(BITS_TO_LONGS(run->config.keys), sizeof(long), MAPSTAT_GFP);
	if (!rc.seen)
		return -ENOMEM;
	ret = cmap_range(m, range_entry, &rc);
	kvfree(rc.seen);
	run->errors[map] += rc.errors;
	if (kthread_should_stop())
		return -EINTR;
	if (ret)
		return ret;
	if (rc.count != expect) {
		pr_err("map %s: range returned %llu entries, expected %llu\n", m->name, rc.count,
		       expect);
		run->errors[map]++;
	}
	return 0;
}

/* Load every key.  Return: 0 and in @present the expected number of entries, or -errno. */
static int check_keys(struct stress_run *run, unsigned int map, u64 *present)
{
	struct stress_batch *b = stress_batch_alloc(run);
	struct cmap *m = run->maps[map];
	int ret = b ? 0 : -ENOMEM;
	unsigned int i;
	u64 index;

	*present = 0;
	for (index = 0; !ret && index < run->config.keys; index += b->n) {
		if (walk_interrupted())
			ret = -EINTR;
		walk_step(run, m, b, STRESS_LOAD, index);
		for (i = 0; i < b->n; i++) {
			u8 note = *stress_note(run, map, index + i);

			run->errors[map] += check_load(run, m, index + i, note, b->ret[i],
						       b->values + i * b->value_stride);
			*present += !!(note & STRESS_PRESENT);
		}
	}
	stress_batch_free(b);
	return ret;
}

/**
 * stress_final_check - compare a whole map with its shadow state
 * @run: the run; its threads are idle
 * @map: index of the map
 *
 * Adds the number of errors to run->errors.
 *
 * Context: The coordinator; sleeps.
 * Return: 0 if everything was checked, -errno, or -EINTR if the coordinator must stop.
 */
int stress_final_check(struct stress_run *run, unsigned int map)
{
	struct cmap *m = run->maps[map];
	u64 present, len;
	int ret;

	ret = check_keys(run, map, &present);
	if (ret)
		return ret;
	len = cmap_len(m);
	if (len != present) {
		pr_err("map %s: length %llu, expected %llu\n", m->name, len, present);
		run->errors[map]++;
	}
	return check_range(run, map, present);
}
