// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages for a write that the kernel refused, with the reason from the file last_error.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mapstat.h"

/* "22	parameter keys=0: not in 1..4294967295	4711": is it @err, of this process? */
static bool is_ours(char *line, int err, char **why)
{
	char *tab = strchr(line, '\t'), *last = strrchr(line, '\t');
	uint64_t number, pid;

	if (!tab || tab == last)
		return false;
	*tab = '\0';
	*last = '\0';
	*why = tab + 1;
	return parse_u64(line, &number) && parse_u64(last + 1, &pid) &&
	       number == (uint64_t)err && pid == (uint64_t)getpid();
}

/*
 * The kernel's reason for @err.  last_error may hold another process's error: that is ignored.
 * Return: text for the caller to free, or NULL
 */
static char *own_words(const struct tree *t, int err)
{
	char *line, *why;

	if (faccessat(t->fd, "last_error", F_OK, 0) || tree_read_word(t, "last_error", &line))
		return NULL;
	why = is_ours(line, err, &why) ? xstrdup(why) : NULL;
	free(line);
	return why;
}

/* Strip "parameter keys=0: ", as the message names @what itself. */
static char *without_name(char *words, const char *what)
{
	static const char parameter[] = "parameter ";
	const size_t skip = strlen(parameter), len = strlen(what);

	if (strncmp(words, parameter, skip) || strncmp(words + skip, what, len) ||
	    strncmp(words + skip + len, ": ", 2))
		return words;
	return words + skip + len + 2;
}

/* A start returns EBUSY only during a run; a parameter also if it conflicts with another one. */
static bool run_is_under_way(const struct tree *t, const char *file)
{
	struct control c;

	if (!strcmp(file, "control"))
		return true;
	return !control_read(t, &c) && c.state == CONTROL_RUNNING;
}

int refused_busy(void)
{
	return fail(ST_BUSY, "wait for it: mapstat wait; or stop it: mapstat stop",
		    "a run is under way");
}

int tree_refused(const struct tree *t, const char *file, const char *what, const char *hint,
		 int err)
{
	char *words, *why;
	int ret;

	switch (err) {
	case EACCES:
	case EPERM:
	case ENOENT:
	case EIO:
	case ENODEV:
	case ENXIO:
	case ESTALE:
	case EINTR:
		return tree_fail(t, file, err);
	}
	if (err == EBUSY && run_is_under_way(t, file))
		return refused_busy();
	words = own_words(t, err);
	why = words ? without_name(words, what) : strerror(err);
	ret = fail(ST_PARAMETER, hint ? hint : words ? NULL : "see the kernel log: dmesg",
		   "the kernel refuses %s: %s; nothing was started", what, why);
	free(words);
	return ret;
}
