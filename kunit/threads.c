// SPDX-License-Identifier: GPL-2.0-only
/*
 * A team of kthreads that run one function together.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include "threads.h"

static int team_thread(void *data)
{
	struct team_member *member = data;
	struct team *team = member->team;

	complete(&team->ready);
	wait_for_completion(&team->go);
	return team->fn(team, member->id);
}

/*
 * Odd threads have a higher priority than all others and sleep often (team_pause()).  When one
 * wakes, it preempts the thread on its CPU, even within an operation; otherwise threads on a
 * machine with one CPU would interleave only when a time slice ends.
 */
static int team_add(struct team *team, unsigned int id)
{
	struct team_member *member = &team->member[id];
	struct task_struct *t;

	member->team = team;
	member->id = id;
	t = kthread_create(team_thread, member, "mapstat_kunit/%u", id);
	if (IS_ERR(t))
		return PTR_ERR(t);
	kthread_bind(t, cpumask_local_spread(id % num_online_cpus(), NUMA_NO_NODE));
	if (id & 1)
		sched_set_fifo_low(t);
	team->thread[id] = get_task_struct(t);
	team->n++;
	wake_up_process(t);
	return 0;
}

/**
 * team_start - start threads
 * @team: a team without running threads
 * @n: how many, at most TEAM_MAX
 * @fn: the function that each runs
 * @arg: stored in team->arg
 *
 * Context: Process; sleeps.
 * Return: 0, or -errno, and then no thread is running.
 */
int team_start(struct team *team, unsigned int n, team_fn fn, void *arg)
{
	unsigned int i;
	int ret = 0;

	memset(team, 0, sizeof(*team));
	team->fn = fn;
	team->arg = arg;
	init_completion(&team->ready);
	init_completion(&team->go);
	for (i = 0; i < n && !ret; i++)
		ret = team_add(team, i);
	/* A thread that is stopped before it has run would never call fn. */
	for (i = 0; i < team->n; i++)
		wait_for_completion(&team->ready);
	if (ret)
		WRITE_ONCE(team->stop, true);	/* pairs with team_stopped() */
	complete_all(&team->go);
	if (ret)
		team_join(team);
	return ret;
}

/**
 * team_join - wait until all threads have returned
 * @team: the team
 *
 * Context: Process; sleeps.
 * Return: 0, or the first error that a thread returned.
 */
int team_join(struct team *team)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < team->n; i++) {
		/* They do not check kthread_should_stop(): this only waits. */
		int err = kthread_stop(team->thread[i]);

		put_task_struct(team->thread[i]);
		ret = ret ?: err;
	}
	team->n = 0;
	return ret;
}

/**
 * team_stop - make all threads return, and wait for them
 * @team: the team
 *
 * Context: Process; sleeps.
 * Return: 0, or the first error that a thread returned.
 */
int team_stop(struct team *team)
{
	WRITE_ONCE(team->stop, true);	/* pairs with team_stopped() */
	return team_join(team);
}

/* Run threads for @ms. Return: 0, or the first error that one returned. */
int team_run_ms(struct team *team, unsigned int n, team_fn fn, void *arg, unsigned int ms)
{
	int ret = team_start(team, n, fn, arg);

	if (ret)
		return ret;
	msleep(ms);
	return team_stop(team);
}

/**
 * team_run_until - run threads for some time, and repeat until the test has seen enough
 * @team: the team
 * @n: how many threads
 * @fn: the function that each runs
 * @arg: for @fn and @enough
 * @ms: duration; on a busy or emulated machine a thread may not get to run in it
 * @enough: whether the threads have done what the test expects; after 100 runs it gives up
 *
 * Context: Process; sleeps.
 * Return: 0, or the first error that a thread returned.
 */
int team_run_until(struct team *team, unsigned int n, team_fn fn, void *arg, unsigned int ms,
		   team_enough_fn enough)
{
	int ret, times = 0;

	do {
		ret = team_run_ms(team, n, fn, arg, ms);
	} while (!ret && !enough(arg) && ++times < 100);
	return ret;
}

/**
 * team_pause - let other threads run, sometimes; called between operations
 * @id: the thread's number
 * @b: the thread's buffers
 *
 * Context: Process; sleeps.
 */
void team_pause(unsigned int id, struct test_bufs *b)
{
	u32 r = prandom_u32_state(&b->rnd);

	if (id & 1) {
		if (r & 1)
			usleep_range(1 + (r >> 27), 40);
	} else if (!(r & 127)) {
		usleep_range(1, 10);
	} else {
		cond_resched();
	}
}
