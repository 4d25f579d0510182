// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/cache_miss: cache misses of a map's operations; a write has the model count them
 * for a given time.  maps/<name>/misses: the same, read-only.
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmod/designs/design.h"
#include "kmod/refusal.h"
#include "kmod/stress/config.h"
#include "kmod/stress/params.h"
#include "debugfs.h"

/* Maximum length of a window; operations on the map are slower during it. */
#define WINDOW_MS_MAX	10000

/**
 * struct miss_reader - private data of an open file
 * @map: accessed only in operations that block removal, never in release
 * @source: source of the counts, in words
 * @counts: a bit for each enum mapstat_miss_total that the source counts
 * @sum: the histogram being printed; too large for the stack
 */
struct miss_reader {
	struct cmap *map;
	char source[MAPSTAT_SOURCE_TEXT];
	unsigned long counts;
	struct mapstat_hist_sum sum;
};

/* The totals of all operations have no prefix; kinds without an operation are omitted. */
static void show_totals(struct seq_file *m, const struct miss_reader *reader,
			const struct mapstat_misses *misses, enum mapstat_op_kind kind)
{
	const char *name = mapstat_op_kind_names[kind];
	const bool all = kind == MAPSTAT_OP_NONE;
	int i;

	if (!all && !mapstat_misses_total(misses, kind, MAPSTAT_TOTAL_OPS, -1))
		return;
	for (i = 0; i < MAPSTAT_NR_MISS_TOTALS; i++) {
		seq_printf(m, "%s%s%s_total\t", all ? "" : name, all ? "" : "_",
			   mapstat_miss_total_names[i]);
		if (reader->counts & BIT(i))
			seq_printf(m, "%llu\n", mapstat_misses_total(misses, kind, i, -1));
		else
			seq_puts(m, "-\n");
	}
}

static void show_head(struct seq_file *m, struct miss_reader *reader)
{
	const struct mapstat_misses *misses = cmap_misses(&reader->map->stats);
	int kind;

	reader->counts = mapstat_misses_source(&reader->map->stats, reader->source,
					       sizeof(reader->source));
	seq_printf(m, "# source\t%s\n", reader->source);
	for (kind = 0; misses && reader->counts && kind < MAPSTAT_NR_OP_KINDS; kind++)
		show_totals(m, reader, misses, kind);
	seq_puts(m, "# cpu\tmisses\tlo_thousandths\thi_thousandths\tcount\n");
}

static void show_hist(struct seq_file *m, struct miss_reader *reader, int hist, int cpu)
{
	const struct mapstat_misses *misses = cmap_misses(&reader->map->stats);
	const struct mapstat_hist_sum *sum = &reader->sum;
	char where[16] = "all", label[40];

	if (!misses || !reader->counts)
		return;
	mapstat_hist_snapshot(&reader->sum, misses->hist[hist], cpu);
	if (!sum->count)
		return;
	if (cpu >= 0)
		snprintf(where, sizeof(where), "cpu%d", cpu);
	snprintf(label, sizeof(label), "%s\t%s", where, mapstat_miss_hist_names[hist]);
	seq_printf(m, "# %s\tcount=%llu\tp50_thousandths=%llu\tp99_thousandths=%llu", label,
		   sum->count, mapstat_hist_quantile(sum, 500000),
		   mapstat_hist_quantile(sum, 990000));
	seq_printf(m, "\tmax_thousandths=%llu\n", sum->max_ns);
	mapstat_debugfs_buckets(m, label, sum->bucket);
}

/* Record 0 is the header; then all histograms summed over CPUs, and all of each CPU. */
static void *miss_start(struct seq_file *m, loff_t *pos)
{
	return *pos <= MAPSTAT_NR_MISS_HISTS * (nr_cpu_ids + 1) ? pos : NULL;
}

static void *miss_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return miss_start(m, pos);
}

static void miss_stop(struct seq_file *m, void *v)
{
}

static int miss_show(struct seq_file *m, void *v)
{
	struct miss_reader *reader = m->private;
	const u32 record = *(loff_t *)v;
	int cpu;

	if (!record) {
		show_head(m, reader);
		return 0;
	}
	cpu = (record - 1) / MAPSTAT_NR_MISS_HISTS - 1;
	if (cpu < 0 || cpu_possible(cpu))
		show_hist(m, reader, (record - 1) % MAPSTAT_NR_MISS_HISTS, cpu);
	return 0;
}

static const struct seq_operations miss_seq_ops = {
	.start	= miss_start,
	.next	= miss_next,
	.stop	= miss_stop,
	.show	= miss_show,
};

static int miss_open(struct inode *inode, struct file *file)
{
	struct miss_reader *reader = __seq_open_private(file, &miss_seq_ops, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->map = inode->i_private;
	return 0;
}

/* Return: @error. */
static int refuse_window(int error)
{
	if (error == -EBUSY)
		return mapstat_refuse_quietly(error, "window: a run or another window is counting");
	if (error == -EINTR)
		return mapstat_refuse_quietly(error, "window: ended early by a signal");
	if (error == -ECANCELED)
		return mapstat_refuse_quietly(error, "window: ended by map removal, a run or stop");
	if (error == -ENOMEM)
		return mapstat_refuse_quietly(error, "window: no memory for the model");
	return error;
}

static int open_window(struct cmap *map, unsigned int ms)
{
	struct stress_config *config = kmalloc(sizeof(*config), GFP_KERNEL);
	int ret;

	if (!config)
		return -ENOMEM;
	mapstat_params_snapshot(config);
	ret = mapstat_params_geometry(&config->g);
	if (!ret)
		ret = refuse_window(mapstat_misses_window(&map->stats, &config->g, ms));
	kfree(config);
	return ret;
}

static int miss_apply(const char *word, struct cmap *map)
{
	static const char command[] = "window ";
	unsigned int ms;

	if (strncmp(word, command, strlen(command)) ||
	    kstrtouint(word + strlen(command), 10, &ms) || !ms || ms > WINDOW_MS_MAX)
		return mapstat_refuse(-EINVAL, "cache_miss: %.40s: not window 1..%u (ms)", word,
				      WINDOW_MS_MAX);
	return open_window(map, ms);
}

static ssize_t miss_write(struct file *file, const char __user *ubuf, size_t count, loff_t *ppos)
{
	return mapstat_debugfs_map_write(file, ubuf, count, ppos, miss_apply);
}

const struct file_operations mapstat_misses_fops = {
	.owner		= THIS_MODULE,
	.open		= miss_open,
	.read		= mapstat_debugfs_map_read,
	.llseek		= mapstat_debugfs_map_lseek,
	.release	= seq_release_private,
};

const struct file_operations mapstat_cache_miss_fops = {
	.owner		= THIS_MODULE,
	.open		= miss_open,
	.read		= mapstat_debugfs_map_read,
	.write		= miss_write,
	.llseek		= mapstat_debugfs_map_lseek,
	.release	= seq_release_private,
};
