// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cache model, with traces whose misses were worked out by hand.  Each case fails when the
 * model does not do what the case's name states.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/slab.h>
#include "kmod/cachesim/misses.h"
#include "kmod/cachesim/model.h"
#include "kmod/cachesim/access.h"
#include "kmod/designs/design.h"
#include "fixture.h"

#define LINE	64UL
#define LINES	64UL		/* of the cache below */
#define SETS	32UL
#define PAGE_4K	4096UL
#define BASE	0x100000UL	/* where the traces begin: start of a page and a line, set 0 */

/* 64 lines in 32 sets of 2; 8 pages in 4 sets of 2. */
static const struct mapstat_geometry small = {
	.l1d_kib = 4, .l1d_ways = 2, .line_bytes = LINE,
	.dtlb_entries = 8, .dtlb_ways = 2, .page_kib = 4,
};

static void free_model(void *model)
{
	mapstat_model_free(model);
}

static struct mapstat_model *make_model(struct kunit *test)
{
	const unsigned long own = 0x7;
	struct mapstat_model *model = mapstat_model_alloc(&small, &own, 3);

	KUNIT_ASSERT_NOT_NULL(test, model);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_model, model), 0);
	return model;
}

static struct mapstat_access access_at(struct mapstat_model *model, int cpu, unsigned long offset,
				       enum mapstat_access_kind access)
{
	struct mapstat_access t = {
		.addr = (const void *)(BASE + offset), .size = 8, .access = access, .cpu = cpu,
	};

	mapstat_model_access(model, &t);
	return t;
}

#define EXPECT_L1(cpu, offset, access, what)					\
	KUNIT_EXPECT_EQ(test, access_at(model, cpu, offset, access).l1, what)

/* Three lines of one 2-way set evict each other, while the rest of the cache is empty. */
static void one_set_thrashes(struct kunit *test)
{
	struct mapstat_model *model = make_model(test);
	unsigned long i;

	for (i = 0; i < 3; i++)
		EXPECT_L1(0, i * SETS * LINE, MAPSTAT_READ, MAPSTAT_L1_COLD);
	for (i = 0; i < 9; i++)
		EXPECT_L1(0, i % 3 * SETS * LINE, MAPSTAT_READ, MAPSTAT_L1_CONFLICT);
}

/* a b a c: b must be evicted.  A first-in, first-out cache would evict a. */
static void least_recently_used_is_evicted(struct kunit *test)
{
	const unsigned long a = 0, b = SETS * LINE, c = 2 * SETS * LINE;
	struct mapstat_model *model = make_model(test);

	EXPECT_L1(0, a, MAPSTAT_READ, MAPSTAT_L1_COLD);
	EXPECT_L1(0, b, MAPSTAT_READ, MAPSTAT_L1_COLD);
	EXPECT_L1(0, a, MAPSTAT_READ, MAPSTAT_L1_HIT);
	EXPECT_L1(0, c, MAPSTAT_READ, MAPSTAT_L1_COLD);
	EXPECT_L1(0, a, MAPSTAT_READ, MAPSTAT_L1_HIT);
	EXPECT_L1(0, b, MAPSTAT_READ, MAPSTAT_L1_CONFLICT);
	EXPECT_L1(0, c, MAPSTAT_READ, MAPSTAT_L1_CONFLICT);
}

/* Repeatedly access twice as many lines as fit; then as many as fit. */
static void cold_then_capacity_then_hits(struct kunit *test)
{
	struct mapstat_model *model = make_model(test);
	unsigned long i;

	for (i = 0; i < 2 * LINES; i++)
		EXPECT_L1(0, i * LINE, MAPSTAT_READ, MAPSTAT_L1_COLD);
	for (i = 0; i < 2 * LINES; i++)
		EXPECT_L1(0, i * LINE, MAPSTAT_READ, MAPSTAT_L1_CAPACITY);
	for (i = 0; i < LINES; i++)
		EXPECT_L1(0, i * LINE, MAPSTAT_READ, MAPSTAT_L1_CAPACITY);
	for (i = 0; i < LINES; i++)
		EXPECT_L1(0, i * LINE, MAPSTAT_READ, MAPSTAT_L1_HIT);
}

/* 16 lines in different sets, each in another page: 4 pages for each 2-way set of the TLB. */
static void stride_misses_the_tlb_only(struct kunit *test)
{
	struct mapstat_model *model = make_model(test);
	unsigned int pass, l1 = 0, tlb = 0;
	unsigned long i;

	for (pass = 0; pass < 4; pass++) {
		l1 = 0;
		tlb = 0;
		for (i = 0; i < 16; i++) {
			const struct mapstat_access t = access_at(model, 0, i * (PAGE_4K + LINE),
								  MAPSTAT_READ);

			l1 += t.l1 != MAPSTAT_L1_HIT;
			tlb += t.tlb_miss;
		}
		KUNIT_EXPECT_EQ(test, tlb, 16);
		KUNIT_EXPECT_EQ(test, l1, pass ? 0 : 16);
	}
	/* 8 pages fit. */
	for (i = 0; i < 8; i++)
		access_at(model, 0, i * (PAGE_4K + LINE), MAPSTAT_READ);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_FALSE(test, access_at(model, 0, i * (PAGE_4K + LINE),
						   MAPSTAT_READ).tlb_miss);
}

