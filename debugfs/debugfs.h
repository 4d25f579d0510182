/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files under /sys/kernel/debug/mapstat; docs/debugfs.md is their format.
 *
 * A kernel that is locked down opens no file whose mode has a bit to write.  So what is only
 * read is 0400, and what a file says that is written as well is said by one of these, too:
 * control by state, stress/ by parameters, cache_miss by misses, front by front_stats.
 *
 * An open file holds a reference to the module (.owner), because release is in its text:
 * rmmod is refused until it is closed.  So of files that stay as long as the module, which are
 * made with debugfs_create_file(), no operation is in progress when they are removed.
 *
 * Files of a map, and those of a relay channel, are removed while they may be open.  An
 * operation holds removal off by debugfs_file_get(), which fails once the file is gone; so one
 * that is still open then is harmless, given that release touches nothing but the seq_file.
 * Removal waits for operations, and others may wait for removal.  So none holds it off while
 * it copies from or to user space, which may take any time: debugfs_create_file() would do
 * that, and these are made with debugfs_create_file_unsafe() (MAPSTAT_MAP_ATTRIBUTE()).
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
 * MAPSTAT_MAP_ATTRIBUTE - as DEFINE_SHOW_ATTRIBUTE(), of a file of a map
 * @name: name_show() is what shows it; makes name_fops
 * @...: more of the struct file_operations, or nothing
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
