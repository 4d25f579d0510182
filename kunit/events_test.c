// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory-access events: the record that an observer of the tracepoint gets for an access.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "kmod/cachesim/events.h"
#include "kmod/cachesim/access.h"
#include <mapstat/trace.h>
#include "kmod/designs/design.h"

/**
 * struct events_test - state of a test
 * @map: the map of the accesses
 * @site: their site; not registered with the module, so it has no number
 * @got: the records
 * @n: number of records, including those beyond the size of @got
 */
struct events_test {
	struct cmap map;
	struct mapstat_access_site site;
	struct mapstat_event got[32];
	unsigned int n;
};

static void keep_record(void *data, const struct mapstat_event *event)
{
	struct events_test *t = data;

	/* Ignore the records of a live run. */
	if (event->map != t->map.stats.id)
		return;
	if (t->n < ARRAY_SIZE(t->got))
		t->got[t->n] = *event;
	t->n++;
}

static int set_shift(unsigned int shift)
{
	return mapstat_events_set(&(struct mapstat_events_config){
		.shift = shift, .subbuf_kib = 64, .subbufs = 8,
	});
}

static int events_init(struct kunit *test)
{
	struct events_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	test->priv = t;
	if (!t)
		return -ENOMEM;
	t->map.stats.id = U32_MAX;
	return set_shift(0) ?: register_trace_mem_access(keep_record, t);
}

static void events_exit(struct kunit *test)
{
	unregister_trace_mem_access(keep_record, test->priv);
	tracepoint_synchronize_unregister();
	set_shift(0);
}

/* All on one CPU, in order. */
static void make(struct events_test *t, struct mapstat_access touch, unsigned int times)
{
	unsigned long flags;

	touch.map = &t->map.stats;
	touch.site = &t->site;
	local_irq_save(flags);
	while (times--)
		mapstat_events_make(&touch);
	local_irq_restore(flags);
}

/* Fails when: a field has the value of another one, or none. */
static void record_describes_access(struct kunit *test)
{
	struct events_test *t = test->priv;
	struct mapstat_op op = { .kind = MAPSTAT_OP_DELETE };
	const struct mapstat_event *e = t->got;
	const u8 all_flags = MAPSTAT_EVENT_ATOMIC | MAPSTAT_EVENT_L1_MISS |
			     MAPSTAT_EVENT_TLB_MISS;
	const struct mapstat_access touch = {
		.addr = t, .size = 12, .access = MAPSTAT_ATOMIC, .op = &op, .cpu = 7, .pid = 42,
		.l1 = MAPSTAT_L1_CONFLICT, .tlb_miss = true, .invalidated = 3,
	};

	make(t, touch, 1);
	KUNIT_ASSERT_EQ(test, 1, t->n);
	KUNIT_EXPECT_EQ(test, e->addr, (unsigned long)t);
	KUNIT_EXPECT_EQ(test, e->size, 12);
	KUNIT_EXPECT_EQ(test, e->type, MAPSTAT_EVENT_WRITE);
	KUNIT_EXPECT_EQ(test, e->flags, all_flags);
	KUNIT_EXPECT_EQ(test, e->l1, MAPSTAT_EVENT_L1_CONFLICT);
	KUNIT_EXPECT_EQ(test, e->op, MAPSTAT_EVENT_OP_DELETE);
	KUNIT_EXPECT_EQ(test, e->invalidated, 3);
	KUNIT_EXPECT_EQ(test, e->pid, 42);
	KUNIT_EXPECT_EQ(test, e->cpu, 7);
	KUNIT_EXPECT_EQ(test, e->version, MAPSTAT_EVENT_VERSION);
	KUNIT_EXPECT_EQ(test, e->site, MAPSTAT_EVENT_NO_SITE);
	KUNIT_EXPECT_NE(test, e->time_ns, 0);
	KUNIT_EXPECT_FALSE(test, memchr_inv(e->pad, 0, sizeof(e->pad)));
}