/* Two CPUs write alternately, to one line, at different words: each misses every time. */
static void ping_pong(struct kunit *test)
{
	struct mapstat_model *model = make_model(test);
	struct mapstat_access t;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		t = access_at(model, i % 2, i % 2 * LINE / 2,
			      i & 4 ? MAPSTAT_ATOMIC : MAPSTAT_WRITE);
		KUNIT_EXPECT_EQ(test, t.l1, i < 2 ? MAPSTAT_L1_COLD : MAPSTAT_L1_COHERENCE);
		KUNIT_EXPECT_EQ(test, t.invalidated, i ? 1 : 0);
	}
	/* The same, padded: neither CPU affects the other. */
	for (i = 0; i < 20; i++) {
		t = access_at(model, i % 2, (2 + i % 2) * LINE, MAPSTAT_WRITE);
		KUNIT_EXPECT_EQ(test, t.l1, i < 2 ? MAPSTAT_L1_COLD : MAPSTAT_L1_HIT);
		KUNIT_EXPECT_EQ(test, t.invalidated, 0);
	}
}

/* Readers keep their copies until a write; then each of them misses once. */
static void readers_share_until_a_write(struct kunit *test)
{
	struct mapstat_model *model = make_model(test);
	int cpu;

	for (cpu = 0; cpu < 3; cpu++)
		EXPECT_L1(cpu, 0, MAPSTAT_READ, MAPSTAT_L1_COLD);
	for (cpu = 0; cpu < 3; cpu++)
		EXPECT_L1(cpu, 0, MAPSTAT_READ, MAPSTAT_L1_HIT);
	KUNIT_EXPECT_EQ(test, access_at(model, 0, 0, MAPSTAT_WRITE).invalidated, 2);
	KUNIT_EXPECT_EQ(test, access_at(model, 0, 0, MAPSTAT_WRITE).invalidated, 0);
	for (cpu = 1; cpu < 3; cpu++) {
		EXPECT_L1(cpu, 0, MAPSTAT_READ, MAPSTAT_L1_COHERENCE);
		EXPECT_L1(cpu, 0, MAPSTAT_READ, MAPSTAT_L1_HIT);
	}
	/* The writer still has a copy, but no longer exclusively. */
	EXPECT_L1(0, 0, MAPSTAT_READ, MAPSTAT_L1_HIT);
	KUNIT_EXPECT_EQ(test, access_at(model, 0, 0, MAPSTAT_WRITE).invalidated, 2);
}

/* CPUs without a cache of their own share one: they hit in it, and it is coherent with the rest. */
static void other_cpus_share_a_cache(struct kunit *test)
{
	const unsigned long own = BIT(1);
	struct mapstat_model *model = mapstat_model_alloc(&small, &own, 4);

	KUNIT_ASSERT_NOT_NULL(test, model);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_model, model), 0);
	EXPECT_L1(0, 0, MAPSTAT_READ, MAPSTAT_L1_COLD);
	EXPECT_L1(3, 0, MAPSTAT_WRITE, MAPSTAT_L1_HIT);
	EXPECT_L1(1, 0, MAPSTAT_WRITE, MAPSTAT_L1_COLD);
	EXPECT_L1(2, 0, MAPSTAT_READ, MAPSTAT_L1_COHERENCE);
	EXPECT_L1(0, 0, MAPSTAT_READ, MAPSTAT_L1_HIT);
}

/* Evicted, then written by another CPU: a larger cache would miss as well. */
static void write_after_conflict_is_coherence(struct kunit *test)
{
	struct mapstat_model *model = make_model(test);
	unsigned long i;

	for (i = 0; i < 3; i++)
		access_at(model, 1, i * SETS * LINE, MAPSTAT_READ);
	KUNIT_EXPECT_EQ(test, access_at(model, 0, 0, MAPSTAT_WRITE).invalidated, 0);
	EXPECT_L1(1, 0, MAPSTAT_READ, MAPSTAT_L1_COHERENCE);
}

/* A map of the test, and the observer that feeds its accesses to a model. */
struct observed_map {
	struct cmap *map;
	struct mapstat_observer observer;
};

static void stop_observing(void *arg)
{
	mapstat_unobserve();
}

static struct observed_map *observe_map(struct kunit *test)
{
	struct observed_map *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->map = kunit_kzalloc(test, sizeof(*h->map), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h->map);
	h->observer.map = &h->map->stats;
	h->observer.model = mapstat_model_alloc(&small, cpumask_bits(cpu_possible_mask),
						nr_cpu_ids);
	KUNIT_ASSERT_NOT_NULL(test, h->observer.model);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_model, h->observer.model), 0);
	mapstat_observe(&h->observer);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_observing, NULL), 0);
	return h;
}

