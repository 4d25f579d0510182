// SPDX-License-Identifier: GPL-2.0-only
/*
 * Key distributions, and the encoding of keys and values.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "kmod/compat.h"
#include "fixmath.h"
#include "keys.h"

#define ZETA_SHIFT	28	/* zeta(2^32, 0.001) is below 2^33: 61 bits */
#define ZETA_ONE	BIT_ULL(ZETA_SHIFT)
/*
 * Number of terms that are summed; the rest is integrated.  The error of the integral is below
 * theta / 12 * terms^(-theta - 1), at most 2^-23: too small to show in eight digits of zeta.
 */
#define ZETA_EXACT	4096
#define PER_MILLE	1000

/* Return: @q57 * @permille / 1000, without overflow. */
static u64 share(u64 q57, unsigned int permille)
{
	return mul_u64_u64_div_u64(q57, permille, PER_MILLE);
}

/* i^-theta, Q62 */
static u64 zeta_term(u64 i, unsigned int theta_permille)
{
	return fix_exp2_neg(share(fix_log2(i), theta_permille));
}

/* The sum of i^-theta for i = ZETA_EXACT + 1..n by Euler and Maclaurin, Q28 */
static u64 zeta_tail(u64 n, unsigned int theta_permille)
{
	unsigned int s = PER_MILLE - theta_permille;
	u64 hi = fix_exp2(share(fix_log2(n), s), ZETA_SHIFT);
	u64 lo = fix_exp2(share(fix_log2(ZETA_EXACT), s), ZETA_SHIFT);
	u64 ends = zeta_term(ZETA_EXACT, theta_permille) - zeta_term(n, theta_permille);

	return mul_u64_u64_div_u64(hi - lo, PER_MILLE, s) -
	       (ends >> (FIX_POW_SHIFT - ZETA_SHIFT + 1));
}

/**
 * stress_zeta - the sum of i^-theta for i = 1..n
 * @n: 1..2^32
 * @theta_permille: theta in thousandths, 1..999
 *
 * Context: Any; 4096 logarithms at most.
 * Return: the sum, Q28.
 */
u64 stress_zeta(u64 n, unsigned int theta_permille)
{
	u64 i, sum = 0;		/* Q46: ZETA_EXACT terms of up to 1 fit */

	for (i = 1; i <= min_t(u64, n, ZETA_EXACT); i++)
		sum += zeta_term(i, theta_permille) >> (FIX_POW_SHIFT - 46);
	sum >>= 46 - ZETA_SHIFT;
	return n > ZETA_EXACT ? sum + zeta_tail(n, theta_permille) : sum;
}
EXPORT_SYMBOL_IF_KUNIT(stress_zeta);

static void zipf_init(struct stress_zipf *zipf, u64 n, unsigned int theta_permille)
{
	unsigned int s = PER_MILLE - theta_permille;
	u64 num;

	zipf->zetan = stress_zeta(n, theta_permille);
	zipf->zeta2 = stress_zeta(2, theta_permille);
	zipf->alpha = div_u64((u64)PER_MILLE << 32, s);
	zipf->log2n = fix_log2(n);
	zipf->eta = 0;
	if (n <= 2)	/* zetan alone separates the first two ranks */
		return;
	/* eta = (1 - (2/n)^(1-theta)) / (1 - zeta2/zetan) */
	num = FIX_POW_ONE - fix_exp2_neg(share(zipf->log2n - FIX_LOG_ONE, s));
	zipf->eta = min(mul_u64_u64_div_u64(num, zipf->zetan, zipf->zetan - zipf->zeta2),
			FIX_POW_ONE);
}

/**
 * stress_zipf_rank - map a uniform random number to a Zipf-distributed rank
 * @zipf: the constants
 * @n: number of ranks; the constants must be for the same number
 * @u: uniform random number in [0, 1), times 2^64
 *
 * Gray et al., "Quickly generating billion-record synthetic databases", SIGMOD 1994, as
 * in YCSB: rank = n * (eta * u - eta + 1)^alpha, except for the first two ranks.
 *
 * Context: Any.
 * Return: 0..@n - 1; 0 is the most frequent rank.
 */
u64 stress_zipf_rank(const struct stress_zipf *zipf, u64 n, u64 u)
{
	u64 uz = mul_u64_u64_shr(u, zipf->zetan, 64);
	u64 v, e;

	if (uz < ZETA_ONE)
		return 0;
	if (uz < zipf->zeta2 || n <= 2)
		return min_t(u64, 1, n - 1);
	v = FIX_POW_ONE - mul_u64_u64_shr(zipf->eta, ~u, 64);	/* 1 - eta * (1 - u) */
	e = ((u64)FIX_POW_SHIFT << FIX_LOG_SHIFT) - fix_log2(v);
	e = mul_u64_u64_shr(e, zipf->alpha, 32);		/* -alpha * log2(v) */
	if (e >= zipf->log2n)
		return 2;
	return clamp_t(u64, fix_exp2(zipf->log2n - e, 0), 2, n - 1);
}
EXPORT_SYMBOL_IF_KUNIT(stress_zipf_rank);

/**
 * stress_keys_init - set up the keys of a run
 * @keys: initialized here
 * @config: configuration of the run
 *
 * Context: Any.
 */
