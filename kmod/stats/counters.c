// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of maps: names, sums, zeroing, and the switch for all of them.
 */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include "kmod/compat.h"
#include "counters.h"

const char *const cmap_counter_names[CMAP_NR_COUNTERS] = {
	[CMAP_HITS]		= "hits",
	[CMAP_MISSES]		= "misses",
	[CMAP_INSERTS]		= "inserts",
	[CMAP_UPDATES]		= "updates",
	[CMAP_DELETES]		= "deletes",
	[CMAP_NOCHANGES]	= "nochanges",
	[CMAP_RETRIES]		= "retries",
	[CMAP_LOCK_WAITS]	= "lock_waits",
	[CMAP_DIRTY_LOOKUPS]	= "dirty_lookups",
	[CMAP_PROMOTIONS]	= "promotions",
	[CMAP_COPIED]		= "copied",
	[CMAP_TOMBSTONES]	= "tombstones",
	[CMAP_RESIZES]		= "resizes",
	[CMAP_MOVED_BUCKETS]	= "moved_buckets",
	[CMAP_OVERFLOWS]	= "overflows",
	[CMAP_ALLOCS]		= "allocs",
	[CMAP_ALLOC_BYTES]	= "alloc_bytes",
	[CMAP_ALLOC_FAILURES]	= "alloc_failures",
};
EXPORT_SYMBOL_IF_KUNIT(cmap_counter_names);

const char *const cmap_hist_names[CMAP_NR_HISTS] = {
	[CMAP_HIST_LOAD]		= "load",
	[CMAP_HIST_STORE]		= "store",
	[CMAP_HIST_DELETE]		= "delete",
	[CMAP_HIST_RMW]			= "rmw",
	[CMAP_HIST_RANGE]		= "range",
	[CMAP_HIST_LOAD_MANY]		= "load_many",
	[CMAP_HIST_LOAD_RESPONSE]	= "load_response",
	[CMAP_HIST_STORE_RESPONSE]	= "store_response",
	[CMAP_HIST_DELETE_RESPONSE]	= "delete_response",
};
EXPORT_SYMBOL_IF_KUNIT(cmap_hist_names);

DEFINE_STATIC_KEY_TRUE(mapstat_stats_on);
EXPORT_SYMBOL_IF_KUNIT(mapstat_stats_on);

/*
 * Serializes mapstat_stats_set(): enabling a static key twice does nothing, but disabling it
 * while another CPU is still enabling it triggers a warning in static_key_disable().
 */
static DEFINE_MUTEX(stats_set_lock);

/**
 * mapstat_stats_set - enable or disable the counters and latencies of all maps
 * @on: enable
 *
 * What was counted so far is kept.  Lengths (cmap_len()) and pauses are maintained regardless.
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void mapstat_stats_set(bool on)
{
	mutex_lock(&stats_set_lock);
	if (on)
		static_branch_enable(&mapstat_stats_on);
	else
		static_branch_disable(&mapstat_stats_on);
	mutex_unlock(&stats_set_lock);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_stats_set);

/*
 * Each word only grows, and so does their sum.  The order of the reads matters only if
 * something is counted in between.
 */
static u64 counted(const struct cmap_stats *s, enum cmap_counter c, int cpu)
{
	const struct cmap_pcpu *pcpu = per_cpu_ptr(s->pcpu, cpu);
	/* Pair with the this_cpu operations that count: no tearing, no ordering. */
	u64 n = READ_ONCE(pcpu->count[c]);

	if (c == CMAP_HITS)
		n += READ_ONCE(pcpu->load_hits);
	else if (c == CMAP_MISSES)
		n += READ_ONCE(pcpu->load_misses);
	return n;
}

/**
 * cmap_counter_sum - a counter, summed over all CPUs
 * @s: the map's statistics; the map may be in use
 * @c: which counter
 *
 * Context: Any.
 * Return: the sum; what is counted concurrently may or may not be included.  A later call returns
 * no less, unless there was a reset.
 */
u64 cmap_counter_sum(const struct cmap_stats *s, enum cmap_counter c)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += counted(s, c, cpu);
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(cmap_counter_sum);

/**
 * cmap_counter_cpu - one CPU's share of a counter
 * @s: the map's statistics; the map may be in use
 * @c: which counter
 * @cpu: a possible CPU
 *
 * Context: Any.
 * Return: what that CPU counted.
 */
u64 cmap_counter_cpu(const struct cmap_stats *s, enum cmap_counter c, int cpu)
{
	return counted(s, c, cpu);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_counter_cpu);

static void reset_on_cpu(int cpu, void *arg)
{
	struct cmap_stats *s = arg;
	struct cmap_pcpu *pcpu = per_cpu_ptr(s->pcpu, cpu);
	int i;

	/* Pair with the READ_ONCE()s in counted(): no tearing, no ordering. */
	for (i = 0; i < CMAP_NR_COUNTERS; i++)
		WRITE_ONCE(pcpu->count[i], 0);
	WRITE_ONCE(pcpu->load_hits, 0);
	WRITE_ONCE(pcpu->load_misses, 0);
	for (i = 0; i < CMAP_NR_HISTS; i++)
		mapstat_hist_zero(per_cpu_ptr(s->hist[i], cpu));
}

/**
 * cmap_stats_zero - reset a map's counters and latencies
 * @s: the map's statistics; the map may be in use.  Its entries and its length do not change
 *
 * Everything counted or recorded before the call is gone on return; what is recorded
 * concurrently is kept or lost as a whole.
 *
 * Context: Process; sleeps.  See mapstat_each_cpu().
 */
void cmap_stats_zero(struct cmap_stats *s)
{
	mapstat_each_cpu(reset_on_cpu, s);
}
