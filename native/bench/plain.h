/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The limit: an open-addressing table without synchronization, used by one thread.  Linear
 * probing, slots of 16 bytes, at most half of them used, with the hash of our u64 path.
 */
#ifndef MAPSTAT_BENCH_PLAIN_H
#define MAPSTAT_BENCH_PLAIN_H

#include "kmod/designs/hash.h"
#include "peer.h"

/**
 * struct plain_slot - an entry
 * @key: 0 if the slot is empty
 * @value: the value
 */
struct plain_slot {
	uint64_t key;
	uint64_t value;
};

/**
 * struct plain - the table
 * @slots: 1 << (64 - @shift) slots
 * @mask: number of slots - 1
 * @shift: of the hash
 * @hash: the secret
 * @entries: number of entries in @slots
 * @has_zero: the key 0, which a slot cannot hold, is present
 * @zero: the value of key 0
 */
struct plain {
	struct plain_slot *slots;
	uint64_t mask;
	unsigned int shift;
	struct cmap_hash_key hash;
	uint64_t entries;
	bool has_zero;
	uint64_t zero;
};

bool plain_init(struct plain *p, uint64_t capacity);
void plain_exit(struct plain *p);
bool plain_insert(struct plain *p, uint64_t key, uint64_t value);
bool plain_erase(struct plain *p, uint64_t key);

static inline uint64_t plain_home(const struct plain *p, uint64_t key)
{
	return hash_u64(&p->hash, key) >> p->shift;
}

static inline bool plain_find(const struct plain *p, uint64_t key, uint64_t *value)
{
	uint64_t i;

	if (__builtin_expect(!key, 0)) {
		*value = p->zero;
		return p->has_zero;
	}
	for (i = plain_home(p, key);; i = (i + 1) & p->mask) {
		const struct plain_slot *s = &p->slots[i];

		if (s->key == key) {
			*value = s->value;
			return true;
		}
		if (!s->key)
			return false;
	}
}

/* Set a key's value.  Return: false: no memory to grow. */
static inline bool plain_set(struct plain *p, uint64_t key, uint64_t value)
{
	uint64_t i;

	if (__builtin_expect(!key, 0)) {
		p->zero = value;
		p->has_zero = true;
		return true;
	}
	for (i = plain_home(p, key); p->slots[i].key; i = (i + 1) & p->mask) {
		if (p->slots[i].key == key) {
			p->slots[i].value = value;
			return true;
		}
	}
	return plain_insert(p, key, value);
}

#endif /* MAPSTAT_BENCH_PLAIN_H */
