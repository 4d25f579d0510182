// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protocol of "seqlock", one shared access at a time.  The design is compiled in here
 * (seqlock_steps.h) so that each access of shared memory is a step, at which the other side
 * runs, in the same thread:
 *
 *   a load, and one to three whole writes at one of its steps, drawn at random;
 *   a write, and a whole load at each of its steps.
 *
 * So interleavings that need two CPUs and luck otherwise happen every time, on one CPU.  This
 * tests program order, not reordering by a CPU.  The keys collide in one bucket, so that it has
 * guests and a chain, and moves with both; some keys begin with the words of marks.
 */
#include <kunit/test.h>
#include "fixture.h"
#include "seqlock_crowd.h"

#define ROUNDS		3000
#define LATE_ENTRIES	256	/* per stripe, when its table grows */
#define LATE_EARLY	8	/* added per stripe before the worker is late */
#define LATE_MORE	300	/* added per stripe after that */

/* Load the key. Return: whether it finds one of the allowed versions; *@found: that version. */
static bool load_is_right(u32 *found)
{
	const unsigned int size = crowd->sm->cmap.shape.value_size;
	int ret = seqlock_load(&crowd->sm->cmap, crowd->key[crowd->probe], crowd->out);
	unsigned int i = crowd->nr_seen;

	while (i--) {
		*found = crowd->seen[i];
		if (!*found != (ret == -ENOENT))
			continue;
		if (ret)
			return true;
		value_make(crowd->wanted, crowd->probe, *found);
		if (!memcmp(crowd->wanted, crowd->out, size))
			return true;
	}
	return false;
}

/* The first try of a load, in every table, while a change must prevent it from completing. */
static void glance_during_change(const struct sqm_count *count)
{
	const struct cmap_shape shape = crowd->sm->cmap.shape;
	const struct sqm_table *t;
	enum sqm_look look;
	struct sqm_key k;

	sqm_key_init(&k, hash_of(crowd->probe), crowd->key[crowd->probe], shape);
	rcu_read_lock();
	for (t = rcu_dereference(crowd->sm->table); t; t = rcu_dereference(t->next)) {
		look = sqm_look(sqm_bucket_at(crowd->sm, t, k.hash, shape), count,
				sqm_read_begin(count), &k, crowd->out, shape);
		expect(look == SQM_AGAIN, "a load ends during a counted change");
	}
	rcu_read_unlock();
}

/* Number of slots of a bucket and its chain that hold the key. */
static unsigned int copies(const struct sqm_bucket b, const struct sqm_key *k,
			   const struct cmap_shape shape)
{
	const struct sqm_overflow *o = sqm_chain(b, shape);
	u64 *slots = b.slots;
	unsigned int i, n = 0;

	for (; slots; slots = o ? (u64 *)o->slots : NULL, o = o ? o->next : NULL)
		for (i = 0; i < sqm_slots(shape); i++) {
			u64 *slot = slots + i * sqm_slot_words(shape);

			n += sqm_slot_matches(slot, k, shape) &&
			     (sqm_is_inline(shape) ||
			      sqm_entry_matches(sqm_pointer(slot[1]), k, shape));
		}
	return n;
}

/* While no change is counted, no key is being moved from slot to slot. */
static void check_copies(void)
{
	const struct cmap_shape shape = crowd->sm->cmap.shape;
	const struct sqm_table *t;
	struct sqm_key k;

	sqm_key_init(&k, hash_of(crowd->probe), crowd->key[crowd->probe], shape);
	rcu_read_lock();
	for (t = rcu_dereference(crowd->sm->table); t; t = rcu_dereference(t->next))
		expect(copies(sqm_bucket_at(crowd->sm, t, k.hash, shape), &k, shape) <= 1,
		       "a key is in two slots without a counted change");
	rcu_read_unlock();
}

static void glance(void)
{
	const struct sqm_count *count = sqm_count_of(crowd->sm, hash_of(crowd->probe));
	u32 found;

	if (count->begun != count->ended) {
		glance_during_change(count);
		return;
	}
	expect(load_is_right(&found), "a load during a write finds neither old nor new value");
	check_copies();
	/* A later load must not find an older value again. */
	crowd->seen[0] = found;
}

