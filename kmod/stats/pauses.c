// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recording of pauses.  They are rare and long, so a lock is cheap enough.
 */
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include "pauses.h"
#include <mapstat/trace.h>
#include "kmod/compat.h"

const char *const mapstat_pause_names[MAPSTAT_NR_PAUSES] = {
	[MAPSTAT_PAUSE_PROMOTION]	= "promotion",
	[MAPSTAT_PAUSE_COPY]		= "copy",
	[MAPSTAT_PAUSE_GROWTH]		= "growth",
	[MAPSTAT_PAUSE_SHRINK]		= "shrink",
	[MAPSTAT_PAUSE_GRACE_PERIOD]	= "grace_period",
};
EXPORT_SYMBOL_IF_KUNIT(mapstat_pause_names);

static struct mapstat_pause_event *ring_at(struct mapstat_pauses *p, u64 event)
{
	BUILD_BUG_ON_NOT_POWER_OF_2(MAPSTAT_PAUSES_KEPT);
	return &p->ring[event & (MAPSTAT_PAUSES_KEPT - 1)];
}

/* Clear everything except the lock. */
static void forget(struct mapstat_pauses *p)
{
	memset(p->total, 0, sizeof(p->total));
	memset(p->max_ns, 0, sizeof(p->max_ns));
	memset(p->sum_ns, 0, sizeof(p->sum_ns));
	memset(p->bucket, 0, sizeof(p->bucket));
	memset(p->ring, 0, sizeof(p->ring));
	p->next = 0;
}

/**
 * mapstat_pauses_init - initialise a map's pauses
 * @p: the pauses; not in use yet
 * @map: their map; NULL: no trace events
 *
 * Context: Any.
 */
void mapstat_pauses_init(struct mapstat_pauses *p, const struct cmap *map)
{
	p->map = map;
	spin_lock_init(&p->lock);
	forget(p);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pauses_init);

/**
 * mapstat_pauses_reset - drop all pauses
 * @p: may be recorded into and read concurrently
 *
 * Context: Process or softirq, interrupts on.
 */
void mapstat_pauses_reset(struct mapstat_pauses *p)
{
	spin_lock_bh(&p->lock);
	forget(p);
	spin_unlock_bh(&p->lock);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pauses_reset);

/* All designs report promotions and resizes as pauses, so they are traced here. */
static void trace_pause(const struct cmap *map, enum mapstat_pause kind, u64 duration_ns,
			u64 entries)
{
	switch (kind) {
	case MAPSTAT_PAUSE_PROMOTION:
		trace_promotion(map, entries, duration_ns);
		break;
	case MAPSTAT_PAUSE_GROWTH:
	case MAPSTAT_PAUSE_SHRINK:
		trace_resize(map, kind == MAPSTAT_PAUSE_GROWTH, entries, duration_ns);
		break;
	default:
		break;
	}
}

/**
 * mapstat_pauses_record - record a pause that has just ended
 * @p: the map's pauses
 * @kind: kind of pause
 * @duration_ns: its duration, ns
 * @entries: number of entries (or buckets) concerned
 *
 * Context: Process or softirq, interrupts on.  Takes p->lock, under which no other lock is
 * taken.
 */
void mapstat_pauses_record(struct mapstat_pauses *p, enum mapstat_pause kind,
			   u64 duration_ns, u64 entries)
{
	struct mapstat_pause_event event = {
		.duration_ns = duration_ns,
		.entries = entries,
		.kind = kind,
	};

	spin_lock_bh(&p->lock);
	event.end_ns = ktime_get_ns();	/* under the lock, so that the ring is in this order */
	p->total[kind]++;
	p->max_ns[kind] = max(p->max_ns[kind], duration_ns);
	p->sum_ns[kind] += duration_ns;
	p->bucket[mapstat_hist_index(duration_ns)]++;
	*ring_at(p, p->next++) = event;
	spin_unlock_bh(&p->lock);
	if (p->map)
		trace_pause(p->map, kind, duration_ns, entries);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pauses_record);

/**
 * mapstat_pauses_snapshot - copy a map's pauses, all at one instant
 * @p: may be recorded into concurrently
 * @copy: the copy; large, so keep it off the stack.  Its ring holds the last
 *	min(copy->next, MAPSTAT_PAUSES_KEPT) events from index 0 on, oldest first; its lock is
 *	not used
 *
 * Context: Process or softirq, interrupts on.
 */
void mapstat_pauses_snapshot(struct mapstat_pauses *p, struct mapstat_pauses *copy)
{
	u64 kept, i;

	spin_lock_bh(&p->lock);
	memcpy(copy->total, p->total, sizeof(copy->total));
	memcpy(copy->max_ns, p->max_ns, sizeof(copy->max_ns));
	memcpy(copy->sum_ns, p->sum_ns, sizeof(copy->sum_ns));
	memcpy(copy->bucket, p->bucket, sizeof(copy->bucket));
	copy->next = p->next;
	kept = min_t(u64, p->next, MAPSTAT_PAUSES_KEPT);
	for (i = 0; i < kept; i++)
		copy->ring[i] = *ring_at(p, p->next - kept + i);
	spin_unlock_bh(&p->lock);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_pauses_snapshot);
