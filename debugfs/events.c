// SPDX-License-Identifier: GPL-2.0-only
/*
 * events/: the files of the relay channel, and its statistics.
 *
 * A file can be opened once at a time: with two readers, each would get some of the records.
 * relay has the files created and removed when the channel is opened and closed, and created
 * when a CPU comes online.  They are created without debugfs's full proxy, which has no mmap(),
 * so each operation blocks removal on its own.  A read does not while it copies to user space
 * (debugfs.h): relay removes files under a mutex shared by all its users, and we under those of
 * the parameters and of the events.
 */
#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/relay.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "kmod/cachesim/events.h"
#include "kmod/cachesim/access.h"
#include <uapi/mapstat.h>
#include "kmod/compat.h"
#include "debugfs.h"

/* Bytes that a read copies at a time. */
#define EVENTS_COPY_BYTES	rounddown(SZ_64K, sizeof(struct mapstat_event))

/**
 * struct events_file - state of a CPU's file
 * @busy: bit 0: it is open, also if it was removed since
 * @lock: serializes reads, including the copy to user space: processes that share an open file
 *	may read concurrently, and only they wait for each other
 */
struct events_file {
	unsigned long busy;
	struct mutex lock;	/* serializes reads */
};

static DEFINE_PER_CPU(struct events_file, events_file);

/* debugfs blocks removal during open. */
static int events_open(struct inode *inode, struct file *file)
{
	struct rchan_buf *buf = inode->i_private;
	int ret;

	if (file->f_mode & FMODE_WRITE)
		return -EACCES;
	if (test_and_set_bit(0, &per_cpu_ptr(&events_file, buf->cpu)->busy))
		return -EBUSY;
	ret = relay_file_operations.open(inode, file);
	if (ret)
		clear_bit(0, &per_cpu_ptr(&events_file, buf->cpu)->busy);
	return ret;
}

static int events_release(struct inode *inode, struct file *file)
{
	struct rchan_buf *buf = file->private_data;
	const unsigned int cpu = buf->cpu;

	relay_file_operations.release(inode, file);
	clear_bit(0, &per_cpu_ptr(&events_file, cpu)->busy);
	return 0;
}

/* Copy the next records.  Return: bytes, 0 if none is complete; -EIO if the file was removed. */
static ssize_t peek_records(struct file *file, void *to, size_t count)
{
	const void *records;
	size_t bytes;
	ssize_t ret = debugfs_file_get(file->f_path.dentry);

	if (ret)
		return ret;
	records = mapstat_events_peek(file->private_data, &bytes);
	if (records) {
		ret = min(bytes, count);
		memcpy(to, records, ret);
	}
	debugfs_file_put(file->f_path.dentry);
	return ret;
}

/* Consume records that were copied to the reader; not if the file and its counts are gone. */
static void consume_records(struct file *file, size_t bytes)
{
	if (debugfs_file_get(file->f_path.dentry))
		return;
	mapstat_events_consume(file->private_data, bytes);
	debugfs_file_put(file->f_path.dentry);
}

static void flush_records(struct file *file)
{
	if (debugfs_file_get(file->f_path.dentry))
		return;
	mapstat_events_flush(file->private_data);
	debugfs_file_put(file->f_path.dentry);
}

/* Copy complete records.  Return: bytes copied; -EFAULT or -EIO if none could be copied. */
static ssize_t copy_records(struct file *file, void *bounce, char __user *to, size_t count)
{
	size_t done = 0;
	ssize_t n;

	while (done < count) {
		n = peek_records(file, bounce, min(count - done, EVENTS_COPY_BYTES));
		if (n > 0 && copy_to_user(to + done, bounce, n))
			n = -EFAULT;
		if (n <= 0)
			return done ?: n;
		consume_records(file, n);
		done += n;
	}
	return done;
}

static ssize_t read_records(struct file *file, void *bounce, char __user *to, size_t count)
{
	ssize_t ret = copy_records(file, bounce, to, count);

	if (ret)
		return ret;
	flush_records(file);
	return copy_records(file, bounce, to, count);
}

static ssize_t events_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	struct rchan_buf *buf = file->private_data;
	struct mutex *lock = &per_cpu_ptr(&events_file, buf->cpu)->lock;
	ssize_t ret = -ERESTARTSYS;
	void *bounce;

	if (!count)
		return 0;
	if (count < sizeof(struct mapstat_event))
		return -EINVAL;
	count = rounddown(min_t(size_t, count, MAX_RW_COUNT), sizeof(struct mapstat_event));
	bounce = kvmalloc(min(count, EVENTS_COPY_BYTES), GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	if (!mutex_lock_interruptible(lock)) {
		ret = read_records(file, bounce, to, count);
		mutex_unlock(lock);
	}
	kvfree(bounce);
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

/* The mapping holds a reference to the file, and thereby to the buffer. */
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

/* Use the same one of mmap and mmap_prepare as relay. */
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
 * relay has just added the sub-buffer to the file's size, and never subtracts anything.  Show
 * size 0, as for every file here: programs that copy it then read to the end and do not seek.
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
	const struct mapstat_access_site *site;

	seq_puts(m, "# site\tfunction\taddress\n");
	for (site = mapstat_access_sites(); site; site = site->next)
		seq_printf(m, "%u\t%s\t%s\n", site->id, site->func, site->what);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(events_sites);

/**
 * mapstat_debugfs_events - create events/
 * @root: parent directory
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void __init mapstat_debugfs_events(struct dentry *root)
{
	struct dentry *dir = mapstat_debugfs_dir("events", root);
	int cpu;

	for_each_possible_cpu(cpu)
		mutex_init(&per_cpu_ptr(&events_file, cpu)->lock);
	debugfs_create_file("stats", MAPSTAT_DEBUGFS_RO, dir, NULL, &events_stats_fops);
	debugfs_create_file("sites", MAPSTAT_DEBUGFS_RO, dir, NULL, &events_sites_fops);
	mapstat_events_files(&events_callbacks, dir);
}

/**
 * mapstat_debugfs_events_end - remove the channel's files, and prevent new ones
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void mapstat_debugfs_events_end(void)
{
	mapstat_events_files(NULL, NULL);
}
