/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash of the C++ peers: the mixer of kmod/table/hash.h with constants for secrets, so
 * that no peer is slower, or in longer chains, for its hash.  std::hash of a u64 is the u64.
 */
#ifndef MAPSTAT_BENCH_HASHER_HH
#define MAPSTAT_BENCH_HASHER_HH

#include <cstddef>
#include <cstdint>

struct bench_hasher {
	std::size_t operator()(uint64_t key) const
	{
		unsigned __int128 p = (unsigned __int128)(key ^ 0xa0761d6478bd642fULL) *
				      0xe7037ed1a0b428dbULL;

		return (uint64_t)p ^ (uint64_t)(p >> 64);
	}
};

#endif /* MAPSTAT_BENCH_HASHER_HH */
