// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of the CPUs' performance monitoring units, through perf.
 *
 * A set of counters is an instance of a CPU hotplug state: each CPU creates its own when it comes
 * online (at once if it is online already), and releases them before it goes offline.  perf's
 * error is kept beside the counter and reported: without a counter there is no count, never 0.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <linux/slab.h>
#include "kmod/compat.h"
#include "kmod/memory.h"
#include "pmu.h"

#define CACHE_READ_MISS(cache)							\
	(PERF_COUNT_HW_CACHE_##cache |						\
	 PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

/* The events to count. */
const struct mapstat_pmu_event mapstat_pmu_events[MAPSTAT_NR_PMU] = {
	[MAPSTAT_PMU_L1D]  = { "L1-dcache-load-misses", PERF_TYPE_HW_CACHE, CACHE_READ_MISS(L1D) },
	[MAPSTAT_PMU_LLC]  = { "LLC-load-misses", PERF_TYPE_HW_CACHE, CACHE_READ_MISS(LL) },
	[MAPSTAT_PMU_DTLB] = { "dTLB-load-misses", PERF_TYPE_HW_CACHE, CACHE_READ_MISS(DTLB) },
};
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_events);

/**
 * struct pmu_cpu - the counters of one CPU
 * @event: per kind; NULL if there is none
 * @error: per kind; why there is none, or 0
 * @generation: how often the CPU came online
 *
 * Written by the hotplug callbacks, which exclude readers: these hold cpus_read_lock().
 */
struct pmu_cpu {
	struct perf_event *event[MAPSTAT_NR_PMU];
	int error[MAPSTAT_NR_PMU];
	unsigned int generation;
};

/**
 * struct mapstat_pmu - counters on all CPUs
 * @node: for the hotplug core
 * @state: hotplug state of which this is the only instance; constant
 * @events: the events to count; constant
 * @cpu: the pointer is constant
 */
struct mapstat_pmu {
	struct hlist_node node;
	enum cpuhp_state state;
	const struct mapstat_pmu_event *events;
	struct pmu_cpu __percpu *cpu;
};

static DEFINE_MUTEX(pmu_lock);
/* Protected by pmu_lock.  Shared by all users, because more counters get less time each. */
static struct mapstat_pmu *pmu_shared;
static unsigned int pmu_users;

/*
 * Not pinned: if there are other users of the PMU, perf multiplexes the counters, and reports for
 * how long each was on the PMU.
 */
static struct perf_event *make_counter(const struct mapstat_pmu_event *what, int cpu)
{
	struct perf_event_attr attr = {
		.type = what->type,
		.size = sizeof(attr),
		.config = what->config,
		.exclude_user = 1,
		.exclude_hv = 1,
	};

	return perf_event_create_kernel_counter(&attr, cpu, NULL, NULL, NULL);
}

/* Always returns 0: a CPU can come online without counters. */
static int cpu_comes(unsigned int cpu, struct hlist_node *node)
{
	struct mapstat_pmu *pmu = hlist_entry(node, struct mapstat_pmu, node);
	struct pmu_cpu *c = per_cpu_ptr(pmu->cpu, cpu);
	unsigned int i;

	c->generation++;
	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		struct perf_event *event = make_counter(&pmu->events[i], cpu);

		c->error[i] = PTR_ERR_OR_ZERO(event);
		c->event[i] = c->error[i] ? NULL : event;
	}
	return 0;
}

static int cpu_goes(unsigned int cpu, struct hlist_node *node)
{
	struct mapstat_pmu *pmu = hlist_entry(node, struct mapstat_pmu, node);
	struct pmu_cpu *c = per_cpu_ptr(pmu->cpu, cpu);
	unsigned int i;

	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		if (c->event[i])
			perf_event_release_kernel(c->event[i]);
		c->event[i] = NULL;
		c->error[i] = -ENODEV;
	}
	return 0;
}

