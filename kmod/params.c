// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters: one table, parsed and printed in one way for insmod and for the files
 * under stress/.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stringify.h>
#include <linux/string.h>
#include <mapstat/events.h>
#include "maps/sample.h"
#include "params.h"
#include "stress/config.h"
#include "stress/loop.h"
#include "stress/stress.h"

#define STRESS_RATE_MAX		10000000
#define STRESS_DURATION_MAX	3600000		/* an hour */
#define STRESS_ROUNDS_MAX	1000
#define SAMPLE_SHIFT_MAX	20
#define PER_MILLE		1000

static DEFINE_MUTEX(params_lock);

/* Protected by params_lock. */
static struct stress_config params = {
	.maps = {
		.count = 5,
		.design = {
			CMAP_DESIGN_rwlock, CMAP_DESIGN_sharded, CMAP_DESIGN_readdirty,
			CMAP_DESIGN_seqlock, CMAP_DESIGN_rhashtable,
		},
	},
	.read_permille	= 973,
	.delete_permille = 100,
	.keys		= 10000,
	.key_size	= 8,
	.value_size	= 8,
	.theta_permille	= 990,
	.rate		= 1000,
	.duration_ms	= 1000,
	.rounds		= 5,
	.seed		= 1,
	.batch		= 1,
	.shards		= CMAP_SHARDS_DEFAULT,
	.sample_shift	= 6,
	.stats		= 1,
	.events_kib	= 64,
	.events_subbufs	= 8,
	.autostart	= 1,
};

unsigned int mapstat_sample_mask = (1 << 6) - 1;

#define DESIGN_NAME(d) __stringify(d),
static const char *const design_names[] = { CMAP_DESIGNS(DESIGN_NAME) NULL };
static const char *const dist_names[] = { "uniform", "zipf", "hotspot", NULL };
static const char *const arrival_names[] = { "closed", "poisson", NULL };
static const char *const layout_names[] = { "padded", "packed", NULL };
static const char *const experiment_names[] = { "maps", "falseshare", NULL };
static const char *const front_names[] = { "off", "on", NULL };
static const char *const cache_names[] = { "auto", "pmu", "model", "off", NULL };
static const char *const mode_names[] = { "default", "classic", NULL };

static int refuse_range(const struct mapstat_param *p, const char *val)
{
	return mapstat_param_refuse(p, val, "not in %llu..%llu", p->lo, p->hi);
}

static int refuse_word(const struct mapstat_param *p, const char *val)
{
	char words[128] = "";
	unsigned int i;
	int n = 0;

	for (i = 0; p->choices[i]; i++)
		n += scnprintf(words + n, sizeof(words) - n, "%s%s", i ? ", " : "",
			       p->choices[i]);
	return mapstat_param_refuse(p, val, "not one of %s", words);
}

static u64 field_read(const struct mapstat_param *p, const struct stress_config *config)
{
	const void *field = (const void *)config + p->offset;

	return p->size == sizeof(u64) ? *(const u64 *)field : *(const unsigned int *)field;
}

static void field_write(const struct mapstat_param *p, struct stress_config *config, u64 value)
{
	void *field = (void *)config + p->offset;

	if (p->size == sizeof(u64))
		*(u64 *)field = value;
	else
		*(unsigned int *)field = value;
}

static int set_number(const struct mapstat_param *p, struct stress_config *config,
		      const char *val)
{
	u64 value;

	if (kstrtou64(val, 10, &value) || value < p->lo || value > p->hi)
		return refuse_range(p, val);
	field_write(p, config, value);
	return 0;
}

static int show_number(const struct mapstat_param *p, const struct stress_config *config,
		       char *buf, size_t size)
{
	return scnprintf(buf, size, "%llu", field_read(p, config));
}

static int set_word(const struct mapstat_param *p, struct stress_config *config,
		    const char *val)
{
	int i = match_string(p->choices, -1, val);

	if (i < 0)
		return refuse_word(p, val);
	field_write(p, config, i);
	return 0;
}

static int show_word(const struct mapstat_param *p, const struct stress_config *config,
		     char *buf, size_t size)
{
	return scnprintf(buf, size, "%s", p->choices[field_read(p, config)]);
}

static int set_shards(const struct mapstat_param *p, struct stress_config *config,
		      const char *val)
{
	unsigned int value;

	if (kstrtouint(val, 10, &value) || value > p->hi || !is_power_of_2(value))
		return mapstat_param_refuse(p, val, "not a power of two in %llu..%llu", p->lo,
					    p->hi);
	config->shards = value;
	return 0;
}

