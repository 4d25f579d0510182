// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buckets of one or two cache lines, each under a sequence count.  seqlock.h explains it.
 */
#include <linux/slab.h>
#include "../stress/loop.h"
#include "many.h"
#include "seqlock_bucket.h"

/* What a writer under the lock may find that it lacks. */
enum sqm_lack {
	SQM_LACKS_NOTHING,
	SQM_LACKS_OVERFLOW,
	SQM_LACKS_ENTRY,
};

enum sqm_look {
	SQM_FOUND,
	SQM_ABSENT,
	SQM_AGAIN,
};

/* The value in a slot, or what points to it; READ_ONCE() pairs with sqm_slot_write(). */
static __always_inline void sqm_value_read(u64 *words, const u64 *slot,
					   const struct cmap_shape shape)
{
	unsigned int i;

	for (i = 0; i < sqm_value_words(shape); i++)
		words[i] = READ_ONCE(slot[sqm_key_words(shape) + i]);
}

/*
 * Hand out what sqm_value_read() read, after it was validated: an entry that is pointed
 * to was linked at that instant, so it holds the value of that instant, and stays until
 * the RCU read-side section ends.
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
	cmap_value_copy(value, sqm_entry_value(sqm_pointer(words[0]), shape), shape);
	return true;
}

/* Look through the slots of a bucket or overflow bucket. */
static __always_inline enum sqm_look sqm_look_in(const struct sqm_header *h, u32 seq, u32 tags,
						 const u64 *slots, const struct sqm_key *k,
						 void *value, const struct cmap_shape shape)
{
	u64 words[SQM_INLINE_MAX / sizeof(u64)];
	u32 match;

	for (match = sqm_match(tags, k->tag); match; match &= match - 1) {
		const u64 *slot = slots + __ffs(match) / 8 * sqm_slot_words(shape);

		if (!sqm_slot_matches(slot, k, shape))
			continue;
		sqm_value_read(words, slot, shape);
		if (unlikely(!sqm_valid(h, seq)))
			return SQM_AGAIN;
		if (likely(sqm_value_take(value, words, k, shape)))
			return SQM_FOUND;
	}
	return SQM_ABSENT;
}

/* Look through a bucket and its chain, whose count was @seq, even. */
static __always_inline enum sqm_look sqm_look(const struct sqm_bucket b, u32 seq,
					      const struct sqm_key *k, void *value,
					      const struct cmap_shape shape)
{
	/* Tags and the chain's words: pair with the WRITE_ONCE() of the writers. */
	u32 tags = READ_ONCE(b.header->tags);
	enum sqm_look look = sqm_look_in(b.header, seq, tags, b.slots, k, value, shape);
	const struct sqm_overflow *o = NULL;

	if (look != SQM_ABSENT)
		return look;
	if (unlikely(sqm_tag(tags, sqm_slots(shape) - 1) == SQM_TAG_CHAIN))
		o = sqm_pointer(READ_ONCE(*sqm_chain_word(b, shape)));
	/* Validates the miss, or the pointer before it is followed. */
	if (unlikely(!sqm_valid(b.header, seq)))
		return SQM_AGAIN;
	if (likely(!o))
		return SQM_ABSENT;
	for (; o; o = o->next) {
		look = sqm_look_in(b.header, seq, READ_ONCE(o->tags), o->slots, k, value, shape);
		if (look != SQM_ABSENT)
			return look;
	}
	return sqm_valid(b.header, seq) ? SQM_ABSENT : SQM_AGAIN;
}

/* A bucket's count is odd: has it moved? Return: the table to look in. */
static __always_inline const struct sqm_table *sqm_follow(struct cmap *m,
							  const struct sqm_table *t,
							  const struct sqm_header *h)
{
	/* Pairs with the release in sqm_move(): the new table has its entries. */
	if (smp_load_acquire(&h->tags) == SQM_TAGS_MOVED)
		return rcu_dereference(t->next);
	cmap_count(m, CMAP_RETRIES);
	cpu_relax();
	return t;
}

/* Ask the tags first, then the slots that they point out. */
static __always_inline int sqm_load_tags(struct cmap *m, const struct sqm_table *t, u64 hash,
					 const void *key, void *value,
					 const struct cmap_shape shape)
{
	struct sqm_key k;

	sqm_key_init(&k, hash, key, shape);
	for (;;) {
		struct sqm_bucket b = sqm_bucket_at(t, hash >> t->shift, shape);
		/* Pairs with the release in sqm_write_end(): what it wrote, or later. */
		u32 seq = smp_load_acquire(&b.header->seq);
		enum sqm_look look;

		if (unlikely(seq & 1)) {
			t = sqm_follow(m, t, b.header);
			continue;
		}
		look = sqm_look(b, seq, &k, value, shape);
		if (likely(look != SQM_AGAIN))
			return look == SQM_FOUND ? 0 : -ENOENT;
		cmap_count(m, CMAP_RETRIES);
		cpu_relax();
	}
}

