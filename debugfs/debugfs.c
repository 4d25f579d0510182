// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree, and what its files share.
 */
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/math.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../kmod/refusal.h"
#include "debugfs.h"

#define NO_WORD	"a word is one write of 1 to %lu bytes without a NUL, at the beginning of the file"

/* Written by init and exit of the module only. */
static struct dentry *mapstat_root;

/**
 * mapstat_debugfs_dir - make a directory that only its owner may enter
 * @name: its name
 * @parent: where; NULL for debugfs's root
 *
 * Context: Process; sleeps.
 * Return: the directory, or an ERR_PTR that debugfs functions accept as a parent and then
 * do nothing.
 */
struct dentry *mapstat_debugfs_dir(const char *name, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir(name, parent);

	/* debugfs makes directories with mode 0755 and offers no other. */
	if (!IS_ERR(dir)) {
		inode_lock(d_inode(dir));
		d_inode(dir)->i_mode = S_IFDIR | 0700;
		inode_unlock(d_inode(dir));
	}
	return dir;
}

/**
 * mapstat_debugfs_write - take one word from user space
 * @ubuf: the text; one newline at its end is ignored
 * @count: its length
 * @ppos: offset in the file; only 0 is accepted, so that the rest of a text that was
 *	written in pieces is not taken for another word
 * @apply: what to do with the word; returns 0 or -errno, after mapstat_refuse()
 * @arg: handed to @apply
 *
 * Context: Process; sleeps.
 * Return: @count; -EINVAL where the text is no word or no less than a page, what @apply
 * returned, -EFAULT or -ENOMEM.  0 for an empty write, which changes nothing.
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

/**
 * mapstat_debugfs_ps - print picoseconds as nanoseconds, with one decimal
 * @m: where to
 * @ps: the time; 0 stands for "not measured"
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
 * mapstat_debugfs_init - make the tree
 *
 * The module does not depend on it: without debugfs there are no files, and that is all.
 * mapstat_debugfs_exit() may be called in any case.
 *
 * Context: Process; sleeps.
 * Return: 0, or the reason why there is no tree.
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
 * On return no operation on any of its files runs, and none will begin.
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
