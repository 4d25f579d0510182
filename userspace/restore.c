// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals, and restoring settings.  The kernel refuses changes during a run, so wait for its end.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include "mapstat.h"

#define RETRY_MS	100

void signals_catch(sigset_t *caught, sigset_t *before)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;

	sigemptyset(caught);
	/* A signal that the caller ignores (nohup) stays ignored. */
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!sigaction(wanted[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaddset(caught, wanted[i]);
	sigprocmask(SIG_BLOCK, caught, before);
	signal(SIGPIPE, SIG_IGN);	/* write() returns EPIPE instead */
}

int signal_wait(const sigset_t *caught, long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
	int sig = sigtimedwait(caught, NULL, &time);

	return sig > 0 ? sig : 0;
}

/* Has the module been removed, and its settings with it? */
static bool is_gone(int err)
{
	return err == ENOENT || err == EIO || err == ENODEV || err == ENXIO;
}

int setting_restore(const struct tree *t, const char *file, const char *value,
		    const sigset_t *caught)
{
	bool waited = false;
	char hint[512];
	int err, sig = 0;

	while ((err = tree_write(t, file, value)) == EBUSY && !sig) {
		if (!waited)
			fprintf(stderr, "mapstat: a run is under way: %s is set back to '%s' at "
				"its end; Ctrl-C leaves it as it is\n", file, value);
		waited = true;
		sig = signal_wait(caught, RETRY_MS);
	}
	if (!err || is_gone(err))
		return sig;
	snprintf(hint, sizeof(hint), "once the run has ended: echo '%s' >%s/%s", value, t->path,
		 file);
	fail(ST_SYSTEM, err == EBUSY ? hint : NULL, "%s is not set back to '%s': %s", file, value,
	     strerror(err));
	return sig;
}
