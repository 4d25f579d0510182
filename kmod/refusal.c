// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why something was refused.
 *
 * A write gives its caller an errno only.  The reason is kept here for the thread that was
 * refused: of several that are refused at the same time, each reads its own.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include "memory.h"
#include "refusal.h"

/* The last refusal of as many threads. */
#define REFUSALS_KEPT	32
#define REFUSAL_TEXT	320

/**
 * struct refusal - the last one of a thread
 * @number: counts all refusals, from 1; 0: this one is free
 * @error: negative errno
 * @thread: that was refused; this and @process as init's PID namespace numbers them
 * @process: of that thread
 * @shown: @process as its own PID namespace numbers it
 * @text: one line of printable ASCII, without its end
 */
struct refusal {
	u64 number;
	int error;
	pid_t thread;
	pid_t process;
	pid_t shown;
	char text[REFUSAL_TEXT];
};

static DEFINE_MUTEX(refusals_lock);
/* Both protected by refusals_lock. */
static struct refusal refusals[REFUSALS_KEPT];
static u64 refusals_total;

/* What was written is part of the text: it must not make another line, or column, of it. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!isascii(*text) || !isprint(*text))
			*text = '?';
}

/* Return: the calling thread's, or NULL. */
static struct refusal *own_refusal(void)
{
	unsigned int i;

	lockdep_assert_held(&refusals_lock);
	for (i = 0; i < REFUSALS_KEPT; i++)
		if (refusals[i].number && refusals[i].thread == task_pid_nr(current))
			return &refusals[i];
	return NULL;
}

/* Return: a free one, or else that which is longest ago. */
static struct refusal *oldest_refusal(void)
{
	struct refusal *oldest = refusals;
	unsigned int i;

	lockdep_assert_held(&refusals_lock);
	for (i = 1; i < REFUSALS_KEPT; i++)
		if (refusals[i].number < oldest->number)
			oldest = &refusals[i];
	return oldest;
}

static void note(int error, struct va_format *why)
{
	struct refusal *r;

	mutex_lock(&refusals_lock);
	r = own_refusal() ?: oldest_refusal();
	r->number = ++refusals_total;
	r->error = error;
	r->thread = task_pid_nr(current);
	r->process = task_tgid_nr(current);
	r->shown = task_tgid_vnr(current);
	scnprintf(r->text, sizeof(r->text), "%pV", why);
	make_printable(r->text);
	mutex_unlock(&refusals_lock);
}

/**
 * mapstat_refuse - say in the log, and in last_error, why the calling thread is refused
 * @error: negative errno that it is given
 * @fmt: why, without an end of line
 *
 * Context: Process; sleeps.
 * Return: @error.
 */
int mapstat_refuse(int error, const char *fmt, ...)
{
	struct va_format why = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	why.va = &args;
	pr_err("%pV\n", &why);
	note(error, &why);
	va_end(args);
	return error;
}

/**
 * mapstat_refuse_quietly - say in last_error alone why the calling thread is refused
 * @error: negative errno that it is given
 * @fmt: why, without an end of line
 *
 * For what is no mistake, a run that is under way, say, and may be met often.
 *
 * Context: Process; sleeps.
 * Return: @error.
 */
int mapstat_refuse_quietly(int error, const char *fmt, ...)
{
	struct va_format why = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	why.va = &args;
	note(error, &why);
	va_end(args);
	return error;
}

/**
 * mapstat_refuse_memory - as mapstat_refuse(), where memory cannot be had
 * @wanted: so many bytes
 * @fmt: what for, without an end of line; how much it was, and how much there is, is added
 *
 * Context: Process; sleeps.
 * Return: -ENOMEM.
 */
int mapstat_refuse_memory(u64 wanted, const char *fmt, ...)
{
	struct va_format what = { .fmt = fmt };
	va_list args;
	int ret;

	va_start(args, fmt);
	what.va = &args;
	ret = mapstat_refuse(-ENOMEM, "%pV: %llu KiB wanted, %llu available", &what,
			     DIV_ROUND_UP_ULL(wanted, 1024), mapstat_memory_room() / 1024);
	va_end(args);
	return ret;
}

/**
 * mapstat_refusals - how many there were
 *
 * Context: Process; sleeps.
 * Return: their number, for mapstat_refusal_since().
 */
u64 mapstat_refusals(void)
{
	u64 total;

	mutex_lock(&refusals_lock);
	total = refusals_total;
	mutex_unlock(&refusals_lock);
	return total;
}

/**
 * mapstat_refusal_since - see that a refusal of the calling thread is kept
 * @before: of mapstat_refusals(), from before what is refused was begun
 * @error: negative errno that it is given; where no reason for it has come since, it is kept
 *	without one
 *
 * Context: Process; sleeps.
 */
void mapstat_refusal_since(u64 before, int error)
{
	const struct refusal *r;
	bool known;

	mutex_lock(&refusals_lock);
	r = own_refusal();
	known = r && r->number > before && r->error == error;
	mutex_unlock(&refusals_lock);
	if (!known)
		mapstat_refuse_quietly(error, "no more is known than the error's number");
}

/* Return: the last one of the process, or of any with @process 0; NULL where there is none. */
static const struct refusal *last_refusal(pid_t process)
{
	const struct refusal *last = NULL;
	unsigned int i;

	lockdep_assert_held(&refusals_lock);
	for (i = 0; i < REFUSALS_KEPT; i++)
		if (refusals[i].number > (last ? last->number : 0) &&
		    (!process || refusals[i].process == process))
			last = &refusals[i];
	return last;
}

/**
 * mapstat_refusal_show - the last refusal of the calling thread, else of its process, else any
 * @m: where to
 *
 * Context: Process; sleeps.
 */
void mapstat_refusal_show(struct seq_file *m)
{
	const struct refusal *r;

	mutex_lock(&refusals_lock);
	r = own_refusal() ?: last_refusal(task_tgid_nr(current)) ?: last_refusal(0);
	if (r)
		seq_printf(m, "%d\t%s\t%d\n", -r->error, r->text, r->shown);
	else
		seq_puts(m, "0\t-\t-\n");
	mutex_unlock(&refusals_lock);
}
