// SPDX-License-Identifier: GPL-2.0-only
/*
 * native.tsv.  All maps of a number of entries are created at once; then, for each mix, rounds
 * are the outer loop and designs the inner one, so that disturbances on the machine affect all
 * designs alike.  A design's turn runs all cells of the mix.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cell.h"
#include "external.h"
#include "fill.h"
#include "modes.h"

#define LEARN_OPS	(1 << 18)	/* enough to fill a front and measure its hit rate */

/**
 * struct matrix - the maps that are measured
 * @o: the options
 * @peers: the designs
 * @maps: their maps
 * @keys: of the maps
 * @said: the reason why the design lacks the mix has been printed
 */
struct matrix {
	const struct bench_options *o;
	const struct peers *peers;
	void *maps[PEERS_MAX];
	struct keys keys;
	bool said[PEERS_MAX][NR_MIXES];
};

static void row(struct matrix *x, unsigned int i, const struct cell *c, unsigned int round,
		double mops, double ns)
{
	fprintf(x->o->out, "%s\t%llu\t%u\t%s\t%s\t%u\t%.3f\t%.3f\n", x->peers->peer[i]->name,
		(unsigned long long)x->keys.n, c->threads, mix_names[c->mix],
		dist_names[c->dist], round, mops, ns);
}

static void gap(struct matrix *x, unsigned int i, const struct cell *c, unsigned int round,
		const char *why)
{
	if (!x->said[i][c->mix])
		fprintf(x->o->out, "# %s, %s, n=%llu: not measured: %s\n",
			x->peers->peer[i]->name, mix_names[c->mix],
			(unsigned long long)x->keys.n, why);
	x->said[i][c->mix] = true;
	fprintf(x->o->out, "%s\t%llu\t%u\t%s\t%s\t%u\t-\t-\n", x->peers->peer[i]->name,
		(unsigned long long)x->keys.n, c->threads, mix_names[c->mix],
		dist_names[c->dist], round);
}

static void wrong(const struct matrix *x, unsigned int i, const struct cell *c)
{
	fprintf(stderr, "bench: %s: a wrong value was found: n=%llu threads=%u mix=%s dist=%s\n",
		x->peers->peer[i]->name, (unsigned long long)x->keys.n, c->threads,
		mix_names[c->mix], dist_names[c->dist]);
	exit(1);
}

static void run_external(struct matrix *x, unsigned int i, const struct cell *c,
			 unsigned int round)
{
	double mops, ns;
	int err;

	err = external_cell(x->peers->peer[i]->name, c, x->o->seed, &mops, &ns);
	if (err == -EBADMSG)
		wrong(x, i, c);
	if (err)
		gap(x, i, c, round, external_error());
	else
		row(x, i, c, round, mops, ns);
}

static void run_one(struct matrix *x, unsigned int i, const struct cell *c, unsigned int round)
{
	const struct bench_peer *peer = x->peers->peer[i];
	struct cell_result result;

	if (peer_is_external(peer)) {
		run_external(x, i, c, round);
		return;
	}
	if (!x->maps[i] || !cell_supports(peer, c->mix)) {
		gap(x, i, c, round, x->maps[i] ? "no bulk lookup" : "it could not be created");
		return;
	}
	if (peer->forget && !peer->forget(x->maps[i])) {
		gap(x, i, c, round, "no memory");
		return;
	}
	cell_run(x->o, peer, x->maps[i], c, &result);
	if (result.wrong)
		wrong(x, i, c);
	if (!result.ops)
		gap(x, i, c, round, "no batch was completed in time");
	else
		row(x, i, c, round, result.mops, (double)result.ns / result.ops);
}

/*
 * A design's turn.  The previous design has filled the caches with its own data; as many
 * operations as there are entries load most of this one's, which stay for the cells that follow.
 * A design that learns which keys are used starts to learn again in each cell.
 */
static void run_turn(struct matrix *x, unsigned int i, struct cell *c, unsigned int round)
{
	const uint64_t learn = x->peers->peer[i]->forget ? LEARN_OPS : 0;
	unsigned int t;

	c->warm = x->keys.n > learn ? x->keys.n : learn;
	/* Begin with the last one, likely the largest: more threads warm up sooner. */
	for (t = options_nr_threads(x->o, c->mix); t--;) {
		c->threads = x->o->threads[t];
		for (c->dist = 0; c->dist < NR_DISTS; c->dist++) {
			/* A chase has its own order of keys. */
			if (c->mix == MIX_CHASE ? c->dist != DIST_UNIFORM : !x->o->dists[c->dist])
				continue;
			run_one(x, i, c, round);
			c->warm = learn;
		}
	}
}

static void run_mix(struct matrix *x, enum bench_mix mix)
{
	struct cell c = { .keys = &x->keys, .mix = mix, .ms = x->o->ms };
	unsigned int round, i;

	for (round = 1; round <= x->o->rounds; round++) {
		c.seed = x->o->seed + round;
		for (i = 0; i < x->peers->n; i++)
			run_turn(x, i, &c, round);
	}
}

static void run_n(struct matrix *x, uint64_t n)
{
	enum bench_mix mix;
	unsigned int i;

	keys_init(&x->keys, n, x->o->seed, x->o->dists[DIST_ZIPF]);
	memset(x->said, 0, sizeof(x->said));
	for (i = 0; i < x->peers->n; i++)
		if (!peer_is_external(x->peers->peer[i]))
			x->maps[i] = fill_map(x->peers->peer[i], &x->keys, n);
	for (mix = 0; mix < NR_MIXES; mix++) {
		for (i = 0; mix == MIX_CHASE && x->o->mixes[mix] && i < x->peers->n; i++)
			if (x->maps[i])
				fill_chase(x->peers->peer[i], x->maps[i], &x->keys);
		if (x->o->mixes[mix])
			run_mix(x, mix);
	}
	for (i = 0; i < x->peers->n; i++)
		fill_end(x->peers->peer[i], x->maps[i]);
	memset(x->maps, 0, sizeof(x->maps));
	keys_exit(&x->keys);
}

int matrix_run(const struct bench_options *o, const struct peers *peers)
{
	struct matrix x = { .o = o, .peers = peers };
	unsigned int i;

	fprintf(o->out, "design\tn\tthreads\tmix\tdist\tround\tmops\tns_per_op\n");
	comment_machine(o->out, o);
	peers_comment(o->out, peers);
	fprintf(o->out, "# %u ms a round after %.1f ms to warm up, and in the first cell of a design's turn as many operations as entries (%u ms at most); ns_per_op: inside the loops over %u operations, per thread; mops: all threads\n",
		o->ms, o->ms / 5.0, CELL_WARM_MS, BENCH_BATCH);
	fprintf(o->out, "# chase: each key's value is the next key, 0.618 n further in the order in which they were stored\n");
	for (i = 0; i < o->nr_n; i++)
		run_n(&x, o->n[i]);
	return 0;
}
