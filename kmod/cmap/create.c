// SPDX-License-Identifier: GPL-2.0-only
/*
 * Creating maps, checking their parameters, and destroying them.
 */
#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include "kmod/designs/design.h"
#include "kmod/memory.h"
#include "kmod/refusal.h"
#include "front.h"
#include "registry.h"

#define CMAP_OPS_ENTRY(d)							\
	[CMAP_DESIGN_##d] = &d##_ops,
const struct cmap_ops *const cmap_designs[CMAP_NR_DESIGNS] = {
	CMAP_DESIGNS(CMAP_OPS_ENTRY)
};
EXPORT_SYMBOL_IF_KUNIT(cmap_designs);

static void cmap_work(struct work_struct *work)
{
	struct cmap *m = container_of(work, struct cmap, work);

	if (m->ops->work)
		m->ops->work(m);
}

static void shared_free(struct cmap *m)
{
	int i;

	for (i = 0; i < CMAP_NR_HISTS; i++)
		mapstat_hist_free(m->stats.hist[i]);
	free_percpu(m->stats.pcpu);
}

static int shared_alloc(struct cmap *m)
{
	int i;

	m->stats.pcpu = alloc_percpu_gfp(struct cmap_pcpu, MAPSTAT_GFP_PERCPU);
	if (!m->stats.pcpu)
		return -ENOMEM;
	for (i = 0; i < CMAP_NR_HISTS; i++) {
		m->stats.hist[i] = mapstat_hist_alloc();
		if (!m->stats.hist[i]) {
			shared_free(m);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * cmap_percpu_bytes - per-CPU memory of a new map
 *
 * Context: Any.
 * Return: bytes, of all possible CPUs, without the histograms' buckets, which are allocated on
 * first use.
 */
u64 cmap_percpu_bytes(void)
{
	return num_possible_cpus() *
	       (sizeof(struct cmap_pcpu) + CMAP_NR_HISTS * sizeof(struct mapstat_hist_cpu));
}

/**
 * cmap_percpu_held - per-CPU memory of a map
 * @m: the map; may be in use
 * @mem: filled in by its design
 *
 * Counters, histograms, cache misses, and the design's own; not the front's.
 *
 * Context: Any.
 * Return: bytes, of all possible CPUs.
 */
u64 cmap_percpu_held(struct cmap *m, const struct cmap_memory *mem)
{
	u64 bytes = num_possible_cpus() * sizeof(struct cmap_pcpu) + mem->percpu_bytes;
	int i;

	for (i = 0; i < CMAP_NR_HISTS; i++)
		bytes += mapstat_hist_bytes(m->stats.hist[i]);
	return bytes + mapstat_misses_held(cmap_misses(&m->stats));
}
EXPORT_SYMBOL_IF_KUNIT(cmap_percpu_held);

static bool name_is_valid(const char *name)
{
	const char *c;

	if (!name || !*name || strlen(name) >= CMAP_NAME_LEN)
		return false;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (c = name; *c; c++)
		/* The kernel's isalnum() accepts Latin-1 letters as well. */
		if (!(isascii(*c) && isalnum(*c)) && !strchr("_-.", *c))
			return false;
	return true;
}

/* Log one line with the parameter, the value and the range. */
#define refuse(fmt, ...) (pr_err("map " fmt "\n", ##__VA_ARGS__), -EINVAL)

static int check_params(const struct cmap_params *p)
{
	if (!name_is_valid(p->name))
		return refuse("name=%.40s: 1..%u characters out of [A-Za-z0-9_.-]",
			      p->name ?: "(null)", CMAP_NAME_LEN - 1);
	if (p->key_size < 1 || p->key_size > CMAP_KEY_MAX)
		return refuse("%s: key_size=%u: not in 1..%u", p->name, p->key_size,
			      CMAP_KEY_MAX);
	if (p->value_size < 1 || p->value_size > CMAP_VALUE_MAX)
		return refuse("%s: value_size=%u: not in 1..%u", p->name, p->value_size,
			      CMAP_VALUE_MAX);
	if (p->shards > CMAP_SHARDS_MAX || (p->shards && !is_power_of_2(p->shards)))
		return refuse("%s: shards=%u: not a power of two in 1..%u", p->name, p->shards,
			      CMAP_SHARDS_MAX);
	if (p->capacity > CMAP_CAPACITY_MAX)
		return refuse("%s: capacity=%llu: not in 0..%llu", p->name, p->capacity,
			      CMAP_CAPACITY_MAX);
	if (p->flags & ~(CMAP_GENERIC | CMAP_PACKED | CMAP_COLLIDE))
		return refuse("%s: flags=%#x: unknown", p->name, p->flags);
	return 0;
}

/* Return: the design's number, or -EINVAL with one line in the log. */
static int find_design(const struct cmap_params *p)
{
	const char *design = p->design ?: "(null)";
	const char *mode = p->mode ?: "";
	int i;

	if (!strcmp(design, "readdirty") && !strcmp(mode, "classic"))
		return CMAP_DESIGN_readdirty_classic;
	if (*mode && strcmp(mode, "default") && strcmp(mode, "classic"))
		return refuse("%s: mode=%s: not one of default, classic", p->name, mode);
	for (i = 0; i < CMAP_NR_DESIGNS; i++)
		if (!strcmp(design, cmap_designs[i]->name))
			return i;
	return refuse("%s: design=%s: unknown", p->name, design);
}

static struct cmap *alloc_map(const struct cmap_params *p, const struct cmap_ops *ops,
			      enum cmap_design design)
{
	struct cmap *m = kvzalloc(ops->size, GFP_KERNEL);

	if (!m)
		return NULL;
	m->ops = ops;
	m->design = design;
	m->shape.key_size = p->key_size;
	m->shape.value_size = p->value_size;
	m->shape.u64_key = p->key_size == sizeof(u64) && !(p->flags & CMAP_GENERIC);
	m->shape.u64_pair = m->shape.u64_key && p->value_size == sizeof(u64);
	m->flags = p->flags;
	m->params = *p;
	m->params.name = m->name;
	m->params.design = m->ops->name;
	m->params.mode = NULL;
	strscpy(m->name, p->name, sizeof(m->name));
	hash_key_init(&m->hash, p->flags & CMAP_COLLIDE);
	mapstat_pauses_init(&m->pauses, m);
	INIT_WORK(&m->work, cmap_work);
	init_rwsem(&m->front_lock);
	init_rwsem(&m->visit);
	if (shared_alloc(m)) {
		kvfree(m);
		return NULL;
	}
	return m;
}

static void free_map(struct cmap *m)
{
	mapstat_misses_free(m->stats.misses);
	shared_free(m);
	kvfree(m);
}

static void exit_map(struct cmap *m)
{
	cmap_front_set(m, false);
	cancel_work_sync(&m->work);
	m->ops->exit(m);
	free_map(m);
}

/* Memory of a map regardless of its size: its struct, counters and histograms. */
static u64 shared_bytes(const struct cmap_ops *ops)
{
	const struct cmap *m = NULL;
	const u64 percpu = sizeof(*m->stats.pcpu) + CMAP_NR_HISTS * sizeof(*m->stats.hist[0]);

	return ops->size + percpu * num_possible_cpus();
}

static struct cmap *refuse_memory(const struct cmap_params *p, u64 wanted)
{
	return ERR_PTR(mapstat_refuse_memory(wanted, "map %s cannot be made: %d", p->name,
					     -ENOMEM));
}

static struct cmap *make_map(const struct cmap_params *p, const struct cmap_ops *ops,
			     enum cmap_design design)
{
	struct cmap *m = alloc_map(p, ops, design);
	u64 wanted;
	int ret;

	if (!m)
		return refuse_memory(p, shared_bytes(ops));
	ret = m->ops->init(m);
	if (ret) {
		wanted = m->wanted;
		free_map(m);
		return ret == -ENOMEM ? refuse_memory(p, wanted) : ERR_PTR(ret);
	}
	ret = registry_add(m);
	if (ret) {
		exit_map(m);
		return ERR_PTR(ret);
	}
	return m;
}

/**
 * cmap_create - create a map
 * @params: its parameters; not kept
 *
 * The map appears under debugfs maps/ at once.  The caller links to this module and so holds a
 * reference to it, which prevents its removal while maps are live.
 *
 * Context: Process; sleeps.  Allocates with GFP_KERNEL.
 * Return: the map, or an ERR_PTR(): -EINVAL with one line in the log; -EEXIST if the name belongs
 * to a live map or to one whose cmap_destroy() has not returned; -ENOMEM with one line that
 * includes the amount requested.
 */
struct cmap *cmap_create(const struct cmap_params *params)
{
	struct cmap_params p = *params;
	int design, ret;

	might_sleep();
	ret = check_params(&p);
	if (ret)
		return ERR_PTR(ret);
	design = find_design(&p);
	if (design < 0)
		return ERR_PTR(design);
	p.shards = p.shards ?: CMAP_SHARDS_DEFAULT;
	return make_map(&p, cmap_designs[design], design);
}
EXPORT_SYMBOL_MAPSTAT(cmap_create);

/**
 * cmap_create_of - create an object with a map's files and timed loop that is not a map
 * @ops: its operations; must outlive it
 * @params: as for cmap_create(), without the design; not kept
 *
 * Loads find nothing, writes call ops->update(), and it cannot have a front.
 *
 * Context: Process; sleeps.  Allocates with GFP_KERNEL.
 * Return: as cmap_create().
 */
struct cmap *cmap_create_of(const struct cmap_ops *ops, const struct cmap_params *params)
{
	const int ret = check_params(params);

	return ret ? ERR_PTR(ret) : make_map(params, ops, CMAP_NR_DESIGNS);
}

/**
 * cmap_destroy - destroy a map
 * @map: of cmap_create(); no operation on it may be in flight; NULL and ERR_PTR() are ignored
 *
 * Its name is free on return.
 *
 * Context: Process; sleeps, also for a grace period, and until the operations on this map's
 * files under debugfs have ended; takes cpus_read_lock() if the map has a front.
 */
void cmap_destroy(struct cmap *map)
{
	if (IS_ERR_OR_NULL(map))
		return;
	might_sleep();
	registry_remove(map);
	exit_map(map);
}
EXPORT_SYMBOL_MAPSTAT(cmap_destroy);
