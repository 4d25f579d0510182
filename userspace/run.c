// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mapstat run", "wait", "stop" and "reset".
 *
 * While parameters are set and a run is watched, SIGINT, SIGTERM and SIGHUP are blocked and
 * fetched with sigtimedwait(), which also provides the delay between two polls: this needs no
 * handler and no global flag, and misses no signal.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "mapstat.h"

#define POLL_MS		100
#define START_MS	5000	/* a plain file never leaves "start": give up after this */

struct setting {
	char *name;
	const char *value;
	char *before;		/* the old value, to restore */
	bool done;		/* written */
};

struct session {
	const struct tree *tree;
	struct setting *setting;
	size_t n;
	size_t own;		/* the first of them: restored when the run has ended */
	size_t named;		/* own ones and those of the arguments; the rest are defaults */
	size_t *order;		/* indices, in the order in which they were written */
	size_t ndone;
	struct params known;	/* all parameters, with their old values */
	sigset_t caught;	/* signals to fetch; empty: default actions */
	sigset_t mask;		/* the previous mask */
};

struct progress {
	bool tty;
	bool shown;
	struct control last;
	struct timespec begin;
};

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) +
	       (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static void progress_show(struct progress *p, const struct control *c)
{
	bool changed = !p->shown || c->round != p->last.round || c->rounds != p->last.rounds;

	if (c->state != CONTROL_RUNNING)
		return;
	if (p->tty)
		fprintf(stderr, "\r\033[Kmapstat: round %u of %u, %.0f s", c->round, c->rounds,
			seconds_since(&p->begin));
	else if (changed)
		fprintf(stderr, "mapstat: round %u of %u\n", c->round, c->rounds);
	p->shown = true;
	p->last = *c;
}

static void progress_end(struct progress *p)
{
	if (p->tty && p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

/* Wait until the run is over.  @sig receives the signal that ended the wait, or 0. */
static int watch(const struct session *s, struct control *c, int *sig)
{
	struct progress p = { .tty = term_moves(STDERR_FILENO) };
	int ret;

	*sig = 0;
	clock_gettime(CLOCK_MONOTONIC, &p.begin);
	for (;;) {
		ret = control_read(s->tree, c);
		if (ret || c->state == CONTROL_IDLE || c->state == CONTROL_FAILED)
			break;
		if (c->state == CONTROL_STARTING && seconds_since(&p.begin) > START_MS / 1e3) {
			ret = fail(ST_SYSTEM, "a saved copy can be shown, but cannot run",
				   "%s/control does not answer", s->tree->path);
			break;
		}
		progress_show(&p, c);
		*sig = signal_wait(&s->caught, POLL_MS);
		if (*sig)
			break;
	}
	progress_end(&p);
	return ret;
}

/* The exit status for the run that has ended; @ran: having no run is a failure. */
static int judge(const struct tree *t, const struct control *c, bool ran)
{
	struct results r;
	int ret;

	if (c->state == CONTROL_FAILED)
		return fail(ST_FAILURE, "the reason is in the kernel log: dmesg",
			    "the run failed: %s (%d)", strerror(-c->error), c->error);
	ret = results_read(t, &r);
	if (ret)
		return ret;
	if (strcmp(r.verdict, "SUCCESS") && (ran || strcmp(r.reason, "no run yet")))
		ret = fail(ST_FAILURE, NULL, "the run's verdict is %s%s%s", r.verdict,
			   *r.reason ? ": " : "", r.reason);
	results_free(&r);
	return ret;
}

int wait_idle(const struct tree *t)
{
	struct session s = { .tree = t };
	struct control c;
	int ret, sig;

	ret = version_check(t);
	if (ret)
		return ret;
	sigemptyset(&s.caught);
	ret = watch(&s, &c, &sig);
	return ret ? ret : judge(t, &c, false);
}

/* Write a command to control, and wait until the module is idle. */
static int command(const struct tree *t, const char *word)
{
	struct session s = { .tree = t };
	struct control c;
	int err, sig;

	err = tree_write(t, "control", word);
	if (err == EBUSY)
		return refused_busy();
	if (err)
		return tree_fail(t, "control", err);
	sigemptyset(&s.caught);
	return watch(&s, &c, &sig);
}

static int check_idle(const struct tree *t)
{
	struct control c;
	int ret = control_read(t, &c);

	if (ret || c.state == CONTROL_IDLE || c.state == CONTROL_FAILED)
		return ret;
	return refused_busy();
}

/* Stopping without a run is a success. */
int stop(const struct tree *t)
{
	struct control c;
	int ret = version_check(t);

	if (!ret)
		ret = control_read(t, &c);
	if (ret)
		return ret;
	if (c.state == CONTROL_RUNNING)
		return command(t, "stop");
	fputs("mapstat: no run is under way\n", stderr);
	return ST_OK;
}

int reset(const struct tree *t)
{
	int ret = version_check(t);

	if (!ret)
		ret = check_idle(t);
	return ret ? ret : command(t, "reset");
}

/* -- parameters -- */

static int parse_setting(struct session *s, const char *arg)
{
	const char *equals = strchr(arg, '=');
	struct setting *p;

	if (!equals || equals == arg)
		return fail(ST_USAGE, "for example: mapstat run threads=4",
			    "%s: not name=value", arg);
	s->setting = xrealloc(s->setting, s->n + 1, sizeof(*s->setting));
	p = &s->setting[s->n++];
	*p = (struct setting){ .name = xstrdup(arg), .value = equals + 1 };
	p->name[equals - arg] = '\0';
	return ST_OK;
}

static int parse_settings(struct session *s, const struct options *opt, const char *const *own)
{
	int ret = ST_OK;

	for (; own[s->own] && !ret; s->own++)
		ret = parse_setting(s, own[s->own]);
	for (size_t i = 0; i < opt->nargs && !ret; i++)
		ret = parse_setting(s, opt->args[i]);
	s->named = s->n;
	return ret;
}

static bool is_named(const struct session *s, const char *name)
{
	for (size_t i = 0; i < s->named; i++)
		if (!strcmp(s->setting[i].name, name))
			return true;
	return false;
}

/* autostart matters only at load time; the parameters of events belong to readers of events. */
static bool is_of_the_run(const char *name)
{
	return strcmp(name, "autostart") && strncmp(name, "events", strlen("events"));
}

/* Parameters that are not given take their defaults. */
static void add_defaults(struct session *s)
{
	for (size_t i = 0; i < s->known.n; i++) {
		const struct param *p = &s->known.at[i];

		if (!p->fallback) {
			fputs("mapstat: the module publishes no defaults: other parameters keep "
			      "their values\n",
			      stderr);
			return;
		}
		if (is_named(s, p->name) || !is_of_the_run(p->name))
			continue;
		s->setting = xrealloc(s->setting, s->n + 1, sizeof(*s->setting));
		s->setting[s->n++] = (struct setting){
			.name = xstrdup(p->name), .value = p->fallback,
		};
	}
}

/* Check all names and save all old values before writing anything. */
static int check_settings(struct session *s)
{
	int ret = ST_OK;

	for (size_t i = 0; i < s->n && !ret; i++) {
		struct setting *p = &s->setting[i];
		const struct param *known = params_find(&s->known, p->name);

		if (known)
			p->before = xstrdup(known->value);
		else
			ret = fail(ST_PARAMETER, "list them with: mapstat parameters",
				   "there is no parameter '%s'", p->name);
		/* A default that is set already need not be written. */
		p->done = known && i >= s->named && !strcmp(p->before, p->value);
	}
	return ret;
}

static int refused(const struct session *s, const struct setting *p, int err)
{
	const struct param *known = params_find(&s->known, p->name);
	char *file = param_file(p->name), *what = NULL, *hint = NULL;
	size_t len;
	FILE *f = xmemstream(&what, &len);
	int ret;

	fprintf(f, "%s=%s", p->name, p->value);
	fclose(f);
	if (known->range) {
		f = xmemstream(&hint, &len);
		fprintf(f, "allowed: %s; %s", known->range, known->help);
		fclose(f);
	}
	ret = tree_refused(s->tree, file, what, hint, err);
	free(hint);
	free(what);
	free(file);
	return ret;
}

static void put_back(const struct session *s, const struct setting *p)
{
	char *file = param_file(p->name);

	setting_restore(s->tree, file, p->before, &s->caught);
	free(file);
}

/* Restore in reverse order of writing, so that every intermediate state was valid before. */
static void restore(struct session *s)
{
	while (s->ndone)
		put_back(s, &s->setting[s->order[--s->ndone]]);
}

static void restore_own(const struct session *s)
{
	for (size_t i = s->own; i--; )
		put_back(s, &s->setting[i]);
}

/* Return: 0 or an errno */
static int apply(struct session *s, size_t i)
{
	char *file = param_file(s->setting[i].name);
	int err = tree_write(s->tree, file, s->setting[i].value);

	free(file);
	if (err)
		return err;
	s->setting[i].done = true;
	s->order[s->ndone++] = i;
	return 0;
}

/*
 * Defaults first, then the others in the order given.  A value may conflict with a current value
 * that is still to be replaced, so refused ones are retried as long as another one is accepted.
 */
static int apply_settings(struct session *s)
{
	const struct setting *first;
	size_t before;
	int err, why = 0;

	s->order = xrealloc(NULL, s->n, sizeof(*s->order));
	do {
		first = NULL;
		before = s->ndone;
		for (size_t k = 0; k < s->n; k++) {
			const size_t i = (s->named + k) % s->n;

			if (s->setting[i].done)
				continue;
			err = apply(s, i);
			if (err && !first) {
				first = &s->setting[i];
				why = err;
			}
			if (err && err != EINVAL)
				break;
		}
	} while (first && why == EINVAL && s->ndone > before);
	if (!first)
		return ST_OK;
	err = refused(s, first, why);
	restore(s);
	return err;
}

static void free_settings(struct session *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->setting[i].name);
		free(s->setting[i].before);
	}
	free(s->setting);
	free(s->order);
	params_free(&s->known);
}

/* -- run -- */

static int start(const struct session *s)
{
	int err = tree_write(s->tree, "control", "start");

	if (!err)
		return ST_OK;
	return tree_refused(s->tree, "control", "to start with these parameters", NULL, err);
}

static int interrupted(const struct session *s, int sig)
{
	int err = tree_write(s->tree, "control", "stop");

	if (err && err != EINVAL)	/* EINVAL: it has just ended */
		fail(ST_SYSTEM, "write stop to control", "the run could not be stopped: %s",
		     strerror(err));
	else
		fprintf(stderr, "mapstat: stopped; show the rounds so far with: mapstat show\n");
	return 128 + sig;
}

/* Set the parameters and start; on failure or a signal restore the old values. */
static int begin(struct session *s, int *sig)
{
	int ret = apply_settings(s);

	*sig = 0;
	if (ret)
		return ret;
	*sig = signal_wait(&s->caught, 0);
	if (!*sig)
		ret = start(s);
	if (*sig || ret)
		restore(s);
	return ret;
}

static int run_and_watch(struct session *s, struct control *c)
{
	int ret, sig;

	signals_catch(&s->caught, &s->mask);
	ret = begin(s, &sig);
	if (!ret && !sig) {
		ret = watch(s, c, &sig);
		if (sig)
			ret = interrupted(s, sig);
		restore_own(s);
	}
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	return sig ? 128 + sig : ret;
}

static int run_session(struct session *s, const struct options *opt, const char *const *own,
		       struct control *c)
{
	int ret;

	ret = version_check(s->tree);
	if (ret)
		return ret;
	ret = parse_settings(s, opt, own);
	if (!ret)
		ret = check_idle(s->tree);
	if (!ret)
		ret = params_read(s->tree, &s->known);
	if (ret)
		return ret;
	if (!opt->keep)
		add_defaults(s);
	ret = check_settings(s);
	return ret ? ret : run_and_watch(s, c);
}

int run_with(const struct tree *t, const struct options *opt, const char *const *own,
	     int *verdict)
{
	struct session s = { .tree = t };
	struct control c;
	int ret;

	ret = run_session(&s, opt, own, &c);
	free_settings(&s);
	if (!ret)
		*verdict = judge(t, &c, true);
	return ret;
}

int run(const struct tree *t, const struct options *opt, const struct term *term, FILE *out)
{
	static const char *const none[] = { NULL };
	struct options all = *opt;
	int ret, verdict;

	ret = run_with(t, opt, none, &verdict);
	if (ret)
		return ret;
	if (opt->wait_only || verdict > ST_FAILURE)
		return verdict;
	all.nargs = 0;
	ret = show(t, &all, term, out);
	return ret ? ret : verdict;
}