static void write_one(unsigned int k, bool remove)
{
	const u32 was = crowd->version[k];
	const struct cmap_update u = {
		.op = remove ? CMAP_DELETE : CMAP_STORE,
		.key = crowd->key[k],
		.value = remove ? NULL : crowd->value,
	};
	int ret;

	crowd->version[k] = remove ? 0 : ++crowd->versions;
	value_make(crowd->value, k, crowd->version[k]);
	crowd->seen[1] = crowd->turn == READER ? crowd->version[crowd->probe] : crowd->seen[1];
	ret = seqlock_update(&crowd->sm->cmap, &u);
	if (ret == -ENOMEM)
		crowd->version[k] = was;
	if (ret == -ENOMEM)
		expect(!memory && !remove, "a write returns -ENOMEM without need");
	else
		expect(ret == (remove && !was ? -ENOENT : 0), "a write returns the wrong result");
}

static void clear_all(void)
{
	memset(crowd->version, 0, sizeof(crowd->version));
	crowd->seen[1] = crowd->turn == READER ? 0 : crowd->seen[1];
	expect(!sqm_clear(&crowd->sm->cmap), "a clear fails");
}

/* A resize must complete, unless memory is lacking. */
static void resize_end(void)
{
	struct sqm_table *t = rcu_dereference_protected(crowd->sm->table, true);
	struct sqm_table *next = rcu_dereference_protected(t->next, true);

	if (next)
		expect(sqm_resize_end(crowd->sm, t, next) || !memory, "a resize does not end");
}

/* Any change that may happen during a load. */
static void change(void)
{
	/* Few keys leave room for guests, many make chains. */
	static const unsigned int crowds[] = { 2, 3, 5, 6, KEYS };
	const unsigned int size = crowds[crowd->versions / 64 % ARRAY_SIZE(crowds)];
	const bool removes = draw(8) < (sqm_entries(crowd->sm) > size ? 6 : 2);
	const unsigned int what = draw(64);
	const unsigned int k = draw_key(draw(8) ? removes : !removes);

	memory = draw(8) ? UINT_MAX : draw(3);
	if (!what)
		clear_all();
	else if (what == 1)
		resize_end();
	else
		write_one(k, removes);
	memory = UINT_MAX;
}

static void step(void)
{
	const enum crowd_turn turn = crowd->turn;
	unsigned int n;

	if (turn == NO_TURN || (turn == WRITERS && crowd->left--))
		return;
	crowd->turn = NO_TURN;
	if (turn == READER) {
		glance();
		crowd->turn = READER;
		return;
	}
	for (n = 1 + draw(CHANGES_MAX); n; n--) {
		change();
		crowd->seen[crowd->nr_seen++] = crowd->version[crowd->probe];
	}
}

static void load_and_writes(void)
{
	u32 found;

	crowd->seen[0] = crowd->version[crowd->probe];
	crowd->nr_seen = 1;
	crowd->turn = WRITERS;
	crowd->left = UINT_MAX;
	expect(load_is_right(&found), "a load finds a wrong value");
	/* left has been decremented once per step of the load: draw one of the steps. */
	crowd->left = draw(UINT_MAX - crowd->left);
	expect(load_is_right(&found), "a load finds a value that was not there while it ran");
	crowd->turn = NO_TURN;
}

static void write_and_loads(void)
{
	const u32 was = crowd->version[crowd->probe];

	crowd->seen[0] = was;
	crowd->seen[1] = was;
	crowd->nr_seen = 2;
	crowd->turn = READER;
	change();
	crowd->turn = NO_TURN;
	expect(crowd->seen[0] == was || crowd->seen[0] == crowd->version[crowd->probe],
	       "a failed write was visible");
}

/* In half of the stripes the worker counts as late at once, so that writes move buckets, too. */
static void resize_begin(void)
{
	struct sqm_map *sm = crowd->sm;
	struct sqm_table *t = rcu_dereference_protected(sm->table, true);
	/* With the largest table, guests are evicted often. */
	const unsigned int bits = sm->stripe_bits + (draw(2) ? BITS_MORE : draw(BITS_MORE));
	unsigned int i;

	if (rcu_dereference_protected(t->next, true) || bits == t->bits)
		return;
	expect(sqm_resize_begin(sm, t, bits, 0), "no memory for a table");
	for (i = 0; i < 1U << sm->stripe_bits; i++)
		sm->stripes[i].help_at *= draw(2);
}

