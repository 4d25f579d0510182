// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads use one map.  Each writes to keys of its own, so it knows their values; it also
 * reads the other's, whose values must be whole and never older than those seen before.
 */
#include <pthread.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include "native/shim/native.h"
#include "smoke.h"

#define BATCH		128
#define RANGE_EVERY	4096	/* batches */
#define ABSENT		0

/**
 * struct half - one of the threads
 * @c: parameters of the map
 * @map: the map
 * @number: 0 or 1; its own keys are those with this remainder modulo 2
 * @random: state of its generator
 * @deadline: end of the test, ns
 * @version: of its own keys: the present version, ABSENT if there is none; of the other's keys:
 *	the newest version seen
 * @right: no error was found
 */
struct half {
	const struct smoke_case *c;
	struct cmap *map;
	unsigned int number;
	u64 random;
	u64 deadline;
	u32 version[SMOKE_KEYS];
	bool right;
};

static unsigned int draw(struct half *h, unsigned int below)
{
	h->random += 0x9e3779b97f4a7c15ULL;
	return smoke_mix(h->random) % below;
}

static bool is_own(const struct half *h, unsigned int k)
{
	return k % 2 == h->number;
}

static bool check_own(struct half *h, unsigned int k, int ret, const struct smoke_data *value)
{
	struct smoke_data wanted;

	smoke_value(&wanted, k, h->version[k]);
	if (ret != (h->version[k] == ABSENT ? -ENOENT : 0)) {
		smoke_fail(h->c, "own key %u: %d, version %u", k, ret, h->version[k]);
		return false;
	}
	if (!ret && memcmp(value, &wanted, h->c->value_size)) {
		smoke_fail(h->c, "own key %u: not the value of version %u", k, h->version[k]);
		return false;
	}
	return true;
}

static bool check_other(struct half *h, unsigned int k, int ret, const struct smoke_data *value)
{
	u32 version;

	if (ret)
		return ret == -ENOENT;
	if (!smoke_value_is_whole(value, k, h->c->value_size, &version)) {
		smoke_fail(h->c, "other key %u: a value that was never stored", k);
		return false;
	}
	if (h->c->value_size >= sizeof(u64)) {
		if (version < h->version[k]) {
			smoke_fail(h->c, "other key %u: version %u after %u", k, version,
				   h->version[k]);
			return false;
		}
		h->version[k] = version;
	}
	return true;
}

static bool check(struct half *h, unsigned int k, int ret, const struct smoke_data *value)
{
	return is_own(h, k) ? check_own(h, k, ret, value) : check_other(h, k, ret, value);
}

static bool load(struct half *h, unsigned int k)
{
	struct smoke_data key, value = { };
	int ret;

	smoke_key(&key, k);
	ret = cmap_load(h->map, &key, &value);
	return check(h, k, ret, &value);
}

static bool write(struct half *h, unsigned int k, u32 version)
{
	struct smoke_data key, value;
	bool remove = draw(h, 3) == 0;
	int ret;

	smoke_key(&key, k);
	smoke_value(&value, k, version);
	ret = remove ? cmap_delete(h->map, &key) : cmap_store(h->map, &key, &value);
	if (ret != (remove && h->version[k] == ABSENT ? -ENOENT : 0)) {
		smoke_fail(h->c, "write of own key %u: %d", k, ret);
		return false;
	}
	h->version[k] = remove ? ABSENT : version;
	return true;
}

static bool range_entry(const void *key, const void *value, void *arg)
{
	const unsigned int k = smoke_key_index(key);
	struct smoke_data copy = { };
	struct half *h = arg;

	memcpy(&copy, value, h->c->value_size);
	h->right = k < SMOKE_KEYS && check(h, k, 0, &copy);
	return h->right;
}

static void *half_main(void *arg)
{
	struct half *h = arg;
	u32 version = ABSENT;
	unsigned int i, k, batch;

	native_cpu_begin();
	for (batch = 1; h->right && ktime_get_ns() < h->deadline; batch++) {
		for (i = 0; h->right && i < BATCH; i++) {
			k = draw(h, SMOKE_KEYS);
			if (is_own(h, k) && draw(h, 2))
				h->right = write(h, k, ++version);
			else
				h->right = load(h, k);
		}
		native_quiescent();
		if (h->right && batch % RANGE_EVERY == 0)
			cmap_range(h->map, range_entry, h);
	}
	native_cpu_end();
	return NULL;
}

/**
 * pair_run - run two threads
 * @c: parameters of the map
 * @seed: of their draws
 * @ms: for how long
 *
 * Return: whether all results were right.
 */
bool pair_run(const struct smoke_case *c, u64 seed, unsigned int ms)
{
	static struct half half[2];
	struct cmap *map = smoke_map(c, 0);
	const u64 deadline = ktime_get_ns() + ms * 1000000ULL;
	pthread_t thread[2];
	unsigned int i;

	if (!map)
		return false;
	for (i = 0; i < 2; i++) {
		half[i] = (struct half){ .c = c, .map = map, .number = i, .random = seed + i,
					 .deadline = deadline, .right = true };
		if (pthread_create(&thread[i], NULL, half_main, &half[i]))
			return false;
	}
	native_offline();
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	native_online();
	cmap_destroy(map);
	return half[0].right && half[1].right;
}
