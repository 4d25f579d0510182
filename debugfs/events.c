// SPDX-License-Identifier: GPL-2.0-only
/*
 * events/: a relay channel's files, and its figures.
 *
 * A file is read by one at a time: of two, each would get some of the records.  relay has
 * the files made and removed when the channel comes and goes, and when a CPU comes.  They
 * are made without debugfs's full proxy, which has no mmap(), so each operation holds
 * removal off by itself.
 */
#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/relay.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <mapstat/events.h>
#include <mapstat/touch.h>
#include <uapi/mapstat.h>
#include "../kmod/compat.h"
#include "debugfs.h"

/* Bit 0: somebody has the file of that CPU open; also one that is removed. */
static DEFINE_PER_CPU(unsigned long, reader_busy);

/* debugfs itself holds removal off meanwhile. */
static int events_open(struct inode *inode, struct file *file)
{
	struct rchan_buf *buf = inode->i_private;
	int ret;

	if (file->f_mode & FMODE_WRITE)
		return -EACCES;
	if (test_and_set_bit(0, per_cpu_ptr(&reader_busy, buf->cpu)))
		return -EBUSY;
	ret = relay_file_operations.open(inode, file);
	if (ret)
		clear_bit(0, per_cpu_ptr(&reader_busy, buf->cpu));
	return ret;
}

static int events_release(struct inode *inode, struct file *file)
{
	struct rchan_buf *buf = file->private_data;
	const unsigned int cpu = buf->cpu;

	relay_file_operations.release(inode, file);
	clear_bit(0, per_cpu_ptr(&reader_busy, cpu));
	return 0;
}

/* Return: bytes copied of what is finished, or -EFAULT where that was none. */
static ssize_t copy_records(struct rchan_buf *buf, char __user *to, size_t count)
{
	const void *records;
	ssize_t done = 0;
	size_t bytes;

	while (count && (records = mapstat_events_peek(buf, &bytes))) {
		bytes = min(bytes, count);
		if (copy_to_user(to + done, records, bytes))
			return done ?: -EFAULT;
		mapstat_events_consume(buf, bytes);
		done += bytes;
		count -= bytes;
	}
	return done;
}

static ssize_t read_records(struct rchan_buf *buf, char __user *to, size_t count)
{
	ssize_t ret = copy_records(buf, to, count);

	if (ret)
		return ret;
	mapstat_events_flush(buf);
	return copy_records(buf, to, count);
}

static ssize_t events_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	struct rchan_buf *buf = file->private_data;
	ssize_t ret;

	if (!count)
		return 0;
	if (count < sizeof(struct mapstat_event))
		return -EINVAL;
	count = min_t(size_t, count, MAX_RW_COUNT);
	ret = debugfs_file_get(file->f_path.dentry);
	if (ret)
		return ret;
	inode_lock(file_inode(file));	/* a file that was inherited may be read by two */
	ret = read_records(buf, to, rounddown(count, sizeof(struct mapstat_event)));
	inode_unlock(file_inode(file));
	debugfs_file_put(file->f_path.dentry);
	return ret;
}

static __poll_t events_poll(struct file *file, poll_table *wait)
{
	__poll_t ret;

	if (debugfs_file_get(file->f_path.dentry))
		return EPOLLERR | EPOLLHUP;
	ret = relay_file_operations.poll(file, wait);
	debugfs_file_put(file->f_path.dentry);
	return ret;
}

/* The mapping holds the file, and so the buffer, for as long as it is there. */
static int events_mmap(struct file *file, struct vm_area_struct *vma)
{
	int ret = debugfs_file_get(file->f_path.dentry);

	if (ret)
		return ret;
	ret = relay_file_operations.mmap(file, vma);
	debugfs_file_put(file->f_path.dentry);
	return ret;
}

#define EVENTS_FOPS			\
	.owner		= THIS_MODULE,	\
	.open		= events_open,	\
	.read		= events_read,	\
	.poll		= events_poll,	\
	.release	= events_release

static const struct file_operations events_fops = {
	EVENTS_FOPS,
	.mmap		= events_mmap,
};

#ifdef HAVE_MMAP_PREPARE
static int events_mmap_prepare(struct vm_area_desc *desc)
{
	int ret = debugfs_file_get(desc->file->f_path.dentry);

	if (ret)
		return ret;
	ret = relay_file_operations.mmap_prepare(desc);
	debugfs_file_put(desc->file->f_path.dentry);
	return ret;
}

static const struct file_operations events_prepare_fops = {
	EVENTS_FOPS,
	.mmap_prepare	= events_mmap_prepare,
};

/* A file has one of the two: that which relay's has. */
static const struct file_operations *events_file_operations(void)
{
	return relay_file_operations.mmap_prepare ? &events_prepare_fops : &events_fops;
}
#else
static const struct file_operations *events_file_operations(void)
{
	return &events_fops;
}
#endif

static struct dentry *create_file(const char *name, struct dentry *dir, umode_t mode,
				  struct rchan_buf *buf, int *is_global)
{
	return debugfs_create_file_unsafe(name, MAPSTAT_DEBUGFS_RO, dir, buf,
					  events_file_operations());
}

static int remove_file(struct dentry *dentry)
{
	debugfs_remove(dentry);
	return 0;
}

/*
 * relay has just added the sub-buffer to the file's size, of which nothing is ever taken off.  As
 * every file here it shows none: a program that copies it then reads to the end, and does not seek.
 */
static RELAY_SUBBUF_START(subbuf_start)
{
	if (buf->dentry)
		i_size_write(d_inode(buf->dentry), 0);
	return mapstat_events_subbuf_start(buf);
}

static const struct rchan_callbacks events_callbacks = {
	.subbuf_start		= subbuf_start,
	.create_buf_file	= create_file,
	.remove_buf_file	= remove_file,
};

static int events_stats_show(struct seq_file *m, void *v)
{
	struct mapstat_events_count count;
	int cpu;

	seq_puts(m, "# cpu\tproduced_total\tdropped_total\tread_total\n");
	for_each_possible_cpu(cpu) {
		mapstat_events_count(cpu, &count);
		seq_printf(m, "%d\t%llu\t%llu\t%llu\n", cpu, count.produced, count.dropped,
			   count.read);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(events_stats);

static int events_sites_show(struct seq_file *m, void *v)
{
	const struct mapstat_site *site;

	seq_puts(m, "# site\tfunction\taddress\n");
	for (site = mapstat_sites(); site; site = site->next)
		seq_printf(m, "%u\t%s\t%s\n", site->id, site->func, site->what);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(events_sites);

/**
 * mapstat_debugfs_events - make events/
 * @root: where
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void __init mapstat_debugfs_events(struct dentry *root)
{
	struct dentry *dir = mapstat_debugfs_dir("events", root);

	debugfs_create_file("stats", MAPSTAT_DEBUGFS_RO, dir, NULL, &events_stats_fops);
	debugfs_create_file("sites", MAPSTAT_DEBUGFS_RO, dir, NULL, &events_sites_fops);
	mapstat_events_files(&events_callbacks, dir);
}

/**
 * mapstat_debugfs_events_end - remove the channel's files, and let none come
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void mapstat_debugfs_events_end(void)
{
	mapstat_events_files(NULL, NULL);
}
