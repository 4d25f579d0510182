/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash trie: a tree over the hash, four bits per level, that only grows.  One
 * writer at a time inserts; readers need only RCU.
 *
 * It takes any number of entries without being resized: an insert adds the entry, and
 * occasionally a node of 128 bytes, and moves nothing else.  A path has at most 16 nodes,
 * for any number of entries; with random hashes its length is about the base-16 logarithm
 * of their number, plus one.  Entries with the same hash are chained.
 *
 * READERS AND THE WRITER.  A slot is written with rcu_assign_pointer(), which makes the
 * entry or the node visible as a whole; readers use rcu_dereference().  A slot changes from
 * empty to an entry to a node that holds that entry, and never back, so a reader that
 * is concurrent with an insert sees every entry that was there before.
 */
#ifndef MAPSTAT_TRIE_H
#define MAPSTAT_TRIE_H

#include <linux/bits.h>
#include "arena.h"
#include "snapshot.h"

#define TRIE_BITS	4
#define TRIE_SLOTS	BIT(TRIE_BITS)

/**
 * struct trie_item - beginning of each entry of a trie
 * @snap: its hash; constant
 * @next: an older entry with the same hash, or NULL; constant once inserted
 */
struct trie_item {
	struct snap_item snap;
	struct trie_item *next;
};

/**
 * struct trie_node - a level of a path
 * @slots: NULL, a struct trie_item, or a struct trie_node with bit 0 set.  Written by
 *	the writer, read under RCU
 */
struct trie_node {
	void __rcu *slots[TRIE_SLOTS];
};

/**
 * struct trie - a trie
 * @root: the first level
 * @nodes: memory of the other nodes; protected by the writer's lock
 * @count: entries; written under the writer's lock, read by anyone
 */
struct trie {
	struct trie_node root;
	struct arena nodes;
	u64 count;
};

struct trie_item *trie_find(const struct trie *t, u64 hash);
int trie_insert(struct trie *t, struct trie_item *item, gfp_t gfp);
int trie_walk(const struct trie *t, u64 lo, u64 hi, snap_visit_fn visit, void *arg);
void trie_reset(struct trie *t);

#endif /* MAPSTAT_TRIE_H */
