// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reasons for refused requests.
 *
 * A failed write returns only an errno.  The reason is kept here per thread, so that each of
 * several threads that are refused at the same time reads its own.
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

/* Number of threads whose last refusal is kept. */
#define REFUSALS_KEPT	32
#define REFUSAL_TEXT	320

/**
 * struct refusal - the last refusal of a thread
 * @number: sequence number among all refusals, from 1; 0: free slot
 * @error: negative errno
 * @thread: PID of the refused thread, in the initial PID namespace
 * @process: TGID of that thread, in the initial PID namespace
 * @shown: that TGID in the process's own PID namespace
 * @text: one line of printable ASCII, without newline
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

/* The text may quote user input, which must not add lines or columns. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!isascii(*text) || !isprint(*text))
			*text = '?';
}

/* Return: the calling thread's refusal, or NULL. */
static struct refusal *own_refusal(void)
{
	unsigned int i;

	lockdep_assert_held(&refusals_lock);
	for (i = 0; i < REFUSALS_KEPT; i++)
		if (refusals[i].number && refusals[i].thread == task_pid_nr(current))
			return &refusals[i];
	return NULL;
}

/* Return: a free slot, else the oldest. */
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
 * mapstat_refuse - report in the log and in last_error why the calling thread is refused
 * @error: negative errno
 * @fmt: the reason, without newline
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
 * mapstat_refuse_quietly - as mapstat_refuse(), in last_error only
 * @error: negative errno
 * @fmt: the reason, without newline
 *
 * For refusals that are not mistakes and may be frequent, such as a run in progress.
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
 * mapstat_refuse_memory - as mapstat_refuse(), for an allocation that failed or would fail
 * @wanted: bytes requested
 * @fmt: their purpose, without newline; the requested and the available amount are appended
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
 * mapstat_refusals - number of refusals so far
 *
 * Context: Process; sleeps.
 * Return: the number, for mapstat_refusal_since().
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
 * mapstat_refusal_since - make sure that a refusal of the calling thread is kept
 * @before: mapstat_refusals() from before the refused operation began
 * @error: negative errno that the operation returns; if the thread has recorded no reason for
 *	it since @before, it is recorded without a reason
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
		mapstat_refuse_quietly(error, "no reason was recorded");
}

/* Return: the last refusal of the process, or of any process if @process is 0; or NULL. */
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
 * mapstat_refusal_show - show the calling thread's last refusal, else its process's, else any
 * @m: output
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
