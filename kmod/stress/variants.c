// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workloads that a run executes in turn, derived from the parameters.
 */
#include <linux/build_bug.h>
#include "run.h"

/**
 * stress_map_create - create a map according to the parameters
 * @c: the parameters
 * @v: name, design and flags of the map
 *
 * Context: Process; sleeps.
 * Return: as cmap_create().
 */
struct cmap *stress_map_create(const struct stress_config *c, const struct stress_variant *v)
{
	const bool classic = c->mode == STRESS_MODE_CLASSIC;
	const struct cmap_params params = {
		.name = v->name,
		.design = v->design,
		.mode = classic && v->design == readdirty_ops.name ? "classic" : NULL,
		.key_size = c->key_size,
		.value_size = c->value_size,
		.shards = c->shards,
		.flags = v->flags,
		.capacity = c->capacity,
	};

	return cmap_create(&params);
}

static const struct stress_subject map_subject = {
	.create		= stress_map_create,
	.prefill	= stress_prefill,
	.draw		= stress_batch_draw,
	.check		= stress_batch_check,
	.final_check	= stress_final_check,
};

/**
 * stress_variants - number of workloads of a run
 * @c: the parameters
 *
 * Context: Any.
 * Return: 1..CMAP_NR_DESIGNS.
 */
unsigned int stress_variants(const struct stress_config *c)
{
	BUILD_BUG_ON(STRESS_FALSESHARE_VARIANTS > CMAP_NR_DESIGNS);
	return c->experiment == STRESS_FALSESHARE ? STRESS_FALSESHARE_VARIANTS : c->maps.count;
}

/**
 * stress_variant - get a workload of a run
 * @c: the parameters
 * @i: index, below stress_variants()
 *
 * Context: Any.
 * Return: the workload; its strings are constants.
 */
struct stress_variant stress_variant(const struct stress_config *c, unsigned int i)
{
	struct stress_variant v = {
		.subject = &map_subject,
		.flags = c->layout == STRESS_PACKED ? CMAP_PACKED : 0,
	};

	if (c->experiment == STRESS_FALSESHARE)
		return stress_falseshare[i];
	v.design = cmap_designs[c->maps.design[i]]->name;
	v.name = v.design;
	return v;
}
