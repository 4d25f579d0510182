// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sources of miss counts: PMU counters or the model, for a run or for a window.
 */
#include <linux/atomic.h>
#include <linux/bottom_half.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/wait.h>
#include "kmod/compat.h"
#include "kmod/stats/counters.h"
#include "kmod/memory.h"
#include "misses.h"
#include "pmu.h"
#include "session.h"

/* The first 1/WINDOW_WARMUP_SHARE of a window warms up the caches, without recording. */
#define WINDOW_WARMUP_SHARE	8

/*
 * Held for the time of a session: there is one hook, so sessions exclude each other.  A window's
 * session ends at once on request, so that a thread in session_claim() does not have to wait for
 * the file operation that opened it.
 */
static DEFINE_MUTEX(session_lock);

/* Number of threads that wait for session_lock and want an open window to end. */
static atomic_t session_claims = ATOMIC_INIT(0);
/* An open window waits here for its end. */
static DECLARE_WAIT_QUEUE_HEAD(window_wait);

/* Observer of the attached model session.  Protected by session_lock. */
static struct mapstat_observer session_observer;

/* Where the PMU counts are recorded. */
static const struct {
	enum mapstat_miss_hist hist;
	enum mapstat_miss_total total;
} pmu_to[MAPSTAT_NR_PMU] = {
	[MAPSTAT_PMU_L1D]  = { MAPSTAT_MISS_L1D,  MAPSTAT_TOTAL_L1D },
	[MAPSTAT_PMU_LLC]  = { MAPSTAT_MISS_LLC,  MAPSTAT_TOTAL_LLC },
	[MAPSTAT_PMU_DTLB] = { MAPSTAT_MISS_DTLB, MAPSTAT_TOTAL_DTLB },
};

static int nobody(struct mapstat_miss_session *s, int error, const char *why)
{
	scnprintf(s->text, sizeof(s->text), "none %pe (%s)", ERR_PTR(error), why);
	return error;
}

/* Append to the model's name why the PMU counters, which were preferred, are not used. */
static void passed_over(struct mapstat_miss_session *s, int error)
{
	const size_t n = strlen(s->text);

	scnprintf(s->text + n, sizeof(s->text) - n, "; pmu: none %pe", ERR_PTR(error));
}

static int begin_model(struct mapstat_miss_session *s, const struct mapstat_geometry *g)
{
	const unsigned int own = cpumask_weight(s->cpus);
	const u64 want = mapstat_model_bytes(g, own), room = mapstat_memory_room();

	if (want <= room)
		s->model = mapstat_model_alloc(g, cpumask_bits(s->cpus), nr_cpu_ids);
	if (!s->model) {
		pr_err("no memory for the model of %u CPUs: %llu KiB wanted, %llu available\n",
		       own, want >> 10, room >> 10);
		return nobody(s, -ENOMEM, "no memory for the model");
	}
	s->kind = MAPSTAT_CACHE_MODEL;
	s->counts = (BIT(MAPSTAT_NR_MISS_TOTALS) - 1) & ~BIT(MAPSTAT_TOTAL_LLC);
	mapstat_geometry_print(g, s->text, sizeof(s->text));
	return 0;
}

/* Each event with its name, or with perf's error. */
static void pmu_texts(struct mapstat_miss_session *s, struct mapstat_pmu *pmu)
{
	char text[MAPSTAT_PMU_TEXT];
	unsigned int i;
	int n = 0;

	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		mapstat_pmu_text(pmu, i, text, sizeof(text));
		n += scnprintf(s->text + n, sizeof(s->text) - n, "%s%s", i ? ", " : "", text);
	}
}

static int begin_pmu(struct mapstat_miss_session *s)
{
	struct mapstat_pmu *pmu = mapstat_pmu_get();
	int i, error = 0;

	if (IS_ERR(pmu))
		return nobody(s, PTR_ERR(pmu), "no counters");
	pmu_texts(s, pmu);
	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		error = mapstat_pmu_error(pmu, i);
		if (!error)
			s->counts |= BIT(MAPSTAT_TOTAL_OPS) | BIT(pmu_to[i].total);
	}
	if (!s->counts) {
		mapstat_pmu_put(pmu);
		return error;
	}
	s->pmu = pmu;
	s->kind = MAPSTAT_CACHE_PMU;
	return 0;
}

/*
 * Take session_lock without waiting for the time of a window.  A window that is opened before
 * the lock is taken ends at once as well: it sees the claim.
 */
static void session_claim(void)
{
	/* Counted before the wakeup: pairs with window_is_over(). */
	atomic_inc(&session_claims);
	wake_up_all(&window_wait);
	mutex_lock(&session_lock);
	atomic_dec(&session_claims);
}

/**
 * mapstat_session_takes_model - would the model be the source?
 * @cache: the requested source
 *
 * Context: Process; sleeps.
 * Return: whether it would, at present.
 */
