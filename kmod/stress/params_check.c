// SPDX-License-Identifier: GPL-2.0-only
/*
 * Check the combination of parameters, and fill in values that were left open.
 *
 * Parameters are set one at a time, in any order, so setting one fails only if its value is
 * invalid whatever the others are; conditions on several are checked here, when a run starts.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include "kmod/designs/loop.h"
#include "config.h"
#include "params.h"

static int resolve_cpus(struct stress_config *config)
{
	const struct mapstat_param *p = mapstat_param_find("cpus");
	char val[64];

	if (cpumask_empty(&config->cpus)) {
		cpumask_copy(&config->cpus, cpu_online_mask);
		return 0;
	}
	if (cpumask_subset(&config->cpus, cpu_online_mask))
		return 0;
	p->show(p, config, val, sizeof(val));
	return mapstat_param_refuse(p, val, "not all online, only %*pbl",
				    cpumask_pr_args(cpu_online_mask));
}

/* A key of less than 8 bytes is its index: with less than 4, they limit the number of keys. */
static int check_keys(const struct stress_config *config)
{
	u64 max = config->key_size < 4 ? 1ULL << 8 * config->key_size : STRESS_KEYS_MAX;
	char val[24];

	if (config->keys <= max)
		return 0;
	snprintf(val, sizeof(val), "%llu", config->keys);
	return mapstat_param_refuse(mapstat_param_find("keys"), val,
				    "not in 1..%llu with key_size=%u", max, config->key_size);
}

/* Counters have no entries to cache, and a front would hide what the shards cost. */
static int check_front(const struct stress_config *config)
{
	if (!config->front || config->experiment != STRESS_FALSESHARE)
		return 0;
	return mapstat_param_refuse(mapstat_param_find("front"), "on",
				    "not off with experiment=falseshare");
}

/* Poisson arrivals come one at a time, and a front does not serve bulk loads. */
static int check_batch(const struct stress_config *config)
{
	char val[12];

	if (config->batch == 1 || (config->arrival != STRESS_POISSON && !config->front))
		return 0;
	snprintf(val, sizeof(val), "%u", config->batch);
	return mapstat_param_refuse(mapstat_param_find("batch"), val, "not 1 with %s",
				    config->front ? "front=on" : "arrival=poisson");
}

static bool takes_part(const struct stress_config *config, enum cmap_design design)
{
	unsigned int i;

	for (i = 0; config->experiment == STRESS_MAPS && i < config->maps.count; i++)
		if (config->maps.design[i] == design)
			return true;
	return false;
}

static bool mode_counts(const struct stress_config *config)
{
	return takes_part(config, CMAP_DESIGN_readdirty);
}

static bool layout_counts(const struct stress_config *config)
{
	return takes_part(config, CMAP_DESIGN_sharded);
}

static bool shards_count(const struct stress_config *config)
{
	return layout_counts(config) || config->experiment == STRESS_FALSESHARE;
}

static bool theta_counts(const struct stress_config *config)
{
	return config->dist == STRESS_ZIPF;
}

static bool rate_counts(const struct stress_config *config)
{
	return config->arrival == STRESS_POISSON;
}

/* Parameters that have no effect unless another one has a certain value. */
static const struct {
	const char *name;
	bool (*counts)(const struct stress_config *config);
	const char *needs;
} conditional[] = {
	{ "mode", mode_counts, "experiment=maps and readdirty among maps" },
	{ "layout", layout_counts, "experiment=maps and sharded among maps" },
	{ "shards", shards_count, "experiment=falseshare or sharded among maps" },
	{ "theta", theta_counts, "dist=zipf" },
	{ "rate", rate_counts, "arrival=poisson" },
};

/* Refuse a value that would be silently ignored. */
static int check_conditional(const struct stress_config *config)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(conditional); i++) {
		const struct mapstat_param *p = mapstat_param_find(conditional[i].name);
		char val[24];

		if (conditional[i].counts(config) || mapstat_param_is_default(p, config))
			continue;
		p->show(p, config, val, sizeof(val));
		return mapstat_param_refuse(p, val, "has no effect without %s",
					    conditional[i].needs);
	}
	return 0;
}

/* Name the first parameter that was set; the others are taken from this CPU. */
static int refuse_geometry(const unsigned int *set, const char *const *names, unsigned int n,
			   const char *why)
{
	unsigned int i = 0;
	char val[12];

	while (i < n - 1 && !set[i])
		i++;
	snprintf(val, sizeof(val), "%u", set[i]);
	return mapstat_param_refuse(mapstat_param_find(names[i]), val, "%s", why);
}

static int refuse_cache(const struct mapstat_geometry *set, const struct mapstat_geometry *g)
{
	static const char *const names[] = { "cache_kib", "cache_ways", "line_bytes" };
	const unsigned int values[] = { set->l1d_kib, set->l1d_ways, set->line_bytes };
	char why[128];

	snprintf(why, sizeof(why),
		 "cache_kib=%u / (cache_ways=%u * line_bytes=%u) is no power of two",
		 g->l1d_kib, g->l1d_ways, g->line_bytes);
	return refuse_geometry(values, names, ARRAY_SIZE(names), why);
}

static int refuse_tlb(const struct mapstat_geometry *set, const struct mapstat_geometry *g)
{
	static const char *const names[] = { "tlb_entries", "tlb_ways" };
	const unsigned int values[] = { set->dtlb_entries, set->dtlb_ways };
	char why[128];

	snprintf(why, sizeof(why), "tlb_entries=%u / tlb_ways=%u is no power of two",
		 g->dtlb_entries, g->dtlb_ways);
	return refuse_geometry(values, names, ARRAY_SIZE(names), why);
}

/**
 * mapstat_params_geometry - fill in and check the geometry of the cache model
 * @g: as set by the parameters; fields that are 0, except page_kib, are filled in
 *
 * Context: Process; sleeps.
 * Return: 0, or -EINVAL with one line in the log.
 */
int mapstat_params_geometry(struct mapstat_geometry *g)
{
	const struct mapstat_geometry set = *g;

	mapstat_geometry_fill(g);
	if (!mapstat_geometry_cache_fits(g))
		return refuse_cache(&set, g);
	if (!mapstat_geometry_tlb_fits(g))
		return refuse_tlb(&set, g);
	return 0;
}

/**
 * mapstat_params_resolve - check the combination of parameters, fill in values left open
 * @config: threads=0 becomes the number of CPUs, an empty cpus= all online CPUs, and 0 in
 *	the geometry the value of this CPU
 *
 * Context: Process.
 * Return: 0, or -EINVAL with one line in the log.
 */
int mapstat_params_resolve(struct stress_config *config)
{
	int ret;

	ret = check_keys(config) ?: check_front(config) ?: check_batch(config) ?:
	      check_conditional(config) ?: resolve_cpus(config) ?:
	      mapstat_params_geometry(&config->g);
	if (ret)
		return ret;
	if (!config->threads)
		config->threads = min_t(unsigned int, cpumask_weight(&config->cpus),
					STRESS_THREADS_MAX);
	return 0;
}
