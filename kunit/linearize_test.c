// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checker of histories, tested with histories made by hand.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include "linearize.h"

#define OP(k, c, r, res, v, e, o)						\
	{ .kind = LIN_##k, .call = (c), .ret = (r), .result = (res), .value = (v),	\
	  .expect = (e), .out = (o) }

static int checker_init(struct kunit *test)
{
	test->priv = lin_checker_alloc();
	return test->priv ? 0 : -ENOMEM;
}

static void checker_exit(struct kunit *test)
{
	lin_checker_free(test->priv);
}

static enum lin_verdict check2(struct kunit *test, u32 initial,
			       const struct lin_op *a, unsigned int na,
			       const struct lin_op *b, unsigned int nb)
{
	struct lin_history h = {
		.initial = initial, .threads = 2, .n = { na, nb }, .op = { a, b },
	};

	return lin_check(test->priv, &h);
}

/* Fails when: a sequential history that follows the map's rules is rejected. */
static void accepts_sequential_history(struct kunit *test)
{
	static const struct lin_op a[] = {
		OP(LOAD, 1, 2, -ENOENT, 0, 0, 0),
		OP(STORE, 3, 4, 0, 11, 0, 0),
		OP(LOAD, 5, 6, 0, 0, 0, 11),
		OP(LOAD_OR_STORE, 7, 8, 0, 12, 0, 11),
		OP(SWAP, 9, 10, 0, 13, 0, 11),
		OP(COMPARE_AND_SWAP, 11, 12, -EAGAIN, 14, 11, 0),
		OP(COMPARE_AND_SWAP, 13, 14, 0, 15, 13, 0),
		OP(COMPARE_AND_DELETE, 15, 16, -EAGAIN, 0, 13, 0),
		OP(COMPARE_AND_DELETE, 17, 18, 0, 0, 15, 0),
		OP(COMPARE_AND_DELETE, 19, 20, -ENOENT, 0, 15, 0),
		OP(DELETE, 21, 22, -ENOENT, 0, 0, 0),
		OP(LOAD_OR_STORE, 23, 24, 0, 16, 0, 0),
		OP(LOAD_AND_DELETE, 25, 26, 0, 0, 0, 16),
		OP(SWAP, 27, 28, 0, 17, 0, 0),
		OP(STORE, 29, 30, -ENOMEM, 18, 0, 0),
		OP(DELETE, 31, 32, 0, 0, 0, 0),
	};

	KUNIT_EXPECT_EQ(test, LIN_LEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), a, 0));
}

/* Fails when: a load may return a value that a completed store had replaced. */
static void rejects_stale_load(struct kunit *test)
{
	static const struct lin_op a[] = {
		OP(STORE, 1, 2, 0, 11, 0, 0), OP(STORE, 3, 4, 0, 12, 0, 0),
	};
	static const struct lin_op b[] = { OP(LOAD, 5, 6, 0, 0, 0, 11) };

	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), b, ARRAY_SIZE(b)));
}

/* Fails when: overlapping operations must take effect in the order of their calls. */
static void accepts_either_order_of_overlapping_ops(struct kunit *test)
{
	static const struct lin_op a[] = {
		OP(STORE, 1, 2, 0, 11, 0, 0), OP(STORE, 3, 6, 0, 12, 0, 0),
	};
	static const struct lin_op old[] = { OP(LOAD, 4, 5, 0, 0, 0, 11) };
	static const struct lin_op new[] = { OP(LOAD, 4, 5, 0, 0, 0, 12) };

	KUNIT_EXPECT_EQ(test, LIN_LEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), old, ARRAY_SIZE(old)));
	KUNIT_EXPECT_EQ(test, LIN_LEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), new, ARRAY_SIZE(new)));
}

/* Fails when: a reader may see a new value and then the old one again. */
static void rejects_new_then_old(struct kunit *test)
{
	static const struct lin_op a[] = {
		OP(STORE, 1, 2, 0, 11, 0, 0), OP(STORE, 3, 10, 0, 12, 0, 0),
	};
	static const struct lin_op b[] = {
		OP(LOAD, 4, 5, 0, 0, 0, 12), OP(LOAD, 6, 7, 0, 0, 0, 11),
	};

	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), b, ARRAY_SIZE(b)));
}

/* Fails when: a completed store may be lost. */
static void rejects_lost_store(struct kunit *test)
{
	static const struct lin_op a[] = { OP(STORE, 1, 2, 0, 11, 0, 0) };
	static const struct lin_op b[] = { OP(LOAD, 3, 4, -ENOENT, 0, 0, 0) };

	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), b, ARRAY_SIZE(b)));
}

