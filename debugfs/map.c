// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/: the files of a live map.
 *
 * A file's private data is its map.  The registry calls map_removed() before it frees a map;
 * debugfs_remove() then waits for operations in progress, and none can start later.  Only the
 * destruction of that map waits (registry.c), and not for long: see debugfs.h; and a window is
 * ended.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include "kmod/cachesim/misses.h"
#include "kmod/cmap/front.h"
#include "kmod/cmap/registry.h"
#include "kmod/cmap/sample.h"
#include "kmod/designs/design.h"
#include "kmod/refusal.h"
#include "debugfs.h"

/* Set before the observer is registered, and constant until it is unregistered. */
static struct dentry *maps_dir;

static const char *mode_of(const struct cmap *map)
{
	switch (map->design) {
	case CMAP_DESIGN_readdirty:
		return "default";
	case CMAP_DESIGN_readdirty_classic:
		return "classic";
	default:
		return "-";
	}
}

static void show_memory(struct seq_file *m, struct cmap *map)
{
	struct cmap_memory mem = { };
	u64 tenths;

	map->ops->memory(map, &mem);
	mem.entries = cmap_len(map);
	seq_printf(m, "entries\t%llu\n", mem.entries);
	seq_printf(m, "buckets\t%llu\n", mem.buckets);
	seq_printf(m, "memory_bytes\t%llu\n", mem.bytes);
	seq_printf(m, "table_bytes\t%llu\n", mem.table_bytes);
	if (mem.entries) {
		tenths = DIV64_U64_ROUND_CLOSEST(mem.bytes * 10, mem.entries);
		seq_printf(m, "bytes_per_entry\t%llu.%llu\n", tenths / 10, tenths % 10);
	} else {
		seq_puts(m, "bytes_per_entry\t-\n");
	}
	seq_printf(m, "percpu_bytes\t%llu\n", cmap_percpu_held(map, &mem));
}

static u64 latencies_lost(struct cmap *map)
{
	u64 lost = 0;
	int i;

	for (i = 0; i < CMAP_NR_HISTS; i++)
		lost += mapstat_hist_lost(map->stats.hist[i]);
	return lost;
}

static int stats_show(struct seq_file *m, void *v)
{
	struct cmap *map = m->private;
	int i;

	seq_printf(m, "design\t%s\n", map->ops->name);
	seq_printf(m, "mode\t%s\n", mode_of(map));
	seq_printf(m, "id\t%u\n", map->stats.id);
	seq_printf(m, "key_size_bytes\t%u\n", map->shape.key_size);
	seq_printf(m, "value_size_bytes\t%u\n", map->shape.value_size);
	show_memory(m, map);
	for (i = 0; i < CMAP_NR_COUNTERS; i++)
		seq_printf(m, "%s_total\t%llu\n", cmap_counter_names[i],
			   cmap_counter_sum(&map->stats, i));
	seq_printf(m, "latencies_lost_total\t%llu\n", latencies_lost(map));
	return 0;
}
MAPSTAT_MAP_ATTRIBUTE(stats);

static int percpu_show(struct seq_file *m, void *v)
{
	struct cmap *map = m->private;
	int i, cpu;

	seq_puts(m, "# counter");
	for_each_possible_cpu(cpu)
		seq_printf(m, "\tcpu%d", cpu);
	seq_putc(m, '\n');
	for (i = 0; i < CMAP_NR_COUNTERS; i++) {
		seq_printf(m, "%s_total", cmap_counter_names[i]);
		for_each_possible_cpu(cpu)
			seq_printf(m, "\t%llu", cmap_counter_cpu(&map->stats, i, cpu));
		seq_putc(m, '\n');
	}
	return 0;
}
MAPSTAT_MAP_ATTRIBUTE(percpu);

/**
 * mapstat_debugfs_buckets - print the non-empty buckets of a histogram, one per line
 * @m: the file
 * @label: start of each line
 * @bucket: array of MAPSTAT_HIST_BUCKETS counts
 *
 * Context: Any.
 */
void mapstat_debugfs_buckets(struct seq_file *m, const char *label, const u64 *bucket)
{
	unsigned int i;

	for (i = 0; i < MAPSTAT_HIST_BUCKETS; i++) {
		if (!bucket[i])
			continue;
		seq_printf(m, "%s\t%llu", label, mapstat_hist_lo(i));
		if (i == MAPSTAT_HIST_OVERFLOW)
			seq_puts(m, "\tinf");
		else
			seq_printf(m, "\t%llu", mapstat_hist_hi(i));
		seq_printf(m, "\t%llu\n", bucket[i]);
	}
}

/**
 * struct latency_reader - private data of an open latency file
 * @map: accessed only in operations that block removal, never in release
 * @per_cpu: print each CPU separately instead of the sum
 * @sum: the snapshot being printed; too large for the stack
 *
 * A record is one histogram, so a summary and its buckets come from the same snapshot for any
 * size of reads, and the buffer holds one histogram only.
 */
