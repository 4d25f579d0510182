// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory, and reading and writing files under mapstat's directory, with a message for each failure.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "mapstat.h"

#define FILESYSTEMS	"/proc/filesystems"
#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define READ_FIRST	16384	/* most files fit; larger ones double it */

void *xrealloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n ? n : 1, size);

	if (!q)
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	return q;
}

FILE *xmemstream(char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);

	if (!f)
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	return f;
}

char *xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(xrealloc(NULL, len, 1), s, len);
}

/* Is debugfs mounted on the directory that holds @path? */
static bool parent_is_debugfs(const char *path, bool *exists)
{
	char *parent = xstrdup(path), *slash;
	struct statfs fs;
	bool found;

	while ((slash = strrchr(parent, '/')) && slash > parent && !slash[1])
		*slash = '\0';
	if (!slash)
		strcpy(parent, ".");
	else
		slash[slash == parent] = '\0';
	*exists = !statfs(parent, &fs);
	found = *exists && fs.f_type == DEBUGFS_MAGIC;
	free(parent);
	return found;
}

/* Does @file contain the word @want? */
static bool file_has(const char *file, const char *want)
{
	char word[256];
	FILE *f = fopen(file, "re");
	bool found = false;

	while (f && !found && fscanf(f, "%255s", word) == 1)
		found = !strcmp(word, want);
	if (f)
		fclose(f);
	return found;
}

/* Booted with debugfs=off, or built so: the kernel does not list the file system. */
static bool debugfs_is_off(void)
{
	return !access(FILESYSTEMS, R_OK) && !file_has(FILESYSTEMS, "debugfs");
}

static int root_missing(const char *path)
{
	bool exists, debugfs = parent_is_debugfs(path, &exists);

	if (!debugfs && !strcmp(path, DEFAULT_ROOT) && debugfs_is_off())
		return fail(ST_NO_DEBUGFS, file_has("/proc/cmdline", "debugfs=off") ?
			    "boot without debugfs=off; the maps themselves work without debugfs" :
			    "boot with debugfs=on, or build the kernel with CONFIG_DEBUG_FS; the maps themselves work without debugfs",
			    "this kernel has debugfs turned off: there is no %s", path);

	if (debugfs || (exists && strcmp(path, DEFAULT_ROOT)))
		return fail(ST_NO_MODULE,
			    "load the module: insmod mapstat.ko, or modprobe mapstat",
			    "the module mapstat is not loaded: there is no %s", path);
	return fail(ST_NO_DEBUGFS, "mount -t debugfs none /sys/kernel/debug",
		    "debugfs is not mounted: there is no %s", path);
}

/*
 * EACCES comes from the file's mode.  EPERM comes from lockdown: debugfs then refuses to open files
 * that can be written or mapped, even for root.
 */
static int no_permission(const char *path, const char *slash, const char *file, int err)
{
	if (err == EACCES)
		return fail(ST_PERMISSION, "debugfs is accessible to root only: use sudo",
			    "no permission for %s%s%s", path, slash, file);
	return fail(ST_PERMISSION,
		    "pass parameters to insmod or modprobe, which starts a run; then: mapstat wait; mapstat show",
		    "the kernel %s: even root cannot open files of debugfs that can be written or mapped: %s%s%s",
		    file_has(LOCKDOWN, "[integrity]") ? "is locked down (integrity)" :
		    file_has(LOCKDOWN, "[confidentiality]") ? "is locked down (confidentiality)" :
		    "seems to be locked down", path, slash, file);
}

int tree_open(struct tree *t, const char *path)
{
	t->path = path;
	t->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd >= 0) {
		if (!faccessat(t->fd, "version", F_OK, 0) || errno != ENOENT)
			return ST_OK;
		close(t->fd);
		return fail(ST_NO_MODULE, "the default directory is " DEFAULT_ROOT,
			    "%s is not mapstat's directory: it has no file 'version'", path);
	}
	if (errno == ENOENT)
		return root_missing(path);
	if (errno == EACCES || errno == EPERM)
		return no_permission(path, "", "", errno);
	return fail(ST_SYSTEM, NULL, "%s: %s", path, strerror(errno));
}