/* Check a bucket's invariants, and add up entries and overflow buckets. */
static void check_bucket(const struct sqm_bucket b, u64 *entries, u64 *overflows)
{
	const struct cmap_shape shape = crowd->sm->cmap.shape;
	const struct sqm_overflow *first = sqm_chain(b, shape), *o;
	const unsigned int slots = sqm_slots(shape);

	*entries += sqm_count(b, shape);
	if (!first)
		return;
	expect(sqm_count_in(b, b.slots, shape) == slots - 1, "a bucket with a chain has room");
	expect(sqm_count_in(b, first->slots, shape) > !first->next, "a chain is too long");
	for (o = first; o; o = o->next, ++*overflows)
		expect(o == first || sqm_count_in(b, o->slots, shape) == slots, "a chain has gaps");
}

static void check_accounts(void)
{
	const struct cmap_shape shape = crowd->sm->cmap.shape;
	u64 i, in_buckets = 0, overflows = 0, present = 0, kept = 0;
	const struct sqm_table *t;

	rcu_read_lock();
	for (t = rcu_dereference(crowd->sm->table); t; t = rcu_dereference(t->next))
		for (i = 0; i < 1ULL << t->bits; i++)
			check_bucket(sqm_bucket_at(crowd->sm, t, sqm_hash_at(t, i), shape),
				     &in_buckets, &overflows);
	rcu_read_unlock();
	for (i = 0; i < KEYS; i++)
		present += !!crowd->version[i];
	expect(present == in_buckets, "a key is in the map twice, or lost");
	expect(present == sqm_entries(crowd->sm), "the number of entries is wrong");
	for (i = 0; i < 1U << crowd->sm->stripe_bits; i++)
		kept += crowd->sm->stripes[i].overflows;
	expect(kept == overflows, "the number of overflow buckets is wrong");
}

/* Without a concurrent change, each key must be present or absent, as expected. */
static void check_keys(void)
{
	u32 found;

	crowd->nr_seen = 1;
	for (crowd->probe = 0; crowd->probe < KEYS; crowd->probe++) {
		crowd->seen[0] = crowd->version[crowd->probe];
		expect(load_is_right(&found), "a key is lost, or has a wrong value");
	}
}

/* Number of the key of a walk's entry; KEYS if it is none of them. */
static unsigned int walked_key(const void *key)
{
	unsigned int k;

	for (k = 0; k < KEYS; k++)
		if (!memcmp(key, crowd->key[k], crowd->sm->cmap.shape.key_size))
			break;
	return k;
}

/* A walk, with changes between its pages. */
static void check_walk(void)
{
	struct cmap *m = &crowd->sm->cmap;
	struct cmap_page page = { .room = KEYS, .data = crowd->page };
	unsigned int k, found[KEYS + 1] = { };
	u32 before[KEYS];

	memcpy(before, crowd->version, sizeof(before));
	for (; !page.done; page.count = 0) {
		sqm_collect(m, &page);
		while (page.count--)
			found[walked_key(page.data + page.count * cmap_page_stride(m))]++;
		if (!draw(4))
			change();
	}
	expect(!found[KEYS], "a walk finds a key that was never stored");
	for (k = 0; k < KEYS; k++) {
		expect(found[k] <= 1, "a walk finds a key twice");
		expect(found[k] || !before[k] || before[k] != crowd->version[k],
		       "a walk misses a key");
	}
}

static bool same_bits(u64 a, u64 b, unsigned int bits)
{
	return !((a ^ b) >> (64 - bits));
}

/* Keys that collide in the bucket of @word, which is the first word of a byte string. */
static void make_keys(struct kunit *test, u64 word)
{
	const unsigned int few = crowd->sm->stripe_bits;
	u64 candidate = word;
	unsigned int i;

	crowd->key[0][0] = word;
	for (i = 1; i < KEYS; i++)
		do {
			crowd->key[i][0] = ++candidate;
			KUNIT_ASSERT_LT(test, candidate - word, 1ULL << 24);
		} while (!same_bits(hash_of(i), hash_of(0), i < CROWD ? few + BITS_MORE + 1 : few));
}