/* A comma list of designs, cut up in place. */
static int parse_maps(const struct mapstat_param *p, struct stress_maps *maps,
		      const char *val, char *list)
{
	unsigned long seen = 0;
	char *name;
	int design;

	BUILD_BUG_ON(CMAP_NR_DESIGNS > BITS_PER_LONG);
	while ((name = strsep(&list, ","))) {
		design = match_string(p->choices, -1, strim(name));
		if (design < 0)
			return refuse_word(p, val);
		if (__test_and_set_bit(design, &seen))
			return mapstat_param_refuse(p, val, "%s stands there twice",
						    p->choices[design]);
		maps->design[maps->count++] = design;
	}
	return 0;
}

static int set_maps(const struct mapstat_param *p, struct stress_config *config,
		    const char *val)
{
	struct stress_maps maps = { };
	char *list;
	int ret;

	list = kstrdup(val, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	ret = parse_maps(p, &maps, val, list);
	kfree(list);
	if (!ret)
		config->maps = maps;
	return ret;
}

static int show_maps(const struct mapstat_param *p, const struct stress_config *config,
		     char *buf, size_t size)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < config->maps.count; i++)
		n += scnprintf(buf + n, size - n, "%s%s", i ? "," : "",
			       p->choices[config->maps.design[i]]);
	return n;
}

static int set_cpus(const struct mapstat_param *p, struct stress_config *config,
		    const char *val)
{
	cpumask_var_t cpus;
	int ret = 0;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	if (*val && cpulist_parse(val, cpus))
		ret = mapstat_param_refuse(p, val, "not a list of CPUs in 0..%u", nr_cpu_ids - 1);
	else
		cpumask_copy(&config->cpus, cpus);
	free_cpumask_var(cpus);
	return ret;
}

static int show_cpus(const struct mapstat_param *p, const struct stress_config *config,
		     char *buf, size_t size)
{
	return scnprintf(buf, size, "%*pbl", cpumask_pr_args(&config->cpus));
}

/* A number between 0 and 1 with at most three decimals, exactly. */
static int parse_permille(const char *val, unsigned int *permille)
{
	char buf[] = "000";
	size_t digits;

	if (val[0] != '0' || val[1] != '.')
		return -EINVAL;
	val += 2;
	digits = strlen(val);
	/* kstrtouint() would take a sign. */
	if (!digits || digits > 3 || strspn(val, "0123456789") != digits)
		return -EINVAL;
	memcpy(buf, val, digits);
	return kstrtouint(buf, 10, permille);
}

static int set_theta(const struct mapstat_param *p, struct stress_config *config,
		     const char *val)
{
	unsigned int permille;

	if (parse_permille(val, &permille) || permille < p->lo || permille > p->hi)
		return mapstat_param_refuse(p, val,
					    "not in 0.%03llu..0.%03llu with at most three decimals",
					    p->lo, p->hi);
	config->theta_permille = permille;
	return 0;
}

static int show_theta(const struct mapstat_param *p, const struct stress_config *config,
		      char *buf, size_t size)
{
	return scnprintf(buf, size, "0.%03u", config->theta_permille);
}

static int set_sample_shift(const struct mapstat_param *p, struct stress_config *config,
			    const char *val)
{
	int ret = set_number(p, config, val);

	if (!ret)	/* pairs with sample_call() */
		WRITE_ONCE(mapstat_sample_mask, (1U << config->sample_shift) - 1);
	return ret;
}

static int set_stats(const struct mapstat_param *p, struct stress_config *config,
		     const char *val)
{
	int ret = set_number(p, config, val);

	if (!ret)
		mapstat_stats_set(config->stats);
	return ret;
}

/* One of the four. What is refused there changes nothing here. */
static int set_events(const struct mapstat_param *p, struct stress_config *config,
		      const char *val)
{
	const u64 was = field_read(p, config);
	int ret = set_number(p, config, val);

	if (ret)
		return ret;
	ret = mapstat_events_set(&(struct mapstat_events_config){
		.on		= config->events,
		.shift		= config->events_shift,
		.subbuf_kib	= config->events_kib,
		.subbufs	= config->events_subbufs,
	});
	if (!ret)
		return 0;
	field_write(p, config, was);
	if (ret == -EBUSY)
		pr_err("parameter %s=%s: not while events=1\n", p->name, val);
	else
		pr_err("parameter %s=%s: no memory for the buffers of %u times %u KiB a CPU\n",
		       p->name, val, config->events_subbufs, config->events_kib);
	return ret;
}

#define FIELD(f)	.offset = offsetof(struct stress_config, f),		\
			.size = sizeof_field(struct stress_config, f)
