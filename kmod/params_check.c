// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters together: what does not go with what, and what is filled in.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include "params.h"
#include "stress/config.h"
#include "stress/loop.h"

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

/* Keys of fewer than four bytes are the key's number itself. */
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

/* Counters have no entries that a cache could hold, and shards are to be seen as they are. */
static int check_front(const struct stress_config *config)
{
	if (!config->front || config->experiment != STRESS_FALSESHARE)
		return 0;
	return mapstat_param_refuse(mapstat_param_find("front"), "on",
				    "not off with experiment=falseshare");
}

/* Arrivals come one at a time, and a front has no answer to many. */
static int check_batch(const struct stress_config *config)
{
	char val[12];

	if (config->batch == 1 || (config->arrival != STRESS_POISSON && !config->front))
		return 0;
	snprintf(val, sizeof(val), "%u", config->batch);
	return mapstat_param_refuse(mapstat_param_find("batch"), val, "not 1 with %s",
				    config->front ? "front=on" : "arrival=poisson");
}

/**
 * mapstat_params_geometry - fill in the model's geometry, and check it
 * @g: of the parameters
 *
 * Context: Any.
 * Return: 0, or -EINVAL with one line in the log.
 */
int mapstat_params_geometry(struct mapstat_geometry *g)
{
	const char *wrong;
	char val[12];

	mapstat_geometry_fill(g);
	wrong = mapstat_geometry_check(g);
	if (!wrong)
		return 0;
	snprintf(val, sizeof(val), "%u", g->l1d_kib);
	return mapstat_param_refuse(mapstat_param_find("cache_kib"), val,
		      "with cache_ways=%u line_bytes=%u tlb_entries=%u tlb_ways=%u page_kib=%u: %s",
		      g->l1d_ways, g->line_bytes, g->dtlb_entries, g->dtlb_ways, g->page_kib,
		      wrong);
}

/**
 * mapstat_params_resolve - check what goes together, fill in what is left open
 * @config: threads=0 becomes the number of CPUs, cpus= all that are online, a geometry of
 *	0 this CPU's
 *
 * Context: Process.
 * Return: 0, or -EINVAL with one line in the log.
 */
int mapstat_params_resolve(struct stress_config *config)
{
	int ret;

	ret = check_keys(config) ?: check_front(config) ?: check_batch(config) ?:
	      resolve_cpus(config) ?: mapstat_params_geometry(&config->g);
	if (ret)
		return ret;
	if (!config->threads)
		config->threads = min_t(unsigned int, cpumask_weight(&config->cpus),
					STRESS_THREADS_MAX);
	return 0;
}