struct latency_reader {
	struct cmap *map;
	bool per_cpu;
	struct mapstat_hist_sum sum;
};

static void show_latency_header(struct seq_file *m, bool per_cpu)
{
	seq_printf(m, "# source\tclock %s, read ", mapstat_clock.name);
	mapstat_debugfs_ps(m, mapstat_clock.read_ps);
	/* Pairs with the WRITE_ONCE() in set_sample_shift(): a value, no ordering. */
	seq_printf(m, " ns, latency of 1 in %u calls; of a run's operations as results says\n",
		   READ_ONCE(mapstat_sample_mask) + 1);
	seq_printf(m, "# %sop\tlo_ns\thi_ns\tcount\n", per_cpu ? "cpu\t" : "");
}

static void show_latency(struct seq_file *m, const char *label,
			 const struct mapstat_hist_sum *sum)
{
	seq_printf(m, "# %s\tcount=%llu\tsum_ns=%llu", label, sum->count, sum->sum_ns);
	seq_printf(m, "\tp50_ns=%llu", mapstat_hist_quantile(sum, 500000));
	seq_printf(m, "\tp90_ns=%llu", mapstat_hist_quantile(sum, 900000));
	seq_printf(m, "\tp99_ns=%llu", mapstat_hist_quantile(sum, 990000));
	seq_printf(m, "\tp999_ns=%llu", mapstat_hist_quantile(sum, 999000));
	seq_printf(m, "\tmax_ns=%llu\n", sum->max_ns);
	mapstat_debugfs_buckets(m, label, sum->bucket);
}

/* Record 0 is the header; then the histograms of all operations, for each CPU if per_cpu. */
static void *latency_start(struct seq_file *m, loff_t *pos)
{
	const struct latency_reader *reader = m->private;

	return *pos <= CMAP_NR_HISTS * (reader->per_cpu ? nr_cpu_ids : 1) ? pos : NULL;
}

static void *latency_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return latency_start(m, pos);
}

static void latency_stop(struct seq_file *m, void *v)
{
}

static int latency_record_show(struct seq_file *m, void *v)
{
	struct latency_reader *reader = m->private;
	u32 record = *(loff_t *)v, kind, cpu;
	char label[40];

	if (!record) {
		show_latency_header(m, reader->per_cpu);
		return 0;
	}
	kind = (record - 1) % CMAP_NR_HISTS;
	cpu = (record - 1) / CMAP_NR_HISTS;
	if (reader->per_cpu && !cpu_possible(cpu))
		return 0;

	mapstat_hist_snapshot(&reader->sum, reader->map->stats.hist[kind],
			      reader->per_cpu ? cpu : -1);
	if (!reader->sum.count)
		return 0;
	if (reader->per_cpu)
		snprintf(label, sizeof(label), "cpu%u\t%s", cpu, cmap_hist_names[kind]);
	else
		strscpy(label, cmap_hist_names[kind], sizeof(label));
	show_latency(m, label, &reader->sum);
	return 0;
}

static const struct seq_operations latency_seq_ops = {
	.start	= latency_start,
	.next	= latency_next,
	.stop	= latency_stop,
	.show	= latency_record_show,
};

