// SPDX-License-Identifier: GPL-2.0-only
/*
 * "readdirty", default mode: the worker, which builds the next read side, and creation and
 * destruction of a map.  The top of readdirty.c explains the algorithm.
 */
#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "kmod/memory.h"
#include <mapstat/trace.h>
#include "entry.h"
#include "range.h"
#include "readdirty.h"

/* Fewer tombstones than this do not justify a pass. */
#define RD_DEAD_MIN	16
/*
 * A pass is due when the misses reach 1/RD_MISS_SHARE of the entries: a lookup in the trie
 * costs about RD_MISS_SHARE times as much as copying an entry.
 */
#define RD_MISS_SHARE	4
/* Fewer misses than this do not justify a pass either. */
#define RD_MISSES_MIN	64
/* A pass keeps the tombstones if they are at most 1/RD_KEEP_SHARE of the live entries. */
#define RD_KEEP_SHARE	4
#define RD_WORK_GFP	MAPSTAT_GFP
/* Delay before a retry if memory is short. */
#define RD_RETRY_JIFFIES	(HZ / 10)
/* log2 of the number of buckets that the worker visits between two calls of cond_resched(). */
#define RD_BATCH_BITS	6U

static unsigned long rd_misses_sum(const struct readdirty *rd)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		/* Pairs with this_cpu_inc_return() in rd_count_miss(); no ordering. */
		sum += READ_ONCE(per_cpu_ptr(rd->pcpu, cpu)->misses);
	return sum;
}

/**
 * readdirty_pass_is_due - is there work for the worker?
 * @rd: the map
 *
 * All counts may be slightly out of date; a later check corrects that.
 *
 * Context: RCU read lock, or the worker.
 * Return: true if there is.
 */
bool readdirty_pass_is_due(struct readdirty *rd)
{
	/*
	 * Pairs with rcu_assign_pointer() in rd_view_publish().  Raw: the worker, which changes
	 * it, calls this, too.
	 */
	const struct rd_view *v = rcu_dereference_raw(rd->view);
	/* The READ_ONCE()s pair with the WRITE_ONCE()s of the counts; no ordering. */
	const u64 fresh = READ_ONCE(v->fresh->count);
	const u64 total = READ_ONCE(rd->total);
	const u64 live = cmap_len(&rd->cmap);
	const u64 dead = total > live ? total - live : 0;
	const u64 least = view_pass_min(v);

	if (v->old)
		return true;
	if (view_is_large(v))
		return true;
	if (dead >= RD_DEAD_MIN && dead >= max(total / 2, least))
		return true;
	return fresh && rd_misses_sum(rd) - READ_ONCE(rd->misses_base) >=
			max3(1ULL * RD_MISSES_MIN, total / RD_MISS_SHARE, least);
}

/* Only the worker changes the view, so it may read the pointer without protection. */
static struct rd_view *rd_view_now(const struct readdirty *rd)
{
	return rcu_dereference_protected(rd->view, true);
}

/* Memory of a view that has been unused for a grace period. */
static struct rd_view *rd_view_take(struct readdirty *rd)
{
	struct rd_view *v = &rd->views[rd->view_next];

	rd->view_next = (rd->view_next + 1) % ARRAY_SIZE(rd->views);
	return v;
}

/* Return: for how long inserts were locked out, in ticks of the clock. */
static u64 rd_view_publish(struct readdirty *rd, struct rd_view *v)
{
	u64 start;

	rd_lock(rd);
	start = mapstat_clock_read();
	/* Pairs with rcu_dereference() of the operations: the view is complete. */
	rcu_assign_pointer(rd->view, v);
	start = mapstat_clock_read() - start;
	rd_unlock(rd);
	return start;
}

/* Step 2: fresh becomes old.  Return: as rd_view_publish(). */
static u64 rd_pass_begin(struct readdirty *rd)
{
	const struct rd_view *now = rd_view_now(rd);
	struct rd_view *v = rd_view_take(rd);

	v->read = now->read;
	v->old = now->fresh;
	v->fresh = &rd->tries[now->fresh == &rd->tries[0]];
	return rd_view_publish(rd, v);
}

/*
 * A table being built.  @keep: add tombstones to the next read side, too.  While they are
 * few, that is cheaper: keys that are deleted are often stored again, and a store revives a
 * tombstone in place, without the lock.
 */
struct build {
	struct readdirty *rd;
	struct snap_table *next;
	bool keep;
};

