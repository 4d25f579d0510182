// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache lines that CPUs take from each other, with made-up accesses.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include "kmod/cachesim/lines.h"
#include "kmod/cachesim/access.h"
#include "fixture.h"

#define LINE_BYTES	64
#define BASE		0x100000UL	/* no address is dereferenced */

static struct mapstat_lines *lines_of(struct kunit *test)
{
	return test->priv;
}

static int lines_init(struct kunit *test)
{
	test->priv = mapstat_lines_alloc();
	if (!test->priv)
		return -ENOMEM;
	mapstat_lines_resize(test->priv, LINE_BYTES);
	return mapstat_lines_make(test->priv, cpumask_bits(cpu_possible_mask));
}

static void lines_exit(struct kunit *test)
{
	mapstat_lines_free(test->priv);
}

/* Has an id already, so that none is assigned: this module may be unloaded. */
static struct mapstat_access_site here = { .what = "here", .id = 7 };

/* An access on a CPU, which need not be this one: no other CPU uses the tables. */
static void access_line(struct kunit *test, int cpu, unsigned long addr, unsigned int size,
			enum mapstat_access_kind access, enum mapstat_l1 l1,
			unsigned int invalidated)
{
	const struct mapstat_access t = {
		.site = &here, .addr = (const void *)addr, .size = size, .access = access,
		.cpu = cpu, .l1 = l1, .invalidated = invalidated,
	};
	unsigned long flags;

	local_irq_save(flags);
	mapstat_lines_access(lines_of(test), &t);
	local_irq_restore(flags);
}

static void write(struct kunit *test, int cpu, unsigned long addr)
{
	access_line(test, cpu, addr, 8, MAPSTAT_WRITE, MAPSTAT_L1_COHERENCE, 1);
}

static struct mapstat_lines_look *look_at(struct kunit *test)
{
	struct mapstat_lines_look *look = mapstat_lines_look(lines_of(test));

	KUNIT_ASSERT_NOT_NULL(test, look);
	return look;
}

/* The second CPU, if there is one. */
static int other_cpu(struct kunit *test)
{
	const int cpu = cpumask_next(cpumask_first(cpu_possible_mask), cpu_possible_mask);

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "there is one CPU only");
	return cpu;
}

/* Fails when: a line that no CPU took from another is kept. */
static void uncontended_lines_are_not_kept(struct kunit *test)
{
	const int cpu = cpumask_first(cpu_possible_mask);
	struct mapstat_lines_look *look;
	int l1;

	for (l1 = MAPSTAT_L1_HIT; l1 < MAPSTAT_L1_COHERENCE; l1++) {
		access_line(test, cpu, BASE, 8, MAPSTAT_READ, l1, 0);
		access_line(test, cpu, BASE, 8, MAPSTAT_WRITE, l1, 0);
	}
	look = look_at(test);
	KUNIT_EXPECT_EQ(test, 0, look->n);
	KUNIT_EXPECT_EQ(test, 0, look->misses);
	mapstat_lines_look_free(look);
}

/* Fails when: a CPU's accesses to a line are counted wrongly, or at the wrong offset. */
static void accesses_are_counted(struct kunit *test)
{
	const int cpu = cpumask_first(cpu_possible_mask);
	const struct mapstat_line_cpu *c;
	struct mapstat_lines_look *look;

	access_line(test, cpu, BASE + 60, 4, MAPSTAT_READ, MAPSTAT_L1_COHERENCE, 0);
	access_line(test, cpu, BASE + 60, 4, MAPSTAT_READ, MAPSTAT_L1_HIT, 0);
	access_line(test, cpu, BASE, 8, MAPSTAT_WRITE, MAPSTAT_L1_HIT, 3);
	access_line(test, cpu, BASE + 8, 2, MAPSTAT_ATOMIC, MAPSTAT_L1_COHERENCE, 1);
	look = look_at(test);
	KUNIT_ASSERT_EQ(test, 1, look->n);
	KUNIT_EXPECT_EQ(test, 2, look->misses);
	KUNIT_EXPECT_EQ(test, 2, look->line[0].misses);
	KUNIT_EXPECT_EQ(test, 4, look->line[0].invalidated);
	KUNIT_ASSERT_EQ(test, 1, look->line[0].cpus);
	c = look->line[0].first;
	KUNIT_EXPECT_EQ(test, cpu, c->cpu);
	KUNIT_EXPECT_EQ(test, BASE, c->addr);
	KUNIT_EXPECT_EQ(test, 2, c->reads);
	KUNIT_EXPECT_EQ(test, 2, c->writes);
	KUNIT_EXPECT_EQ(test, 0xf000000000000000ULL, c->read);
	KUNIT_EXPECT_EQ(test, 0x3ffULL, c->written);
	mapstat_lines_look_free(look);
}