void stress_keys_init(struct stress_keys *keys, const struct stress_config *config)
{
	keys->n = config->keys;
	keys->hot = max_t(u64, 1, div_u64(config->keys * STRESS_HOT_PERCENT, 100));
	keys->mask = stress_mix64(config->seed + STRESS_GOLDEN);
	keys->dist = config->dist;
	keys->key_size = config->key_size;
	keys->value_size = config->value_size;
	if (config->dist == STRESS_ZIPF)
		zipf_init(&keys->zipf, config->keys, config->theta_permille);
}
EXPORT_SYMBOL_IF_KUNIT(stress_keys_init);

static u64 draw_hotspot(const struct stress_keys *keys, struct stress_random *random)
{
	bool hot = stress_random_below(random, 100) >= STRESS_HOT_PERCENT;

	if (hot || keys->hot == keys->n)
		return stress_random_below(random, keys->hot);
	return keys->hot + stress_random_below(random, keys->n - keys->hot);
}

/**
 * stress_keys_draw - draw a key
 * @keys: keys of the run
 * @random: random stream
 *
 * Context: Any.
 * Return: the key's index.
 */
u64 stress_keys_draw(const struct stress_keys *keys, struct stress_random *random)
{
	switch (keys->dist) {
	case STRESS_ZIPF:
		return stress_zipf_rank(&keys->zipf, keys->n, stress_random_u64(random));
	case STRESS_HOTSPOT:
		return draw_hotspot(keys, random);
	default:
		return stress_random_below(random, keys->n);
	}
}
EXPORT_SYMBOL_IF_KUNIT(stress_keys_draw);

/* Word @i of a key or value whose first word is @first. */
static __always_inline __le64 word(u64 first, unsigned int i)
{
	return cpu_to_le64(i ? stress_mix64(first + i * STRESS_GOLDEN) : first);
}

static void words_write(void *to, unsigned int size, u64 first)
{
	unsigned int i, whole = size / 8;
	__le64 w;

	for (i = 0; i < whole; i++) {
		w = word(first, i);
		memcpy(to + i * 8, &w, 8);
	}
	if (size % 8) {
		w = word(first, whole);
		memcpy(to + whole * 8, &w, size % 8);
	}
}

static bool words_match(const void *from, unsigned int size, u64 first)
{
	unsigned int i, whole = size / 8;
	__le64 w;

	for (i = 0; i < whole; i++) {
		w = word(first, i);
		if (memcmp(from + i * 8, &w, 8))
			return false;
	}
	if (size % 8 == 0)
		return true;
	w = word(first, whole);
	return !memcmp(from + whole * 8, &w, size % 8);
}

static u64 words_first(const void *from, unsigned int size)
{
	__le64 w = 0;

	memcpy(&w, from, min(size, 8u));
	return le64_to_cpu(w);
}

/* Keys of less than 8 bytes are the index itself: there is no room to mix in the seed. */
static u64 key_first(const struct stress_keys *keys, u64 index)
{
	return keys->key_size < 8 ? index : stress_mix64(index ^ keys->mask);
}

/**
 * stress_key_encode - write the bytes of a key
 * @keys: keys of the run
 * @index: index of the key
 * @key: receives key_size bytes
 *
 * Context: Any.
 */
void stress_key_encode(const struct stress_keys *keys, u64 index, void *key)
{
	words_write(key, keys->key_size, key_first(keys, index));
}
EXPORT_SYMBOL_IF_KUNIT(stress_key_encode);

/**
 * stress_key_decode - get the index of a key
 * @keys: keys of the run
 * @key: bytes of the key
 * @index: receives the index
 *
 * Context: Any.
 * Return: 0, or -EILSEQ if it is not a key of the run.
 */
int stress_key_decode(const struct stress_keys *keys, const void *key, u64 *index)
{
	u64 first = words_first(key, keys->key_size);

	*index = keys->key_size < 8 ? first : stress_unmix64(first) ^ keys->mask;
	if (*index >= keys->n || !words_match(key, keys->key_size, first))
		return -EILSEQ;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(stress_key_decode);

/* The version is the lowest byte, so that even a one-byte value contains it. */
static u64 value_first(const struct stress_keys *keys, u64 index, unsigned int version)
{
	return (stress_mix64(index + ~keys->mask) & ~0xffULL) | version;
}

/**
 * stress_value_encode - write the bytes of a value
 * @keys: keys of the run
 * @index: index of its key
 * @version: 0..STRESS_VERSIONS - 1
 * @value: receives value_size bytes
 *
 * Context: Any.
 */
void stress_value_encode(const struct stress_keys *keys, u64 index, unsigned int version,
			 void *value)
{
	words_write(value, keys->value_size, value_first(keys, index, version));
}
EXPORT_SYMBOL_IF_KUNIT(stress_value_encode);

/**
 * stress_value_check - check that a value is whole and belongs to a key
 * @keys: keys of the run
 * @index: index of the key
 * @value: bytes of the value
 *
 * Context: Any.
 * Return: the version, or -EILSEQ if the value is torn or belongs to another key.
 */
int stress_value_check(const struct stress_keys *keys, u64 index, const void *value)
{
	unsigned int version = *(const u8 *)value;

	if (version >= STRESS_VERSIONS)
		return -EILSEQ;
	if (!words_match(value, keys->value_size, value_first(keys, index, version)))
		return -EILSEQ;
	return version;
}
EXPORT_SYMBOL_IF_KUNIT(stress_value_check);
