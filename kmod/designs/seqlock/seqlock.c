// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buckets of one or two cache lines under sequence counts.  seqlock.h explains it.
 */
#include <linux/slab.h>
#include "kmod/designs/lookup.h"
#include "kmod/designs/loop.h"
#include "bucket.h"

/* What a writer under the lock may find that it lacks. */
enum sqm_lack {
	SQM_LACKS_NOTHING,
	SQM_LACKS_OVERFLOW,
	SQM_LACKS_ENTRY,
};

enum sqm_look {
	SQM_FOUND,
	SQM_ABSENT,
	SQM_MOVED,
	SQM_AGAIN,
};

/*
 * The value in a slot, or what points to it.  READ_ONCE() and acquire pair with the
 * releases in sqm_slot_fill() and sqm_value_set().
 */
static __always_inline void sqm_value_read(u64 *words, const u64 *slot,
					   const struct cmap_shape shape)
{
	unsigned int i;

	slot += sqm_key_words(shape);
	cmap_touch_load(shape, NULL, slot, sqm_value_words(shape) * sizeof(u64), MAPSTAT_READ);
	if (!sqm_is_inline(shape)) {
		words[0] = smp_load_acquire(slot);	/* as said above */
		return;
	}
	for (i = 0; i < sqm_value_words(shape); i++)
		words[i] = READ_ONCE(slot[i]);
}

/*
 * Hand out what sqm_value_read() read, after it was validated: an entry that is pointed
 * to was linked at that instant, and stays until the RCU read-side section ends.
 */
static __always_inline bool sqm_value_take(void *value, const u64 *words,
					   const struct sqm_key *k, const struct cmap_shape shape)
{
	if (sqm_is_inline(shape)) {
		cmap_value_copy(value, words, shape);
		return true;
	}
	if (!sqm_entry_matches(sqm_pointer(words[0]), k, shape))
		return false;
	cmap_touch_load(shape, NULL, sqm_entry_value(sqm_pointer(words[0]), shape),
			shape.value_size, MAPSTAT_READ);
	cmap_value_copy(value, sqm_entry_value(sqm_pointer(words[0]), shape), shape);
	return true;
}

/* Look through the slots of a bucket or overflow bucket. */
static __always_inline enum sqm_look sqm_look_in(const struct sqm_count *count, u32 ended,
						 const u64 *slots, const struct sqm_key *k,
						 void *value, const struct cmap_shape shape)
{
	u64 words[SQM_SLOT_WORDS];
	unsigned int i;

	for (i = 0; i < sqm_slots(shape); i++) {
		const u64 *slot = slots + i * sqm_slot_words(shape);

		if (!sqm_slot_matches(slot, k, shape))
			continue;
		sqm_value_read(words, slot, shape);
		if (unlikely(!sqm_valid(count, ended)))
			return SQM_AGAIN;
		if (likely(sqm_value_take(value, words, k, shape)))
			return SQM_FOUND;
	}
	return SQM_ABSENT;
}

/* Look where a bucket's last slot was found to lead to; it is not known to be so yet. */
static __always_inline enum sqm_look sqm_look_on(const struct sqm_overflow *o,
						 const struct sqm_count *count, u32 ended,
						 const struct sqm_key *k, void *value,
						 const struct cmap_shape shape)
{
	enum sqm_look look;

	/* Before it is followed. */
	if (unlikely(!sqm_valid(count, ended)))
		return SQM_AGAIN;
	if (!o)
		return SQM_MOVED;
	for (; o; o = o->next) {
		cmap_touch_load(shape, NULL, &o->next, sizeof(o->next), MAPSTAT_READ);
		look = sqm_look_in(count, ended, o->slots, k, value, shape);
		if (look != SQM_ABSENT)
			return look;
	}
	return sqm_valid(count, ended) ? SQM_ABSENT : SQM_AGAIN;
}

