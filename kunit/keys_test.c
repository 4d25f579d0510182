// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys and values of the stress run: how often each is drawn, and how they are checked.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include "kmod/stress/keys.h"
#include "fixture.h"

#define DRAWS	1000000
#define RANKS	10000

/**
 * struct keys_test - state of a test
 * @config: of the run
 * @keys: set up from it
 * @count: how often each index was drawn
 * @bytes: a key or value
 */
struct keys_test {
	struct stress_config config;
	struct stress_keys keys;
	u32 count[RANKS];
	u8 bytes[CMAP_VALUE_MAX];
};

static int keys_init(struct kunit *test)
{
	struct keys_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	test->priv = t;
	if (!t)
		return -ENOMEM;
	t->config.seed = 1;
	t->config.keys = RANKS;
	t->config.key_size = 8;
	t->config.value_size = 8;
	t->config.theta_permille = 990;
	return 0;
}

static void setup(struct keys_test *t, enum stress_dist dist, u64 n)
{
	t->config.dist = dist;
	t->config.keys = n;
	stress_keys_init(&t->keys, &t->config);
}

/* Draw DRAWS indices and count them in t->count. */
static void draw(struct kunit *test, struct keys_test *t)
{
	struct stress_random r;
	int i;

	memset(t->count, 0, sizeof(t->count));
	stress_random_seed(&r, test_seed(), 0);
	for (i = 0; i < DRAWS; i++) {
		u64 index = stress_keys_draw(&t->keys, &r);

		KUNIT_ASSERT_LT(test, index, t->keys.n);
		t->count[index]++;
		if (!(i % 4096))
			cond_resched();
	}
}

static u64 count_of(const struct keys_test *t, u32 from, u32 to)
{
	u64 sum = 0;

	for (; from < to; from++)
		sum += t->count[from];
	return sum;
}

/* The sum of (count - expected)^2 / expected over some cells, in thousandths. */
static u64 chi_square(const struct keys_test *t, u32 from, u32 to)
{
	u64 all = count_of(t, from, to), squares = 0;
	u32 i, cells = to - from;

	for (i = from; i < to; i++) {
		s64 d = (s64)t->count[i] * cells - (s64)all;	/* cells times too large */

		squares += div_u64(d * d, cells);
	}
	return mul_u64_u64_div_u64(squares, 1000, all);
}

/* 256 cells: mean 255, standard deviation 22.6.  Fails when: some keys are drawn too often. */
static void uniform_is_uniform(struct kunit *test)
{
	struct keys_test *t = test->priv;

	setup(t, STRESS_UNIFORM, 256);
	draw(test, t);
	KUNIT_EXPECT_LE(test, chi_square(t, 0, 256), 440000);
	KUNIT_EXPECT_GE(test, chi_square(t, 0, 256), 75000);
}

/* Fails when: the hot keys do not get 90 %, or hot or cold keys are not drawn evenly. */
static void hotspot_share(struct kunit *test)
{
	struct keys_test *t = test->priv;

	setup(t, STRESS_HOTSPOT, 2560);
	draw(test, t);
	/* six standard deviations of 300 */
	KUNIT_EXPECT_GE(test, count_of(t, 0, 256), 898200);
	KUNIT_EXPECT_LE(test, count_of(t, 0, 256), 901800);
	KUNIT_EXPECT_LE(test, chi_square(t, 0, 256), 440000);
	/* 2304 cells: mean 2303, standard deviation 68 */
	KUNIT_EXPECT_LE(test, chi_square(t, 256, 2560), 2850000);
}

