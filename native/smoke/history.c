// SPDX-License-Identifier: GPL-2.0-only
/*
 * A random history of one thread: the results of each operation are compared with those of a
 * model.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "native/shim/native.h"
#include "smoke.h"

#define RANGE_EVERY	3000	/* operations */
#define CLEAR_EVERY	20000
#define TIDE		8000	/* operations that mostly insert, then as many that mostly delete */

enum op {
	OP_LOAD, OP_STORE, OP_LOAD_OR_STORE, OP_LOAD_AND_DELETE, OP_DELETE, OP_SWAP,
	OP_COMPARE_AND_SWAP, OP_COMPARE_AND_DELETE, NR_OPS
};

static const char *const op_names[NR_OPS] = {
	"load", "store", "load_or_store", "load_and_delete", "delete", "swap",
	"compare_and_swap", "compare_and_delete",
};

/**
 * struct history - a map and its model
 * @c: parameters of the map
 * @map: the map
 * @present: which keys are present
 * @version: of their values
 * @len: number of keys present
 * @random: state of the generator
 * @tell: whether to print failures
 */
struct history {
	const struct smoke_case *c;
	struct cmap *map;
	bool present[SMOKE_KEYS];
	u32 version[SMOKE_KEYS];
	u64 len;
	u64 random;
	bool tell;
};

static unsigned int draw(struct history *h, unsigned int below)
{
	h->random += 0x9e3779b97f4a7c15ULL;
	return smoke_mix(h->random) % below;
}