/* 8 bytes, 4 of them in the next line, are two accesses; the operation counts both. */
static void access_spans_lines(struct kunit *test)
{
	struct observed_map *h = observe_map(test);
	struct mapstat_op op;
	unsigned int reads;

	cmap_op_begin(&op, h->map, MAPSTAT_OP_LOAD, NULL);
	reads = op.accesses[MAPSTAT_READ];	/* of the map itself */
	KUNIT_EXPECT_GT(test, reads, 0);
	memset(&op.accesses, 0, sizeof(op.accesses));
	memset(&op.l1, 0, sizeof(op.l1));
	op.lines = 0;
	cmap_access(h->map, (void *)(BASE + LINE - 4), 8, MAPSTAT_READ);
	KUNIT_EXPECT_EQ(test, op.accesses[MAPSTAT_READ], 2);
	KUNIT_EXPECT_EQ(test, op.l1[MAPSTAT_L1_COLD], 2);
	KUNIT_EXPECT_EQ(test, op.lines, 2);
	/* Again, for no particular map: the same lines. */
	cmap_access(NULL, (void *)(BASE + LINE - 4), 8, MAPSTAT_ATOMIC);
	KUNIT_EXPECT_EQ(test, op.accesses[MAPSTAT_ATOMIC], 2);
	KUNIT_EXPECT_EQ(test, op.l1[MAPSTAT_L1_HIT], 2);
	KUNIT_EXPECT_EQ(test, op.lines, 2);
	mapstat_op_end(&op);
}

/* Nested operations, and one of another map: each counts its own accesses. */
static void operations_are_separate(struct kunit *test)
{
	struct observed_map *h = observe_map(test);
	struct cmap *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	struct mapstat_op outer, inner;

	KUNIT_ASSERT_NOT_NULL(test, other);
	cmap_op_begin(&outer, h->map, MAPSTAT_OP_RANGE, NULL);
	cmap_op_begin(&inner, h->map, MAPSTAT_OP_STORE, NULL);
	cmap_access(NULL, (void *)BASE, 8, MAPSTAT_WRITE);
	mapstat_op_end(&inner);
	cmap_op_begin(&inner, other, MAPSTAT_OP_STORE, NULL);
	cmap_access(NULL, (void *)BASE, 8, MAPSTAT_WRITE);
	KUNIT_EXPECT_EQ(test, inner.accesses[MAPSTAT_WRITE], 0);
	mapstat_op_end(&inner);
	KUNIT_EXPECT_EQ(test, outer.accesses[MAPSTAT_WRITE], 0);
	cmap_access(NULL, (void *)BASE, 8, MAPSTAT_WRITE);
	KUNIT_EXPECT_EQ(test, outer.accesses[MAPSTAT_WRITE], 1);
	mapstat_op_end(&outer);
}

static void bad_geometry(struct kunit *test)
{
	static const struct mapstat_geometry bad[] = {
		{ 48, 12, 63, 64, 4, 4 }, { 48, 13, 64, 64, 4, 4 }, { 48, 8, 64, 64, 4, 4 },
		{ 48, 12, 64, 64, 5, 4 }, { 48, 12, 64, 96, 4, 4 }, { 48, 12, 64, 64, 4, 3 },
		{ 1, 64, 64, 64, 4, 4 }, { 48, 12, 64, 64, 128, 4 },
	};
	static const struct mapstat_geometry good[] = {
		{ 48, 12, 64, 64, 4, 0 }, { 32, 8, 64, 64, 64, 4 }, { 48, 12, 64, 96, 6, 2048 },
	};
	struct mapstat_geometry asked = { .l1d_kib = 32, .l1d_ways = 8, .line_bytes = 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE_MSG(test, mapstat_geometry_check(&bad[i]), "bad %u", i);
	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_TRUE_MSG(test, mapstat_geometry_check(&good[i]), "good %u", i);
	mapstat_geometry_fill(&asked);
	KUNIT_EXPECT_EQ(test, asked.l1d_kib, 32);
	KUNIT_EXPECT_GT(test, asked.dtlb_entries, 0);
	KUNIT_EXPECT_TRUE(test, mapstat_geometry_check(&asked));
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE(one_set_thrashes),
	KUNIT_CASE(least_recently_used_is_evicted),
	KUNIT_CASE(cold_then_capacity_then_hits),
	KUNIT_CASE(stride_misses_the_tlb_only),
	KUNIT_CASE(ping_pong),
	KUNIT_CASE(readers_share_until_a_write),
	KUNIT_CASE(other_cpus_share_a_cache),
	KUNIT_CASE(write_after_conflict_is_coherence),
	KUNIT_CASE(access_spans_lines),
	KUNIT_CASE(operations_are_separate),
	KUNIT_CASE(bad_geometry),
	{ }
};

static struct kunit_suite model_suite = {
	.name = "mapstat_model",
	.test_cases = model_cases,
};

kunit_test_suites(&model_suite);
