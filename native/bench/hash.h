/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash for peers whose hash can be chosen: the mixer of kmod/designs/hash.h with constants
 * for secrets, so that no peer is slower, or has longer chains, because of its hash.
 */
#ifndef MAPSTAT_BENCH_HASH_H
#define MAPSTAT_BENCH_HASH_H

#include <stdint.h>

static inline uint64_t bench_hash(uint64_t key)
{
	unsigned __int128 p = (unsigned __int128)(key ^ 0xa0761d6478bd642fULL) *
			      0xe7037ed1a0b428dbULL;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

#endif /* MAPSTAT_BENCH_HASH_H */
