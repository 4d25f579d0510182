// SPDX-License-Identifier: GPL-2.0-only
/*
 * grow.tsv and memory.tsv: fill a map from empty to n entries, and empty it.  Each design has
 * three passes: one is timed as a whole, one times each store, one measures memory.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "external.h"
#include "keys.h"
#include "modes.h"

#define BETWEEN_QUIESCENT	256	/* stores; also between checks of the deadline */
#define BETWEEN_BYTES		256
#define BETWEEN_MALLINFO	4096	/* mallinfo2() walks all free memory */

/**
 * struct growth - measurements of a design
 * @insert_ns: per store, over all stores
 * @settled_ns: the same, including the time until growth was complete
 * @delete_ns: per removal, over all of them
 * @p50_ns: of stores
 * @p99_ns: of stores
 * @longest_ns: of stores
 * @work: the maximum of each that one store did
 * @bytes: per entry, at the end
 * @worst: the peak of bytes, divided by the number of entries at the end
 */
struct growth {
	double insert_ns;
	double settled_ns;
	double delete_ns;
	double p50_ns;
	double p99_ns;
	double longest_ns;
	struct bench_work work;
	double bytes;
	double worst;
};

/**
 * struct grower - a map that grows
 * @o: the options
 * @peer: the design
 * @keys: the keys to store
 * @capacity: number of entries that it is created for
 * @map: the map
 * @base: bytes that the C library had allocated before
 * @deadline: clock_wall_ns() by which a pass must have filled the map
 */
struct grower {
	const struct bench_options *o;
	const struct bench_peer *peer;
	struct keys keys;
	uint64_t capacity;
	void *map;
	uint64_t base;
	uint64_t deadline;
};

static uint64_t malloc_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static bool begin(struct grower *g)
{
	g->base = malloc_bytes();
	g->deadline = clock_wall_ns() + g->o->patience * 1000000000ULL;
	g->map = g->peer->create(g->capacity);
	if (g->map && g->peer->thread_begin)
		g->peer->thread_begin(g->map);
	return g->map;
}

static void end(struct grower *g)
{
	g->peer->destroy(g->map);
	if (g->peer->thread_end)
		g->peer->thread_end(g->map);
}

static void settle(const struct grower *g)
{
	if (g->peer->settle)
		g->peer->settle(g->map);
}

/*
 * Return: false if it takes too long.  A cds_lfht was seen to stop growing, its worker idle, and
 * each store then walked all entries.
 */
static inline bool store(const struct grower *g, uint64_t i)
{
	const uint64_t key = keys_at(&g->keys, i);

	if (!g->peer->store(g->map, key, bench_value(key))) {
		fprintf(stderr, "bench: %s: no memory for a store\n", g->peer->name);
		exit(1);
	}
	if (i % BETWEEN_QUIESCENT)
		return true;
	if (g->peer->quiescent)
		g->peer->quiescent(g->map);
	return clock_wall_ns() < g->deadline;
}

/* Passes return false if they took too long. */
static bool pass_total(struct grower *g, struct growth *to)
{
	const double n = g->keys.n;
	uint64_t start = clock_wall_ns(), i, left = 0;

	for (i = 0; i < g->keys.n; i++)
		if (!store(g, i))
			return false;
	to->insert_ns = (clock_wall_ns() - start) / n;
	settle(g);
	to->settled_ns = (clock_wall_ns() - start) / n;
	start = clock_wall_ns();
	for (i = 0; i < g->keys.n; i++) {
		left += !g->peer->remove(g->map, keys_at(&g->keys, i));
		if (g->peer->quiescent && i % BETWEEN_QUIESCENT == 0)
			g->peer->quiescent(g->map);
	}
	to->delete_ns = (clock_wall_ns() - start) / n;
	if (left) {
		fprintf(stderr, "bench: %s: %llu keys were lost while it grew to %llu\n",
			g->peer->name, (unsigned long long)left, (unsigned long long)g->keys.n);
		exit(1);
	}
	return true;
}

static void look(const struct grower *g, struct bench_work *work)
{
	if (g->peer->work)
		g->peer->work(g->map, work);
}