bool mapstat_session_takes_model(enum mapstat_cache cache)
{
	struct mapstat_pmu *pmu;
	bool counts = false;
	int i;

	if (cache != MAPSTAT_CACHE_AUTO)
		return cache == MAPSTAT_CACHE_MODEL;
	pmu = mapstat_pmu_get();
	for (i = 0; !IS_ERR(pmu) && i < MAPSTAT_NR_PMU; i++)
		counts = counts || !mapstat_pmu_error(pmu, i);
	mapstat_pmu_put(pmu);
	return !counts;
}

/**
 * mapstat_session_begin - choose a source and prepare it
 * @s: the session
 * @cache: the requested source
 * @g: geometry of the model, filled in and checked
 * @cpus: participating CPUs; must not change until mapstat_session_end()
 *
 * Ends an open window, and waits for another session to end.  Without a source, @s is still a
 * session, and its text has the reason.
 *
 * Context: Process; sleeps.
 * Return: 0, or the -errno for which there is no source; in both cases the caller must call
 * mapstat_session_end().
 */
int mapstat_session_begin(struct mapstat_miss_session *s, enum mapstat_cache cache,
			  const struct mapstat_geometry *g, const struct cpumask *cpus)
{
	int ret, pmu_error = 0;

	*s = (struct mapstat_miss_session){ .kind = MAPSTAT_CACHE_OFF, .cpus = cpus };
	session_claim();
	if (cache == MAPSTAT_CACHE_OFF)
		return nobody(s, -ENODATA, "cache=off");
	if (cache != MAPSTAT_CACHE_MODEL) {
		pmu_error = begin_pmu(s);
		if (!pmu_error || cache == MAPSTAT_CACHE_PMU)
			return pmu_error;
	}
	ret = begin_model(s, g);
	if (!ret && pmu_error)
		passed_over(s, pmu_error);
	return ret;
}

/**
 * mapstat_session_end - end a session
 * @s: of mapstat_session_begin(); detached
 *
 * Context: Process; sleeps.
 */
void mapstat_session_end(struct mapstat_miss_session *s)
{
	lockdep_assert_held(&session_lock);
	mapstat_model_free(s->model);
	mapstat_pmu_put(s->pmu);
	mutex_unlock(&session_lock);
}

/* Allocate a map's misses on first use. */
static struct mapstat_misses *misses_of(struct cmap_stats *m)
{
	struct mapstat_misses *misses = m->misses;

	lockdep_assert_held(&session_lock);
	if (!misses) {
		misses = misses_alloc();
		/* Pairs with cmap_misses(): the object is complete. */
		smp_store_release(&m->misses, misses);
	}
	return misses;
}

/* Set the source of the figures, and drop the figures of another source. */
static void name_source(const struct mapstat_miss_session *s, struct mapstat_misses *misses)
{
	bool same;

	spin_lock_bh(&misses->lock);
	same = misses->kind == s->kind && !strcmp(misses->text, s->text);
	misses->kind = s->kind;
	misses->counts = s->counts;
	strscpy(misses->text, s->text, sizeof(misses->text));
	spin_unlock_bh(&misses->lock);
	if (!same)
		mapstat_misses_reset(misses);
}

/**
 * mapstat_session_name - make a session the source of a map's figures
 * @s: the session
 * @m: the map; its figures from another source are dropped
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 * Return: 0 or -ENOMEM.
 */
int mapstat_session_name(const struct mapstat_miss_session *s, struct cmap_stats *m)
{
	struct mapstat_misses *misses = misses_of(m);

	if (!misses)
		return -ENOMEM;
	name_source(s, misses);
	return 0;
}

/**
 * mapstat_session_attach - start to count a map's operations
 * @s: the session; no other map is attached
 * @m: the map
 *
 * The model is fed at once, but nothing is recorded before mapstat_session_record().
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 * Return: 0 or -ENOMEM.
 */
int mapstat_session_attach(const struct mapstat_miss_session *s, struct cmap_stats *m)
{
	int ret = mapstat_session_name(s, m);

	if (ret || !s->model)
		return ret;
	ret = mapstat_lines_make(m->misses->lines, cpumask_bits(s->cpus));
	if (ret)
		return ret;
	mapstat_lines_resize(m->misses->lines, mapstat_model_line_bytes(s->model));
	session_observer = (struct mapstat_observer){
		.map = m, .model = s->model, .misses = m->misses,
	};
	mapstat_observe(&session_observer);
	return 0;
}

/**
 * mapstat_session_record - start to record, after the caches have warmed up
 * @s: the session, attached
 *
 * Context: Any.
 */
void mapstat_session_record(const struct mapstat_miss_session *s)
{
	if (s->model)
		WRITE_ONCE(session_observer.record, true);	/* pairs with mapstat_op_begin() */
}

