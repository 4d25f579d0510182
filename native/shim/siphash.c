// SPDX-License-Identifier: GPL-2.0-only
/*
 * SipHash-2-4, from the paper of Aumasson and Bernstein; and random numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/string.h>
#include "native.h"

static inline u64 rotate(u64 x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static __always_inline void rounds(u64 v[4], unsigned int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	/* "somepseudorandomlygeneratedbytes" */
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575ULL, key->key[1] ^ 0x646f72616e646f6dULL,
		key->key[0] ^ 0x6c7967656e657261ULL, key->key[1] ^ 0x7465646279746573ULL,
	};
	const u8 *at = data;
	u64 word, last = (u64)len << 56;
	size_t left;

	for (left = len; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		v[3] ^= word;
		rounds(v, 2);
		v[0] ^= word;
	}
	while (left--)
		last |= (u64)at[left] << (8 * left);
	v[3] ^= last;
	rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static u64 seeded;	/* 0: from the kernel; otherwise the state of a generator */

/**
 * native_random_seed - make random numbers reproducible
 * @seed: of the generator
 */
void native_random_seed(uint64_t seed)
{
	seeded = seed | 1;
}

/* splitmix64 (Steele, Lea, Flood; public domain). */
static u64 next(void)
{
	u64 z = __atomic_add_fetch(&seeded, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

u64 get_random_u64(void)
{
	u64 n;

	if (seeded)
		return next();
	if (getrandom(&n, sizeof(n), 0) != sizeof(n)) {
		perror("getrandom");
		exit(1);
	}
	return n;
}

void get_random_bytes(void *to, size_t n)
{
	u64 word;

	for (; n; n -= min(n, sizeof(word)), to = (char *)to + sizeof(word)) {
		word = get_random_u64();
		memcpy(to, &word, min(n, sizeof(word)));
	}
}