/* Create the counters of all online CPUs. Return: 0 or -errno. */
static int follow_cpus(struct mapstat_pmu *pmu)
{
	int state, cpu, i, ret;

	for_each_possible_cpu(cpu)
		for (i = 0; i < MAPSTAT_NR_PMU; i++)
			per_cpu_ptr(pmu->cpu, cpu)->error[i] = -ENODEV;
	state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "mapstat/pmu:online",
					cpu_comes, cpu_goes);
	if (state < 0)
		return state;
	pmu->state = state;
	ret = cpuhp_state_add_instance(pmu->state, &pmu->node);
	if (ret)
		cpuhp_remove_multi_state(pmu->state);
	return ret;
}

/**
 * mapstat_pmu_create - create a private set of counters
 * @events: MAPSTAT_NR_PMU events, which must outlive the counters.  No software event that enables
 *	a static key (such as perf's page faults, unlike its clocks): that would wait for CPU
 *	hotplug, from within which the event is created
 *
 * Context: Process; sleeps.
 * Return: the counters, even if no CPU can count anything; ERR_PTR(-errno) if they could not be
 * allocated or registered for CPU hotplug.
 */
struct mapstat_pmu *mapstat_pmu_create(const struct mapstat_pmu_event *events)
{
	struct mapstat_pmu *pmu = kzalloc(sizeof(*pmu), GFP_KERNEL);
	int ret;

	if (!pmu)
		return ERR_PTR(-ENOMEM);
	pmu->events = events;
	pmu->cpu = alloc_percpu_gfp(struct pmu_cpu, MAPSTAT_GFP_PERCPU);
	ret = pmu->cpu ? follow_cpus(pmu) : -ENOMEM;
	if (!ret)
		return pmu;
	free_percpu(pmu->cpu);
	kfree(pmu);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_create);

/**
 * mapstat_pmu_destroy - destroy a set of counters
 * @pmu: of mapstat_pmu_create(); no longer in use
 *
 * Context: Process; sleeps.
 */
void mapstat_pmu_destroy(struct mapstat_pmu *pmu)
{
	cpuhp_state_remove_instance(pmu->state, &pmu->node);
	cpuhp_remove_multi_state(pmu->state);
	free_percpu(pmu->cpu);
	kfree(pmu);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_destroy);

/**
 * mapstat_pmu_get - get the shared counters of mapstat_pmu_events
 *
 * Context: Process; sleeps.
 * Return: as mapstat_pmu_create(); the caller must call mapstat_pmu_put().
 */
struct mapstat_pmu *mapstat_pmu_get(void)
{
	struct mapstat_pmu *pmu;

	mutex_lock(&pmu_lock);
	pmu = pmu_users ? pmu_shared : mapstat_pmu_create(mapstat_pmu_events);
	if (!IS_ERR(pmu)) {
		pmu_shared = pmu;
		pmu_users++;
	}
	mutex_unlock(&pmu_lock);
	return pmu;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_get);

/**
 * mapstat_pmu_put - release the shared counters
 * @pmu: of mapstat_pmu_get(); NULL and ERR_PTR() are ignored
 *
 * Context: Process; sleeps.
 */
void mapstat_pmu_put(struct mapstat_pmu *pmu)
{
	if (IS_ERR_OR_NULL(pmu))
		return;
	mutex_lock(&pmu_lock);
	if (!--pmu_users) {
		mapstat_pmu_destroy(pmu_shared);
		pmu_shared = NULL;
	}
	mutex_unlock(&pmu_lock);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_put);

/*
 * Return: the number of online CPUs without a counter of this kind.  @cpus receives the number
 * of online CPUs, @error the first error, or 0.
 */
static unsigned int cpus_without(struct mapstat_pmu *pmu, enum mapstat_pmu_kind kind,
				 unsigned int *cpus, int *error)
{
	unsigned int without = 0;
	int cpu;

	*cpus = 0;
	*error = 0;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		const int e = per_cpu_ptr(pmu->cpu, cpu)->error[kind];

		(*cpus)++;
		without += !!e;
		*error = *error ?: e;
	}
	cpus_read_unlock();
	return without;
}

/**
 * mapstat_pmu_error - does any CPU count an event?
 * @pmu: the counters
 * @kind: kind of event
 *
 * Context: Process; sleeps.
 * Return: 0 if one does, else the -errno of the first CPU.
 */