bool tree_is_live(const struct tree *t)
{
	struct statfs fs;

	return !fstatfs(t->fd, &fs) && fs.f_type == DEBUGFS_MAGIC;
}

void tree_close(struct tree *t)
{
	close(t->fd);
}

int tree_fail(const struct tree *t, const char *file, int err)
{
	switch (err) {
	case ENOENT:
	case EIO:
	case ENODEV:
	case ENXIO:	/* the module is being removed, its files still exist */
	case ESTALE:
		return fail(ST_VANISHED,
			    "the module is being unloaded, or a new run replaced its maps: try again",
			    "%s/%s is gone (%s)", t->path, file, strerror(err));
	case EACCES:
	case EPERM:
		return no_permission(t->path, "/", file, err);
	default:
		return fail(ST_SYSTEM, NULL, "%s/%s: %s", t->path, file, strerror(err));
	}
}

/* Return: 0 or an errno */
static int read_all(int fd, struct text *text)
{
	size_t room = READ_FIRST;
	ssize_t got;

	text->data = xrealloc(NULL, room, 1);
	text->len = 0;
	for (;;) {
		if (room - text->len < 2) {
			text->data = xrealloc(text->data, room, 2);
			room *= 2;
		}
		got = read(fd, text->data + text->len, room - text->len - 1);
		if (got > 0) {
			text->len += (size_t)got;
			continue;
		}
		if (got < 0 && errno == EINTR)
			continue;
		text->data[text->len] = '\0';
		return got < 0 ? errno : 0;
	}
}

int tree_read(const struct tree *t, const char *file, struct text *text)
{
	int fd, err;

	text->data = NULL;
	fd = openat(t->fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return tree_fail(t, file, errno);
	err = read_all(fd, text);
	close(fd);
	if (!err && memchr(text->data, '\0', text->len)) {
		fail(ST_MALFORMED, NULL, "%s/%s: not text: it contains a NUL byte", t->path, file);
		err = -1;
	}
	if (!err)
		return ST_OK;
	free(text->data);
	text->data = NULL;
	return err < 0 ? ST_MALFORMED : tree_fail(t, file, err);
}

const char *tree_twin(const struct tree *t, const char *twin, const char *file)
{
	return tree_has(t, twin) ? twin : file;
}

int tree_read_word(const struct tree *t, const char *file, char **word)
{
	struct text text;
	int ret = tree_read(t, file, &text);

	*word = NULL;
	if (ret)
		return ret;
	text.data[strcspn(text.data, "\n")] = '\0';
	*word = text.data;
	return ST_OK;
}

/*
 * O_TRUNC has no effect on debugfs; in a plain file the value replaces the old one.
 * Return: 0 or an errno, without a message
 */
int tree_write(const struct tree *t, const char *file, const char *value)
{
	size_t len = strlen(value);
	ssize_t put;
	int fd, err = 0;

	fd = openat(t->fd, file, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return errno;
	/* A write() of 0 bytes does not reach the kernel's handler; a newline does. */
	put = len ? write(fd, value, len) : write(fd, "\n", 1);
	if (put < 0)
		err = errno;
	else if ((size_t)put != (len ? len : 1))
		err = EIO;
	close(fd);
	return err;
}

bool tree_has(const struct tree *t, const char *file)
{
	return !faccessat(t->fd, file, F_OK, 0) || errno != ENOENT;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tree_list(const struct tree *t, const char *path, struct names *names)
{
	struct dirent *entry;
	int fd, err;
	DIR *dir;

	*names = (struct names){ 0 };
	fd = openat(t->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return tree_fail(t, path, errno);
	dir = fdopendir(fd);
	if (!dir) {
		err = errno;
		close(fd);
		return tree_fail(t, path, err);
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' && (!entry->d_name[1] ||
						!strcmp(entry->d_name, "..")))
			continue;
		names->name = xrealloc(names->name, names->n + 1, sizeof(*names->name));
		names->name[names->n++] = xstrdup(entry->d_name);
	}
	err = errno;
	closedir(dir);
	if (err) {
		names_free(names);
		return tree_fail(t, path, err);
	}
	if (names->n)
		qsort(names->name, names->n, sizeof(*names->name), by_name);
	return ST_OK;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct names){ 0 };
}

bool names_have(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}
