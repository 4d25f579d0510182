/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A team of kthreads that does one thing together.
 */
#ifndef MAPSTAT_KUNIT_THREADS_H
#define MAPSTAT_KUNIT_THREADS_H

#include <linux/completion.h>
#include <linux/types.h>
#include "fixture.h"

#define TEAM_MAX	8	/* threads; twice the CPUs of the emulated machine */

struct team;

/**
 * typedef team_fn - what each thread does
 * @team: the team
 * @id: the thread's number, from 0
 *
 * Context: Process.
 * Return: 0 or -errno.
 */
typedef int (*team_fn)(struct team *team, unsigned int id);

/**
 * typedef team_enough_fn - have the threads done everything that the test expects of them?
 * @arg: team->arg
 *
 * Context: Process; no thread runs.
 */
typedef bool (*team_enough_fn)(void *arg);

/**
 * struct team - some threads; begin with TEAM_INIT or zeroed
 * @fn: what they do: constant while they run
 * @arg: the caller's: constant while they run
 * @n: how many run: the starter's own
 * @thread: the threads: the starter's own
 * @member: what each thread is told: constant while they run
 * @ready: completed by each thread once it runs
 * @go: completed for all when all run, so that they overlap
 * @stop: written by team_stop(), read by the threads
 */
struct team {
	team_fn fn;
	void *arg;
	unsigned int n;
	struct task_struct *thread[TEAM_MAX];
	struct team_member {
		struct team *team;
		unsigned int id;
	} member[TEAM_MAX];
	struct completion ready;
	struct completion go;
	bool stop;
};

int team_start(struct team *team, unsigned int n, team_fn fn, void *arg);
int team_join(struct team *team);
int team_stop(struct team *team);
int team_run_ms(struct team *team, unsigned int n, team_fn fn, void *arg, unsigned int ms);
int team_run_until(struct team *team, unsigned int n, team_fn fn, void *arg, unsigned int ms,
		   team_enough_fn enough);
void team_pause(unsigned int id, struct test_bufs *b);

/* Is the thread to end? Pairs with the WRITE_ONCE() in team_stop(): a flag, no data. */
static inline bool team_stopped(const struct team *team)
{
	return READ_ONCE(team->stop);
}

#endif /* MAPSTAT_KUNIT_THREADS_H */