/* Fails when: a hit is reported as a miss, a read as a write, or a number wraps. */
static void record_does_not_overstate(struct kunit *test)
{
	struct events_test *t = test->priv;
	const struct mapstat_access touch = {
		.addr = t, .size = 1, .access = MAPSTAT_WRITE, .l1 = MAPSTAT_L1_COHERENCE,
		.invalidated = 256,
	};

	make(t, (struct mapstat_access){ .addr = t, .size = 1, .access = MAPSTAT_READ }, 1);
	make(t, touch, 1);
	KUNIT_ASSERT_EQ(test, 2, t->n);
	KUNIT_EXPECT_EQ(test, t->got[0].type, MAPSTAT_EVENT_READ);
	KUNIT_EXPECT_EQ(test, t->got[0].flags, 0);
	KUNIT_EXPECT_EQ(test, t->got[0].op, MAPSTAT_EVENT_OP_NONE);
	KUNIT_EXPECT_EQ(test, t->got[0].invalidated, 0);
	KUNIT_EXPECT_EQ(test, t->got[1].type, MAPSTAT_EVENT_WRITE);
	KUNIT_EXPECT_EQ(test, t->got[1].flags, MAPSTAT_EVENT_L1_MISS);
	KUNIT_EXPECT_EQ(test, t->got[1].invalidated, 255);
}

/* Fails when: the page frame is wrong for one of the kinds of memory. */
static void page_frames(struct kunit *test)
{
	struct events_test *t = test->priv;
	void *linear = kunit_kzalloc(test, 64, GFP_KERNEL);
	char *mapped = vmalloc(2 * PAGE_SIZE);
	int __percpu *pcpu = alloc_percpu(int);

	KUNIT_EXPECT_NOT_NULL(test, linear);
	KUNIT_EXPECT_NOT_NULL(test, mapped);
	KUNIT_EXPECT_NOT_NULL(test, (void __force *)pcpu);
	if (linear && mapped && pcpu) {
		make(t, (struct mapstat_access){ .addr = linear, .size = 8 }, 1);
		make(t, (struct mapstat_access){ .addr = mapped + PAGE_SIZE + 8, .size = 8 }, 1);
		make(t, (struct mapstat_access){ .addr = raw_cpu_ptr(pcpu), .size = 4 }, 1);
		make(t, (struct mapstat_access){ .addr = (void *)8, .size = 8 }, 1);
		KUNIT_EXPECT_EQ(test, 4, t->n);
		KUNIT_EXPECT_EQ(test, t->got[0].pfn, PHYS_PFN(virt_to_phys(linear)));
		KUNIT_EXPECT_EQ(test, t->got[1].pfn, vmalloc_to_pfn(mapped + PAGE_SIZE));
		KUNIT_EXPECT_NE(test, t->got[2].pfn, MAPSTAT_EVENT_NO_PFN);
		KUNIT_EXPECT_EQ(test, t->got[3].pfn, MAPSTAT_EVENT_NO_PFN);
	}
	free_percpu(pcpu);
	vfree(mapped);
}

/* Fails when: sequence numbers are missing or repeated, or sampling takes more or fewer. */
static void samples_one_in_2_to_shift(struct kunit *test)
{
	struct events_test *t = test->priv;
	unsigned int i;

	make(t, (struct mapstat_access){ .addr = t, .size = 8 }, 16);
	KUNIT_EXPECT_EQ(test, 16, t->n);
	for (i = 1; i < 16; i++)
		KUNIT_EXPECT_EQ(test, t->got[i].seq, t->got[0].seq + i);
	KUNIT_ASSERT_EQ(test, 0, set_shift(3));
	t->n = 0;
	make(t, (struct mapstat_access){ .addr = t, .size = 8 }, 128);
	KUNIT_EXPECT_EQ(test, 16, t->n);
	for (i = 1; i < 16; i++)
		KUNIT_EXPECT_EQ(test, t->got[i].seq, t->got[0].seq + i);
}

static struct kunit_case events_cases[] = {
	KUNIT_CASE(record_describes_access),
	KUNIT_CASE(record_does_not_overstate),
	KUNIT_CASE(page_frames),
	KUNIT_CASE(samples_one_in_2_to_shift),
	{}
};

static struct kunit_suite events_suite = {
	.name = "mapstat_events",
	.init = events_init,
	.exit = events_exit,
	.test_cases = events_cases,
};

kunit_test_suites(&events_suite);