/* What a bucket's last slot leads to. */
static __always_inline const struct sqm_overflow *sqm_lead(const u64 *last,
							   const struct cmap_shape shape)
{
	cmap_touch_load(shape, NULL, last, 2 * sizeof(u64), MAPSTAT_READ);
	/* What it holds comes after: pairs with the release in sqm_chain_insert(). */
	return sqm_pointer(smp_load_acquire(&last[1]));
}

/* Look through a bucket and its chain, after @ended changes. */
static __always_inline enum sqm_look sqm_look(const struct sqm_bucket b,
					      const struct sqm_count *count, u32 ended,
					      const struct sqm_key *k, void *value,
					      const struct cmap_shape shape)
{
	enum sqm_look look = sqm_look_in(count, ended, b.slots, k, value, shape);

	if (look != SQM_ABSENT)
		return look;
	/* Pairs with sqm_more_set(). */
	if (unlikely(READ_ONCE(*sqm_last(b.slots, shape)) == b.marks->more))
		return sqm_look_on(sqm_lead(sqm_last(b.slots, shape), shape), count, ended, k,
				   value, shape);
	return likely(sqm_valid(count, ended)) ? SQM_ABSENT : SQM_AGAIN;
}

static __always_inline int sqm_load_at_length(struct cmap *m, const struct sqm_table *t,
					      u64 hash, const void *key, void *value,
					      const struct cmap_shape shape)
{
	struct sqm_map *sm = to_sqm_map(m);
	const struct sqm_count *count = sqm_count_of(sm, hash);
	struct sqm_key k;

	cmap_touch_load(shape, m, count, sizeof(*count), MAPSTAT_READ);
	sqm_key_init(&k, hash, key, shape);
	for (;;) {
		const struct sqm_bucket b = sqm_bucket_at(sm, t, hash, shape);
		enum sqm_look look = sqm_look(b, count, sqm_read_begin(count), &k, value, shape);

		if (likely(look == SQM_FOUND))
			return 0;
		if (likely(look == SQM_ABSENT))
			return -ENOENT;
		if (look == SQM_MOVED) {
			/* Older than the move: pairs with sqm_resize_begin(). */
			t = rcu_dereference(t->next);
			continue;
		}
		cmap_count(m, CMAP_RETRIES);
		cpu_relax();
	}
}

/* What a load of a map of u64s came to: in registers, like the key that it is given. */
struct sqm_found {
	u64 value;
	int ret;
};

/* Out of line, so that the loop around loads stays small; the hash is not kept for it. */
static noinline struct sqm_found sqm_load_u64_at_length(struct cmap *m,
							const struct sqm_table *t, u64 key)
{
	const u64 hash = cmap_hash(m, &key, CMAP_SHAPE_U64_U64);
	struct sqm_found found = { };

	found.ret = sqm_load_at_length(m, t, hash, &key, &found.value, CMAP_SHAPE_U64_U64);
	return found;
}

/* The first look was in vain. */
static noinline struct sqm_found sqm_load_u64_again(struct cmap *m, const struct sqm_table *t,
						    u64 key)
{
	cmap_count(m, CMAP_RETRIES);
	return sqm_load_u64_at_length(m, t, key);
}

/*
 * No slot of the bucket has the key, and the last one may lead to more: 1 load of 20 in a
 * table that is half full.
 */
static __always_inline struct sqm_found sqm_do_load_u64_more(struct cmap *m,
							     const struct sqm_table *t, u64 key,
							     const u64 *last, u32 ended)
{
	const struct cmap_shape shape = CMAP_SHAPE_U64_U64;
	const struct sqm_map *sm = to_sqm_map(m);
	const u64 hash = cmap_hash(m, &key, shape);
	const struct sqm_count *count = sqm_count_of(sm, hash);
	struct sqm_found found = { };
	enum sqm_look look;
	struct sqm_key k;

	sqm_key_init(&k, hash, &key, shape);
	/* Another stripe's mark is a key like others.  Pairs with sqm_more_set(). */
	if (likely(READ_ONCE(*last) == sqm_marks(sm, hash)->more))
		look = sqm_look_on(sqm_lead(last, shape), count, ended, &k, &found.value, shape);
	else
		look = sqm_valid(count, ended) ? SQM_ABSENT : SQM_AGAIN;
	if (likely(look == SQM_FOUND))
		return found;
	if (likely(look == SQM_ABSENT)) {
		found.ret = -ENOENT;
		return found;
	}
	if (look == SQM_AGAIN)
		return sqm_load_u64_again(m, t, key);
	/* It has moved.  Older than that: pairs with sqm_resize_begin(). */
	return sqm_load_u64_at_length(m, rcu_dereference(t->next), key);
}