/* Fails when: the site of an access is not recorded at its offset, or recorded at another one. */
static void sites_are_recorded(struct kunit *test)
{
	static struct mapstat_access_site there = { .what = "there", .id = 9 };
	const u16 expected[MAPSTAT_LINE_SITES] = { 7, 0, 0, 9, 9, 0, 0, 7 };
	const struct mapstat_access across = {
		.site = &there, .addr = (const void *)BASE + 30, .size = 4,
		.access = MAPSTAT_READ, .cpu = cpumask_first(cpu_possible_mask),
	};
	struct mapstat_lines_look *look;
	unsigned long flags;

	write(test, across.cpu, BASE);
	access_line(test, across.cpu, BASE + 24, 1, MAPSTAT_READ, MAPSTAT_L1_HIT, 0);
	access_line(test, across.cpu, BASE + 63, 1, MAPSTAT_READ, MAPSTAT_L1_HIT, 0);
	local_irq_save(flags);
	mapstat_lines_access(lines_of(test), &across);
	local_irq_restore(flags);
	look = look_at(test);
	KUNIT_ASSERT_EQ(test, 1, look->n);
	KUNIT_EXPECT_MEMEQ(test, look->line[0].first->site, expected, sizeof(expected));
	mapstat_lines_look_free(look);
}

/* Fails when: offsets are wrong in lines of another size than 64 bytes, one bit per byte. */
static void offsets_scale_with_line_size(struct kunit *test)
{
	const int cpu = cpumask_first(cpu_possible_mask);
	struct mapstat_lines_look *look;

	mapstat_lines_resize(lines_of(test), 256);
	access_line(test, cpu, BASE + 252, 4, MAPSTAT_READ, MAPSTAT_L1_COHERENCE, 0);
	access_line(test, cpu, BASE + 2, 4, MAPSTAT_WRITE, MAPSTAT_L1_HIT, 0);
	look = look_at(test);
	KUNIT_ASSERT_EQ(test, 1, look->n);
	KUNIT_EXPECT_EQ(test, 256, look->line_bytes);
	KUNIT_EXPECT_EQ(test, 1ULL << 63, look->line[0].first->read);
	KUNIT_EXPECT_EQ(test, 3ULL, look->line[0].first->written);
	mapstat_lines_look_free(look);
}

/* Fails when: CPUs' accesses to a line are not merged, or true and false sharing confused. */
static void true_and_false_sharing(struct kunit *test)
{
	const int one = cpumask_first(cpu_possible_mask), two = other_cpu(test);
	struct mapstat_lines_look *look;

	write(test, one, BASE);			/* a counter each: false */
	write(test, two, BASE + 8);
	write(test, one, BASE + 64);		/* both write one word: true */
	write(test, two, BASE + 64);
	write(test, two, BASE + 64);
	write(test, two, BASE + 128);		/* one reads what the other writes: true */
	write(test, two, BASE + 128);
	access_line(test, one, BASE + 128, 8, MAPSTAT_READ, MAPSTAT_L1_COHERENCE, 0);
	access_line(test, one, BASE + 128, 8, MAPSTAT_READ, MAPSTAT_L1_COHERENCE, 0);
	access_line(test, one, BASE + 192, 8, MAPSTAT_READ, MAPSTAT_L1_COHERENCE, 0);
	access_line(test, two, BASE + 192, 8, MAPSTAT_READ, MAPSTAT_L1_HIT, 0);	/* not kept */
	look = look_at(test);
	KUNIT_ASSERT_EQ(test, 4, look->n);
	KUNIT_EXPECT_EQ(test, BASE + 128, look->line[0].first->addr);
	KUNIT_EXPECT_EQ(test, 4, look->line[0].misses);
	KUNIT_EXPECT_TRUE(test, look->line[0].is_true);
	KUNIT_EXPECT_EQ(test, BASE + 64, look->line[1].first->addr);
	KUNIT_EXPECT_EQ(test, 3, look->line[1].misses);
	KUNIT_EXPECT_TRUE(test, look->line[1].is_true);
	KUNIT_EXPECT_EQ(test, BASE, look->line[2].first->addr);
	KUNIT_EXPECT_EQ(test, 2, look->line[2].cpus);
	KUNIT_EXPECT_FALSE(test, look->line[2].is_true);
	KUNIT_EXPECT_EQ(test, 1, look->line[3].cpus);
	KUNIT_EXPECT_EQ(test, 10, look->misses);
	mapstat_lines_look_free(look);
}

