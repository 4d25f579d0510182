/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the bench asks of our own designs only.
 */
#ifndef MAPSTAT_BENCH_OURS_H
#define MAPSTAT_BENCH_OURS_H

#include "peer.h"

/**
 * struct ours_work - what a thread has done on a map so far
 * @moved_buckets: buckets moved to a larger or smaller table
 * @copied: entries copied by promotions and dirty rebuilds
 */
struct ours_work {
	uint64_t moved_buckets;
	uint64_t copied;
};

#define OURS_DECLARE(name)							\
	extern const struct bench_peer name##_peer;				\
	extern const struct bench_peer name##_generic_peer

OURS_DECLARE(rwlock);
OURS_DECLARE(sharded);
OURS_DECLARE(readdirty);
OURS_DECLARE(readdirty_classic);
OURS_DECLARE(seqlock);

bool ours_is(const struct bench_peer *peer);
void ours_work(void *map, struct ours_work *work);

#endif /* MAPSTAT_BENCH_OURS_H */