#define RANGE(f, min, max)	FIELD(f), .lo = (min), .hi = (max), .show = show_number
#define NUMBER(f, min, max)	RANGE(f, min, max), .set = set_number
#define WORD(f, words)		FIELD(f), .choices = (words),			\
				.set = set_word, .show = show_word

/* name, help, the rest */
#define PARAMS(X)								\
	X(maps, "designs, a comma list", FIELD(maps), .choices = design_names,	\
	  .set = set_maps, .show = show_maps)					\
	X(experiment, "maps: designs take turns; falseshare: packed and padded ones",\
	  WORD(experiment, experiment_names))					\
	X(threads, "threads; 0: one per CPU of cpus",				\
	  NUMBER(threads, 0, STRESS_THREADS_MAX))				\
	X(cpus, "CPUs that threads are pinned to, a list; empty: all online",	\
	  FIELD(cpus), .set = set_cpus, .show = show_cpus)			\
	X(read_permille, "loads per 1000 operations",				\
	  NUMBER(read_permille, 0, PER_MILLE))					\
	X(delete_permille, "deletes per 1000 operations that are not loads",	\
	  NUMBER(delete_permille, 0, PER_MILLE))				\
	X(keys, "number of keys", NUMBER(keys, 1, STRESS_KEYS_MAX))		\
	X(key_size, "bytes of a key", NUMBER(key_size, 1, CMAP_KEY_MAX))	\
	X(value_size, "bytes of a value", NUMBER(value_size, 1, CMAP_VALUE_MAX))\
	X(dist, "which keys are drawn: uniform, zipf or hotspot",		\
	  WORD(dist, dist_names))						\
	X(theta, "zipf's exponent, 0.001..0.999", FIELD(theta_permille),	\
	  .lo = 1, .hi = PER_MILLE - 1, .set = set_theta, .show = show_theta)	\
	X(arrival, "closed: one operation after the other; poisson: at random times",\
	  WORD(arrival, arrival_names))						\
	X(rate, "poisson arrivals per second and thread",			\
	  NUMBER(rate, 1, STRESS_RATE_MAX))					\
	X(duration_ms, "length of a round of one map, ms",			\
	  NUMBER(duration_ms, 1, STRESS_DURATION_MAX))				\
	X(rounds, "rounds", NUMBER(rounds, 1, STRESS_ROUNDS_MAX))		\
	X(seed, "of all random draws", NUMBER(seed, 0, U64_MAX))		\
	X(batch, "loads in a row that go through cmap_load_many(); 1: one by one",	\
	  NUMBER(batch, 1, STRESS_BATCH_MAX))					\
	X(capacity, "entries to make room for at once; 0: start small and grow",\
	  NUMBER(capacity, 0, CMAP_CAPACITY_MAX))						\
	X(shards, "shards of the sharded map, a power of two", \
	  RANGE(shards, 1, CMAP_SHARDS_MAX), .set = set_shards)			\
	X(layout, "of the sharded map's shards: padded or packed",		\
	  WORD(layout, layout_names))						\
	X(mode, "of the map readdirty: default or classic", WORD(mode, mode_names))\
	X(front, "a per-CPU cache before each map: off or on", WORD(front, front_names))\
	X(sample_shift, "latency of 1 in 2^sample_shift operations is taken",	\
	  RANGE(sample_shift, 0, SAMPLE_SHIFT_MAX), .set = set_sample_shift)	\
	X(stats, "0: no counters and no latencies", RANGE(stats, 0, 1), .set = set_stats)\
	X(cache, "who counts cache misses: auto, pmu, model or off", WORD(cache, cache_names))\
	X(cache_kib, "model: KiB of the L1 data cache; 0: as this CPU, and so on below",	\
	  NUMBER(g.l1d_kib, 0, 1024))						\
	X(cache_ways, "model: its ways", NUMBER(g.l1d_ways, 0, 64))		\
	X(line_bytes, "model: bytes of its lines", NUMBER(g.line_bytes, 0, 1024))	\
	X(tlb_entries, "model: entries of the data TLB", NUMBER(g.dtlb_entries, 0, 65536))\
	X(tlb_ways, "model: its ways", NUMBER(g.dtlb_ways, 0, 1024))		\
	X(page_kib, "model: KiB of a page; 0: as memory is mapped",		\
	  NUMBER(g.page_kib, 0, 1 << 20))					\
	X(events, "1: memory-access events go to files events/cpuN",		\
	  RANGE(events, 0, 1), .set = set_events)				\
	X(events_shift, "1 access in 2^events_shift becomes an event",		\
	  RANGE(events_shift, 0, MAPSTAT_EVENTS_SHIFT_MAX), .set = set_events)	\
	X(events_kib, "size of a sub-buffer for events, KiB",			\
	  RANGE(events_kib, MAPSTAT_EVENTS_KIB_MIN, MAPSTAT_EVENTS_KIB_MAX),	\
	  .set = set_events)							\
	X(events_subbufs, "sub-buffers for events of a CPU",			\
	  RANGE(events_subbufs, MAPSTAT_EVENTS_SUBBUFS_MIN, MAPSTAT_EVENTS_SUBBUFS_MAX),\
	  .set = set_events)							\
	X(autostart, "1: a run begins when the module is loaded", NUMBER(autostart, 0, 1))

