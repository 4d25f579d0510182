/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers of the stress threads: SplitMix64 (Steele, Lea, Flood 2014; public
 * domain).  The kernel's prandom reduces its seed to 32 bits and returns 32 bits at a time;
 * here every 64-bit seed gives a different run, and 2^32 keys and the tail of an exponential
 * need more bits.  Not cryptographically secure.
 */
#ifndef MAPSTAT_STRESS_RANDOM_H
#define MAPSTAT_STRESS_RANDOM_H

#include <linux/math64.h>
#include <linux/types.h>

#define STRESS_GOLDEN	0x9e3779b97f4a7c15ULL	/* 2^64 / golden ratio, odd */

/**
 * struct stress_random - a random stream
 * @state: a counter; accessed by one thread only
 */
struct stress_random {
	u64 state;
};

/* A bijection on 64 bits in which every input bit affects every output bit. */
static __always_inline u64 stress_mix64(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* The inverse of stress_mix64(); its multipliers are the inverses modulo 2^64. */
static __always_inline u64 stress_unmix64(u64 x)
{
	x = (x ^ (x >> 31) ^ (x >> 62)) * 0x319642b2d24d8ec3ULL;
	x = (x ^ (x >> 27) ^ (x >> 54)) * 0x96de1b173f119089ULL;
	return x ^ (x >> 30) ^ (x >> 60);
}

/**
 * stress_random_seed - start a random stream
 * @r: the stream
 * @seed: seed of the run
 * @stream: stream number; streams with the same seed start at unrelated states
 */
static inline void stress_random_seed(struct stress_random *r, u64 seed, u64 stream)
{
	r->state = stress_mix64(stress_mix64(seed + STRESS_GOLDEN) + stream);
}

static __always_inline u64 stress_random_u64(struct stress_random *r)
{
	r->state += STRESS_GOLDEN;
	return stress_mix64(r->state);
}

/* Return: 0..@n - 1; the bias is below @n / 2^64. */
static __always_inline u64 stress_random_below(struct stress_random *r, u64 n)
{
	return mul_u64_u64_shr(stress_random_u64(r), n, 64);
}

#endif /* MAPSTAT_STRESS_RANDOM_H */