static noinline struct sqm_found sqm_load_u64_more(struct cmap *m, const struct sqm_table *t,
						   u64 key, const u64 *last, u32 ended)
{
	return sqm_do_load_u64_more(m, t, key, last, ended);
}

/*
 * The rest of a load that its first look did not decide; @last is as for sqm_load_u64_more(), or
 * NULL.  For the public call: it keeps nothing for what follows but the map, in a register that
 * it saves anyway.
 */
static noinline int sqm_load_u64_late(struct cmap *m, const struct sqm_table *t, u64 key,
				      u64 *value, const u64 *last, u32 ended)
{
	const struct sqm_found late = last ? sqm_do_load_u64_more(m, t, key, last, ended) :
					     sqm_load_u64_again(m, t, key);

	if (likely(!late.ret))
		*value = late.value;
	return late.ret;
}

/* What a load of a map of u64s touches; @slot is where it found the key, or NULL. */
static noinline void sqm_touch_probe(struct cmap *m, u64 hash, const u64 *home, const u64 *slot)
{
	unsigned int i;

	cmap_touch(m, sqm_count_of(to_sqm_map(m), hash), sizeof(struct sqm_count), MAPSTAT_READ);
	for (i = 0; i < SQM_SLOTS_MAX; i++) {
		cmap_touch(m, sqm_sibling(home, i), sizeof(u64), MAPSTAT_READ);
		if (sqm_sibling(home, i) == slot) {
			cmap_touch(m, slot + 1, sizeof(u64), MAPSTAT_READ);
			break;
		}
	}
}

/*
 * The load of a map of u64s.  What counts is how few instructions it is: as many lookups
 * wait for their cache lines at the same time as the CPU holds the instructions of.
 */
static __always_inline int sqm_load_u64(struct cmap *m, const struct sqm_table *t, u64 hash,
					const void *key, void *value,
					const struct cmap_shape shape)
{
	const struct sqm_map *sm = to_sqm_map(m);
	const struct sqm_count *count = sqm_count_of(sm, hash);
	const u64 k = *(const u64 *)key;
	const u32 ended = sqm_read_begin(count);
	const u64 *home = t->slots + (hash >> t->home_shift) * 2;
	const u64 *slot = home;
	const bool found = sqm_probe(&slot, k);
	struct sqm_found late;
	u64 word;

	if (cmap_is_told(shape))
		sqm_touch_probe(m, hash, home, found ? slot : NULL);
	smp_rmb();	/* a key, then its value: pairs with the release in sqm_slot_fill() */
	word = found ? READ_ONCE(slot[1]) : READ_ONCE(*sqm_last_of(slot));
	if (unlikely(!sqm_valid(count, ended))) {
		if (shape.counted)
			return sqm_load_u64_late(m, t, k, value, NULL, 0);
		late = sqm_load_u64_again(m, t, k);
	} else if (likely(found)) {
		*(u64 *)value = word;
		return 0;
	} else if (unlikely(word == sm->marks[0].more || word == sm->marks[1].more)) {
		/* One of them is this stripe's. */
		if (shape.counted)
			return sqm_load_u64_late(m, t, k, value, sqm_last_of(slot), ended);
		late = sqm_load_u64_more(m, t, k, sqm_last_of(slot), ended);
	} else {
		return -ENOENT;
	}
	if (likely(!late.ret))
		*(u64 *)value = late.value;
	return late.ret;
}