/* Out of line, so that the loop around loads stays small. */
static noinline int sqm_load_guest_u64_u64(struct cmap *m, const struct sqm_table *t, u64 hash,
					   const void *key, void *value)
{
	return sqm_load_tags(m, t, hash, key, value, CMAP_SHAPE_U64_U64);
}

static noinline int sqm_load_guest_u64(struct cmap *m, const struct sqm_table *t, u64 hash,
				       const void *key, void *value)
{
	return sqm_load_tags(m, t, hash, key, value, CMAP_SHAPE_U64(m));
}

/*
 * Look at home, without the tags, in a map with u64 keys.
 *
 * Which of its two slots holds the key takes no branch: it would often be mispredicted.
 * But all that waits for a cache line takes room in the CPU, and so from the lookups
 * that follow and could wait for theirs at the same time.  So where most lookups miss
 * the caches, look at the better slot only: that is a compare and a branch, and a
 * mispredicted one costs little there, as the lookups behind it have begun.
 *
 * An odd count takes no branch either: it compares unequal, as no count becomes one less.
 */
static __always_inline bool sqm_load_home(struct cmap *m, const struct sqm_table *t, u64 hash,
					  u64 key, void *value, const struct cmap_shape shape)
{
	const struct sqm_bucket b = sqm_bucket_at(t, hash >> t->shift, shape);
	const u64 *slot;
	u64 words[SQM_INLINE_MAX / sizeof(u64)];
	/* Pairs with the release in sqm_write_end(): what it wrote, or later. */
	u32 seq = smp_load_acquire(&b.header->seq);

	/* Keys: pair with sqm_slot_write(). */
	if (sqm_home_slots(shape) == 2 && !t->far) {
		unsigned long first, second;

		slot = b.slots + (sqm_home(hash, shape) & ~1U) * sqm_slot_words(shape);
		first = READ_ONCE(slot[0]) == key;
		second = READ_ONCE(slot[sqm_slot_words(shape)]) == key;
		OPTIMIZER_HIDE_VAR(second);
		if (unlikely(!(first | second)))
			return false;
		slot += second * sqm_slot_words(shape);
	} else {
		slot = b.slots + sqm_home(hash, shape) * sqm_slot_words(shape);
		if (unlikely(READ_ONCE(slot[0]) != key))
			return false;
	}
	sqm_value_read(words, slot, shape);
	if (unlikely(!sqm_valid(b.header, seq & ~1U))) {
		if (!(seq & 1))		/* else sqm_follow() sees whether it is one */
			cmap_count(m, CMAP_RETRIES);
		return false;
	}
	return sqm_value_take(value, words, NULL, shape);
}

/* Inside an RCU read-side section. */
static __always_inline int sqm_load_hashed(struct cmap *m, u64 hash, const void *key,
					   void *value, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	const struct sqm_table *t = rcu_dereference(to_sqm_map(m)->table);
	int ret;

	if (!shape.u64_key)
		ret = sqm_load_tags(m, t, hash, key, value, shape);
	else if (likely(sqm_load_home(m, t, hash, *(const u64 *)key, value, shape)))
		ret = 0;
	else if (shape.value_size == sizeof(u64))
		ret = sqm_load_guest_u64_u64(m, t, hash, key, value);
	else
		ret = sqm_load_guest_u64(m, t, hash, key, value);
	cmap_count(m, ret ? CMAP_MISSES : CMAP_HITS);
	return ret;
}

static __always_inline int sqm_load(struct cmap *m, const void *key, void *value,
				    const struct cmap_shape shape)
{
	const struct many_steps steps = {
		.begin = many_rcu_begin, .load = sqm_load_hashed, .end = many_rcu_end,
	};

	return many_load_one(m, key, value, steps, shape);
}

/* The shapes with sizes known only now, out of line, away from the fast one's registers. */
static noinline int sqm_load_sized(struct cmap *m, const void *key, void *value)
{
	if (m->shape.u64_key)
		return sqm_load(m, key, value, CMAP_SHAPE_U64(m));
	return sqm_load(m, key, value, CMAP_SHAPE_ANY(m));
}

/**
 * seqlock_load - see cmap_load()
 * @m: the map
 * @key: the key
 * @value: where the value goes
 *
 * Context: Process or softirq.
 * Return: 0 or -ENOENT.
 */
int seqlock_load(struct cmap *m, const void *key, void *value)
{
	if (likely(m->shape.u64_key && m->shape.value_size == sizeof(u64)))
		return sqm_load(m, key, value, CMAP_SHAPE_U64_U64);
	return sqm_load_sized(m, key, value);
}

