// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters: one table, PARAMS, with the same parser and printer for insmod and the files
 * under stress/.  A row holds everything about its parameter: the file "parameters" shows it,
 * and tests/guest/parameters.sh compares the documents with that file.
 */
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
#include "kmod/cachesim/events.h"
#include "kmod/cmap/sample.h"
#include "kmod/designs/loop.h"
#include "config.h"
#include "params.h"
#include "stress.h"

#define STRESS_RATE_MAX		10000000
#define STRESS_DURATION_MAX	3600000		/* an hour */
#define STRESS_ROUNDS_MAX	1000
#define SAMPLE_SHIFT_MAX	20
#define SAMPLE_SHIFT_DEFAULT	6
#define PER_MILLE		1000
#define RANGE_MAX		160	/* size of a buffer for a parameter's range */

unsigned int mapstat_sample_mask = (1 << SAMPLE_SHIFT_DEFAULT) - 1;

#define DESIGN_NAME(d) __stringify(d),
static const char *const design_names[] = { CMAP_DESIGNS(DESIGN_NAME) NULL };
static const char *const dist_names[] = { "uniform", "zipf", "hotspot", NULL };
static const char *const arrival_names[] = { "closed", "poisson", NULL };
static const char *const layout_names[] = { "padded", "packed", NULL };
static const char *const experiment_names[] = { "maps", "falseshare", NULL };
static const char *const front_names[] = { "off", "on", NULL };
static const char *const cache_names[] = { "auto", "pmu", "model", "off", NULL };
static const char *const mode_names[] = { "default", "classic", NULL };

/* The range of a parameter, as shown in the file "parameters". */
static int range_text(const struct mapstat_param *p, char *buf, size_t size)
{
	unsigned int i;
	int n = 0;

	if (p->range)
		return scnprintf(buf, size, "%s", p->range);
	for (i = 0; p->choices && p->choices[i]; i++)
		n += scnprintf(buf + n, size - n, "%s%s", i ? ", " : "", p->choices[i]);
	if (p->choices)
		return n;
	if (p->power_of_2)
		return scnprintf(buf, size, "%sa power of two in 1..%llu", p->lo ? "" : "0 or ",
				 p->hi);
	return scnprintf(buf, size, "%llu..%llu", p->lo, p->hi);
}

static int refuse_range(const struct mapstat_param *p, const char *val)
{
	char range[RANGE_MAX];

	range_text(p, range, sizeof(range));
	return mapstat_param_refuse(p, val, "not %s%s", p->choices ? "one of " :
				    p->power_of_2 ? "" : "in ", range);
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

	if (kstrtou64(val, 10, &value) || value < p->lo || value > p->hi ||
	    (p->power_of_2 && value && !is_power_of_2(value)))
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
		return refuse_range(p, val);
	field_write(p, config, i);
	return 0;
}

static int show_word(const struct mapstat_param *p, const struct stress_config *config,
		     char *buf, size_t size)
{
	return scnprintf(buf, size, "%s", p->choices[field_read(p, config)]);
}

