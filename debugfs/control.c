// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files control, state, last_error, results and version.
 */
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include "kmod/stats/clock.h"
#include "kmod/stats/primitives.h"
#include <uapi/mapstat.h>
#include "kmod/refusal.h"
#include "kmod/stress/stress.h"
#include "debugfs.h"

static int control_apply(const char *word, void *arg)
{
	if (!strcmp(word, "start"))
		return stress_start();
	if (!strcmp(word, "stop"))
		return stress_stop();
	if (!strcmp(word, "reset"))
		return stress_reset();
	return mapstat_refuse(-EINVAL, "control: %.40s: not one of start, stop, reset", word);
}

static ssize_t control_write(struct file *file, const char __user *ubuf, size_t count,
			     loff_t *ppos)
{
	return mapstat_debugfs_write(ubuf, count, ppos, control_apply, NULL);
}

static int control_show(struct seq_file *m, void *v)
{
	stress_state_show(m);
	return 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	return single_open(file, control_show, NULL);
}

static const struct file_operations control_fops = {
	.owner		= THIS_MODULE,
	.open		= control_open,
	.read		= seq_read,
	.write		= control_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int state_show(struct seq_file *m, void *v)
{
	return control_show(m, v);
}
DEFINE_SHOW_ATTRIBUTE(state);

static int last_error_show(struct seq_file *m, void *v)
{
	mapstat_refusal_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(last_error);

static int results_show(struct seq_file *m, void *v)
{
	return stress_results_show(m);
}
DEFINE_SHOW_ATTRIBUTE(results);

static int version_show(struct seq_file *m, void *v)
{
	int i;

	seq_printf(m, "module\t%s\n", THIS_MODULE->version ?: "-");
	seq_printf(m, "abi\t%d\n", MAPSTAT_ABI_VERSION);
	seq_printf(m, "kernel\t%s\n", init_utsname()->release);
	seq_printf(m, "clock\t%s\n", mapstat_clock.name);
	seq_puts(m, "clock_read_ns\t");
	mapstat_debugfs_ps(m, mapstat_clock.read_ps);
	seq_puts(m, "\nloop_ns\t");
	mapstat_debugfs_ps(m, mapstat_clock.loop_ps);
	seq_putc(m, '\n');
	for (i = 0; i < MAPSTAT_PRIMITIVES; i++)
		seq_printf(m, "%s_ns\t%u.%u\n", mapstat_primitives[i].name,
			   mapstat_primitives[i].ps / 1000, mapstat_primitives[i].ps / 100 % 10);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(version);

/**
 * mapstat_debugfs_control - create control, state, last_error, results and version
 * @root: parent directory
 *
 * Context: Process; sleeps.
 */
void __init mapstat_debugfs_control(struct dentry *root)
{
	debugfs_create_file("version", MAPSTAT_DEBUGFS_RO, root, NULL, &version_fops);
	debugfs_create_file("control", MAPSTAT_DEBUGFS_RW, root, NULL, &control_fops);
	debugfs_create_file("state", MAPSTAT_DEBUGFS_RO, root, NULL, &state_fops);
	debugfs_create_file("last_error", MAPSTAT_DEBUGFS_RO, root, NULL, &last_error_fops);
	debugfs_create_file("results", MAPSTAT_DEBUGFS_RO, root, NULL, &results_fops);
}