/**
 * mapstat_session_counts - does the source count something?
 * @s: the session
 * @total: what to count
 *
 * Context: Any.
 * Return: whether it does.
 */
bool mapstat_session_counts(const struct mapstat_miss_session *s, enum mapstat_miss_total total)
{
	return s->counts & BIT(total);
}

/**
 * mapstat_session_detach - stop counting a map's operations
 * @s: the session, attached
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void mapstat_session_detach(const struct mapstat_miss_session *s)
{
	if (s->model)
		mapstat_unobserve();
}

/**
 * mapstat_pmu_batch - record the PMU counts of a batch of operations
 * @s: a session with PMU counters
 * @m: the map, attached
 * @before: this CPU's counters before the batch
 * @kind: kind of the operations
 * @ops: number of operations
 *
 * Context: Process, pinned to a CPU; sleeps.
 */
void mapstat_pmu_batch(const struct mapstat_miss_session *s, struct cmap_stats *m,
		       const struct mapstat_pmu_reading *before, enum mapstat_op_kind kind,
		       unsigned int ops)
{
	struct mapstat_misses *misses = cmap_misses(m);
	struct mapstat_pmu_reading after;
	struct mapstat_pmu_counts counts;
	unsigned int i;
	int cpu;

	mapstat_pmu_read(s->pmu, raw_smp_processor_id(), &after);
	mapstat_pmu_between(before, &after, &counts);
	local_bh_disable();
	cpu = smp_processor_id();
	misses_add(misses, cpu, kind, MAPSTAT_TOTAL_OPS, ops);
	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		if (counts.event[i].error)
			continue;
		misses_add(misses, cpu, kind, pmu_to[i].total, counts.event[i].count);
		misses_add_hist(misses, cpu, pmu_to[i].hist, counts.event[i].count, ops);
	}
	local_bh_enable();
}

/**
 * mapstat_window_end - end the open window, if any
 *
 * Context: Process; sleeps.  No run is in progress.
 * Return: whether there was one.
 */
bool mapstat_window_end(void)
{
	const bool open = !mutex_trylock(&session_lock);

	if (open)
		session_claim();
	mutex_unlock(&session_lock);
	return open;
}

/**
 * mapstat_window_refuse - end a map's window, and allow no other
 * @m: the map, which is about to be removed
 *
 * Context: Process.  Does not wait.
 */
void mapstat_window_refuse(struct cmap_stats *m)
{
	WRITE_ONCE(m->no_window, true);	/* before the wakeup: pairs with window_is_over() */
	wake_up_all(&window_wait);
}

static bool window_is_over(const struct cmap_stats *m)
{
	/*
	 * Pair with session_claim() and mapstat_window_refuse(), which wake the window after they
	 * have written.  These are flags: they order nothing else.
	 */
	return READ_ONCE(m->no_window) || atomic_read(&session_claims);
}

/* Return: 0 after @ms; -ECANCELED or -EINTR if the window has to end earlier. */
static int window_sleep(const struct cmap_stats *m, unsigned int ms)
{
	/* One jiffy more, as in msleep(): the first one is not a whole one. */
	const long left = wait_event_interruptible_timeout(window_wait, window_is_over(m),
							   msecs_to_jiffies(ms) + 1);

	if (left < 0)
		return -EINTR;
	return left ? -ECANCELED : 0;
}

/**
 * mapstat_misses_window - count a live map's operations with the model for some time
 * @m: the map; must stay until this returns
 * @g: geometry of the model, filled in and checked
 * @ms: duration, milliseconds
 *
 * The map's figures from before are dropped.
 *
 * Context: Process; sleeps.
 * Return: 0; -EBUSY if another session is active; -EINTR if a signal ended it early;
 * -ECANCELED if mapstat_window_refuse(), mapstat_window_end() or mapstat_session_begin() did;
 * -ENOMEM.
 */
int mapstat_misses_window(struct cmap_stats *m, const struct mapstat_geometry *g, unsigned int ms)
{
	struct mapstat_miss_session s = { .kind = MAPSTAT_CACHE_OFF, .cpus = cpu_online_mask };
	const unsigned int warmup = ms / WINDOW_WARMUP_SHARE;
	int ret;

	if (!mutex_trylock(&session_lock))
		return -EBUSY;
	/* The CPUs online now participate; those that come online later share a cache. */
	cpus_read_lock();
	ret = begin_model(&s, g);
	cpus_read_unlock();
	ret = ret ?: mapstat_session_attach(&s, m);
	if (!ret) {
		mapstat_misses_reset(m->misses);
		ret = window_sleep(m, warmup);
		if (!ret) {
			mapstat_session_record(&s);
			ret = window_sleep(m, ms - warmup);
		}
		mapstat_session_detach(&s);
	}
	mapstat_session_end(&s);
	return ret;
}