/* Inside an RCU read-side section. */
static __always_inline int sqm_load_hashed(struct cmap *m, u64 hash, const void *key,
					   void *value, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	const struct sqm_table *t = rcu_dereference(to_sqm_map(m)->table);

	cmap_touch_load(shape, m, &to_sqm_map(m)->table, sizeof(t), MAPSTAT_READ);
	cmap_touch_load(shape, m, t, offsetof(struct sqm_table, next), MAPSTAT_READ);
	if (shape.u64_pair)
		return sqm_load_u64(m, t, hash, key, value, shape);
	return sqm_load_at_length(m, t, hash, key, value, shape);
}

static __always_inline void sqm_fetch_from(const struct sqm_table *t, u64 hash,
					   const struct cmap_shape shape)
{
	u64 *slots = sqm_slots_at(t, hash, shape);

	prefetch(slots);
	if (sqm_bucket_words(shape) * sizeof(u64) > SMP_CACHE_BYTES)
		prefetch(sqm_last(slots, shape));
}

/* Where the load of a key with that hash looks first. */
static __always_inline void sqm_fetch(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	sqm_fetch_from(rcu_dereference(to_sqm_map(m)->table), hash, shape);
}

/* Where an update looks first, and where it goes on if the bucket has moved. */
static __always_inline void sqm_fetch_update(struct sqm_map *sm, u64 hash,
					     const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	const struct sqm_table *t = rcu_dereference(sm->table);
	/* Pairs with rcu_assign_pointer() in sqm_resize_begin(). */
	const struct sqm_table *next = rcu_dereference(t->next);

	sqm_fetch_from(t, hash, shape);
	if (unlikely(next))
		sqm_fetch_from(next, hash, shape);
}

CMAP_DEFINE_LOADS(seqlock,
		  .begin = many_rcu_begin, .fetch = sqm_fetch, .load = sqm_load_hashed,
		  .end = many_rcu_end)

/* Keep count of a stripe's entries, and see whether the table still suits. */
static __always_inline void sqm_account(struct sqm_stripe *s, enum cmap_action act,
					struct sqm_supply *supply)
{
	lockdep_assert_held(&s->lock);
	if (act == CMAP_ACT_INSERT || act == CMAP_ACT_REMOVE)
		cmap_touch(NULL, &s->entries, sizeof(s->entries), MAPSTAT_WRITE);
	if (act == CMAP_ACT_INSERT) {
		WRITE_ONCE(s->entries, s->entries + 1);	/* pairs with sqm_entries() */
		if (s->entries > s->arm_at)
			s->shrink_at = s->arm_at;
		if (unlikely(s->entries > s->grow_at)) {
			s->grow_at += s->grow_at / 8 + 1;	/* until asked again */
			supply->kick = true;
		}
	} else if (act == CMAP_ACT_REMOVE) {
		WRITE_ONCE(s->entries, s->entries - 1);	/* pairs with sqm_entries() */
		if (unlikely(s->entries < s->shrink_at)) {
			s->shrink_at /= 2;
			supply->kick = true;
		}
	}
}

/* The value's words as a slot holds them. */
static __always_inline void sqm_image_value(u64 *words, const void *value,
					    const struct sqm_entry *e,
					    const struct cmap_shape shape)
{
	if (!sqm_is_inline(shape)) {
		words[0] = (unsigned long)e;
		return;
	}
	words[sqm_value_words(shape) - 1] = 0;
	cmap_value_copy(words, value, shape);
}

static __always_inline void sqm_do_insert(struct sqm_map *sm, struct sqm_stripe *s,
					  const struct sqm_table *t, const struct sqm_bucket b,
					  const struct sqm_key *k, const void *value,
					  struct sqm_supply *supply, const struct cmap_shape shape)
{
	u64 image[SQM_SLOT_WORDS];
	unsigned int i;

	for (i = 0; i < sqm_key_words(shape); i++)
		image[i] = k->words[i];
	sqm_image_value(image + sqm_key_words(shape), value, supply->entry, shape);
	supply->entry = NULL;	/* linked now, where it was needed */
	sqm_insert(sm, s, t, b, image, k->hash, supply, shape);
}