/* Fails when: two overlapping operations may both remove the same value. */
static void rejects_value_taken_twice(struct kunit *test)
{
	static const struct lin_op a[] = { OP(LOAD_AND_DELETE, 1, 4, 0, 0, 0, 11) };
	static const struct lin_op b[] = { OP(LOAD_AND_DELETE, 2, 3, 0, 0, 0, 11) };
	static const struct lin_op c[] = { OP(COMPARE_AND_SWAP, 2, 3, 0, 12, 11, 0) };
	static const struct lin_op d[] = { OP(COMPARE_AND_SWAP, 2, 3, -ENOENT, 12, 11, 0) };

	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 11, a, ARRAY_SIZE(a), b, ARRAY_SIZE(b)));
	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), b, ARRAY_SIZE(b)));
	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 12, a, ARRAY_SIZE(a), c, ARRAY_SIZE(c)));
	/* c, then a, would return 12. */
	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 11, a, ARRAY_SIZE(a), c, ARRAY_SIZE(c)));
	KUNIT_EXPECT_EQ(test, LIN_LEGAL,
			check2(test, 11, a, ARRAY_SIZE(a), d, ARRAY_SIZE(d)));
}

/* Fails when: an insertion may succeed twice without a removal between. */
static void rejects_second_insertion(struct kunit *test)
{
	static const struct lin_op a[] = { OP(LOAD_OR_STORE, 1, 4, 0, 11, 0, 0) };
	static const struct lin_op b[] = { OP(LOAD_OR_STORE, 2, 3, 0, 12, 0, 0) };
	static const struct lin_op c[] = { OP(LOAD_OR_STORE, 2, 3, 0, 12, 0, 11) };

	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), b, ARRAY_SIZE(b)));
	KUNIT_EXPECT_EQ(test, LIN_LEGAL,
			check2(test, 0, a, ARRAY_SIZE(a), c, ARRAY_SIZE(c)));
}

/* Fails when: an operation that never allocates may return -ENOMEM. */
static void rejects_enomem_of_delete_and_load(struct kunit *test)
{
	static const struct lin_op a[] = { OP(DELETE, 1, 2, -ENOMEM, 0, 0, 0) };
	static const struct lin_op b[] = { OP(LOAD, 1, 2, -ENOMEM, 0, 0, 0) };
	static const struct lin_op c[] = { OP(SWAP, 1, 2, -ENOMEM, 12, 0, 0) };

	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL, check2(test, 11, a, 1, a, 0));
	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL, check2(test, 11, b, 1, b, 0));
	KUNIT_EXPECT_EQ(test, LIN_LEGAL, check2(test, 11, c, 1, c, 0));
}

/*
 * One operation overlaps all others, and must take effect in the middle of them.
 * Fails when: the search abandons a branch too early, or never backtracks.
 */
static void finds_only_order_of_long_overlap(struct kunit *test)
{
	enum { N = 100 };
	struct lin_op *b = kunit_kcalloc(test, N, sizeof(*b), GFP_KERNEL);
	struct lin_op a[] = { OP(SWAP, 1, 1000, 0, 500, 0, N / 2) };
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < N; i++) {
		b[i] = (struct lin_op){ .kind = LIN_SWAP, .call = 2 * i + 2, .ret = 2 * i + 3,
					.value = i + 1, .out = i };
	}
	b[N / 2].out = 500;	/* follows the long one */
	KUNIT_EXPECT_EQ(test, LIN_LEGAL, check2(test, 0, a, 1, b, N));
	b[N / 2].out = 501;
	KUNIT_EXPECT_EQ(test, LIN_ILLEGAL, check2(test, 0, a, 1, b, N));
}

/* Fails when: a history that is too long to check is accepted as legal. */
static void too_long_is_undecided(struct kunit *test)
{
	struct lin_op *a = kunit_kcalloc(test, LIN_OPS + 1, sizeof(*a), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, a);
	for (i = 0; i <= LIN_OPS; i++)
		a[i] = (struct lin_op){ .kind = LIN_STORE, .call = 2 * i, .ret = 2 * i + 1,
					.value = i + 1 };
	KUNIT_EXPECT_EQ(test, LIN_LEGAL, check2(test, 0, a, LIN_OPS, a, 0));
	KUNIT_EXPECT_EQ(test, LIN_UNDECIDED, check2(test, 0, a, LIN_OPS + 1, a, 0));
}

static struct kunit_case linearize_cases[] = {
	KUNIT_CASE(accepts_sequential_history),
	KUNIT_CASE(rejects_stale_load),
	KUNIT_CASE(accepts_either_order_of_overlapping_ops),
	KUNIT_CASE(rejects_new_then_old),
	KUNIT_CASE(rejects_lost_store),
	KUNIT_CASE(rejects_value_taken_twice),
	KUNIT_CASE(rejects_second_insertion),
	KUNIT_CASE(rejects_enomem_of_delete_and_load),
	KUNIT_CASE(finds_only_order_of_long_overlap),
	KUNIT_CASE(too_long_is_undecided),
	{}
};

static struct kunit_suite linearize_suite = {
	.name = "mapstat_linearize",
	.init = checker_init,
	.exit = checker_exit,
	.test_cases = linearize_cases,
};

kunit_test_suites(&linearize_suite);