int mapstat_pmu_error(struct mapstat_pmu *pmu, enum mapstat_pmu_kind kind)
{
	unsigned int cpus;
	int error;

	return cpus_without(pmu, kind, &cpus, &error) == cpus ? error : 0;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_error);

/**
 * mapstat_pmu_text - name the source of a figure
 * @pmu: the counters
 * @kind: kind of event
 * @buf: receives "pmu EVENT", with the number of CPUs that do not count it, or "none ERRNO EVENT"
 * @size: of @buf; MAPSTAT_PMU_TEXT is enough
 *
 * Context: Process; sleeps.
 * Return: length of the text.
 */
int mapstat_pmu_text(struct mapstat_pmu *pmu, enum mapstat_pmu_kind kind, char *buf,
		     size_t size)
{
	const char *name = pmu->events[kind].name;
	unsigned int cpus, without;
	int error;

	without = cpus_without(pmu, kind, &cpus, &error);
	if (!without)
		return scnprintf(buf, size, "pmu %s", name);
	if (without == cpus)
		return scnprintf(buf, size, "none %pe %s", ERR_PTR(error), name);
	return scnprintf(buf, size, "pmu %s (%pe on %u of %u CPUs)", name, ERR_PTR(error),
			 without, cpus);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_text);

/**
 * mapstat_pmu_read - read all counters of a CPU
 * @pmu: the counters
 * @cpu: the CPU; if the caller is pinned to it, no interrupt is sent to read them
 * @reading: filled in
 *
 * Context: Process; sleeps.
 */
void mapstat_pmu_read(struct mapstat_pmu *pmu, int cpu, struct mapstat_pmu_reading *reading)
{
	const struct pmu_cpu *c = per_cpu_ptr(pmu->cpu, cpu);
	unsigned int i;

	memset(reading, 0, sizeof(*reading));
	cpus_read_lock();
	reading->generation = c->generation;
	for (i = 0; i < MAPSTAT_NR_PMU; i++) {
		reading->event[i].error = c->error[i];
		if (c->event[i])
			reading->event[i].count =
				perf_event_read_value(c->event[i],
						      &reading->event[i].enabled_ns,
						      &reading->event[i].running_ns);
	}
	cpus_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_read);

/* Scale @count from @running_ns to @enabled_ns. Return: 0 or -EOVERFLOW. */
static int extrapolate(u64 *count, u64 enabled_ns, u64 running_ns)
{
	/* A quotient of more than 64 bits traps on x86: leave a factor of two. */
	if (*count && div64_u64(enabled_ns, running_ns) >= div64_u64(U64_MAX / 2, *count))
		return -EOVERFLOW;
	*count = mul_u64_u64_div_u64(*count, enabled_ns, running_ns);
	return 0;
}

/* Count of one kind between two readings. Return: 0 or -errno. */
static int count_between(const struct mapstat_pmu_reading *before,
			 const struct mapstat_pmu_reading *after, enum mapstat_pmu_kind kind,
			 u64 *count, bool *scaled)
{
	const u64 enabled_ns = after->event[kind].enabled_ns - before->event[kind].enabled_ns;
	const u64 running_ns = after->event[kind].running_ns - before->event[kind].running_ns;
	const int error = before->event[kind].error ?: after->event[kind].error;

	if (error)
		return error;
	if (before->generation != after->generation)
		return -ENODEV;
	if (!running_ns)
		return -EAGAIN;
	*count = after->event[kind].count - before->event[kind].count;
	*scaled = enabled_ns > running_ns;
	return *scaled ? extrapolate(count, enabled_ns, running_ns) : 0;
}

/**
 * mapstat_pmu_between - compute the counts between two readings
 * @before: of mapstat_pmu_read()
 * @after: of the same counters and CPU, later
 * @counts: filled in
 *
 * Context: Any.
 */
void mapstat_pmu_between(const struct mapstat_pmu_reading *before,
			 const struct mapstat_pmu_reading *after,
			 struct mapstat_pmu_counts *counts)
{
	unsigned int i;

	memset(counts, 0, sizeof(*counts));
	for (i = 0; i < MAPSTAT_NR_PMU; i++)
		counts->event[i].error = count_between(before, after, i,
						       &counts->event[i].count,
						       &counts->event[i].scaled);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pmu_between);
