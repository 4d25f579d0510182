// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keyed hashing: hashes depend on the hash key, are spread evenly, and no bit is used twice.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/sort.h>
#include "kmod/designs/hash.h"

#define SAMPLES		8192
#define CELLS		256
#define SECRETS		16	/* a mixer may be even with most hash keys and bad with some */
#define SAMPLES_PER	(SAMPLES / CELLS)

/*
 * Chi-square with 255 degrees of freedom has mean 255 and standard deviation 22.6; each limit
 * is some 8 deviations away: a fair hash exceeds it less often than once in 10^12 tests, and
 * one that ignores a bit always does.
 */
#define CHI2_MIN	75
#define CHI2_MAX	440

/**
 * struct hash_test - state of a test
 * @hk: hash keys
 * @cell: number of hashes per cell
 */
struct hash_test {
	struct cmap_hash_key hk;
	u32 cell[CELLS];
};

static int hash_init(struct kunit *test)
{
	struct hash_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	test->priv = t;
	if (!t)
		return -ENOMEM;
	hash_key_init(&t->hk, false);
	return 0;
}

/* The sum over all cells of (count - expected)^2 / expected. */
static u64 chi_square(const struct hash_test *t)
{
	u64 squares = 0;
	int i;

	for (i = 0; i < CELLS; i++) {
		s64 d = (s64)t->cell[i] - SAMPLES_PER;

		squares += d * d;
	}
	return div_u64(squares, SAMPLES_PER);
}

enum hash_part { BUCKET, TAG, SHARD };

static u64 hash_of(const struct cmap_hash_key *hk, bool bytes, u64 key)
{
	u8 string[20] = "a common beginning";

	if (!bytes)
		return hash_u64(hk, key);
	memcpy(string + 12, &key, sizeof(key));
	return hash_bytes(hk, string, sizeof(string));
}

static void count_cells(struct hash_test *t, enum hash_part part, bool bytes, unsigned int stride)
{
	u64 i;

	memset(t->cell, 0, sizeof(t->cell));
	for (i = 0; i < SAMPLES; i++) {
		u64 h = hash_of(&t->hk, bytes, i * stride);

		switch (part) {
		case BUCKET:
			t->cell[hash_bucket(h, 8)]++;
			break;
		case TAG:	/* 128 values; 256 with the bucket's top bit */
			t->cell[(hash_tag(h) & 0x7f) | hash_bucket(h, 1) << 7]++;
			break;
		case SHARD:
			t->cell[hash_shard(h, CELLS - 1)]++;
			break;
		}
	}
}

/*
 * A u64 mixer may spread a sequence of keys more evenly than chance would: no lower limit
 * for it.
 */
static void expect_fair(struct kunit *test, enum hash_part part)
{
	static const unsigned int strides[] = { 1, 8, 64, 4096, 65537 };
	struct hash_test *t = test->priv;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(strides); i++) {
		unsigned int unfair = 0;

		for (j = 0; j < SECRETS; j++) {
			hash_key_init(&t->hk, false);
			count_cells(t, part, false, strides[i]);
			unfair += chi_square(t) > CHI2_MAX;
		}
		KUNIT_EXPECT_EQ_MSG(test, 0, unfair, "of %u secrets, u64 keys, stride %u",
				    SECRETS, strides[i]);
		count_cells(t, part, true, strides[i]);
		KUNIT_EXPECT_LE_MSG(test, chi_square(t), CHI2_MAX, "byte strings, stride %u",
				    strides[i]);
		KUNIT_EXPECT_GE_MSG(test, chi_square(t), CHI2_MIN, "byte strings, stride %u",
				    strides[i]);
	}
}

/* Fails when: regular keys are distributed unevenly over the buckets. */
static void buckets_are_even(struct kunit *test)
{
	expect_fair(test, BUCKET);
}

/* Fails when: tags are uneven or depend on the bucket, so that they distinguish no keys. */
static void tags_are_even(struct kunit *test)
{
	expect_fair(test, TAG);
}

/* Fails when: regular keys are distributed unevenly over the shards. */
static void shards_are_even(struct kunit *test)
{
	expect_fair(test, SHARD);
}

/* Fails when: all keys of a shard share bits that select the bucket within its table. */
static void buckets_are_even_within_a_shard(struct kunit *test)
{
	struct hash_test *t = test->priv;
	u64 key, n = 0;

	for (key = 0; n < SAMPLES; key++) {
		u64 h = hash_u64(&t->hk, key);

		if (hash_shard(h, 31) != 5)
			continue;
		t->cell[hash_bucket(h, 8)]++;
		n++;
	}
	KUNIT_EXPECT_LE(test, chi_square(t), CHI2_MAX);
}

