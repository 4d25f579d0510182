// SPDX-License-Identifier: GPL-2.0-only
/*
 * What docs/debugfs.md says of each parameter, to explain a refusal and to know text
 * from numbers.  The kernel decides; nothing is checked against this table.
 */
#include <string.h>
#include "mapstat.h"

struct param {
	const char *name;
	bool text;
	const char *range;
};

static const struct param params[] = {
	{ "maps", true, "a comma list, no name twice: rwlock, sharded, readdirty, "
	  "readdirty_classic, seqlock, rhashtable, hlist, busted" },
	{ "experiment", true, "maps, falseshare" },
	{ "threads", false, "0..4096" },
	{ "cpus", true, "a list of online CPUs such as 0-3,8, or empty for all" },
	{ "read_permille", false, "0..1000" },
	{ "delete_permille", false, "0..1000" },
	{ "keys", false, "1..4294967295, and no more than key_size bytes can tell apart" },
	{ "key_size", false, "1..256 bytes, enough to tell all keys apart" },
	{ "value_size", false, "1..4096 bytes" },
	{ "dist", true, "uniform, zipf, hotspot" },
	{ "theta", false, "0.001..0.999, at most three decimals" },
	{ "arrival", true, "closed, poisson" },
	{ "rate", false, "1..10000000 operations per second and thread" },
	{ "duration_ms", false, "1..3600000" },
	{ "rounds", false, "1..1000" },
	{ "seed", false, "0..18446744073709551615" },
	{ "batch", false, "1..64; 1: one by one; above 1 only with arrival=closed and front=off" },
	{ "capacity", false, "0..4294967296 entries" },
	{ "shards", false, "1..1024, a power of two" },
	{ "layout", true, "padded, packed" },
	{ "mode", true, "default, classic" },
	{ "front", true, "off, on" },
	{ "sample_shift", false, "0..20" },
	{ "stats", false, "0, 1" },
	{ "cache", true, "auto, pmu, model, off" },
	{ "cache_kib", false, "0..1024; 0: as this CPU, and so on below" },
	{ "cache_ways", false, "0..64" },
	{ "line_bytes", false, "0..1024, a power of two" },
	{ "tlb_entries", false, "0..65536" },
	{ "tlb_ways", false, "0..1024" },
	{ "page_kib", false, "0..1048576, a power of two" },
	{ "events", false, "0, 1; 1: accesses of memory go to events/cpuN" },
	{ "events_shift", false, "0..20" },
	{ "events_kib", false, "4..1024 KiB, changes only while events=0" },
	{ "events_subbufs", false, "2..64, changes only while events=0" },
	{ "autostart", false, "0, 1" },
};

static const struct param *find(const char *name)
{
	for (size_t i = 0; i < sizeof(params) / sizeof(*params); i++)
		if (!strcmp(params[i].name, name))
			return &params[i];
	return NULL;
}

bool param_is_text(const char *name)
{
	const struct param *p = find(name);

	return p && p->text;
}

const char *param_range(const char *name)
{
	const struct param *p = find(name);

	return p ? p->range : NULL;
}
