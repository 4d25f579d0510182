// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of statistics, and of other maps: our designs, called like other modules do, by
 * cmap_load() and cmap_store(), which time 1 in 64 operations, the default.  This file and the
 * maps are compiled four times: NAME_none: statistics compiled out; NAME_off: statistics off,
 * with the code that a kernel patches in then; NAME_on: statistics on; NAME_beside: statistics
 * on, and the static keys too that are on while another map has a front, and one is observed.
 */
#include "kmod/cachesim/access.h"
#include "map.h"
#include "ours.h"

static __always_inline bool calls_load(void *map, uint64_t key, uint64_t *value)
{
	return !cmap_load(map, &key, value);
}

static __always_inline bool calls_store(void *map, uint64_t key, uint64_t value)
{
	return !cmap_store(map, &key, &value);
}

static bool calls_remove(void *map, uint64_t key)
{
	return !cmap_delete(map, &key);
}

BENCH_DEFINE_LOOPS(calls);

#define CALLS_GLUE(peer, kind)	peer##_##kind##_peer
#define CALLS_SYMBOL(peer, kind)	CALLS_GLUE(peer, kind)
#define CALLS_TEXT(text)	#text
#define CALLS_NAME(peer, kind)	#peer "_" CALLS_TEXT(kind)

/* If the key is on, writes report to an observer without a reader. */
static void *calls_create(const char *design, const char *mode, uint64_t capacity)
{
	static bool begun;

	if (static_branch_unlikely(&mapstat_observing) && !begun) {
		begun = true;
		if (mapstat_access_init())
			return NULL;
	}
	return ours_create(design, mode, 0, capacity);
}

#define CALLS(peer, design, mode)						\
static void *calls_##peer##_create(uint64_t capacity)				\
{										\
	return calls_create(design, mode, capacity);				\
}										\
										\
const struct bench_peer CALLS_SYMBOL(peer, NATIVE_CALLS) = {			\
	.name = CALLS_NAME(peer, NATIVE_CALLS),					\
	.settings = "ours, by cmap_load() and cmap_store(); statistics: "	\
		    "_none: compiled out, _off: off, _on: on, "			\
		    "_beside: on, beside a map with a front and an observed one", \
	.create = calls_##peer##_create,					\
	OURS_COMMON,								\
	.store = calls_store,							\
	.remove = calls_remove,							\
	.run = calls_run,							\
	.chase = calls_chase,							\
}

CALLS(rwlock, "rwlock", NULL);
CALLS(sharded, "sharded", NULL);
CALLS(readdirty, "readdirty", NULL);
CALLS(readdirty_classic, "readdirty", "classic");
CALLS(seqlock, "seqlock", NULL);