/* Parse a comma-separated list of designs; modifies @list. */
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
			return refuse_range(p, val);
		if (__test_and_set_bit(design, &seen))
			return mapstat_param_refuse(p, val, "%s is listed twice",
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
	/* Only the empty string means all CPUs, not a list without a CPU such as ",". */
	if (*val && (cpulist_parse(val, cpus) || cpumask_empty(cpus)))
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

/* A number below 1 with at most three decimals, parsed exactly. */
static int parse_permille(const char *val, unsigned int *permille)
{
	char buf[] = "000";
	size_t digits;

	if (val[0] != '0' || val[1] != '.')
		return -EINVAL;
	val += 2;
	digits = strlen(val);
	/* kstrtouint() would accept a sign. */
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
		return refuse_range(p, val);
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

	if (!ret)	/* pairs with sample_due() and sample_load() */
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

/* Set one of the four events parameters; it keeps its value if mapstat_events_set() fails. */
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
		return mapstat_refuse(ret, "parameter %s=%.128s: not while events=1", p->name, val);
	return mapstat_refuse_memory((u64)num_online_cpus() * config->events_subbufs *
				     config->events_kib << 10,
				     "parameter %s=%.128s: no memory for the buffers of %u times %u KiB a CPU",
				     p->name, val, config->events_subbufs, config->events_kib);
}

/* Initializers for the kinds of parameters and their ranges. */
#define SHOWN(kind_, set_, show_)	.kind = (kind_), .set = (set_), .show = (show_)
#define BETWEEN(min, max)	.lo = (min), .hi = (max)
#define NUMBER_BY(set, min, max)	SHOWN("number", set, show_number), BETWEEN(min, max)
#define NUMBER(min, max)	NUMBER_BY(set_number, min, max)
#define POWER(min, max)		NUMBER(min, max), .power_of_2 = true
#define WORD(words)		SHOWN("word", set_word, show_word), .choices = (words)

#define MAPS_DEFAULT	{							\
	.count = 5,								\
	.design = {								\
		CMAP_DESIGN_rwlock, CMAP_DESIGN_sharded, CMAP_DESIGN_readdirty,	\
		CMAP_DESIGN_seqlock, CMAP_DESIGN_rhashtable,			\
	},									\
}

