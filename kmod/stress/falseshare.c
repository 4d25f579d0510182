// SPDX-License-Identifier: GPL-2.0-only
/*
 * experiment=falseshare: the cost of threads writing to data that is not shared but lies on
 * the same cache line.  Two workloads, each packed and padded: a plain counter per thread, and
 * the sharded map with each thread using shards of its own, assigned round-robin.
 *
 * The counters are not a map: an operation only increments the counter of the thread that does
 * it.  They are implemented as a design to get the same timed loop, rounds and files.
 */
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/designs/array.h"
#include "kmod/designs/sharded.h"
#include "kmod/memory.h"
#include "run.h"

/**
 * struct counters_done - expected value of a counter, on its own cache line
 * @ops: operations done so far; written by the thread only, read by the coordinator while no
 *	thread works
 */
struct counters_done {
	u64 ops;
} ____cacheline_aligned;

/**
 * struct counters - a counter for each thread
 * @map: the embedded map
 * @slots: the counters, @stride bytes apart; each is written by its thread only, and read by
 *	the coordinator while no thread works
 * @done: the expected values
 * @stride: bytes; constant
 * @n: number of counters; constant
 */
struct counters {
	struct cmap map;
	void *slots;
	struct counters_done *done;
	unsigned int stride;
	unsigned int n;
};

static struct counters *to_counters(struct cmap *m)
{
	return container_of(m, struct counters, map);
}

static __always_inline u64 *slot_at(struct counters *c, u64 i)
{
	return c->slots + i * c->stride;
}

static __always_inline int counters_load(struct cmap *m, const void *key, void *value)
{
	*(u64 *)value = READ_ONCE(*slot_at(to_counters(m), *(const u64 *)key));
	return 0;
}

/* Never called: counters_draw() draws no bulk loads. */
static __always_inline unsigned int counters_load_many(struct cmap *m, const struct cmap_many *q)
{
	return 0;
}

/* WRITE_ONCE(): the compiler must not merge increments.  Only the slot's thread writes it. */
static int counters_update(struct cmap *m, const struct cmap_update *u)
{
	u64 *slot = slot_at(to_counters(m), *(const u64 *)u->key);

	cmap_access(m, slot, sizeof(*slot), MAPSTAT_WRITE);
	WRITE_ONCE(*slot, READ_ONCE(*slot) + 1);
	return 0;
}

static noinline void counters_run(struct cmap *m, struct stress_batch *batch);
STRESS_DEFINE_RUN(counters, counters_load)

static void counters_exit(struct cmap *m)
{
	struct counters *c = to_counters(m);

	kvfree(c->slots);
	kvfree(c->done);
}

static int counters_init(struct cmap *m)
{
	struct counters *c = to_counters(m);

	c->n = m->params.capacity;
	c->stride = m->flags & CMAP_PACKED ? sizeof(u64) : SMP_CACHE_BYTES;
	m->wanted = (u64)c->n * (c->stride + sizeof(*c->done));
	/* At least a cache line, so that no other data shares it. */
	c->slots = array_alloc(max_t(u64, (u64)c->n * c->stride, SMP_CACHE_BYTES));
	c->done = array_alloc((u64)c->n * sizeof(*c->done));
	if (c->slots && c->done)
		return 0;
	counters_exit(m);
	return -ENOMEM;
}

static int counters_collect(struct cmap *m, struct cmap_page *page)
{
	page->done = true;
	return 0;
}

static int counters_clear(struct cmap *m)
{
	return -EOPNOTSUPP;
}

static void counters_memory(struct cmap *m, struct cmap_memory *mem)
{
	struct counters *c = to_counters(m);

	mem->bytes += sizeof(*c) + (u64)c->n * (c->stride + sizeof(*c->done));
}

static int counters_where(struct cmap *m, const void *addr, char *buf, size_t size)
{
	struct counters *c = to_counters(m);
	const size_t offset = addr - c->slots;

	if (addr < c->slots || offset / c->stride >= c->n)
		return 0;
	return scnprintf(buf, size, "counter %zu", offset / c->stride);
}

static const struct cmap_ops counters_ops = {
	.name		= "counters",
	.size		= sizeof(struct counters),
	.init		= counters_init,
	.exit		= counters_exit,
	.collect	= counters_collect,
	.clear		= counters_clear,
	.memory		= counters_memory,
	.run		= counters_run,
	.update		= counters_update,
	.where		= counters_where,
};