static int rd_build_visit(void *arg, struct snap_item *item)
{
	const struct build *b = arg;
	struct rd_entry *e = rd_entry_of(item);
	bool buried = false;

	if (!(b->keep ? rd_entry_is_frozen(e) : rd_entry_freeze(e, &buried))) {
		/* More may be live than when the table was sized: stores revive tombstones. */
		snap_make_room(b->next, RD_WORK_GFP);
		return snap_add(b->next, item, RD_WORK_GFP);
	}
	if (buried) {
		e->grave = b->rd->graveyard;
		b->rd->graveyard = e;
	}
	return 0;
}

/* Walk all entries of a side, the table or the trie, with calls of cond_resched(). */
static int rd_walk_side(const struct snap_table *read, const struct trie *trie, snap_visit_fn visit,
			void *arg)
{
	unsigned int bits = read ? read->bits : snap_bits(trie->count);
	u64 lo = 0, end;
	int ret;

	bits -= min(bits, RD_BATCH_BITS);
	do {
		end = range_segment_end(lo, bits);
		ret = read ? snap_walk(read, lo, end, visit, arg) :
			     trie_walk(trie, lo, end, visit, arg);
		if (ret)
			return ret;
		lo = end + 1;
		cond_resched();
	} while (end != U64_MAX);
	return 0;
}

/* Add the entries of read and old to @b->next, or freeze them. */
static int rd_build(struct build *b)
{
	const struct rd_view *now = rd_view_now(b->rd);
	int ret;

	ret = rd_walk_side(&now->read, NULL, rd_build_visit, b);
	if (!ret)
		ret = rd_walk_side(NULL, now->old, rd_build_visit, b);
	return ret;
}

/* Return: 0 or -ENOMEM. */
static int rd_build_init(struct build *b)
{
	struct cmap *m = &b->rd->cmap;
	const u64 total = READ_ONCE(b->rd->total);	/* an estimate, written under @lock */
	const u64 live = cmap_len(m);

	b->keep = total <= live + live / RD_KEEP_SHARE;
	return snap_init(b->next, max(b->keep ? total : live, m->params.capacity),
			 RD_WORK_GFP);
}

/* Free the frozen entries, which are no longer reachable.  Return: their number. */
static u64 rd_free_frozen(struct readdirty *rd)
{
	u64 n = 0;

	while (rd->graveyard) {
		struct rd_entry *e = rd->graveyard;

		rd->graveyard = e->grave;
		kfree(e);
		n++;
		cond_resched();
	}
	rd_lock(rd);
	WRITE_ONCE(rd->total, rd->total - n);	/* pairs with readdirty_pass_is_due() */
	rd->total_max = 2 * cmap_len(&rd->cmap) + RD_BACKLOG;
	rd_unlock(rd);
	return n;
}

/* Wait until the previous view is unused, and free what only it had. */
static void rd_pass_end(struct readdirty *rd, struct snap_table *read, struct trie *old)
{
	u64 start = mapstat_clock_read(), ns, n;

	synchronize_rcu();
	ns = mapstat_clock_ns(mapstat_clock_read() - start);
	trie_reset(old);
	snap_free(read);
	n = rd_free_frozen(rd);
	/* Pairs with readdirty_memory(); no ordering. */
	WRITE_ONCE(rd->table_bytes, snap_bytes(&rd_view_now(rd)->read));
	mapstat_pauses_record(&rd->cmap.pauses, MAPSTAT_PAUSE_GRACE_PERIOD, ns, n);
}

/* Step 3.  Return: as rd_view_publish(). */
static u64 rd_pass_publish(struct readdirty *rd, const struct snap_table *next)
{
	struct rd_view *v = rd_view_take(rd);

	v->read = *next;
	v->fresh = rd_view_now(rd)->fresh;
	v->old = NULL;
	/* Pairs with readdirty_pass_is_due(); no ordering. */
	WRITE_ONCE(rd->misses_base, rd_misses_sum(rd));
	return rd_view_publish(rd, v);
}

/* A pass.  Return: 0, or -ENOMEM: the next one continues it. */
static int rd_do_pass(struct readdirty *rd)
{
	struct cmap *m = &rd->cmap;
	struct snap_table next, read;
	struct build b = { .rd = rd, .next = &next };
	struct trie *old;
	u64 ticks = 0;

	if (!rd_view_now(rd)->old)
		ticks = rd_pass_begin(rd);
	/* Now that nothing is inserted into old any more: the table is sized for all of it. */
	if (rd_build_init(&b))
		return -ENOMEM;
	/* Pairs with readdirty_memory(); no ordering. */
	WRITE_ONCE(rd->table_bytes, snap_bytes(&rd_view_now(rd)->read) + snap_bytes(&next));
	if (rd_build(&b)) {
		snap_free(&next);
		WRITE_ONCE(rd->table_bytes, snap_bytes(&rd_view_now(rd)->read)); /* as above */
		return -ENOMEM;
	}
	read = rd_view_now(rd)->read;
	old = rd_view_now(rd)->old;
	ticks += rd_pass_publish(rd, &next);

	cmap_count(m, CMAP_PROMOTIONS);
	cmap_count_n(m, CMAP_COPIED, next.count);
	if (next.bits != read.bits) {
		cmap_count(m, CMAP_RESIZES);
		trace_resize(m, next.bits > read.bits, next.count, mapstat_clock_ns(ticks));
	}
	mapstat_pauses_record(&m->pauses, MAPSTAT_PAUSE_PROMOTION, mapstat_clock_ns(ticks),
			      next.count);
	rd_pass_end(rd, &read, old);
	return 0;
}