/* Fails when: zeta is off by more than 10^-7. */
static void zeta_is_accurate(struct kunit *test)
{
	/* From 50-digit decimal arithmetic, Q28 */
	static const u64 known[][3] = {
		{ 2, 990, 403586742 }, { 100, 990, 1421249999 },
		{ 10000, 990, 2744581131ULL }, { 10000, 500, 53296422438ULL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		u64 got = stress_zeta(known[i][0], known[i][1]), want = known[i][2];
		u64 off = got > want ? got - want : want - got;

		KUNIT_EXPECT_LE_MSG(test, off, div_u64(want, 10000000) + 1,
				    "zeta(%llu, 0.%llu) = %llu", known[i][0], known[i][1], got);
	}
}

/*
 * The first two ranks are exact except for chance (six standard errors are below 2 %); the
 * generator only approximates the others.
 * Fails when: a rank is drawn more or less often than i^-0.99 / zeta.
 */
static void zipf_follows_theory(struct kunit *test)
{
	static const struct { u32 top; u32 percent; } sums[] = {
		{ 1, 2 }, { 2, 2 }, { 10, 5 }, { 100, 3 }, { 1000, 2 }, { 5000, 2 },
	};
	struct keys_test *t = test->priv;
	u64 all = stress_zeta(RANKS, 990);
	int i;

	setup(t, STRESS_ZIPF, RANKS);
	draw(test, t);
	for (i = 0; i < ARRAY_SIZE(sums); i++) {
		u64 want = mul_u64_u64_div_u64(stress_zeta(sums[i].top, 990), DRAWS, all);
		u64 got = count_of(t, 0, sums[i].top);
		u64 off = got > want ? got - want : want - got;

		KUNIT_EXPECT_LE_MSG(test, off * 100, want * sums[i].percent,
				    "the first %u ranks: %llu, in theory %llu", sums[i].top, got,
				    want);
	}
	KUNIT_EXPECT_GT(test, t->count[0], t->count[1]);
	KUNIT_EXPECT_GT(test, t->count[1], t->count[2]);
	KUNIT_EXPECT_GT(test, count_of(t, RANKS - 100, RANKS), 0);
}

/* Fails when: with few keys, or an extreme exponent, an index is out of bounds or never drawn. */
static void small_and_extreme_distributions(struct kunit *test)
{
	static const u16 thetas[] = { 1, 500, 999 };
	struct keys_test *t = test->priv;
	enum stress_dist dist;
	u64 n;
	int i, j;

	for (dist = STRESS_UNIFORM; dist <= STRESS_HOTSPOT; dist++)
		for (i = 0; i < ARRAY_SIZE(thetas); i++)
			for (n = 1; n <= 12; n++) {
				struct stress_random r;
				u32 seen = 0;

				t->config.theta_permille = thetas[i];
				setup(t, dist, n);
				stress_random_seed(&r, n, dist);
				for (j = 0; j < 3000; j++) {
					u64 index = stress_keys_draw(&t->keys, &r);

					KUNIT_ASSERT_LT(test, index, n);
					seen |= BIT(index);
				}
				KUNIT_EXPECT_EQ_MSG(test, BIT(n) - 1, seen,
						    "dist %d, theta %u, %llu keys", dist,
						    thetas[i], n);
			}
}

static const u16 sizes[] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
	26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 256, 4096,
};

/* Fails when: a value is not recognized, or bytes beyond it are written. */
static void values_are_recognised(struct kunit *test)
{
	struct keys_test *t = test->priv;
	unsigned int i, version;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		t->config.value_size = sizes[i];
		setup(t, STRESS_UNIFORM, RANKS);
		for (version = 0; version < STRESS_VERSIONS; version++) {
			memset(t->bytes, 0xa5, sizeof(t->bytes));
			stress_value_encode(&t->keys, 77, version, t->bytes);
			KUNIT_ASSERT_EQ(test, version, stress_value_check(&t->keys, 77, t->bytes));
			if (sizes[i] < sizeof(t->bytes))
				KUNIT_ASSERT_EQ(test, 0xa5, t->bytes[sizes[i]]);
		}
	}
}

/*
 * A flipped bit of the version, the lowest byte, makes another version; values of up to eight
 * bytes cannot detect that.
 * Fails when: any other flipped bit is not detected.
 */