/* Replace the value in a slot. */
static __always_inline void sqm_value_set(const struct sqm_bucket b, u64 *slot, const u64 *words,
					  const struct cmap_shape shape)
{
	unsigned int i;

	slot += sqm_key_words(shape);
	cmap_touch(NULL, slot, sqm_value_words(shape) * sizeof(u64), MAPSTAT_WRITE);
	if (sqm_value_words(shape) == 1) {
		/* What it leads to comes before it: pairs with sqm_value_read(). */
		smp_store_release(slot, words[0]);
		return;
	}
	sqm_write_begin(b);
	for (i = 0; i < sqm_value_words(shape); i++)
		WRITE_ONCE(slot[i], words[i]);
	sqm_write_end(b);
}

static __always_inline void sqm_do_replace(const struct sqm_bucket b, u64 *slot,
					   const void *value, struct sqm_supply *supply,
					   const struct cmap_shape shape)
{
	u64 words[SQM_SLOT_WORDS];

	sqm_image_value(words, value, supply->entry, shape);
	if (!sqm_is_inline(shape)) {
		sqm_entry_unlink(sqm_pointer(slot[1]), supply);
		supply->entry = NULL;
	}
	sqm_value_set(b, slot, words, shape);
}

/* Carry out a write, or say what it lacks and change nothing. */
static __always_inline enum sqm_lack sqm_write(struct sqm_map *sm, struct sqm_stripe *s,
					       const struct sqm_table *t,
					       const struct cmap_update *u,
					       const struct sqm_key *k,
					       struct sqm_supply *supply, int *ret,
					       const struct cmap_shape shape)
{
	const struct sqm_bucket b = sqm_bucket_at(sm, t, k->hash, shape);
	u64 *slot = sqm_find(b, k, shape);
	const void *value = NULL;
	enum cmap_action act;

	lockdep_assert_held(&s->lock);
	if (slot)
		value = sqm_is_inline(shape) ? slot + sqm_key_words(shape) :
			sqm_entry_value(sqm_pointer(slot[1]), shape);
	act = update_decide(&sm->cmap, u, value, shape, ret);
	if (!sqm_is_inline(shape) && !supply->entry &&
	    (act == CMAP_ACT_INSERT || act == CMAP_ACT_REPLACE))
		return SQM_LACKS_ENTRY;

	switch (act) {
	case CMAP_ACT_NONE:
		break;
	case CMAP_ACT_INSERT:
		if (!supply->overflows && sqm_needs_overflow(b, shape))
			return SQM_LACKS_OVERFLOW;
		sqm_do_insert(sm, s, t, b, k, u->value, supply, shape);
		break;
	case CMAP_ACT_REPLACE:
		sqm_do_replace(b, slot, u->value, supply, shape);
		break;
	case CMAP_ACT_REMOVE:
		if (!sqm_is_inline(shape))
			sqm_entry_unlink(sqm_pointer(slot[1]), supply);
		sqm_remove(s, b, slot, supply, shape);
		break;
	}
	sqm_account(s, act, supply);
	update_count(&sm->cmap, act);
	return SQM_LACKS_NOTHING;
}

/* The table whose bucket counts for the hash. */
static __always_inline struct sqm_table *sqm_table_of(struct sqm_map *sm, struct sqm_stripe *s,
						      u64 hash, struct sqm_supply *supply)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	struct sqm_table *t = rcu_dereference(sm->table), *next;

	lockdep_assert_held(&s->lock);
	cmap_touch(&sm->cmap, &sm->table, sizeof(t), MAPSTAT_READ);
	cmap_touch(&sm->cmap, t, offsetof(struct sqm_table, bytes), MAPSTAT_READ);
	/* Pairs with rcu_assign_pointer() in sqm_resize_begin(). */
	while (unlikely((next = rcu_dereference(t->next)))) {
		if (!sqm_help_move(sm, s, t, next, hash, supply))
			break;
		t = next;
	}
	return t;
}