/* name, field of struct stress_config, default, help, other initializers */
#define PARAMS(X)								\
	X(maps, maps, MAPS_DEFAULT, "designs to run in turn, each at most once",\
	  SHOWN("list", set_maps, show_maps), .choices = design_names)		\
	X(experiment, experiment, STRESS_MAPS,					\
	  "what to run in turn: the designs of maps=, or counters and shards, packed and padded",\
	  WORD(experiment_names))						\
	X(threads, threads, 0,							\
	  "number of threads; 0: one per CPU of cpus=; more than CPUs are allowed, and logged",\
	  NUMBER(0, STRESS_THREADS_MAX))					\
	X(cpus, cpus, { }, "CPUs to pin the threads to",			\
	  SHOWN("cpus", set_cpus, show_cpus),					\
	  .range = "online CPUs, as in 0-3,8; empty: all of them")		\
	X(read_permille, read_permille, 973, "loads per 1000 operations", NUMBER(0, PER_MILLE))\
	X(delete_permille, delete_permille, 100,				\
	  "deletes per 1000 operations that are not loads", NUMBER(0, PER_MILLE))\
	X(keys, keys, 10000, "number of keys; at most as many as key_size bytes can represent",\
	  NUMBER(1, STRESS_KEYS_MAX))						\
	X(key_size, key_size, 8, "size of a key, bytes", NUMBER(1, CMAP_KEY_MAX))\
	X(value_size, value_size, 8, "size of a value, bytes", NUMBER(1, CMAP_VALUE_MAX))\
	X(dist, dist, STRESS_UNIFORM,						\
	  "distribution of keys; hotspot: 90% of the operations on 10% of the keys",\
	  WORD(dist_names))							\
	X(theta, theta_permille, 990, "Zipf exponent; needs dist=zipf",		\
	  SHOWN("decimal", set_theta, show_theta), BETWEEN(1, PER_MILLE - 1),	\
	  .range = "0.001..0.999, at most three decimals")			\
	X(arrival, arrival, STRESS_CLOSED,					\
	  "closed: operations back to back; poisson: at random times", WORD(arrival_names))\
	X(rate, rate, 1000, "operations per second and thread; needs arrival=poisson",\
	  NUMBER(1, STRESS_RATE_MAX))						\
	X(duration_ms, duration_ms, 1000, "length of a round of one map, ms",	\
	  NUMBER(1, STRESS_DURATION_MAX))					\
	X(rounds, rounds, 5, "number of rounds; each runs every map once",	\
	  NUMBER(1, STRESS_ROUNDS_MAX))						\
	X(seed, seed, 1, "seed of all random draws", NUMBER(0, U64_MAX))	\
	X(batch, batch, 1,							\
	  "loads per cmap_load_many() call; above 1 needs arrival=closed and front=off",\
	  NUMBER(1, STRESS_BATCH_MAX))						\
	X(capacity, capacity, 0,						\
	  "entries to allocate for at creation; 0: start small and grow (hlist, fixed: 16384)",\
	  NUMBER(0, CMAP_CAPACITY_MAX))						\
	X(shards, shards, CMAP_SHARDS_DEFAULT,					\
	  "shards of the map sharded; other than 32 needs it in maps=, or experiment=falseshare",\
	  POWER(1, CMAP_SHARDS_MAX))						\
	X(layout, layout, STRESS_PADDED,					\
	  "layout of the shards of the map sharded; packed needs it in maps=",	\
	  WORD(layout_names))							\
	X(mode, mode, STRESS_MODE_DEFAULT,					\
	  "variant of the map readdirty; classic needs it in maps=",		\
	  WORD(mode_names))							\
	X(front, front, 0,							\
	  "on: each map starts with a front, a per-CPU cache; needs experiment=maps",\
	  WORD(front_names))							\
	X(sample_shift, sample_shift, SAMPLE_SHIFT_DEFAULT,			\
	  "latency of 1 in 2^sample_shift operations is recorded, in a closed loop at most 2 in 3",\
	  NUMBER_BY(set_sample_shift, 0, SAMPLE_SHIFT_MAX))			\
	X(stats, stats, 1, "0: counters and latencies of all maps are off",	\
	  NUMBER_BY(set_stats, 0, 1))						\
	X(cache, cache, MAPSTAT_CACHE_AUTO,					\
	  "source of cache misses; auto: pmu if the CPU's counters work, else model",\
	  WORD(cache_names))							\
	X(cache_kib, g.l1d_kib, 0,						\
	  "model: KiB of the L1 data cache; 0, here and below: as on this CPU",	\
	  NUMBER(0, 1024))							\
	X(cache_ways, g.l1d_ways, 0, "model: ways of the L1 data cache", NUMBER(0, 64))\
	X(line_bytes, g.line_bytes, 0, "model: bytes of a cache line", POWER(0, 1024))\
	X(tlb_entries, g.dtlb_entries, 0, "model: entries of the data TLB", NUMBER(0, 65536))\
	X(tlb_ways, g.dtlb_ways, 0, "model: ways of the data TLB", NUMBER(0, 1024))\
	X(page_kib, g.page_kib, 0,						\
	  "model: KiB of a page; 0: as memory is mapped, or the base page size if unknown",\
	  POWER(0, 1 << 20))							\
	X(events, events, 0,							\
	  "1: memory-access events go to the files events/cpuN, effective immediately",\
	  NUMBER_BY(set_events, 0, 1))						\
	X(events_shift, events_shift, 0,					\
	  "1 access in 2^events_shift becomes an event, also for the tracepoint",\
	  NUMBER_BY(set_events, 0, MAPSTAT_EVENTS_SHIFT_MAX))			\
	X(events_kib, events_kib, 64,						\
	  "KiB of an event sub-buffer; can be changed only while events=0",	\
	  NUMBER_BY(set_events, MAPSTAT_EVENTS_KIB_MIN, MAPSTAT_EVENTS_KIB_MAX))\
	X(events_subbufs, events_subbufs, 8,					\
	  "event sub-buffers per CPU; can be changed only while events=0",	\
	  NUMBER_BY(set_events, MAPSTAT_EVENTS_SUBBUFS_MIN, MAPSTAT_EVENTS_SUBBUFS_MAX))\
	X(autostart, autostart, 1, "1: start a run when the module is loaded", NUMBER(0, 1))

#define PARAM_DEFAULT(name, field, value, ...)	.field = value,
static const struct stress_config defaults = { PARAMS(PARAM_DEFAULT) };

static DEFINE_MUTEX(params_lock);
/* Protected by params_lock. */
static struct stress_config params = { PARAMS(PARAM_DEFAULT) };