static void most(uint64_t *to, uint64_t after, uint64_t before)
{
	if (after - before > *to)
		*to = after - before;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool pass_each(struct grower *g, struct growth *to)
{
	uint64_t *ticks = malloc(g->keys.n * sizeof(*ticks)), start, i;
	struct bench_work work = { }, before = { };
	const double ns = clock_ns_per_tick();
	bool in_time = true;

	if (!ticks)
		exit(1);
	memset(ticks, 0, g->keys.n * sizeof(*ticks));
	for (i = 0; i < g->keys.n && in_time; i++) {
		look(g, &before);
		start = clock_ticks();
		in_time = store(g, i);
		ticks[i] = clock_ticks() - start;
		look(g, &work);
		most(&to->work.moved_buckets, work.moved_buckets, before.moved_buckets);
		most(&to->work.copied, work.copied, before.copied);
		most(&to->work.cleared_bytes, work.cleared_bytes, before.cleared_bytes);
		most(&to->work.allocs_locked, work.allocs_locked, before.allocs_locked);
		most(&to->work.bytes_locked, work.bytes_locked, before.bytes_locked);
	}
	qsort(ticks, g->keys.n, sizeof(*ticks), compare);
	to->p50_ns = ticks[g->keys.n / 2] * ns;
	to->p99_ns = ticks[g->keys.n - 1 - g->keys.n / 100] * ns;
	to->longest_ns = ticks[g->keys.n - 1] * ns;
	free(ticks);
	return in_time;
}

static uint64_t bytes(const struct grower *g)
{
	return g->peer->bytes ? g->peer->bytes(g->map) : malloc_bytes() - g->base;
}

static bool pass_memory(struct grower *g, struct growth *to)
{
	const unsigned int between = g->peer->bytes ? BETWEEN_BYTES : BETWEEN_MALLINFO;
	uint64_t worst = 0, now, i;

	for (i = 0; i < g->keys.n; i++) {
		if (!store(g, i))
			return false;
		if (i % between)
			continue;
		now = bytes(g);
		if (now > worst)
			worst = now;
	}
	settle(g);
	now = bytes(g);
	to->bytes = (double)now / g->keys.n;
	to->worst = (double)(now > worst ? now : worst) / g->keys.n;
	return true;
}

typedef bool (*pass_t)(struct grower *g, struct growth *to);

/* The passes whose results row() prints; memory does not differ between rounds. */
static bool is_wanted(const struct grower *g, pass_t pass, unsigned int round)
{
	return pass == pass_each || (!g->peer->work && (pass == pass_total || round == 1));
}

/* Times are measured with statistics off; work is counted with them on. */
static void row(const struct grower *g, const char *start, unsigned int round,
		const struct growth *r)
{
	FILE *out = g->o->out;

	fprintf(out, "%s\t%s\t%llu\t%u", g->peer->name, start, (unsigned long long)g->keys.n,
		round);
	if (g->peer->work) {
		fprintf(out, "\t-\t-\t-\t-\t-\t-\t%llu\t%llu\t%llu\t%llu\t%llu\n",
			(unsigned long long)r->work.moved_buckets,
			(unsigned long long)r->work.copied,
			(unsigned long long)r->work.cleared_bytes,
			(unsigned long long)r->work.allocs_locked,
			(unsigned long long)r->work.bytes_locked);
		return;
	}
	fprintf(out, "\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%.0f\t-\t-\t-\t-\t-\n", r->insert_ns,
		r->settled_ns, r->delete_ns, r->p50_ns, r->p99_ns, r->longest_ns);
	if (g->o->memory && is_wanted(g, pass_memory, round))
		fprintf(g->o->memory, "%s\t%s\t%llu\t%u\t%.1f\t%.1f\n", g->peer->name, start,
			(unsigned long long)g->keys.n, round, r->bytes, r->worst);
}

/* Eleven columns. */
#define GAPS	"\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-"

static void gap(const struct grower *g, const char *start, unsigned int round, const char *why)
{
	fprintf(g->o->out, "# %s, %s: not measured: %s\n", g->peer->name, start, why);
	fprintf(g->o->out, "%s\t%s\t%llu\t%u" GAPS "\n", g->peer->name, start,
		(unsigned long long)g->keys.n, round);
}

static void run_external(struct grower *g, const char *start, unsigned int round)
{
	uint64_t all;

	gap(g, start, round, "an external program, which measures lookups only");
	if (!g->o->memory || !g->capacity || round > 1)
		return;
	if (external_bytes(g->peer->name, g->keys.n, g->o->seed, &all))
		return;
	fprintf(g->o->memory, "%s\t%s\t%llu\t%u\t%.1f\t-\n", g->peer->name, start,
		(unsigned long long)g->keys.n, round, (double)all / g->keys.n);
}

static void run_one(struct grower *g, bool presized, unsigned int round)
{
	static const pass_t passes[] = { pass_total, pass_each, pass_memory };
	const char *start = presized ? "presized" : "empty";
	struct growth r = { };
	unsigned int i;
	bool in_time;

	g->capacity = presized ? g->keys.n : 0;
	if (peer_is_external(g->peer)) {
		run_external(g, start, round);
		return;
	}
	for (i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		if (!is_wanted(g, passes[i], round))
			continue;
		if (!begin(g)) {
			gap(g, start, round, "it could not be created, or does not grow");
			return;
		}
		in_time = passes[i](g, &r);
		end(g);
		if (!in_time) {
			gap(g, start, round, "it did not take all keys within --patience seconds");
			return;
		}
	}
	row(g, start, round, &r);
}

int grow_run(const struct bench_options *o, const struct peers *peers)
{
	struct grower g = { .o = o };
	unsigned int i, round, p;

	fprintf(o->out, "design\tstart\tn\tround\tinsert_ns\tsettled_ns\tdelete_ns\tstore_p50_ns\tstore_p99_ns\tlongest_store_ns\tmoved_buckets\tcopied_entries\tcleared_bytes\tallocs_locked\tbytes_locked\n");
	comment_machine(o->out, o);
	peers_comment(o->out, peers);
	fprintf(o->out, "# insert_ns: per store, until the last returned; settled_ns: until growth was complete; p50 .. longest: including some 20 ns of clock\n");
	fprintf(o->out, "# moved_buckets .. bytes_locked: the most that one store did itself; counted in the maps with statistics on (--designs NAME_stats)\n");
	if (o->memory) {
		fprintf(o->memory, "design\tstart\tn\tround\tbytes_per_entry\tworst_bytes_per_entry\n");
		fprintf(o->memory, "# worst: the peak between two stores while it grew, per entry at the end.  Ours: as in debugfs; peers: by their own count, or else the C library's\n");
	}
	for (i = 0; i < o->nr_n; i++) {
		keys_init(&g.keys, o->n[i], o->seed, false);
		for (round = 1; round <= o->rounds; round++) {
			for (p = 0; p < peers->n; p++) {
				g.peer = peers->peer[p];
				run_one(&g, false, round);
				run_one(&g, true, round);
			}
		}
		keys_exit(&g.keys);
	}
	return 0;
}
