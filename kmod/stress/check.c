// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is what a map returned what it must return?
 *
 * A key is written by its owner alone, who notes what it did; so its own reads, stores
 * and deletes have one right result each, and a read of another's key must at least be
 * whole and that key's.  At the end every key is compared with its owner's note.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include "run.h"

static const char *const op_names[] = {
	[STRESS_LOAD]	= "load",
	[STRESS_STORE]	= "store",
	[STRESS_DELETE]	= "delete",
};

/* The first few are described; the rest is counted. */
#define wrong(m, index, fmt, ...)						\
	(pr_err_ratelimited("map %s: key %llu: " fmt "\n", (m)->name, index, ##__VA_ARGS__), 1)

/* Return: errors: 0 or 1, for a value that was read; @note is the owner's, or -1. */
static int check_value(struct stress_run *run, struct cmap *m, u64 index, int note,
		       const void *value)
{
	int version = stress_value_check(&run->keys, index, value);

	if (version < 0)
		return wrong(m, index, "value is torn or another key's");
	if (note < 0)
		return 0;
	if (!(note & STRESS_PRESENT))
		return wrong(m, index, "found, though it was deleted");
	if (version != note % STRESS_VERSIONS)
		return wrong(m, index, "version %d, not %d", version, note % STRESS_VERSIONS);
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
		return wrong(m, index, "absent, though it was stored");
	return 0;
}

/* One's own write: compare, and note what it did. */
static int check_write(struct stress_thread *t, struct cmap *m, unsigned int i, u8 *note)
{
	const struct stress_batch *b = t->batch;
	int expect = 0;

	if (b->op[i] == STRESS_STORE && b->ret[i] == -ENOMEM) {
		t->figures.nomem++;	/* then nothing has changed (guarantee D) */
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
	return wrong(m, t->index[i], "%s returned %d, not %d", op_names[b->op[i]], b->ret[i],
		     expect);
}

/**
 * stress_batch_check - check what came of a batch, in its order
 * @t: the thread
 *
 * Context: The thread.
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

/* A walk over all keys takes its turns on the CPU, and can be ended. */
static bool walk_interrupted(u64 step)
{
	if (step % 64)
		return false;
	cond_resched();
	return kthread_should_stop();
}

/*
 * Stores take memory without waiting for any, from the last reserves too, and what fails
 * in the end may be somebody else's.  So filling ends while a sixteenth is left.
 */
static bool memory_is_short(u64 step)
{
	return step % 1024 == 0 && si_mem_available() < (long)(totalram_pages() / 16);
}

struct key_value {
	void *key;
	void *value;
};

static int key_value_alloc(struct key_value *kv, const struct stress_config *c)
{
	kv->key = kzalloc(ALIGN(c->key_size, 8), GFP_KERNEL);
	kv->value = kzalloc(ALIGN(c->value_size, 8), GFP_KERNEL);
	return kv->key && kv->value ? 0 : -ENOMEM;
}

static void key_value_free(struct key_value *kv)
{
	kfree(kv->key);
	kfree(kv->value);
}

/**
 * stress_prefill - store every key once
 * @run: the run; its threads are idle
 * @map: index of the map
 *
 * Context: The coordinator; sleeps.
 * Return: 0, -errno, or -EINTR where the coordinator is to stop.
 */
int stress_prefill(struct stress_run *run, unsigned int map)
{
	struct key_value kv;
	u64 index;
	int ret;

	ret = key_value_alloc(&kv, &run->config);
	for (index = 0; !ret && index < run->config.keys; index++) {
		if (walk_interrupted(index)) {
			ret = -EINTR;
			break;
		}
		if (memory_is_short(index)) {
			pr_err("map %s: memory is short after %llu of %llu keys\n",
			       run->maps[map]->name, index, run->config.keys);
			ret = -ENOMEM;
			break;
		}
		stress_key_encode(&run->keys, index, kv.key);
		stress_value_encode(&run->keys, index, 0, kv.value);
		ret = cmap_store(run->maps[map], kv.key, kv.value);
		if (!ret)
			*stress_note(run, map, index) = STRESS_PRESENT;
	}
	key_value_free(&kv);
	return ret;
}

/**
 * struct range_check - what the walk of a range saw
 * @run: the run
 * @map: index of the map
 * @seen: a bit for each key
 * @count: entries
 * @errors: wrong ones
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
		rc->errors += wrong(m, index, "range found a key that was never stored");
	else if (__test_and_set_bit(index, rc->seen))
		rc->errors += wrong(m, index, "range found it twice");
	else
		rc->errors += check_value(run, m, index, *stress_note(run, rc->map, index),
					  value);
	return !walk_interrupted(rc->count++);
}

static int check_range(struct stress_run *run, unsigned int map, u64 expect)
{
	struct cmap *m = run->maps[map];
	struct range_check rc = { .run = run, .map = map };
	int ret;

	rc.seen = kvcalloc(BITS_TO_LONGS(run->config.keys), sizeof(long),
			   GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!rc.seen)
		return -ENOMEM;
	ret = cmap_range(m, range_entry, &rc);
	kvfree(rc.seen);
	if (kthread_should_stop())
		return -EINTR;
	if (ret)
		return ret;
	run->errors[map] += rc.errors;
	if (rc.count != expect) {
		pr_err("map %s: range found %llu entries, not %llu\n", m->name, rc.count, expect);
		run->errors[map]++;
	}
	return 0;
}

/* Load every key. Return: 0 and the number that must be there, or -errno. */
static int check_keys(struct stress_run *run, unsigned int map, u64 *present)
{
	struct cmap *m = run->maps[map];
	struct key_value kv;
	u64 index;
	int ret;

	*present = 0;
	ret = key_value_alloc(&kv, &run->config);
	for (index = 0; !ret && index < run->config.keys; index++) {
		u8 note = *stress_note(run, map, index);
		int found;

		if (walk_interrupted(index))
			ret = -EINTR;
		stress_key_encode(&run->keys, index, kv.key);
		memset(kv.value, 0xff, sizeof(u64));	/* as in draw_op() */
		found = cmap_load(m, kv.key, kv.value);
		run->errors[map] += check_load(run, m, index, note, found, kv.value);
		*present += !!(note & STRESS_PRESENT);
	}
	key_value_free(&kv);
	return ret;
}

/**
 * stress_final_check - compare all of a map with what its writers noted
 * @run: the run; its threads are idle
 * @map: index of the map
 *
 * Adds to run->errors what is wrong.
 *
 * Context: The coordinator; sleeps.
 * Return: 0 when all was looked at, -errno, or -EINTR where the coordinator is to stop.
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
		pr_err("map %s: length %llu, not %llu\n", m->name, len, present);
		run->errors[map]++;
	}
	return check_range(run, map, present);
}