/* Where the load of a key with that hash looks first. */
static __always_inline void sqm_fetch(struct cmap *m, u64 hash, const struct cmap_shape shape)
{
	/* Pairs with rcu_assign_pointer() in sqm_resize_end(). */
	const struct sqm_table *t = rcu_dereference(to_sqm_map(m)->table);
	const struct sqm_bucket b = sqm_bucket_at(t, hash >> t->shift, shape);

	prefetch(b.header);
	prefetch(b.slots + sqm_home(hash, shape) * sqm_slot_words(shape));
}

CMAP_DEFINE_LOAD_MANY(seqlock,
		      .begin = many_rcu_begin, .fetch = sqm_fetch, .load = sqm_load_hashed,
		      .end = many_rcu_end)

/* Keep count of a stripe's entries, and see whether the table still suits. */
static __always_inline void sqm_account(struct sqm_stripe *s, enum cmap_action act,
					struct sqm_supply *supply)
{
	lockdep_assert_held(&s->lock);
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
					  const struct sqm_bucket b, const struct sqm_key *k,
					  const void *value, struct sqm_supply *supply,
					  const struct cmap_shape shape)
{
	u64 image[SQM_SLOT_WORDS];
	unsigned int i;

	for (i = 0; i < sqm_key_words(shape); i++)
		image[i] = k->words[i];
	sqm_image_value(image + sqm_key_words(shape), value, supply->entry, shape);
	supply->entry = NULL;	/* linked now, where it was needed */
	sqm_write_begin(b.header);
	sqm_insert(sm, s, b, image, k->tag, supply, shape);
	sqm_write_end(b.header);
}

static __always_inline void sqm_do_replace(const struct sqm_bucket b, u64 *slot,
					   const void *value, struct sqm_supply *supply,
					   const struct cmap_shape shape)
{
	u64 words[SQM_INLINE_MAX / sizeof(u64)];
	unsigned int i;

	sqm_image_value(words, value, supply->entry, shape);
	if (!sqm_is_inline(shape)) {
		sqm_entry_unlink(sqm_pointer(slot[1]), supply);
		supply->entry = NULL;
	}
	sqm_write_begin(b.header);
	for (i = 0; i < sqm_value_words(shape); i++)
		WRITE_ONCE(slot[sqm_key_words(shape) + i], words[i]);
	sqm_write_end(b.header);
}

static __always_inline void sqm_do_remove(struct sqm_map *sm, struct sqm_stripe *s,
					  const struct sqm_bucket b, const struct sqm_place *p,
					  const u64 *slot, struct sqm_supply *supply,
					  const struct cmap_shape shape)
{
	if (!sqm_is_inline(shape))
		sqm_entry_unlink(sqm_pointer(slot[1]), supply);
	sqm_write_begin(b.header);
	sqm_remove(sm, s, b, p, supply, shape);
	sqm_write_end(b.header);
}

/* Carry out a write, or say what it lacks and change nothing. */
static __always_inline enum sqm_lack sqm_write(struct sqm_map *sm, struct sqm_stripe *s,
					       const struct sqm_bucket b,
					       const struct cmap_update *u,
					       const struct sqm_key *k,
					       struct sqm_supply *supply, int *ret,
					       const struct cmap_shape shape)
{
	const void *value = NULL;
	struct sqm_place p;
	u64 *slot = NULL;
	enum cmap_action act;

	lockdep_assert_held(&s->lock);
	if (sqm_find(b, k, &p, shape)) {
		slot = p.slots + p.i * sqm_slot_words(shape);
		value = sqm_is_inline(shape) ? slot + sqm_key_words(shape) :
			sqm_entry_value(sqm_pointer(slot[1]), shape);
	}
	act = update_decide(u, value, shape, ret);
	if (!sqm_is_inline(shape) && !supply->entry &&
	    (act == CMAP_ACT_INSERT || act == CMAP_ACT_REPLACE))
		return SQM_LACKS_ENTRY;

	switch (act) {
	case CMAP_ACT_NONE:
		break;
	case CMAP_ACT_INSERT:
		if (!supply->overflows && sqm_needs_overflow(b, shape))
			return SQM_LACKS_OVERFLOW;
		sqm_do_insert(sm, s, b, k, u->value, supply, shape);
		break;
	case CMAP_ACT_REPLACE:
		sqm_do_replace(b, slot, u->value, supply, shape);
		break;
	case CMAP_ACT_REMOVE:
		sqm_do_remove(sm, s, b, &p, slot, supply, shape);
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
	sqm_stripe_lock(sm, s);
	t = sqm_table_of(sm, s, k->hash, supply);
	lack = sqm_write(sm, s, sqm_bucket_at(t, k->hash >> t->shift, shape), u, k, supply, ret,
			 shape);
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

STRESS_DEFINE_RUN(seqlock, seqlock_load)

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