#define PARAM_ENUM(f, ...) PARAM_##f,
enum { PARAMS(PARAM_ENUM) NR_PARAMS };

#define PARAM_ENTRY(f, text, ...)						\
	[PARAM_##f] = { .name = __stringify(f), .help = (text), __VA_ARGS__ },
const struct mapstat_param mapstat_params[] = {
	PARAMS(PARAM_ENTRY)
	[NR_PARAMS] = { }
};

/**
 * mapstat_param_set - change a parameter
 * @p: which
 * @str: the new value; white space around it does not count
 *
 * Context: Process; sleeps.
 * Return: 0; -EBUSY while a run is in progress; -EINVAL with one line in the log; -ENOMEM.
 */
int mapstat_param_set(const struct mapstat_param *p, const char *str)
{
	char *copy = kstrdup(str, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&params_lock);
	/*
	 * A start says that it is busy, then takes the lock to read the parameters: what
	 * is set here is either read by it, or refused.
	 */
	ret = stress_busy() ? -EBUSY : p->set(p, &params, strim(copy));
	mutex_unlock(&params_lock);
	kfree(copy);
	return ret;
}

/**
 * mapstat_param_show - a parameter's value
 * @p: which
 * @buf: where its text goes, without a newline
 * @size: of @buf
 *
 * Context: Process; sleeps.
 * Return: length of the text.
 */
int mapstat_param_show(const struct mapstat_param *p, char *buf, size_t size)
{
	int ret;

	mutex_lock(&params_lock);
	ret = p->show(p, &params, buf, size);
	mutex_unlock(&params_lock);
	return ret;
}

/**
 * mapstat_param_find - a parameter
 * @name: its name, known to be one
 *
 * Context: Any.
 * Return: the parameter.
 */
const struct mapstat_param *mapstat_param_find(const char *name)
{
	const struct mapstat_param *p = mapstat_params;

	while (strcmp(p->name, name))
		p++;
	return p;
}

/**
 * mapstat_params_snapshot - all parameters as they stand
 * @config: receives them
 *
 * Context: Process; sleeps.
 */
void mapstat_params_snapshot(struct stress_config *config)
{
	mutex_lock(&params_lock);
	*config = params;
	mutex_unlock(&params_lock);
}

/**
 * mapstat_params_print - every parameter as name=value, then the line's end
 * @m: where they go, each after a blank
 * @config: the values
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mapstat_params_print(struct seq_file *m, const struct stress_config *config)
{
	const struct mapstat_param *p;
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	for (p = mapstat_params; p->name; p++) {
		p->show(p, config, buf, PAGE_SIZE);
		seq_printf(m, " %s=%s", p->name, buf);
	}
	seq_putc(m, '\n');
	kfree(buf);
	return 0;
}

/**
 * mapstat_params_autostart - is a run to begin at load?
 *
 * Context: Process; sleeps.
 * Return: the parameter.
 */
bool mapstat_params_autostart(void)
{
	bool ret;

	mutex_lock(&params_lock);
	ret = params.autostart;
	mutex_unlock(&params_lock);
	return ret;
}

static int param_set(const char *val, const struct kernel_param *kp)
{
	return mapstat_param_set(kp->arg, val ?: "");
}

static int param_get(char *buf, const struct kernel_param *kp)
{
	int n = mapstat_param_show(kp->arg, buf, PAGE_SIZE - 1);

	return n + scnprintf(buf + n, PAGE_SIZE - n, "\n");
}

static const struct kernel_param_ops param_ops = {
	.set = param_set,
	.get = param_get,
};

#define PARAM_MODULE(f, text, ...)						\
	module_param_cb(f, &param_ops, (void *)&mapstat_params[PARAM_##f], 0444);\
	MODULE_PARM_DESC(f, text);
PARAMS(PARAM_MODULE)
