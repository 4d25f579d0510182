/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files under /sys/kernel/debug/mapstat; docs/debugfs.md is their format.
 *
 * A kernel that is locked down opens no file whose mode has a bit to write.  So what is only
 * read is 0400, and what a file says that is written as well is said by one of these, too:
 * control by state, stress/ by parameters, cache_miss by misses, front by front_stats.
 *
 * All are made with debugfs_create_file(), whose proxy holds removal off while an
 * operation on a file runs, and answers -EIO once the file is gone.  So a file that is
 * still open when its map goes is harmless, given that release touches nothing but the
 * seq_file.  An open file also holds a reference to the module (.owner), because release
 * is in its text: rmmod is refused until it is closed.
 *
 * Nothing here takes the registry's mutex, under which files of maps are removed.
 */
#ifndef MAPSTAT_DEBUGFS_H
#define MAPSTAT_DEBUGFS_H

#include <linux/fs.h>
#include <linux/types.h>

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
void mapstat_debugfs_buckets(struct seq_file *m, const char *label, const u64 *bucket);
void mapstat_debugfs_ps(struct seq_file *m, u32 ps);

void mapstat_debugfs_control(struct dentry *root);
void mapstat_debugfs_params(struct dentry *root);
void mapstat_debugfs_maps(struct dentry *root);
void mapstat_debugfs_maps_end(void);
void mapstat_debugfs_events(struct dentry *root);
void mapstat_debugfs_events_end(void);

#endif /* MAPSTAT_DEBUGFS_H */