static void flipped_bits_are_found(struct kunit *test)
{
	struct keys_test *t = test->priv;
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned int unnoticed = 0, silent = sizes[i] <= 8 ? 7 : 0;

		t->config.value_size = sizes[i];
		setup(t, STRESS_UNIFORM, RANKS);
		stress_value_encode(&t->keys, 77, 5, t->bytes);
		for (bit = silent; bit < 8 * sizes[i]; bit++) {
			t->bytes[bit / 8] ^= BIT(bit % 8);
			unnoticed += stress_value_check(&t->keys, 77, t->bytes) != -EILSEQ;
			t->bytes[bit / 8] ^= BIT(bit % 8);
		}
		KUNIT_EXPECT_EQ_MSG(test, 0, unnoticed, "value size %u", sizes[i]);
		for (bit = 0; bit < silent; bit++) {
			t->bytes[0] ^= BIT(bit);
			KUNIT_EXPECT_NE(test, 5, stress_value_check(&t->keys, 77, t->bytes));
			t->bytes[0] ^= BIT(bit);
		}
		cond_resched();
	}
}

/* Fails when: a mix of two versions, or another key's value, passes the check. */
static void torn_and_foreign_values_are_found(struct kunit *test)
{
	struct keys_test *t = test->priv;
	u8 *other = t->bytes + 2048;
	unsigned int size;

	for (size = 9; size <= 40; size++) {
		t->config.value_size = size;
		setup(t, STRESS_UNIFORM, RANKS);
		stress_value_encode(&t->keys, 77, 5, t->bytes);
		stress_value_encode(&t->keys, 77, 6, other);
		memcpy(t->bytes + 8, other + 8, size - 8);
		KUNIT_EXPECT_EQ(test, -EILSEQ, stress_value_check(&t->keys, 77, t->bytes));
		stress_value_encode(&t->keys, 78, 5, t->bytes);
		KUNIT_EXPECT_EQ(test, -EILSEQ, stress_value_check(&t->keys, 77, t->bytes));
		KUNIT_EXPECT_EQ(test, 5, stress_value_check(&t->keys, 78, t->bytes));
	}
}

/* Fails when: a key does not decode to its index, or decodes to another one's. */
static void keys_are_decoded(struct kunit *test)
{
	struct keys_test *t = test->priv;
	unsigned int i;
	u64 index, n, back;

	for (i = 0; i < ARRAY_SIZE(sizes) && sizes[i] <= CMAP_KEY_MAX; i++) {
		t->config.key_size = sizes[i];
		n = sizes[i] == 1 ? 256 : RANKS;
		setup(t, STRESS_UNIFORM, n);
		for (index = 0; index < n; index += 1 + n / 300) {
			memset(t->bytes, 0xa5, sizeof(t->bytes));
			stress_key_encode(&t->keys, index, t->bytes);
			KUNIT_ASSERT_EQ(test, 0, stress_key_decode(&t->keys, t->bytes, &back));
			KUNIT_ASSERT_EQ(test, index, back);
			KUNIT_ASSERT_EQ(test, 0xa5, t->bytes[sizes[i]]);
		}
		if (sizes[i] < 8)
			continue;
		/* Longer keys show whether they belong to the run at all. */
		t->bytes[sizes[i] - 1] ^= 1;
		KUNIT_EXPECT_EQ(test, -EILSEQ, stress_key_decode(&t->keys, t->bytes, &back));
		stress_key_encode(&t->keys, n, t->bytes);
		KUNIT_EXPECT_EQ(test, -EILSEQ, stress_key_decode(&t->keys, t->bytes, &back));
	}
}

static struct kunit_case keys_cases[] = {
	KUNIT_CASE(uniform_is_uniform),
	KUNIT_CASE(hotspot_share),
	KUNIT_CASE(zeta_is_accurate),
	KUNIT_CASE(zipf_follows_theory),
	KUNIT_CASE(small_and_extreme_distributions),
	KUNIT_CASE(values_are_recognised),
	KUNIT_CASE(flipped_bits_are_found),
	KUNIT_CASE(torn_and_foreign_values_are_found),
	KUNIT_CASE(keys_are_decoded),
	{}
};

static struct kunit_suite keys_suite = {
	.name = "mapstat_keys",
	.init = keys_init,
	.test_cases = keys_cases,
};

kunit_test_suites(&keys_suite);