static __always_inline enum sqm_lack sqm_try_update(struct sqm_map *sm,
						    const struct cmap_update *u,
						    const struct sqm_key *k,
						    struct sqm_supply *supply, int *ret,
						    const struct cmap_shape shape)
{
	struct sqm_stripe *s = sqm_stripe_of(sm, k->hash);
	struct sqm_table *t;
	enum sqm_lack lack;

	rcu_read_lock();
	sqm_fetch_update(sm, k->hash, shape);	/* comes while the lock is taken */
	sqm_stripe_lock(sm, s);
	t = sqm_table_of(sm, s, k->hash, supply);
	lack = sqm_write(sm, s, t, u, k, supply, ret, shape);
	sqm_stripe_unlock(s);
	rcu_read_unlock();
	return lack;
}

/* Get an entry ready to be linked. Return: false where memory is lacking. */
static bool sqm_supply_entry(struct sqm_map *sm, const struct cmap_update *u,
			     struct sqm_supply *supply)
{
	const struct cmap_shape shape = sm->cmap.shape;
	const size_t bytes = sizeof(struct sqm_entry) + cmap_page_stride(&sm->cmap);
	struct sqm_entry *e = kmalloc(bytes, GFP_ATOMIC | __GFP_NOWARN);

	if (!e)
		return false;
	cmap_touch(&sm->cmap, e, bytes, MAPSTAT_WRITE);
	memcpy(e->data, u->key, shape.key_size);
	memcpy((void *)sqm_entry_value(e, shape), u->value, shape.value_size);
	supply->entry = e;
	cmap_count_alloc(&sm->cmap, bytes);
	return true;
}

static bool sqm_supply_lack(struct sqm_map *sm, const struct cmap_update *u, enum sqm_lack lack,
			    struct sqm_supply *supply)
{
	if (lack == SQM_LACKS_ENTRY)
		return sqm_supply_entry(sm, u, supply);
	if (!sqm_supply_overflows(sm, supply, 1, GFP_ATOMIC))
		return false;
	cmap_count_alloc(&sm->cmap, sqm_overflow_bytes(sm->cmap.shape));
	return true;
}

static __always_inline int sqm_update(struct cmap *m, const struct cmap_update *u,
				      const struct cmap_shape shape)
{
	struct sqm_map *sm = to_sqm_map(m);
	struct sqm_supply supply = { };
	enum sqm_lack lack;
	struct sqm_key k;
	int ret;

	sqm_key_init(&k, cmap_hash(m, u->key, shape), u->key, shape);
	/* These always need one; the others try without first. */
	if (!sqm_is_inline(shape) && (u->op == CMAP_STORE || u->op == CMAP_SWAP) &&
	    !sqm_supply_entry(sm, u, &supply)) {
		cmap_count(m, CMAP_ALLOC_FAILURES);
		return -ENOMEM;
	}
	while ((lack = sqm_try_update(sm, u, &k, &supply, &ret, shape))) {
		if (sqm_supply_lack(sm, u, lack, &supply))
			continue;
		cmap_count(m, CMAP_ALLOC_FAILURES);
		ret = -ENOMEM;
		break;
	}
	sqm_supply_release(&supply);
	if (unlikely(supply.kick))
		cmap_kick(m);
	return ret;
}

/**
 * seqlock_update - see struct cmap_update
 * @m: the map
 * @u: the write
 *
 * Context: Process or softirq.
 * Return: 0 or -errno.
 */
int seqlock_update(struct cmap *m, const struct cmap_update *u)
{
	return CMAP_BY_SHAPE(m, sqm_update, m, u);
}

STRESS_DEFINE_RUN(seqlock, seqlock_load_inline)

const struct cmap_ops seqlock_ops = {
	.name		= "seqlock",
	.size		= sizeof(struct sqm_map),
	.init		= sqm_init,
	.exit		= sqm_exit,
	.collect	= sqm_collect,
	.clear		= sqm_clear,
	.work		= sqm_work,
	.memory		= sqm_memory,
	.run		= seqlock_run,
};