static void go_through(struct kunit *test, const struct crowd_shape *shape, u64 word)
{
	const unsigned int rounds = test_scaled(ROUNDS);
	unsigned int i;

	make_keys(test, word);
	for (i = 0; i < rounds && !crowd->wrong; i++) {
		crowd->probe = draw_key(draw(8));
		if (!draw(16))
			resize_begin();
		if (draw(2))
			load_and_writes();
		else
			write_and_loads();
		if (i % 8 == 0)
			check_keys();
		if (i % 128 == 0) {
			check_accounts();
			check_walk();
		}
	}
	KUNIT_EXPECT_NULL_MSG(test, crowd->wrong, "%s, round %u: %s", shape->name, i, crowd->wrong);
	clear_all();
}

static void crowd_desc(const struct crowd_shape *shape, char *desc)
{
	strscpy(desc, shape->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(crowd, crowd_shapes, crowd_desc);

static void map_make(struct kunit *test, const struct crowd_shape *shape)
{
	struct cmap *m = &crowd->sm->cmap;

	m->flags = shape->flags;
	m->shape.key_size = shape->key_size;
	m->shape.value_size = shape->value_size;
	m->shape.u64_key = shape->key_size == sizeof(u64) && !(m->flags & CMAP_GENERIC);
	m->shape.u64_pair = m->shape.u64_key && shape->value_size == sizeof(u64);
	hash_key_init(&m->hash, m->flags & CMAP_COLLIDE);
	mapstat_pauses_init(&m->pauses, m);
	m->stats.pcpu = alloc_percpu(struct cmap_pcpu);
	KUNIT_ASSERT_NOT_NULL(test, (void __force *)m->stats.pcpu);
	KUNIT_ASSERT_EQ(test, 0, sqm_init(m));
}

/*
 * Fails when: a part of a write that removes an entry from its slot, or writes a value of
 * several words, is not counted as a change, in all counts of its bucket; a half-done insert or
 * replacement of a word is visible; a load uses data that it has not validated; unlinked memory
 * is freed too early, or never; a mark is taken for an entry, or an entry for a mark; a chain, a
 * move or a clear loses or duplicates an entry, also if memory is lacking.
 */
static void step_by_step(struct kunit *test)
{
	const struct crowd_shape *shape = test->param_value;
	struct sqm_map *sm = crowd->sm;
	unsigned int i;

	map_make(test, shape);
	go_through(test, shape, 0);
	for (i = 0; i < ARRAY_SIZE(sm->marks) && sm->cmap.shape.u64_key; i++) {
		go_through(test, shape, sm->marks[i].more);
		go_through(test, shape, sm->marks[i].empty);
	}
	/* A map may be destroyed during a resize, with entries in both tables. */
	if (!sm->cmap.shape.u64_key)
		go_through(test, shape, 1);
	for (i = 0; i < KEYS; i++)
		write_one(i, false);
	resize_begin();
	write_one(0, false);
	sqm_exit(&sm->cmap);
	KUNIT_EXPECT_EQ(test, 0, allocated);
}

/*
 * Fails when: a move that needs more memory than is available at once never completes, because
 * it frees what it got; or the worker that gave up is not kicked when it should try again; or a
 * key is lost in the process.
 */
static void little_memory_is_enough(struct kunit *test)
{
	static const struct crowd_shape shape = { "collide outside", 16, 128, CMAP_COLLIDE };
	struct sqm_map *sm = crowd->sm;
	const struct sqm_table *t;
	unsigned int i;

	map_make(test, &shape);
	make_keys(test, 0);
	for (i = 0; i < KEYS; i++)
		write_one(i, false);
	t = rcu_dereference_protected(sm->table, true);
	KUNIT_ASSERT_TRUE(test, sqm_resize_begin(sm, rcu_dereference_protected(sm->table, true),
						 t->bits + 1, KEYS));
	for (i = 0; i < 1U << sm->stripe_bits; i++)
		sm->stripes[i].help_at = 0;
	for (i = 0; i < KEYS; i++) {
		memory = 1;
		sqm_work(&sm->cmap);
		memory = UINT_MAX;
		check_keys();
		if (rcu_dereference_protected(sm->table, true) != t)
			break;
		kicks = 0;
		memory = 0;
		write_one(0, true);	/* helps to move, but lacks memory, too */
		memory = UINT_MAX;
		KUNIT_EXPECT_EQ(test, 1, kicks);
	}
	KUNIT_EXPECT_GT(test, i, 1);
	KUNIT_EXPECT_LT(test, i, KEYS);
	KUNIT_EXPECT_NULL_MSG(test, crowd->wrong, "%s", crowd->wrong);
	check_accounts();
	sqm_exit(&sm->cmap);
	KUNIT_EXPECT_EQ(test, 0, allocated);
}

static u64 late_value(u64 key)
{
	return ~key;
}

/* Return: number of buckets that the store moved. */
static unsigned long late_store(struct kunit *test, struct cmap *m, u64 key)
{
	const unsigned long was = cmap_counter_sum(&m->stats, CMAP_MOVED_BUCKETS);
	const u64 value = late_value(key);
	const struct cmap_update u = { .op = CMAP_STORE, .key = &key, .value = &value };

	KUNIT_ASSERT_EQ(test, 0, seqlock_update(m, &u));
	return cmap_counter_sum(&m->stats, CMAP_MOVED_BUCKETS) - was;
}

static void late_check(struct kunit *test, struct cmap *m, u64 keys)
{
	u64 key, value;

	for (key = 0; key < keys; key++) {
		KUNIT_ASSERT_EQ(test, 0, seqlock_load(m, &key, &value));
		KUNIT_ASSERT_EQ(test, late_value(key), value);
	}
}

/*
 * Fails when: writes move buckets although the worker is not late; a write moves more than its
 * own bucket and one more per try (it takes up to three tries: it may lack an overflow bucket to
 * move its own bucket, and again to insert); writes do not move buckets although the worker is
 * late; or an entry is lost, or written to the wrong table.
 */
static void writes_help_late_worker(struct kunit *test)
{
	static const struct crowd_shape shape = { "u64_u64", 8, 8 };
	const unsigned int stripes = 1U << sqm_stripe_bits();
	struct sqm_map *sm = crowd->sm;
	struct cmap *m = &sm->cmap;
	const struct sqm_table *t;
	unsigned int i;
	u64 key = 0;

	m->params.capacity = LATE_ENTRIES * stripes;
	map_make(test, &shape);
	t = rcu_dereference_protected(sm->table, true);
	while (key < LATE_ENTRIES * stripes)
		KUNIT_ASSERT_EQ(test, 0, late_store(test, m, key++));
	KUNIT_ASSERT_TRUE(test, sqm_resize_begin(sm, rcu_dereference_protected(sm->table, true),
						 t->bits + 1, key));
	for (i = 0; i < LATE_EARLY * stripes; i++)
		KUNIT_ASSERT_EQ(test, 0, late_store(test, m, key++));
	late_check(test, m, key);

	for (i = 0; i < LATE_MORE * stripes; i++) {
		KUNIT_ASSERT_LE(test, late_store(test, m, key++), 4);
		if (i % (64 * stripes) == 0)
			late_check(test, m, key);
	}
	/* Buckets whose move needs memory are left to the worker. */
	KUNIT_EXPECT_GT(test, cmap_counter_sum(&m->stats, CMAP_MOVED_BUCKETS),
			(3ULL << t->bits) / 4);

	sqm_work(m);
	KUNIT_EXPECT_PTR_NE(test, t, (const struct sqm_table *)rcu_access_pointer(sm->table));
	late_check(test, m, key);
	KUNIT_EXPECT_EQ(test, key, sqm_entries(sm));
	sqm_exit(m);
	KUNIT_EXPECT_EQ(test, 0, allocated);
}

static int seqlock_test_init(struct kunit *test)
{
	crowd = kvzalloc(sizeof(*crowd), GFP_KERNEL);
	if (!crowd)
		return -ENOMEM;
	crowd->sm = kvzalloc(sizeof(*crowd->sm), GFP_KERNEL);
	if (!crowd->sm)
		return -ENOMEM;
	prandom_seed_state(&crowd->rnd, test_seed());
	allocated = 0;
	return 0;
}

static void seqlock_test_exit(struct kunit *test)
{
	if (crowd && crowd->sm) {
		free_percpu(crowd->sm->cmap.stats.pcpu);
		kvfree(crowd->sm);
	}
	kvfree(crowd);
	crowd = NULL;
}

static struct kunit_case seqlock_cases[] = {
	KUNIT_CASE_PARAM(step_by_step, crowd_gen_params),
	KUNIT_CASE(little_memory_is_enough),
	KUNIT_CASE(writes_help_late_worker),
	{}
};

static struct kunit_suite seqlock_suite = {
	.name = "mapstat_seqlock",
	.init = seqlock_test_init,
	.exit = seqlock_test_exit,
	.test_cases = seqlock_cases,
};

kunit_test_suites(&seqlock_suite);