#define PARAM_ENUM(id, ...) PARAM_##id,
enum { PARAMS(PARAM_ENUM) NR_PARAMS };

#define PARAM_ENTRY(id, field, value, text, ...)				\
	[PARAM_##id] = {							\
		.name = __stringify(id), .help = (text),			\
		.offset = offsetof(struct stress_config, field),		\
		.size = sizeof_field(struct stress_config, field), __VA_ARGS__	\
	},
const struct mapstat_param mapstat_params[] = {
	PARAMS(PARAM_ENTRY)
	[NR_PARAMS] = { }
};

/**
 * mapstat_param_set - change a parameter
 * @p: the parameter
 * @str: the new value; leading and trailing white space is ignored
 *
 * Context: Process; sleeps.
 * Return: 0; -EBUSY while a run is in progress, or for a change that needs events=0; -EINVAL
 * with one line in the log; -ENOMEM.
 */
int mapstat_param_set(const struct mapstat_param *p, const char *str)
{
	char *copy = kstrdup(str, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&params_lock);
	/*
	 * A start sets busy before it takes the lock to read the parameters: a value set
	 * here is either read by it or refused.
	 */
	if (stress_busy())
		ret = mapstat_refuse_quietly(-EBUSY, "parameter %s=%.128s: a run is under way",
					     p->name, strim(copy));
	else
		ret = p->set(p, &params, strim(copy));
	mutex_unlock(&params_lock);
	kfree(copy);
	return ret;
}

/**
 * mapstat_param_show - print a parameter's value
 * @p: the parameter
 * @buf: receives the text, without a newline
 * @size: size of @buf
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
 * mapstat_param_find - find a parameter by name
 * @name: must be the name of a parameter
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
 * mapstat_params_snapshot - copy the current values of all parameters
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
 * mapstat_params_print - print every parameter as " name=value", then a newline
 * @m: the file
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
 * mapstat_param_is_default - does a parameter have its default value?
 * @p: the parameter
 * @config: the values
 *
 * Context: Any.
 * Return: true if it does.
 */
bool mapstat_param_is_default(const struct mapstat_param *p, const struct stress_config *config)
{
	return !memcmp((const void *)config + p->offset, (const void *)&defaults + p->offset,
		       p->size);
}

static void table_row(struct seq_file *m, const struct mapstat_param *p,
		      const struct stress_config *config, char *buf)
{
	seq_printf(m, "%s\t%s\t", p->name, p->kind);
	p->show(p, &defaults, buf, PAGE_SIZE);
	seq_printf(m, "%s\t", buf);
	range_text(p, buf, PAGE_SIZE);
	seq_printf(m, "%s\t%s\t", buf, p->help);
	p->show(p, config, buf, PAGE_SIZE);
	seq_printf(m, "%s\n", buf);
}

/**
 * mapstat_params_table - print the table of parameters and their values
 * @m: the file
 *
 * The values are a consistent snapshot.
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mapstat_params_table(struct seq_file *m)
{
	struct stress_config *config = kmalloc(sizeof(*config), GFP_KERNEL);
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	const struct mapstat_param *p;
	int ret = config && buf ? 0 : -ENOMEM;

	if (!ret) {
		mapstat_params_snapshot(config);
		seq_puts(m, "# name\tkind\tdefault\trange\thelp\tvalue\n");
		for (p = mapstat_params; p->name; p++)
			table_row(m, p, config, buf);
	}
	kfree(buf);
	kfree(config);
	return ret;
}

/**
 * mapstat_params_autostart - should a run start when the module is loaded?
 *
 * Context: Process; sleeps.
 * Return: value of the parameter autostart.
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

#define PARAM_MODULE(id, field, value, text, ...)				\
	module_param_cb(id, &param_ops, (void *)&mapstat_params[PARAM_##id], 0444);\
	MODULE_PARM_DESC(id, text);
PARAMS(PARAM_MODULE)
