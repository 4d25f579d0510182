// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress/<parameter>: one file per parameter; and parameters: all of them, read-only.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include "kmod/stress/params.h"
#include "debugfs.h"

static int param_apply(const char *word, void *arg)
{
	return mapstat_param_set(arg, word);
}

static ssize_t param_write(struct file *file, const char __user *ubuf, size_t count,
			   loff_t *ppos)
{
	void *param = file_inode(file)->i_private;

	return mapstat_debugfs_write(ubuf, count, ppos, param_apply, param);
}

static int param_show(struct seq_file *m, void *v)
{
	char *buf;
	size_t size = seq_get_buf(m, &buf);
	int len = size ? mapstat_param_show(m->private, buf, size) : 0;

	if (len < 0)
		return len;
	/* A text that fills the buffer may be truncated: ask for a larger one. */
	if (len + 1 >= size) {
		seq_commit(m, -1);
		return 0;
	}
	seq_commit(m, len);
	seq_putc(m, '\n');
	return 0;
}

static int param_open(struct inode *inode, struct file *file)
{
	return single_open(file, param_show, inode->i_private);
}

static const struct file_operations param_fops = {
	.owner		= THIS_MODULE,
	.open		= param_open,
	.read		= seq_read,
	.write		= param_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int parameters_show(struct seq_file *m, void *v)
{
	return mapstat_params_table(m);
}
DEFINE_SHOW_ATTRIBUTE(parameters);

/**
 * mapstat_debugfs_params - create parameters, stress/ and its files
 * @root: parent directory
 *
 * Context: Process; sleeps.
 */
void __init mapstat_debugfs_params(struct dentry *root)
{
	struct dentry *dir = mapstat_debugfs_dir("stress", root);
	const struct mapstat_param *p;

	debugfs_create_file("parameters", MAPSTAT_DEBUGFS_RO, root, NULL, &parameters_fops);
	/* debugfs data is a non-const pointer; mapstat_param_set() takes a const one. */
	for (p = mapstat_params; p->name; p++)
		debugfs_create_file(p->name, MAPSTAT_DEBUGFS_RW, dir, (void *)p, &param_fops);
}
