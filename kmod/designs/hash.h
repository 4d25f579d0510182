/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keyed hashing.  The 64 bits are used from both ends: a table takes its bucket from the top
 * bits, its tag from the lowest byte, and a sharded map its shard from bits 8..17, so
 * that no bit is used twice (as long as a table has at most 2^46 buckets).
 */
#ifndef MAPSTAT_HASH_H
#define MAPSTAT_HASH_H

#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/types.h>

/**
 * struct cmap_hash_key - a map's secret
 * @k0: XORed with a u64 key
 * @k1: odd multiplier; 0 makes all u64 keys collide (tests)
 * @sip: for byte strings
 * @collide: every byte string hashes to 0 (tests)
 */
struct cmap_hash_key {
	u64 k0;
	u64 k1;
	siphash_key_t sip;
	bool collide;
};

static inline void hash_key_init(struct cmap_hash_key *hk, bool collide)
{
	hk->k0 = get_random_u64();
	hk->k1 = collide ? 0 : get_random_u64() | 1;
	get_random_bytes(&hk->sip, sizeof(hk->sip));
	hk->collide = collide;
}

/**
 * hash_u64 - keyed mixer for a u64
 * @hk: the map's secret
 * @key: the key
 *
 * Two rounds of multiply and xor-shift, the step of the murmur family (Austin Appleby,
 * public domain), with secret multipliers.  With a single round, even a 128-bit product
 * folded onto itself, regular keys cluster for 1 secret in 20.  Both steps are
 * invertible, so different keys have different hashes.
 *
 * Context: Any.
 * Return: the hash.
 */
static __always_inline u64 hash_u64(const struct cmap_hash_key *hk, u64 key)
{
	u64 h = (key ^ hk->k0) * hk->k1;

	h = (h ^ h >> 32) * hk->k1;
	return h ^ h >> 32;
}

/**
 * hash_bytes - SipHash-2-4 of a byte string
 * @hk: the map's secret
 * @key: the key
 * @len: its length in bytes
 *
 * Context: Any.
 * Return: the hash.
 */
static inline u64 hash_bytes(const struct cmap_hash_key *hk, const void *key, size_t len)
{
	return unlikely(hk->collide) ? 0 : siphash(key, len, &hk->sip);
}

static __always_inline u8 hash_tag(u64 hash)
{
	return (u8)hash | 0x80;	/* never 0, which marks an empty slot */
}

static __always_inline unsigned int hash_shard(u64 hash, unsigned int mask)
{
	return (hash >> 8) & mask;
}

/* Bucket of a table with 1 << bits buckets; bits may be 0. */
static __always_inline u64 hash_bucket(u64 hash, unsigned int bits)
{
	return (hash >> 1) >> (63 - bits);
}

#endif /* MAPSTAT_HASH_H */
