/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our own designs, with statistics off and, as NAME_stats, on; for the others see calls.c.
 */
#ifndef MAPSTAT_BENCH_OURS_H
#define MAPSTAT_BENCH_OURS_H

#include "peer.h"

#define OURS_ALL(X)	\
	X(rwlock) X(sharded) X(readdirty) X(readdirty_classic) X(seqlock)		\
	X(rwlock_generic) X(sharded_generic) X(readdirty_generic)			\
	X(readdirty_classic_generic) X(seqlock_generic)					\
	X(rwlock_front) X(sharded_front) X(readdirty_front)				\
	X(readdirty_classic_front) X(seqlock_front)

#define OURS_DECLARE(name)	\
	extern const struct bench_peer name##_peer, name##_stats_peer;

#define OURS_DESIGNS(X)	X(rwlock) X(sharded) X(readdirty) X(readdirty_classic) X(seqlock)

#define OURS_DECLARE_CALLS(name)	\
	extern const struct bench_peer name##_none_peer, name##_off_peer, name##_on_peer, \
				       name##_beside_peer;

OURS_ALL(OURS_DECLARE)
OURS_DESIGNS(OURS_DECLARE_CALLS)

#endif /* MAPSTAT_BENCH_OURS_H */
