// SPDX-License-Identifier: GPL-2.0-only
/*
 * Estimate of the duration of a run: the fixed durations, and an estimate of the rest, from the
 * time of an operation in most maps.
 */
#include "cell.h"
#include "modes.h"

#define OP_NS		150	/* a lookup, or a store into a map with enough capacity */
#define GROW_NS		1500	/* per entry, in all passes of --grow */
#define CELL_MS		1	/* to create and join its threads */

static double fill_ms(uint64_t n)
{
	return n * (OP_NS / 1e6);
}

static double cell_ms(const struct bench_options *o)
{
	return CELL_MS + o->ms * 1.2;
}

/* Time to load a map into the caches again. */
static double warm_ms(const struct bench_options *o, uint64_t n, uint64_t threads)
{
	double warm = fill_ms(n) / threads;

	if (threads > o->nr_cpus)
		return 0;
	return warm < CELL_WARM_MS ? warm : CELL_WARM_MS;
}

static double matrix_ms(const struct bench_options *o, const struct bench_peer *peer, uint64_t n)
{
	double ms = 0;
	unsigned int mix, dist, dists = 0, cells, t;

	for (dist = 0; dist < NR_DISTS; dist++)
		dists += o->dists[dist];
	for (mix = 0; mix < NR_MIXES; mix++) {
		if (!o->mixes[mix] || (!peer_is_external(peer) && !cell_supports(peer, mix)))
			continue;
		/* A chase fills the map again. */
		if (mix == MIX_CHASE)
			ms += fill_ms(n);
		t = options_nr_threads(o, mix);
		cells = t * (mix == MIX_CHASE ? 1 : dists);
		ms += o->rounds * (cells * cell_ms(o) + warm_ms(o, n, o->threads[t - 1]));
	}
	return fill_ms(n) + ms;
}

static double oversubscribed_ms(const struct bench_options *o, uint64_t n)
{
	double ms = fill_ms(n);
	unsigned int t;

	for (t = 0; t < o->nr_threads; t++)
		ms += o->rounds * (cell_ms(o) + warm_ms(o, n, o->threads[t]));
	return ms;
}

static double peer_ms(const struct bench_options *o, const struct bench_peer *peer, uint64_t n)
{
	switch (o->mode) {
	case MODE_GROW:
		return peer_is_external(peer) ? 0 : o->rounds * 2 * n * (GROW_NS / 1e6);
	case MODE_OVERSUBSCRIBED:
		return oversubscribed_ms(o, n);
	default:
		return matrix_ms(o, peer, n);
	}
}

int plan_run(const struct bench_options *o, const struct peers *peers)
{
	unsigned int i, p;
	double ms = 0;

	for (i = 0; i < o->nr_n; i++)
		for (p = 0; p < peers->n; p++)
			ms += peer_ms(o, peers->peer[p], o->n[i]);
	fprintf(o->out, "%.0f\n", ms / 1e3);
	return 0;
}
