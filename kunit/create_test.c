// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmap_create(): accepted and rejected parameters; and the list of designs.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/sizes.h>
#include "kmod/cmap/registry.h"
#include "fixture.h"
#include "threads.h"

#define LONG	(5 * HZ)	/* timeout of a wait that must not block */

static const struct cmap_params good = {
	.name = "kunit.create", .design = "rwlock", .key_size = 8, .value_size = 8,
};

/* Create and destroy. Return: 0 or the error. */
static int try_create(const struct cmap_params *p)
{
	struct cmap *m = cmap_create(p);

	if (IS_ERR(m))
		return PTR_ERR(m);
	cmap_destroy(m);
	return 0;
}

#define TRY(field, v) ({ struct cmap_params p = good; p.field = (v); try_create(&p); })

/* Fails when: a size outside the limits is accepted, or one within them rejected. */
static void sizes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(key_size, 0));
	KUNIT_EXPECT_EQ(test, 0, TRY(key_size, 1));
	KUNIT_EXPECT_EQ(test, 0, TRY(key_size, 256));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(key_size, 257));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(key_size, 65536 + 8));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(value_size, 0));
	KUNIT_EXPECT_EQ(test, 0, TRY(value_size, 1));
	KUNIT_EXPECT_EQ(test, 0, TRY(value_size, 4096));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(value_size, 4097));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(value_size, UINT_MAX));
}

/* Fails when: a name that cannot be a directory is accepted, or a valid one rejected. */
static void names(struct kunit *test)
{
	static const char *const bad[] = {
		NULL, "", ".", "..", "a/b", "../a", "a b", "a\n", "a\tb", "\xe9t\xe9", "a*",
		"a23456789012345678901234567890ab",	/* 32 characters */
	};
	static const char *const fine[] = {
		"a", "A-Z_0.9", "...", "-",
		"a23456789012345678901234567890a",	/* 31 */
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL, TRY(name, bad[i]), "name '%s'", bad[i]);
	for (i = 0; i < ARRAY_SIZE(fine); i++)
		KUNIT_EXPECT_EQ_MSG(test, 0, TRY(name, fine[i]), "name '%s'", fine[i]);
}

static u64 buckets_of(struct cmap *m)
{
	struct cmap_memory mem = { };

	test_map_settle(m);
	m->ops->memory(m, &mem);
	return mem.buckets;
}

/*
 * Fails when: a map created with a capacity shrinks below it (guarantee J), or did not allocate
 * it.  One of many shards may occasionally get more than its share, and grow.
 */
static void capacity_is_kept(struct kunit *test)
{
	/* 375 for each of 32 shards: exactly what 64 buckets have room for. */
	const u32 entries = 12000;
	struct cmap *m = test_map(test, test->param_value, entries);
	struct test_bufs *b = test_bufs_alloc(test, 1);
	const u64 buckets = buckets_of(m);
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, cmap_clear(m));
	KUNIT_EXPECT_GE(test, buckets_of(m), buckets);
	KUNIT_ASSERT_EQ(test, 0, test_fill(m, b, 0, entries, 1));
	KUNIT_EXPECT_LE(test, buckets_of(m), buckets / 8 * 9);
	for (i = 0; i < entries; i++)
		KUNIT_ASSERT_EQ(test, 0, test_delete(m, b, i));
	KUNIT_EXPECT_GE(test, buckets_of(m), buckets);
	KUNIT_ASSERT_EQ(test, 0, cmap_clear(m));
	KUNIT_EXPECT_GE(test, buckets_of(m), buckets);
}

/* Fails when: two live maps may share a name, or a name stays taken after cmap_destroy(). */
static void duplicate_names(struct kunit *test)
{
	struct cmap *m = cmap_create(&good);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	KUNIT_EXPECT_EQ(test, -EEXIST, try_create(&good));
	KUNIT_EXPECT_EQ(test, -EEXIST, TRY(design, "sharded"));
	KUNIT_EXPECT_EQ(test, 0, TRY(name, "kunit.creat"));
	cmap_destroy(m);
	KUNIT_EXPECT_EQ(test, 0, try_create(&good));
}

