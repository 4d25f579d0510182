// SPDX-License-Identifier: GPL-2.0-only
/*
 * oversubscribed.tsv: more threads than CPUs compared with as many as CPUs, by the wall clock,
 * since a thread may lose its CPU within a loop.  The progress of the threads is printed, too.
 */
#include <stdlib.h>
#include "cell.h"
#include "external.h"
#include "fill.h"
#include "modes.h"

static void row(const struct bench_options *o, const char *design, const struct cell *c,
		unsigned int round, const struct cell_result *r)
{
	fprintf(o->out, "%s\t%llu\t%u\t%s\t%s\t%u\t%.3f\t%llu\t%.0f\t%llu\n", design,
		(unsigned long long)c->keys->n, c->threads, mix_names[c->mix],
		dist_names[c->dist], round, 1e3 * r->ops / r->wall_ns,
		(unsigned long long)r->min_ops, (double)r->ops / c->threads,
		(unsigned long long)r->max_ops);
}

static void gap(const struct bench_options *o, const char *design, const struct cell *c,
		unsigned int round, const char *why)
{
	fprintf(o->out, "# %s: not measured: %s\n", design, why);
	fprintf(o->out, "%s\t%llu\t%u\t%s\t%s\t%u\t-\t-\t-\t-\n", design,
		(unsigned long long)c->keys->n, c->threads, mix_names[c->mix],
		dist_names[c->dist], round);
}

static void run_external(const struct bench_options *o, const char *design, const struct cell *c,
			 unsigned int round)
{
	struct external_result e;
	struct cell_result r;

	if (external_run(design, c, o->seed, &e)) {
		gap(o, design, c, round, external_error());
		return;
	}
	r.ops = e.ops;
	r.wall_ns = e.wall_ns;
	r.min_ops = e.min_ops;
	r.max_ops = e.max_ops;
	row(o, design, c, round, &r);
}

static void run_one(const struct bench_options *o, const struct bench_peer *peer, void *map,
		    const struct cell *c, unsigned int round)
{
	struct cell_result r;

	if (peer_is_external(peer)) {
		run_external(o, peer->name, c, round);
		return;
	}
	if (!map) {
		gap(o, peer->name, c, round, "it could not be created");
		return;
	}
	cell_run(o, peer, map, c, &r);
	if (r.wrong) {
		fprintf(stderr, "bench: %s: a wrong value was found: n=%llu threads=%u mix=%s\n",
			peer->name, (unsigned long long)c->keys->n, c->threads, mix_names[c->mix]);
		exit(1);
	}
	row(o, peer->name, c, round, &r);
}

/* Rounds are the outer loop, designs and numbers of threads the inner ones. */
static void run_n(const struct bench_options *o, const struct peers *peers, uint64_t n)
{
	void *maps[PEERS_MAX] = { };
	struct keys keys;
	struct cell c = {
		.keys = &keys, .mix = MIX_97, .dist = DIST_UNIFORM, .ms = o->ms, .warm = n,
	};
	unsigned int round, t, i;

	keys_init(&keys, n, o->seed, false);
	for (i = 0; i < peers->n; i++)
		if (!peer_is_external(peers->peer[i]))
			maps[i] = fill_map(peers->peer[i], &keys, n);
	for (round = 1; round <= o->rounds; round++) {
		for (i = 0; i < peers->n; i++) {
			for (t = 0; t < o->nr_threads; t++) {
				c.threads = o->threads[t];
				c.seed = o->seed + round;
				run_one(o, peers->peer[i], maps[i], &c, round);
			}
		}
	}
	for (i = 0; i < peers->n; i++)
		fill_end(peers->peer[i], maps[i]);
	keys_exit(&keys);
}

int oversubscribed_run(const struct bench_options *o, const struct peers *peers)
{
	unsigned int i;

	fprintf(o->out, "design\tn\tthreads\tmix\tdist\tround\tmops\tmin_ops\tmean_ops\tmax_ops\n");
	comment_machine(o->out, o);
	peers_comment(o->out, peers);
	fprintf(o->out, "# mops: all threads, by the wall clock, drawing and checking included; min_ops .. max_ops: of a thread\n");
	for (i = 0; i < o->nr_n; i++)
		run_n(o, peers, o->n[i]);
	return 0;
}