#define wrong(h, fmt, ...)							\
({										\
	if ((h)->tell)								\
		smoke_fail((h)->c, fmt, ##__VA_ARGS__);				\
	false;									\
})

/**
 * struct answer - expected results of an operation
 * @ret: its return value
 * @has_value: whether it returns a value
 * @version: of that value
 * @has_loaded: whether it sets *loaded
 * @loaded: the expected *loaded
 */
struct answer {
	int ret;
	bool has_value;
	u32 version;
	bool has_loaded;
	bool loaded;
};

static void put(struct history *h, unsigned int key, u32 version)
{
	h->len += !h->present[key];
	h->present[key] = true;
	h->version[key] = version;
}

static void drop(struct history *h, unsigned int key)
{
	h->len -= h->present[key];
	h->present[key] = false;
}

/* Do the values of two versions compare equal? With one byte they may. */
static bool same(const struct history *h, unsigned int key, u32 a, u32 b)
{
	struct smoke_data x, y;

	smoke_value(&x, key, a);
	smoke_value(&y, key, b);
	return !memcmp(&x, &y, h->c->value_size);
}

/* The expected results. */
static struct answer model(struct history *h, enum op what, unsigned int key, u32 new, u32 expect)
{
	const bool was = h->present[key];
	struct answer a = { .has_value = was, .version = h->version[key] };

	switch (what) {
	case OP_LOAD:
		a.ret = was ? 0 : -ENOENT;
		break;
	case OP_STORE:
		a.has_value = false;
		put(h, key, new);
		break;
	case OP_LOAD_OR_STORE:
		a.has_loaded = true;
		a.loaded = was;
		a.has_value = true;
		if (!was)
			put(h, key, new);
		a.version = h->version[key];
		break;
	case OP_LOAD_AND_DELETE:
		a.ret = was ? 0 : -ENOENT;
		drop(h, key);
		break;
	case OP_DELETE:
		a.has_value = false;
		a.ret = was ? 0 : -ENOENT;
		drop(h, key);
		break;
	case OP_SWAP:
		a.has_loaded = true;
		a.loaded = was;
		put(h, key, new);
		break;
	case OP_COMPARE_AND_SWAP:
	case OP_COMPARE_AND_DELETE:
		a.has_value = false;
		a.ret = !was ? -ENOENT : same(h, key, h->version[key], expect) ? 0 : -EAGAIN;
		if (!a.ret && what == OP_COMPARE_AND_SWAP)
			put(h, key, new);
		else if (!a.ret)
			drop(h, key);
		break;
	case NR_OPS:
		break;
	}
	return a;
}

static int call(struct history *h, enum op what, const struct smoke_data *key,
		const struct smoke_data *new, const struct smoke_data *expect,
		struct smoke_data *out, bool *loaded)
{
	switch (what) {
	case OP_LOAD:
		return cmap_load(h->map, key, out);
	case OP_STORE:
		return cmap_store(h->map, key, new);
	case OP_LOAD_OR_STORE:
		return cmap_load_or_store(h->map, key, new, out, loaded);
	case OP_LOAD_AND_DELETE:
		return cmap_load_and_delete(h->map, key, out);
	case OP_DELETE:
		return cmap_delete(h->map, key);
	case OP_SWAP:
		return cmap_swap(h->map, key, new, out, loaded);
	case OP_COMPARE_AND_SWAP:
		return cmap_compare_and_swap(h->map, key, expect, new);
	case OP_COMPARE_AND_DELETE:
		return cmap_compare_and_delete(h->map, key, expect);
	case NR_OPS:
		break;
	}
	return -EINVAL;
}

static enum op draw_op(struct history *h, unsigned int i)
{
	const bool ebb = i / TIDE % 2;
	unsigned int n = draw(h, 16);

	if (n < NR_OPS)
		return n;
	return ebb ? OP_DELETE : OP_STORE;
}

static bool step(struct history *h, unsigned int i)
{
	const enum op what = draw_op(h, i);
	const unsigned int k = draw(h, SMOKE_KEYS);
	/* At least half of the comparisons are equal. */
	const u32 expect_version = draw(h, 2) ? h->version[k] : draw(h, 1000);
	struct smoke_data key, new, expect, wanted, out = { };
	bool loaded = false;
	struct answer a;
	int ret;

	smoke_key(&key, k);
	smoke_value(&new, k, i);
	smoke_value(&expect, k, expect_version);
	a = model(h, what, k, i, expect_version);
	ret = call(h, what, &key, &new, &expect, &out, &loaded);
	if (ret != a.ret)
		return wrong(h, "operation %u: %s of key %u: %d, not %d", i, op_names[what], k, ret,
			     a.ret);
	if (a.has_loaded && loaded != a.loaded)
		return wrong(h, "operation %u: %s of key %u: loaded %d", i, op_names[what], k,
			     loaded);
	smoke_value(&wanted, k, a.version);
	if (a.has_value && memcmp(&out, &wanted, h->c->value_size))
		return wrong(h, "operation %u: %s of key %u: another value than that of %u", i,
			     op_names[what], k, a.version);
	return true;
}

/* What a range returned. */
struct seen {
	struct history *h;
	bool key[SMOKE_KEYS];
	u64 n;
	bool right;
};

static bool range_entry(const void *key, const void *value, void *arg)
{
	const unsigned int k = smoke_key_index(key);
	struct smoke_data wanted, whole;
	struct seen *s = arg;

	s->n++;
	s->right = k < SMOKE_KEYS && s->h->present[k] && !s->key[k];
	if (!s->right)
		return false;
	s->key[k] = true;
	smoke_key(&whole, k);
	smoke_value(&wanted, k, s->h->version[k]);
	s->right = !memcmp(key, &whole, s->h->c->key_size) &&
		   !memcmp(value, &wanted, s->h->c->value_size);
	return s->right;
}

static bool range(struct history *h, unsigned int i)
{
	struct seen s = { .h = h, .right = true };
	int ret = cmap_range(h->map, range_entry, &s);

	if (ret || !s.right || s.n != h->len)
		return wrong(h, "operation %u: range: returned %d after %llu of %llu entries%s", i,
			     ret, s.n, h->len, s.right ? "" : ", the last one wrong");
	return true;
}

static bool clear(struct history *h, unsigned int i)
{
	int ret = cmap_clear(h->map);

	if (ret)
		return wrong(h, "operation %u: clear: %d", i, ret);
	memset(h->present, 0, sizeof(h->present));
	h->len = 0;
	return true;
}

static bool all(struct history *h, unsigned int ops)
{
	unsigned int i;

	for (i = 1; i <= ops; i++) {
		if (!step(h, i))
			return false;
		if (i % RANGE_EVERY == 0 && !range(h, i))
			return false;
		if (i % CLEAR_EVERY == 0 && !clear(h, i))
			return false;
		if (i % 64 == 0)
			native_quiescent();
		if (cmap_len(h->map) != h->len)
			return wrong(h, "operation %u: len: %llu, not %llu", i, cmap_len(h->map),
				     h->len);
	}
	return range(h, ops);
}

/**
 * history_run - run a random history
 * @c: parameters of the map
 * @seed: of its draws
 * @ops: number of operations
 * @tell: whether to print failures
 *
 * Return: whether all results were right.
 */
bool history_run(const struct smoke_case *c, u64 seed, unsigned int ops, bool tell)
{
	static struct history h;
	bool right;

	h = (struct history){ .c = c, .random = seed, .tell = tell };
	h.map = smoke_map(c, seed % 2 ? SMOKE_KEYS : 0);
	if (!h.map)
		return false;
	right = all(&h, ops);
	cmap_destroy(h.map);
	return right;
}