/* The map that is visited, and what blocks its visitor.  Used by one test at a time. */
static struct cmap *visited;
static DECLARE_COMPLETION(visit_begun);
static DECLARE_COMPLETION(visit_may_end);
static DECLARE_COMPLETION(others_done);
static DECLARE_COMPLETION(visited_gone);
static int visits;

static void visit(struct cmap *m)
{
	if (m != visited)
		return;
	complete_all(&visit_begun);
	wait_for_completion(&visit_may_end);
	visits += !strcmp(m->name, good.name);	/* it still exists: KASAN checks, too */
}

static int visit_and_others(struct team *team, unsigned int id)
{
	int ret = 0;

	switch (id) {
	case 0:
		registry_for_each(visit);
		return 0;
	case 1:
		wait_for_completion(&visit_begun);
		ret = TRY(name, "kunit.other");
		complete(&others_done);
		return ret;
	default:
		wait_for_completion(&visit_begun);
		cmap_destroy(visited);
		complete(&visited_gone);
		return 0;
	}
}

/*
 * Fails when: a walk over the maps that is blocked at one map blocks the creation or destruction
 * of another; or that map is freed, or its name reused, before the visit ends.
 */
static void visit_blocks_only_its_map(struct kunit *test)
{
	bool others_pass;
	struct team team;

	reinit_completion(&visit_begun);
	reinit_completion(&visit_may_end);
	reinit_completion(&others_done);
	reinit_completion(&visited_gone);
	visits = 0;
	visited = cmap_create(&good);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, visited);
	KUNIT_ASSERT_EQ(test, 0, team_start(&team, 3, visit_and_others, NULL));
	others_pass = wait_for_completion_timeout(&others_done, LONG);
	KUNIT_EXPECT_TRUE(test, others_pass);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&visited_gone, HZ / 5));
	if (others_pass)	/* otherwise this would block until visit_may_end below */
		KUNIT_EXPECT_EQ(test, -EEXIST, try_create(&good));
	complete_all(&visit_may_end);
	KUNIT_EXPECT_EQ(test, 0, team_join(&team));
	KUNIT_EXPECT_EQ(test, 1, visits);
	KUNIT_EXPECT_EQ(test, 0, try_create(&good));
}

/* Fails when: a number of shards that is no power of two up to the maximum is accepted. */
static void shard_numbers(struct kunit *test)
{
	static const unsigned int bad[] = { 3, 31, 33, 1023, 1025, 2048, UINT_MAX };
	struct cmap_params p = good;
	int i;

	p.design = "sharded";
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		p.shards = bad[i];
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL, try_create(&p), "%u shards", bad[i]);
	}
	p.shards = 0;
	KUNIT_EXPECT_EQ(test, 0, try_create(&p));
	for (p.shards = 1; p.shards <= 1024; p.shards *= 2)
		KUNIT_EXPECT_EQ_MSG(test, 0, try_create(&p), "%u shards", p.shards);
	p.flags = CMAP_PACKED;
	p.shards = 4;
	KUNIT_EXPECT_EQ(test, 0, try_create(&p));
}

/* Fails when: an unknown design, mode or flag, or too large a capacity is accepted. */
static void unknown_values(struct kunit *test)
{
	struct cmap_params p = good;

	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(design, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(design, ""));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(design, "rwlocks"));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(design, "rwloc"));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(flags, 1 << 3));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(flags, 1U << 31));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(capacity, CMAP_CAPACITY_MAX + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, TRY(mode, "classical"));
	p.design = "readdirty";
	p.mode = "fast";
	KUNIT_EXPECT_EQ(test, -EINVAL, try_create(&p));
}