/**
 * readdirty_work - do a pass if one is due
 * @m: the map
 *
 * Context: The worker; never concurrent with itself.
 */
void readdirty_work(struct cmap *m)
{
	struct readdirty *rd = to_readdirty(m);

	if (!readdirty_pass_is_due(rd))
		return;
	/* Out of memory: retry after a while, as no operation may queue the work again. */
	if (rd_do_pass(rd))
		schedule_timeout_uninterruptible(RD_RETRY_JIFFIES);
	if (readdirty_pass_is_due(rd))
		cmap_kick(m);
}

/**
 * readdirty_init - initialize a map
 * @m: the map
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int readdirty_init(struct cmap *m)
{
	struct readdirty *rd = to_readdirty(m);
	struct rd_view *v = rd_view_take(rd);
	size_t words = DIV_ROUND_UP(m->shape.key_size, 8) + DIV_ROUND_UP(m->shape.value_size, 8);

	spin_lock_init(&rd->lock);
	rd->entry_bytes = kmalloc_size_roundup(sizeof(struct rd_entry) + words * sizeof(u64));
	m->wanted = sizeof(struct rd_pcpu) * num_possible_cpus() +
		    (sizeof(struct snap_bucket) << snap_bits(m->params.capacity));
	rd->pcpu = alloc_percpu_gfp(struct rd_pcpu, MAPSTAT_GFP_PERCPU);
	if (!rd->pcpu)
		return -ENOMEM;
	if (snap_init(&v->read, m->params.capacity, RD_WORK_GFP)) {
		free_percpu(rd->pcpu);
		return -ENOMEM;
	}
	rd->table_bytes = snap_bytes(&v->read);
	rd->total_max = RD_BACKLOG;
	v->fresh = &rd->tries[0];
	RCU_INIT_POINTER(rd->view, v);	/* the map is not visible to others yet */
	return 0;
}

static int rd_free_visit(void *arg, struct snap_item *item)
{
	kfree(rd_entry_of(item));
	return 0;
}

/**
 * readdirty_exit - free everything
 * @m: the map; no operation is in flight, and the worker is not running
 *
 * Between passes each entry is on one side only; that includes frozen ones, which are listed
 * in the graveyard as well.  There are no RCU callbacks to wait for: the worker waits for
 * grace periods itself.
 *
 * Context: Process; sleeps.
 */
void readdirty_exit(struct cmap *m)
{
	struct readdirty *rd = to_readdirty(m);
	struct rd_view *v = rd_view_now(rd);

	rd_walk_side(NULL, v->fresh, rd_free_visit, NULL);
	trie_reset(v->fresh);
	if (v->old) {
		rd_walk_side(NULL, v->old, rd_free_visit, NULL);
		trie_reset(v->old);
	}
	rd_walk_side(&v->read, NULL, rd_free_visit, NULL);
	snap_free(&v->read);
	free_percpu(rd->pcpu);
}

/**
 * readdirty_memory - memory of a map
 * @m: the map
 * @mem: receives it
 *
 * Context: Process.
 */
void readdirty_memory(struct cmap *m, struct cmap_memory *mem)
{
	const struct readdirty *rd = to_readdirty(m);

	/* The READ_ONCE()s pair with the WRITE_ONCE()s of the counts; no ordering. */
	mem->table_bytes = READ_ONCE(rd->table_bytes) + READ_ONCE(rd->tries[0].nodes.bytes) +
			   READ_ONCE(rd->tries[1].nodes.bytes);
	mem->bytes = mem->table_bytes + READ_ONCE(rd->total) * rd->entry_bytes;
	mem->percpu_bytes = num_possible_cpus() * sizeof(*rd->pcpu);
	rcu_read_lock();
	/* Pairs with rcu_assign_pointer() in rd_view_publish(). */
	mem->buckets = 1ULL << rcu_dereference(rd->view)->read.bits;
	rcu_read_unlock();
}
