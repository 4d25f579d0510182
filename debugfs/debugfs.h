/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files under /sys/kernel/debug/mapstat; docs/debugfs.md describes their format.
 *
 * A locked-down kernel does not open debugfs files that have a write permission bit.  So
 * read-only files have mode 0400, and the contents of every writable file are also in a
 * read-only one: control in state, stress/ in parameters, cache_miss in misses, front in
 * front_stats.
 *
 * An open file holds a reference to the module (.owner), because release is module text:
 * rmmod fails until the file is closed.  So for files that exist as long as the module, which
 * are created with debugfs_create_file(), no operation is in progress when they are removed.
 *
 * Files of a map, and those of a relay channel, may be removed while they are open.  An
 * operation blocks removal with debugfs_file_get(), which fails once the file was removed; so a
 * file that is still open then is harmless, as release accesses the seq_file only.  Removal
 * waits for operations, and other tasks may wait for removal.  So no operation blocks removal
 * while it copies from or to user space, which may take arbitrarily long.  The proxy of
 * debugfs_create_file() would do that; these files are created with
 * debugfs_create_file_unsafe() (MAPSTAT_MAP_ATTRIBUTE()).
 */
#ifndef MAPSTAT_DEBUGFS_H
#define MAPSTAT_DEBUGFS_H

#include <linux/fs.h>
#include <linux/types.h>

struct cmap;
struct dentry;
struct seq_file;

extern const struct file_operations mapstat_cache_miss_fops;
extern const struct file_operations mapstat_misses_fops;
extern const struct file_operations mapstat_shared_lines_fops;

#define MAPSTAT_DEBUGFS_RO	0400
#define MAPSTAT_DEBUGFS_RW	0600

int mapstat_debugfs_init(void);
void mapstat_debugfs_exit(void);

struct dentry *mapstat_debugfs_dir(const char *name, struct dentry *parent);
ssize_t mapstat_debugfs_write(const char __user *ubuf, size_t count, loff_t *ppos,
			      int (*apply)(const char *word, void *arg), void *arg);
ssize_t mapstat_debugfs_map_read(struct file *file, char __user *ubuf, size_t count,
				 loff_t *ppos);
loff_t mapstat_debugfs_map_lseek(struct file *file, loff_t offset, int whence);
ssize_t mapstat_debugfs_map_write(struct file *file, const char __user *ubuf, size_t count,
				  loff_t *ppos, int (*apply)(const char *word, struct cmap *map));
void mapstat_debugfs_buckets(struct seq_file *m, const char *label, const u64 *bucket);
void mapstat_debugfs_ps(struct seq_file *m, u32 ps);

void mapstat_debugfs_control(struct dentry *root);
void mapstat_debugfs_params(struct dentry *root);
void mapstat_debugfs_maps(struct dentry *root);
void mapstat_debugfs_maps_end(void);
void mapstat_debugfs_events(struct dentry *root);
void mapstat_debugfs_events_end(void);

/**
 * MAPSTAT_MAP_ATTRIBUTE - DEFINE_SHOW_ATTRIBUTE() for a file of a map
 * @name: defines name_fops, which calls name_show()
 * @...: additional members of struct file_operations
 */
#define MAPSTAT_MAP_ATTRIBUTE(name, ...)					\
static int name##_open(struct inode *inode, struct file *file)			\
{										\
	return single_open(file, name##_show, inode->i_private);		\
}										\
										\
static const struct file_operations name##_fops = {				\
	.owner		= THIS_MODULE,						\
	.open		= name##_open,						\
	.read		= mapstat_debugfs_map_read,				\
	.llseek		= mapstat_debugfs_map_lseek,				\
	.release	= single_release,					\
	__VA_ARGS__								\
}

#endif /* MAPSTAT_DEBUGFS_H */
