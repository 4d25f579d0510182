// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debugfs tree, and helpers for its files.
 */
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include "kmod/refusal.h"
#include "debugfs.h"

#define NO_WORD	"not one write of 1 to %lu bytes without a NUL, at the beginning of the file"

/* Maximum size of one read of a map's file; cat(1) asks for twice as much. */
#define MAP_READ_MAX	SZ_64K

/* Written in module init and exit only. */
static struct dentry *mapstat_root;

/**
 * mapstat_debugfs_dir - create a directory with mode 0700
 * @name: its name
 * @parent: parent directory; NULL: the root of debugfs
 *
 * Context: Process; sleeps.
 * Return: the directory, or an ERR_PTR, which debugfs functions accept as a parent and then do
 * nothing.
 */
struct dentry *mapstat_debugfs_dir(const char *name, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir(name, parent);

	/* debugfs_create_dir() always uses mode 0755. */
	if (!IS_ERR(dir)) {
		inode_lock(d_inode(dir));
		d_inode(dir)->i_mode = S_IFDIR | 0700;
		inode_unlock(d_inode(dir));
	}
	return dir;
}

/**
 * mapstat_debugfs_write - write() of one word
 * @ubuf: the text; one trailing newline is ignored
 * @count: length of the text
 * @ppos: offset in the file; must be 0, so that the rest of a text written in pieces is not
 *	taken for another word
 * @apply: handles the word; returns 0, or -errno after mapstat_refuse()
 * @arg: passed to @apply
 *
 * Context: Process; sleeps.
 * Return: @count; -EINVAL if the offset is not 0, the text contains a NUL, or is a page or
 * longer; the error of @apply; -EFAULT or -ENOMEM.  0 for an empty write, which has no effect.
 */
ssize_t mapstat_debugfs_write(const char __user *ubuf, size_t count, loff_t *ppos,
			      int (*apply)(const char *word, void *arg), void *arg)
{
	const u64 refusals = mapstat_refusals();
	char *word;
	int ret;

	if (!count)
		return 0;
	if (*ppos || count >= PAGE_SIZE)
		return mapstat_refuse_quietly(-EINVAL, NO_WORD, PAGE_SIZE - 1);
	word = memdup_user_nul(ubuf, count);
	if (IS_ERR(word))
		return PTR_ERR(word);

	if (strlen(word) != count) {
		ret = mapstat_refuse_quietly(-EINVAL, NO_WORD, PAGE_SIZE - 1);
	} else {
		if (word[count - 1] == '\n')
			word[count - 1] = '\0';
		ret = apply(word, arg);
	}
	kfree(word);
	if (ret) {
		mapstat_refusal_since(refusals, ret);
		return ret;
	}
	*ppos += count;
	return count;
}

static ssize_t seq_read_kernel(struct file *file, void *buf, size_t size, loff_t pos)
{
	struct kvec vec = { .iov_base = buf, .iov_len = size };
	struct iov_iter iter;
	struct kiocb iocb;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = pos;
	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, size);
	return seq_read_iter(&iocb, &iter);
}

/**
 * mapstat_debugfs_map_read - seq_read() for a file of a map
 * @file: the file, with a struct seq_file
 * @ubuf: destination in user space
 * @count: maximum number of bytes
 * @ppos: offset in the file
 *
 * Blocks removal of the file while the text is generated, but not while it is copied: a page
 * fault may take arbitrarily long, and the map could not be destroyed until then.
 *
 * Context: Process; sleeps.
 * Return: bytes copied, 0 at the end; -EIO if the map was removed, -EFAULT, -ENOMEM, or the
 * error of seq_read_iter().
 */