/* Fails when: a mode does not select its design. */
static void modes(struct kunit *test)
{
	static const struct { const char *mode; enum cmap_design design; } modes[] = {
		{ NULL, CMAP_DESIGN_readdirty }, { "", CMAP_DESIGN_readdirty },
		{ "default", CMAP_DESIGN_readdirty }, { "classic", CMAP_DESIGN_readdirty_classic },
	};
	struct cmap_params p = good;
	int i;

	p.design = "readdirty";
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct cmap *m;

		p.mode = modes[i].mode;
		m = cmap_create(&p);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
		KUNIT_EXPECT_EQ(test, modes[i].design, m->design);
		cmap_destroy(m);
	}
}

/* Fails when: cmap_destroy() does not accept everything that cmap_create() may return. */
static void destroy_null_and_error(struct kunit *test)
{
	cmap_destroy(NULL);
	cmap_destroy(ERR_PTR(-EINVAL));
	KUNIT_EXPECT_EQ(test, 0, try_create(&good));
}

/* Fails when: two designs share a name, or one is not named like its file. */
static void designs_are_named_like_files(struct kunit *test)
{
#define DESIGN_NAME(d)								\
	[CMAP_DESIGN_##d] = #d,
	static const char *const names[] = { CMAP_DESIGNS(DESIGN_NAME) };
	int i, j;

	KUNIT_ASSERT_EQ(test, CMAP_NR_DESIGNS, ARRAY_SIZE(names));
	for (i = 0; i < CMAP_NR_DESIGNS; i++) {
		const struct cmap_ops *ops = cmap_designs[i];

		KUNIT_EXPECT_STREQ(test, names[i], ops->name);
		KUNIT_EXPECT_GE(test, ops->size, sizeof(struct cmap));
		KUNIT_EXPECT_NOT_NULL(test, ops->init);
		KUNIT_EXPECT_NOT_NULL(test, ops->exit);
		KUNIT_EXPECT_NOT_NULL(test, ops->collect);
		KUNIT_EXPECT_NOT_NULL(test, ops->clear);
		KUNIT_EXPECT_NOT_NULL(test, ops->memory);
		KUNIT_EXPECT_NOT_NULL(test, ops->run);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, cmap_designs[j]->name, ops->name);
	}
}

/* Fails when: a map has histograms of CPUs or operations that have recorded nothing. */
static void histograms_allocated_on_use(struct kunit *test)
{
	struct cmap *m = test_map(test, test->param_value, 0);
	struct cmap_memory mem = { };
	u64 held;

	m->ops->memory(m, &mem);
	held = cmap_percpu_held(m, &mem);
	KUNIT_EXPECT_LE(test, held, SZ_1K * num_possible_cpus());
	KUNIT_EXPECT_GE(test, held, sizeof(struct cmap_pcpu) * num_possible_cpus());
	KUNIT_ASSERT_EQ(test, 0, cmap_clear(m));	/* every clear is timed */
	KUNIT_EXPECT_EQ(test, cmap_percpu_held(m, &mem), held + SZ_8K);
}

static struct kunit_case create_cases[] = {
	KUNIT_CASE(sizes),
	KUNIT_CASE(names),
	KUNIT_CASE(duplicate_names),
	KUNIT_CASE(visit_blocks_only_its_map),
	KUNIT_CASE(shard_numbers),
	KUNIT_CASE(unknown_values),
	KUNIT_CASE(modes),
	KUNIT_CASE(destroy_null_and_error),
	KUNIT_CASE(designs_are_named_like_files),
	KUNIT_CASE_PARAM(capacity_is_kept, every_design_gen_params),
	KUNIT_CASE_PARAM(histograms_allocated_on_use, every_design_gen_params),
	{}
};

static struct kunit_suite create_suite = {
	.name = "mapstat_create",
	.test_cases = create_cases,
};

kunit_test_suites(&create_suite);
