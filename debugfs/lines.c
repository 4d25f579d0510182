// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps/<name>/shared_lines: contended cache lines, in the cache model.
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmod/cachesim/lines.h"
#include "kmod/cachesim/misses.h"
#include "kmod/cachesim/access.h"
#include "kmod/designs/design.h"
#include "debugfs.h"

#define LINES_SHOWN	32	/* fits on a screen */
#define UNIT_BYTES	4	/* granularity of names: no lock is smaller */

/**
 * struct lines_reader - state of one read of the file
 * @map: the map
 * @line_bytes: size of a cache line
 * @writers: CPUs that write to the parts being printed, or to any part of the line
 * @readers: CPUs with accesses to them that only read; a CPU can be in both
 */
struct lines_reader {
	struct cmap *map;
	unsigned int line_bytes;
	struct cpumask writers;
	struct cpumask readers;
};

static void show_cpus(struct seq_file *m, const struct cpumask *cpus)
{
	if (cpumask_empty(cpus))
		seq_puts(m, "\t-");
	else
		seq_printf(m, "\t%*pbl", cpumask_pr_args(cpus));
}

static void forget_cpus(struct lines_reader *r)
{
	cpumask_clear(&r->writers);
	cpumask_clear(&r->readers);
}

static u64 used_parts(const struct mapstat_line *line)
{
	const struct mapstat_line_cpu *c;
	u64 used = 0;

	for (c = line->first; c < line->first + line->cpus; c++)
		used |= c->written | c->read;
	return used;
}

/* Add the CPUs that access @parts of a line. */
static void note_cpus(struct lines_reader *r, const struct mapstat_line *line, u64 parts)
{
	const struct mapstat_line_cpu *c;

	for (c = line->first; c < line->first + line->cpus; c++) {
		if (c->written & parts)
			cpumask_set_cpu(c->cpu, &r->writers);
		if (c->read & parts)
			cpumask_set_cpu(c->cpu, &r->readers);
	}
}

static void show_part(struct seq_file *m, struct lines_reader *r, const char *separator,
		      const char *text)
{
	seq_printf(m, "%s%s", separator, text);
	if (!cpumask_empty(&r->readers))
		seq_printf(m, " r:%*pbl", cpumask_pr_args(&r->readers));
	if (!cpumask_empty(&r->writers))
		seq_printf(m, " w:%*pbl", cpumask_pr_args(&r->writers));
	forget_cpus(r);
}

/* The place in the source that accesses @eighth of a line; NULL: unknown. */
static const struct mapstat_access_site *site_of(const struct mapstat_line *line,
						 unsigned int eighth)
{
	const struct mapstat_access_site *site = NULL;
	const struct mapstat_line_cpu *c;

	for (c = line->first; !site && c < line->first + line->cpus; c++)
		site = mapstat_access_site_of(c->site[eighth]);
	return site;
}

/* The design's name for the address; else the expression that accesses it; else its offset. */
static void name_part(const struct lines_reader *r, const struct mapstat_line *line,
		      unsigned int part, char *text, size_t size)
{
	const unsigned int offset = part * max(r->line_bytes / MAPSTAT_LINE_PARTS, 1U);
	const struct mapstat_access_site *site;

	if (cmap_where(r->map, (void *)(line->first->addr + offset), text, size))
		return;
	site = site_of(line, part / (MAPSTAT_LINE_PARTS / MAPSTAT_LINE_SITES));
	if (site)
		strscpy(text, site->what, size);
	else
		scnprintf(text, size, "+%u", offset);
}

/* Print the objects on a line and the CPUs that access them; adjacent equal names are merged. */
static void show_parts(struct seq_file *m, struct lines_reader *r,
		       const struct mapstat_line *line)
{
	const unsigned int bytes = max(r->line_bytes / MAPSTAT_LINE_PARTS, 1U);
	const unsigned int step = max(UNIT_BYTES / bytes, 1U);
	char text[48], last[48] = "";
	const u64 used = used_parts(line);
	const char *separator = "\t";
	unsigned int i;

	forget_cpus(r);
	for (i = 0; i < MAPSTAT_LINE_PARTS; i += step) {
		const u64 parts = GENMASK_ULL(i + step - 1, i);

		if (!(used & parts))
			continue;
		name_part(r, line, i, text, sizeof(text));
		if (*last && strcmp(text, last)) {
			show_part(m, r, separator, last);
			separator = "; ";
		}
		note_cpus(r, line, parts);
		strscpy(last, text, sizeof(last));
	}
	show_part(m, r, separator, last);
	seq_putc(m, '\n');
}

static void show_line(struct seq_file *m, struct lines_reader *r,
		      const struct mapstat_line *line)
{
	forget_cpus(r);
	note_cpus(r, line, U64_MAX);
	seq_printf(m, "%#lx\t%llu\t%llu\t%s", line->first->addr, line->misses,
		   line->invalidated, line->is_true ? "true" : "false");
	show_cpus(m, &r->writers);
	show_cpus(m, &r->readers);
	show_parts(m, r, line);
}

static int show_lines(struct seq_file *m, struct lines_reader *r,
		      const struct mapstat_misses *misses)
{
	struct mapstat_lines_look *look = mapstat_lines_look(misses->lines);
	unsigned int i, shown;

	if (!look)
		return -ENOMEM;
	shown = min_t(unsigned int, look->n, LINES_SHOWN);
	r->line_bytes = look->line_bytes;
	seq_printf(m, "# lines\tshown=%u\tof=%u\tcoherence_misses=%llu\tlost=%llu\tops=%llu\n",
		   shown, look->n, look->misses, look->lost,
		   mapstat_misses_sum(misses, MAPSTAT_TOTAL_OPS));
	seq_puts(m, "# line\tcoherence_misses\tinvalidated\tsharing\twriters\treaders\twhat\n");
	for (i = 0; i < shown; i++)
		show_line(m, r, &look->line[i]);
	mapstat_lines_look_free(look);
	return 0;
}

static int shared_lines_show(struct seq_file *m, void *v)
{
	struct cmap *map = m->private;
	char text[MAPSTAT_SOURCE_TEXT];
	unsigned long counts;
	struct lines_reader *r;
	int ret;

	counts = mapstat_misses_source(&map->stats, text, sizeof(text));
	seq_printf(m, "# source\t%s\n", text);
	if (!(counts & BIT(MAPSTAT_TOTAL_COHERENCE)))
		return 0;
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->map = map;
	ret = show_lines(m, r, cmap_misses(&map->stats));
	kfree(r);
	return ret;
}

static int shared_lines_open(struct inode *inode, struct file *file)
{
	return single_open(file, shared_lines_show, inode->i_private);
}

const struct file_operations mapstat_shared_lines_fops = {
	.owner		= THIS_MODULE,
	.open		= shared_lines_open,
	.read		= mapstat_debugfs_map_read,
	.llseek		= mapstat_debugfs_map_lseek,
	.release	= single_release,
};