/* Fails when: the table is not bounded, a line with many misses is evicted, or misses are lost. */
static void table_is_bounded(struct kunit *test)
{
	enum { MANY = 10000, HOT = 100 };
	const int cpu = cpumask_first(cpu_possible_mask);
	struct mapstat_lines_look *look;
	unsigned long i;

	for (i = 0; i < HOT; i++)
		write(test, cpu, BASE);
	for (i = 1; i <= MANY; i++)
		write(test, cpu, BASE + i * LINE_BYTES);
	look = look_at(test);
	KUNIT_EXPECT_LE(test, look->n, 256);
	KUNIT_EXPECT_GT(test, look->n, 128);
	KUNIT_ASSERT_GT(test, look->n, 0);
	KUNIT_EXPECT_EQ(test, BASE, look->line[0].first->addr);
	KUNIT_EXPECT_EQ(test, HOT, look->line[0].misses);
	KUNIT_EXPECT_EQ(test, HOT + MANY, look->misses);
	mapstat_lines_look_free(look);

	mapstat_lines_reset_cpu(lines_of(test), cpu);
	look = look_at(test);
	KUNIT_EXPECT_EQ(test, 0, look->n);
	KUNIT_EXPECT_EQ(test, 0, look->misses);
	mapstat_lines_look_free(look);
}

static const char *where(struct cmap *m, const void *addr, char *buf, size_t size)
{
	return cmap_where(m, addr, buf, size) ? buf : "";
}

/* Fails when: an address of a map is named wrongly, or an address elsewhere is named. */
static void addresses_are_named(struct kunit *test)
{
	const struct cmap_params params = {
		.name = "kunit.where", .design = "rwlock", .key_size = 8, .value_size = 8,
	};
	const int cpu = cpumask_last(cpu_possible_mask);
	struct cmap *m = cmap_create(&params);
	char buf[48], counts[48];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	snprintf(counts, sizeof(counts), "counts of cpu%d", cpu);
	KUNIT_EXPECT_STREQ(test, where(m, m, buf, sizeof(buf)), "");
	KUNIT_EXPECT_STREQ(test, where(m, per_cpu_ptr(m->stats.pcpu, cpu), buf, sizeof(buf)),
			   counts);
	KUNIT_EXPECT_STREQ(test, where(m, &buf, buf, sizeof(buf)), "");
	KUNIT_EXPECT_STREQ(test, where(m, (void *)m + m->ops->size, buf, sizeof(buf)), "");
	cmap_destroy(m);
}

/* Fails when: CPUs that share a table get each other's lines, or lose lines. */
static void cpus_without_table_are_separate(struct kunit *test)
{
	const int a = cpumask_first(cpu_possible_mask), b = other_cpu(test);
	struct mapstat_lines *lines = mapstat_lines_alloc();
	struct mapstat_lines_look *look;

	KUNIT_ASSERT_NOT_NULL(test, lines);
	mapstat_lines_free(test->priv);
	test->priv = lines;
	mapstat_lines_resize(lines, LINE_BYTES);
	write(test, a, BASE);
	write(test, b, BASE + 8);
	write(test, b, BASE + 8);
	look = look_at(test);
	KUNIT_ASSERT_EQ(test, 1, look->n);
	KUNIT_EXPECT_EQ(test, 3, look->misses);
	KUNIT_ASSERT_EQ(test, 2, look->line[0].cpus);
	KUNIT_EXPECT_EQ(test, a, look->line[0].first[0].cpu);
	KUNIT_EXPECT_EQ(test, 1, look->line[0].first[0].writes);
	KUNIT_EXPECT_EQ(test, b, look->line[0].first[1].cpu);
	KUNIT_EXPECT_EQ(test, 2, look->line[0].first[1].writes);
	KUNIT_EXPECT_FALSE(test, look->line[0].is_true);
	mapstat_lines_look_free(look);
	mapstat_lines_reset_cpu(lines, a);
	look = look_at(test);
	KUNIT_EXPECT_EQ(test, 0, look->n);
	mapstat_lines_look_free(look);
}

static struct kunit_case lines_cases[] = {
	KUNIT_CASE(uncontended_lines_are_not_kept),
	KUNIT_CASE(accesses_are_counted),
	KUNIT_CASE(sites_are_recorded),
	KUNIT_CASE(offsets_scale_with_line_size),
	KUNIT_CASE(true_and_false_sharing),
	KUNIT_CASE(table_is_bounded),
	KUNIT_CASE(cpus_without_table_are_separate),
	KUNIT_CASE(addresses_are_named),
	{}
};

static struct kunit_suite lines_suite = {
	.name = "mapstat_lines",
	.init = lines_init,
	.exit = lines_exit,
	.test_cases = lines_cases,
};

kunit_test_suites(&lines_suite);
