/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A team of kthreads that run one function together.
 */
#ifndef MAPSTAT_KUNIT_THREADS_H
#define MAPSTAT_KUNIT_THREADS_H

#include <linux/completion.h>
#include <linux/types.h>
#include "fixture.h"

#define TEAM_MAX	8	/* threads; twice the CPUs of the emulated machine */

struct team;

/**
 * typedef team_fn - the function that each thread runs
 * @team: the team
 * @id: the thread's number, from 0
 *
 * Context: Process.
 * Return: 0 or -errno.
 */
typedef int (*team_fn)(struct team *team, unsigned int id);

/**
 * typedef team_enough_fn - whether the threads have done what the test expects
 * @arg: team->arg
 *
 * Context: Process; no thread of the team runs.
 */
typedef bool (*team_enough_fn)(void *arg);

/**
 * struct team - some threads; initialized by team_start()
 * @fn: the function they run: constant while they run
 * @arg: for the function: constant while they run
 * @n: how many run: accessed by the starter only
 * @thread: the threads: accessed by the starter only
 * @member: argument of each thread: constant while they run
 * @ready: completed by each thread once it runs
 * @go: completed for all when all run, so that they overlap
 * @stop: written by team_stop(), and team_start() if it fails; read by the threads
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

/* Must the thread return?  Pairs with the WRITE_ONCE()s of team->stop: a flag, orders no data. */
static inline bool team_stopped(const struct team *team)
{
	return READ_ONCE(team->stop);
}

#endif /* MAPSTAT_KUNIT_THREADS_H */