static struct cmap *counters_create(const struct stress_config *c,
				    const struct stress_variant *v)
{
	const struct cmap_params params = {
		.name = v->name,
		.key_size = sizeof(u64),
		.value_size = sizeof(u64),
		.flags = v->flags,
		.capacity = c->threads,
	};

	return cmap_create_of(&counters_ops, &params);
}

static int counters_prefill(struct stress_run *run, unsigned int map)
{
	return 0;
}

static void counters_draw(struct stress_thread *t, unsigned int n)
{
	struct stress_batch *b = t->batch;
	unsigned int i;

	b->n = n;
	memset(b->many, 0, sizeof(b->many));
	for (i = 0; i < n; i++) {
		b->op[i] = STRESS_STORE;
		*(u64 *)(b->keys + i * b->key_stride) = t->number;
	}
}

/* Return: errors: 0 or 1. */
static u64 check_counter(struct counters *c, unsigned int i)
{
	/* Stable: called by the counter's thread, or while no thread works. */
	const u64 is = *slot_at(c, i), must_be = c->done[i].ops;

	if (is == must_be)
		return 0;
	pr_err_ratelimited("map %s: counter %u is %llu, expected %llu\n", c->map.name, i, is,
			   must_be);
	return 1;
}

static u64 counters_check(struct stress_thread *t)
{
	struct counters *c = to_counters(t->run->maps[t->run->phase.map]);

	c->done[t->number].ops += t->batch->n;
	return check_counter(c, t->number);
}

/* Catches a write to another thread's counter after that thread's last check. */
static int counters_final_check(struct stress_run *run, unsigned int map)
{
	struct counters *c = to_counters(run->maps[map]);
	unsigned int i;

	for (i = 0; i < c->n; i++)
		run->errors[map] += check_counter(c, i);
	return 0;
}

static const struct stress_subject counters_subject = {
	.create		= counters_create,
	.prefill	= counters_prefill,
	.draw		= counters_draw,
	.check		= counters_check,
	.final_check	= counters_final_check,
};

/* Is @key in a shard of thread @number?  With more threads than shards, threads share them. */
static bool is_dealt_to(const struct stress_run *run, struct cmap *m, const void *key,
			unsigned int number)
{
	const unsigned int players = min(run->config.threads, run->config.shards);

	return sharded_shard_of(m, key) % players == number % players;
}

/* Collect the owned keys that are in the thread's own shards.  Return: 0 or -errno. */
static int deal_keys(struct stress_thread *t, unsigned int map, u64 *key)
{
	const struct stress_run *run = t->run;
	struct stress_mine *mine;
	u64 index;

	mine = kvzalloc(struct_size(mine, index, t->owned), MAPSTAT_GFP);
	t->mine[map] = mine;
	if (!mine)
		return -ENOMEM;
	for (index = t->number; index < run->config.keys; index += run->config.threads) {
		stress_key_encode(&run->keys, index, key);
		if (is_dealt_to(run, run->maps[map], key, t->number))
			mine->index[mine->n++] = index;
		cond_resched();
	}
	if (mine->n)
		return 0;
	pr_err("keys=%llu: thread %u owns none in its shards, experiment=falseshare needs more\n",
	       run->config.keys, t->number);
	return -EINVAL;
}

static int sharded_prefill(struct stress_run *run, unsigned int map)
{
	u64 key[CMAP_KEY_MAX / sizeof(u64)];
	int ret = stress_prefill(run, map);
	unsigned int i;

	for (i = 0; !ret && i < run->config.threads; i++)
		ret = deal_keys(&run->threads[i], map, key);
	return ret;
}

static const struct stress_subject sharded_subject = {
	.create		= stress_map_create,
	.prefill	= sharded_prefill,
	.draw		= stress_batch_draw,
	.check		= stress_batch_check,
	.final_check	= stress_final_check,
};

const struct stress_variant stress_falseshare[STRESS_FALSESHARE_VARIANTS] = {
	{ "counters_packed", &counters_subject, NULL, CMAP_PACKED },
	{ "counters_padded", &counters_subject, NULL, 0 },
	{ "sharded_packed", &sharded_subject, "sharded", CMAP_PACKED },
	{ "sharded_padded", &sharded_subject, "sharded", 0 },
};