/* Fails when: bucket, shard and tag share a bit of the hash. */
static void bits_are_used_once(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 64; bit++) {
		u64 h = 1ULL << bit;
		int users = !!hash_bucket(h, 46) + !!hash_shard(h, 1023) +
			    (hash_tag(h) != hash_tag(0));

		KUNIT_EXPECT_LE_MSG(test, users, 1, "bit %d", bit);
	}
}

/* Fails when: a tag has the value of an empty slot. */
static void tag_is_never_zero(struct kunit *test)
{
	u64 h;

	for (h = 0; h < 512; h++)
		KUNIT_EXPECT_NE(test, 0, hash_tag(h));
	KUNIT_EXPECT_NE(test, 0, hash_tag(U64_MAX));
}

/* Fails when: the smaller table's bucket number is not a prefix of the larger table's. */
static void larger_table_extends_bucket(struct kunit *test)
{
	struct hash_test *t = test->priv;
	u64 key;

	for (key = 0; key < 1000; key++) {
		u64 h = hash_u64(&t->hk, key);
		unsigned int bits;

		KUNIT_EXPECT_EQ(test, 0, hash_bucket(h, 0));
		for (bits = 0; bits < 40; bits++)
			KUNIT_ASSERT_EQ(test, hash_bucket(h, bits), hash_bucket(h, bits + 1) >> 1);
	}
}

/* Fails when: the hashes of two maps are alike. */
static void hash_key_changes_hashes(struct kunit *test)
{
	struct hash_test *t = test->priv;
	struct cmap_hash_key other;
	unsigned int same = 0, same_order = 0;
	u64 key;

	hash_key_init(&other, false);
	for (key = 0; key < 10000; key++) {
		u64 a = hash_u64(&t->hk, key), b = hash_u64(&other, key);

		same += a == b;
		same += hash_of(&t->hk, true, key) == hash_of(&other, true, key);
		same_order += (a < hash_u64(&t->hk, key + 1)) == (b < hash_u64(&other, key + 1));
	}
	KUNIT_EXPECT_EQ(test, 0, same);
	KUNIT_EXPECT_LT_MSG(test, same_order, 10000, "the same order");
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Fails when: different keys have the same 64-bit hash (probability 2^-39). */
static void no_collisions_among_few_keys(struct kunit *test)
{
	struct hash_test *t = test->priv;
	u64 *h = kunit_kcalloc(test, SAMPLES, sizeof(*h), GFP_KERNEL);
	unsigned int i, twice = 0;

	KUNIT_ASSERT_NOT_NULL(test, h);
	for (i = 0; i < SAMPLES; i++)
		h[i] = hash_u64(&t->hk, i);
	sort(h, SAMPLES, sizeof(*h), compare_u64, NULL);
	for (i = 1; i < SAMPLES; i++)
		twice += h[i] == h[i - 1];
	KUNIT_EXPECT_EQ(test, 0, twice);
}

/* Fails when: a byte of a string, including those beyond the eighth, does not affect the hash. */
static void every_byte_is_hashed(struct kunit *test)
{
	struct hash_test *t = test->priv;
	u8 key[256] = { };
	u64 h = hash_bytes(&t->hk, key, sizeof(key));
	unsigned int i;

	for (i = 0; i < sizeof(key); i++) {
		key[i] ^= 0x10;
		KUNIT_EXPECT_NE_MSG(test, h, hash_bytes(&t->hk, key, sizeof(key)), "byte %u", i);
		key[i] ^= 0x10;
	}
	KUNIT_EXPECT_NE(test, h, hash_bytes(&t->hk, key, sizeof(key) - 1));
}

/* Fails when: keys do not all collide with CMAP_COLLIDE, so that its tests test nothing. */
static void collide_makes_hashes_equal(struct kunit *test)
{
	struct cmap_hash_key hk;
	u64 key;

	hash_key_init(&hk, true);
	for (key = 0; key < 100; key++) {
		KUNIT_EXPECT_EQ(test, hash_u64(&hk, 0), hash_u64(&hk, key * 7919));
		KUNIT_EXPECT_EQ(test, hash_of(&hk, true, 0), hash_of(&hk, true, key));
	}
}

static struct kunit_case hash_cases[] = {
	KUNIT_CASE(buckets_are_even),
	KUNIT_CASE(tags_are_even),
	KUNIT_CASE(shards_are_even),
	KUNIT_CASE(buckets_are_even_within_a_shard),
	KUNIT_CASE(bits_are_used_once),
	KUNIT_CASE(tag_is_never_zero),
	KUNIT_CASE(larger_table_extends_bucket),
	KUNIT_CASE(hash_key_changes_hashes),
	KUNIT_CASE(no_collisions_among_few_keys),
	KUNIT_CASE(every_byte_is_hashed),
	KUNIT_CASE(collide_makes_hashes_equal),
	{}
};

static struct kunit_suite hash_suite = {
	.name = "mapstat_hash",
	.init = hash_init,
	.test_cases = hash_cases,
};

kunit_test_suites(&hash_suite);