static int open_latency(struct inode *inode, struct file *file, bool per_cpu)
{
	struct latency_reader *reader;

	reader = __seq_open_private(file, &latency_seq_ops, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->map = inode->i_private;
	reader->per_cpu = per_cpu;
	return 0;
}

static int latency_open(struct inode *inode, struct file *file)
{
	return open_latency(inode, file, false);
}

static int latency_percpu_open(struct inode *inode, struct file *file)
{
	return open_latency(inode, file, true);
}

static const struct file_operations latency_fops = {
	.owner		= THIS_MODULE,
	.open		= latency_open,
	.read		= mapstat_debugfs_map_read,
	.llseek		= mapstat_debugfs_map_lseek,
	.release	= seq_release_private,
};

static const struct file_operations latency_percpu_fops = {
	.owner		= THIS_MODULE,
	.open		= latency_percpu_open,
	.read		= mapstat_debugfs_map_read,
	.llseek		= mapstat_debugfs_map_lseek,
	.release	= seq_release_private,
};

static void show_pauses(struct seq_file *m, const struct mapstat_pauses *p)
{
	u64 kept = min_t(u64, p->next, MAPSTAT_PAUSES_KEPT);
	unsigned int i;

	for (i = 0; i < MAPSTAT_NR_PAUSES; i++)
		if (p->total[i])
			seq_printf(m, "# %s\ttotal=%llu\tsum_ns=%llu\tmax_ns=%llu\n",
				   mapstat_pause_names[i], p->total[i], p->sum_ns[i],
				   p->max_ns[i]);
	mapstat_debugfs_buckets(m, "hist", p->bucket);
	for (i = 0; i < kept; i++) {
		const struct mapstat_pause_event *e = &p->ring[i];

		seq_printf(m, "event\t%llu\t%s\t%llu\t%llu\n", e->end_ns,
			   mapstat_pause_names[e->kind], e->duration_ns, e->entries);
	}
}

static int pauses_show(struct seq_file *m, void *v)
{
	struct cmap *map = m->private;
	struct mapstat_pauses *copy = kvmalloc(sizeof(*copy), GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	mapstat_pauses_snapshot(&map->pauses, copy);
	show_pauses(m, copy);
	kvfree(copy);
	return 0;
}
MAPSTAT_MAP_ATTRIBUTE(pauses);

static int front_apply(const char *word, struct cmap *map)
{
	int ret;

	if (strcmp(word, "on") && strcmp(word, "off"))
		return mapstat_refuse(-EINVAL, "front: %.40s: not one of on, off", word);
	ret = cmap_front_set(map, !strcmp(word, "on"));
	if (ret == -EOPNOTSUPP)
		mapstat_refuse_quietly(ret, "front: %s is not a map", map->name);
	return ret;
}

static ssize_t front_write(struct file *file, const char __user *ubuf, size_t count,
			   loff_t *ppos)
{
	return mapstat_debugfs_map_write(file, ubuf, count, ppos, front_apply);
}

static int front_show(struct seq_file *m, void *v)
{
	seq_puts(m, cmap_front_is_on(m->private) ? "on\n" : "off\n");
	return 0;
}
MAPSTAT_MAP_ATTRIBUTE(front, .write = front_write);

/* Print @part of @whole in thousandths; "-" if @whole is 0. */
static void show_permille(struct seq_file *m, const char *key, u64 part, u64 whole)
{
	if (whole)
		seq_printf(m, "%s\t%llu\n", key, mul_u64_u64_div_u64(part, 1000, whole));
	else
		seq_printf(m, "%s\t-\n", key);
}

static int front_stats_show(struct seq_file *m, void *v)
{
	struct front_stats s;

	cmap_front_stats(m->private, &s);
	seq_printf(m, "state\t%s\n", !s.on ? "off" : s.resting_cpus ? "resting" : "on");
	seq_printf(m, "resting_cpus\t%llu\n", s.resting_cpus);
	seq_printf(m, "entries_per_cpu\t%llu\n", s.entries_per_cpu);
	seq_printf(m, "memory_bytes\t%llu\n", s.bytes);
	show_permille(m, "hit_permille", s.hits, s.hits + s.misses);
	seq_printf(m, "hits_total\t%llu\n", s.hits);
	seq_printf(m, "misses_total\t%llu\n", s.misses);
	seq_printf(m, "invalidations_total\t%llu\n", s.invalidations);
	seq_printf(m, "fills_total\t%llu\n", s.fills);
	seq_printf(m, "bypassed_total\t%llu\n", s.bypassed);
	seq_printf(m, "rests_total\t%llu\n", s.rests);
	seq_printf(m, "writes_total\t%llu\n", s.writes);
	if (s.write_samples)
		seq_printf(m, "write_cost_ns\t%llu\n", div64_u64(s.write_ns, s.write_samples));
	else
		seq_puts(m, "write_cost_ns\t-\n");
	return 0;
}
MAPSTAT_MAP_ATTRIBUTE(front_stats);

static const struct {
	const char *name;
	const struct file_operations *fops;
} map_files[] = {
	{ "stats", &stats_fops },
	{ "percpu", &percpu_fops },
	{ "latency", &latency_fops },
	{ "latency_percpu", &latency_percpu_fops },
	{ "pauses", &pauses_fops },
	{ "cache_miss", &mapstat_cache_miss_fops },
	{ "misses", &mapstat_misses_fops },
	{ "shared_lines", &mapstat_shared_lines_fops },
	{ "front", &front_fops },
	{ "front_stats", &front_stats_fops },
};

static void map_added(struct cmap *map)
{
	struct dentry *dir = mapstat_debugfs_dir(map->name, maps_dir);
	unsigned int i;

	map->observer_data = dir;
	for (i = 0; i < ARRAY_SIZE(map_files); i++) {
		const struct file_operations *fops = map_files[i].fops;
		const umode_t mode = fops->write ? MAPSTAT_DEBUGFS_RW : MAPSTAT_DEBUGFS_RO;

		debugfs_create_file_unsafe(map_files[i].name, mode, dir, map, fops);
	}
}

static void map_removed(struct cmap *map)
{
	mapstat_window_refuse(&map->stats);
	debugfs_remove(map->observer_data);
	map->observer_data = NULL;
}

static const struct cmap_observer map_observer = {
	.added		= map_added,
	.removed	= map_removed,
};

/**
 * mapstat_debugfs_maps - create maps/, with a directory for each present and future map
 * @root: parent directory
 *
 * Context: Process; sleeps.
 */
void __init mapstat_debugfs_maps(struct dentry *root)
{
	maps_dir = mapstat_debugfs_dir("maps", root);
	registry_observe(&map_observer);
}

/**
 * mapstat_debugfs_maps_end - remove the directories of all maps, and prevent new ones
 *
 * Context: Process; sleeps.
 */
void mapstat_debugfs_maps_end(void)
{
	registry_observe(NULL);
}
