// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded library: makes calls fail as in the kernel, and makes plain files look live.
 *   FAULT_READ=PATH-END:ERRNO	reading a file whose path ends with PATH-END fails
 *   FAULT_WRITE=TEXT:ERRNO	writing TEXT fails
 *   FAULT_WHILE=FILE		FAULT_WRITE applies only while FILE exists
 *   FAULT_UNTIL=TEXT:FILE:WORD	writing TEXT fails with EINVAL unless the first word of FILE is WORD
 *   FAULT_OPEN=PATH-END:ERRNO	openat() of a file whose path ends with PATH-END fails
 *   FAULT_FILE=PATH:FILE	fopen() of PATH opens FILE
 *   FAULT_CPUINFO=FILE		all files are on debugfs, and FILE replaces /proc/cpuinfo
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Return: the errno to fail with, or 0 */
static int fault(const char *variable, const char *text, size_t len, int whole)
{
	const char *want = getenv(variable), *colon = want ? strrchr(want, ':') : NULL;
	size_t n = colon ? (size_t)(colon - want) : 0;

	if (!colon || len < n || (whole && len != n))
		return 0;
	return memcmp(text + len - n, want, n) ? 0 : atoi(colon + 1);
}

ssize_t read(int fd, void *buf, size_t count)
{
	ssize_t (*next)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
	char link[32], path[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path));
	errno = len > 0 ? fault("FAULT_READ", path, (size_t)len, 0) : 0;
	return errno ? -1 : next(fd, buf, count);
}

/* FAULT_UNTIL.  Return: EINVAL or 0 */
static int refused_until(const char *text, size_t len)
{
	char wanted[64], file[4096], word[64], found[64] = "";
	const char *until = getenv("FAULT_UNTIL");
	FILE *f;

	if (!until || sscanf(until, "%63[^:]:%4095[^:]:%63s", wanted, file, word) != 3 ||
	    len != strlen(wanted) || memcmp(text, wanted, len))
		return 0;
	f = fopen(file, "r");
	if (!f || fscanf(f, "%63s", found) != 1)
		found[0] = '\0';
	if (f)
		fclose(f);
	return strcmp(found, word) ? EINVAL : 0;
}

ssize_t write(int fd, const void *buf, size_t count)
{
	ssize_t (*next)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");

	const char *file = getenv("FAULT_WHILE");

	errno = file && access(file, F_OK) ? 0 : fault("FAULT_WRITE", buf, count, 1);
	if (!errno)
		errno = refused_until(buf, count);
	return errno ? -1 : next(fd, buf, count);
}

int openat(int dir, const char *path, int flags, ...)
{
	int (*next)(int, const char *, int, ...) = dlsym(RTLD_NEXT, "openat");

	errno = fault("FAULT_OPEN", path, strlen(path), 0);
	return errno ? -1 : next(dir, path, flags);	/* never with O_CREAT */
}

int fstatfs(int fd, struct statfs *fs)
{
	int (*next)(int, struct statfs *) = dlsym(RTLD_NEXT, "fstatfs");
	int ret = next(fd, fs);

	if (!ret && getenv("FAULT_CPUINFO"))
		fs->f_type = DEBUGFS_MAGIC;
	return ret;
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *) = dlsym(RTLD_NEXT, "fopen");
	const char *cpuinfo = getenv("FAULT_CPUINFO"), *file = getenv("FAULT_FILE");
	const size_t len = strlen(path);

	if (file && !strncmp(file, path, len) && file[len] == ':')
		return next(file + len + 1, mode);
	return next(cpuinfo && !strcmp(path, "/proc/cpuinfo") ? cpuinfo : path, mode);
}