ssize_t mapstat_debugfs_map_read(struct file *file, char __user *ubuf, size_t count,
				 loff_t *ppos)
{
	const size_t size = min_t(size_t, count, MAP_READ_MAX);
	void *buf = kvmalloc(size, GFP_KERNEL);
	ssize_t ret;

	if (!buf)
		return -ENOMEM;
	ret = debugfs_file_get(file->f_path.dentry);
	if (!ret) {
		ret = seq_read_kernel(file, buf, size, *ppos);
		debugfs_file_put(file->f_path.dentry);
	}
	if (ret > 0) {
		ret -= copy_to_user(ubuf, buf, ret);
		/* After a short copy, seq_read_iter() regenerates the text from this offset. */
		*ppos += ret;
		ret = ret ?: -EFAULT;
	}
	kvfree(buf);
	return ret;
}

/**
 * mapstat_debugfs_map_lseek - seq_lseek() for a file of a map
 * @file: the file, with a struct seq_file
 * @offset: as for lseek(2)
 * @whence: as for lseek(2)
 *
 * Context: Process; sleeps.
 * Return: the new offset; -EIO if the map was removed; or the error of seq_lseek().
 */
loff_t mapstat_debugfs_map_lseek(struct file *file, loff_t offset, int whence)
{
	loff_t ret = debugfs_file_get(file->f_path.dentry);

	if (ret)
		return ret;
	ret = seq_lseek(file, offset, whence);
	debugfs_file_put(file->f_path.dentry);
	return ret;
}

/* Argument of map_word_apply(). */
struct map_word {
	struct file *file;
	int (*apply)(const char *word, struct cmap *map);
};

static int map_word_apply(const char *word, void *arg)
{
	const struct map_word *w = arg;
	int ret = debugfs_file_get(w->file->f_path.dentry);

	if (ret)
		return ret;
	ret = w->apply(word, file_inode(w->file)->i_private);
	debugfs_file_put(w->file->f_path.dentry);
	return ret;
}

/**
 * mapstat_debugfs_map_write - mapstat_debugfs_write() for a file of a map
 * @file: the file
 * @ubuf: the text
 * @count: length of the text
 * @ppos: offset in the file
 * @apply: handles the word; returns 0 or -errno
 *
 * Blocks removal of the file while @apply runs, but not while the text is copied.
 *
 * Context: Process; sleeps.
 * Return: as mapstat_debugfs_write(); -EIO if the map was removed.
 */
ssize_t mapstat_debugfs_map_write(struct file *file, const char __user *ubuf, size_t count,
				  loff_t *ppos, int (*apply)(const char *word, struct cmap *map))
{
	struct map_word w = { .file = file, .apply = apply };

	return mapstat_debugfs_write(ubuf, count, ppos, map_word_apply, &w);
}

/**
 * mapstat_debugfs_ps - print picoseconds as nanoseconds, with one decimal
 * @m: the file
 * @ps: the time; 0 is not measured and printed as "-"
 *
 * Context: Any.
 */
void mapstat_debugfs_ps(struct seq_file *m, u32 ps)
{
	u32 tenths = DIV_ROUND_CLOSEST(ps, 100);

	if (ps)
		seq_printf(m, "%u.%u", tenths / 10, tenths % 10);
	else
		seq_putc(m, '-');
}

/**
 * mapstat_debugfs_init - create the tree
 *
 * Failure is not fatal: without debugfs the module works, but has no files.
 * mapstat_debugfs_exit() may be called in any case.
 *
 * Context: Process; sleeps.
 * Return: 0, or -errno if the tree could not be created.
 */
int __init mapstat_debugfs_init(void)
{
	mapstat_root = mapstat_debugfs_dir("mapstat", NULL);
	if (IS_ERR(mapstat_root))
		return PTR_ERR(mapstat_root);
	mapstat_debugfs_control(mapstat_root);
	mapstat_debugfs_params(mapstat_root);
	mapstat_debugfs_maps(mapstat_root);
	mapstat_debugfs_events(mapstat_root);
	return 0;
}

/**
 * mapstat_debugfs_exit - remove the tree
 *
 * On return no operation on any of its files is in progress, and none can start.
 *
 * Context: Process; sleeps.
 */
void mapstat_debugfs_exit(void)
{
	mapstat_debugfs_events_end();
	mapstat_debugfs_maps_end();
	debugfs_remove(mapstat_root);
	mapstat_root = NULL;
}
