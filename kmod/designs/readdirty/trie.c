// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hash trie.  See trie.h.
 */
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include "trie.h"

#define TRIE_TOP	(64 - TRIE_BITS)	/* shift of the first level */
#define TRIE_LEVELS	(64 / TRIE_BITS)
#define TRIE_NODE	1UL			/* in a slot: this is a node */

static unsigned int trie_slot_of(u64 hash, unsigned int shift)
{
	return (hash >> shift) & (TRIE_SLOTS - 1);
}

static bool trie_is_node(const void *p)
{
	return (unsigned long)p & TRIE_NODE;
}

static struct trie_node *to_node(void *p)
{
	return (void *)((unsigned long)p & ~TRIE_NODE);
}

/**
 * trie_find - find the entries of a hash
 * @t: the trie
 * @hash: the hash
 *
 * Context: RCU read lock, or the writer's lock.
 * Return: the newest entry, which links to the others; NULL if there is none.
 */
struct trie_item *trie_find(const struct trie *t, u64 hash)
{
	const struct trie_node *node = &t->root;
	unsigned int shift;
	void *p;

	for (shift = TRIE_TOP;; shift -= TRIE_BITS) {
		/*
		 * Pairs with rcu_assign_pointer() in trie_insert().  Raw: the writer calls this,
		 * too, under its lock.
		 */
		p = rcu_dereference_raw(node->slots[trie_slot_of(hash, shift)]);
		cmap_access(NULL, &node->slots[trie_slot_of(hash, shift)], sizeof(p), MAPSTAT_READ);
		if (!trie_is_node(p))
			break;
		node = to_node(p);
	}
	if (!p)
		return NULL;
	cmap_access(NULL, p, sizeof(struct trie_item), MAPSTAT_READ);
	return ((struct trie_item *)p)->snap.hash == hash ? p : NULL;
}

/* A node that holds only @item, one level below the slot that held it. */
static struct trie_node *trie_node_with(struct trie *t, struct trie_item *item, unsigned int shift,
					gfp_t gfp)
{
	struct trie_node *node = arena_alloc(&t->nodes, sizeof(*node), gfp);

	if (node)
		RCU_INIT_POINTER(node->slots[trie_slot_of(item->snap.hash, shift)], item);
	return node;
}

/**
 * trie_insert - insert an entry
 * @t: the trie
 * @item: the entry, complete except for @item->next; there is no other entry of its key
 * @gfp: for nodes
 *
 * Context: As @gfp requires; the caller excludes other writers.
 * Return: 0, or -ENOMEM: no entry was added (a node may have been, which has no effect).
 */
int trie_insert(struct trie *t, struct trie_item *item, gfp_t gfp)
{
	const u64 hash = item->snap.hash;
	struct trie_node *node = &t->root;
	unsigned int shift;
	void __rcu **slot;
	void *p;

	for (shift = TRIE_TOP;; shift -= TRIE_BITS) {
		slot = &node->slots[trie_slot_of(hash, shift)];
		p = rcu_dereference_raw(*slot);	/* only we write to it */
		cmap_access(NULL, slot, sizeof(p), MAPSTAT_READ);
		if (trie_is_node(p)) {
			node = to_node(p);
			continue;
		}
		if (!p || ((struct trie_item *)p)->snap.hash == hash)
			break;
		/* Different hashes differ in the last level's bits at the latest: shift > 0. */
		node = trie_node_with(t, p, shift - TRIE_BITS, gfp);
		if (!node)
			return -ENOMEM;
		cmap_access(NULL, node, sizeof(*node), MAPSTAT_WRITE);
		cmap_access(NULL, slot, sizeof(p), MAPSTAT_WRITE);
		/* Pairs with rcu_dereference_raw() of readers: the node is filled in. */
		rcu_assign_pointer(*slot, (void *)((unsigned long)node | TRIE_NODE));
	}
	item->next = p;
	/*
	 * Before the entry becomes visible, so that a thread that sees it, or is ordered after
	 * one that did, reads a count above 0.  Pairs with the READ_ONCE() of checks for an
	 * empty trie.
	 */
	WRITE_ONCE(t->count, t->count + 1);
	/* Pairs with rcu_dereference_raw() of readers: the entry is complete. */
	rcu_assign_pointer(*slot, (void *)item);
	cmap_access(NULL, &item->next, sizeof(item->next), MAPSTAT_WRITE);
	cmap_access(NULL, &t->count, sizeof(t->count), MAPSTAT_WRITE);
	cmap_access(NULL, slot, sizeof(*slot), MAPSTAT_WRITE);
	return 0;
}

/* Visit the entries of one hash. Return: 0, or the value with which @visit ended the walk. */
static int trie_visit_chain(struct trie_item *item, snap_visit_fn visit, void *arg)
{
	struct trie_item *next;
	int ret = 0;

	for (; item && !ret; item = next) {
		next = item->next;
		ret = visit(arg, &item->snap);
	}
	return ret;
}

/**
 * trie_walk - visit the entries whose hash is in a range, in order
 * @t: the trie
 * @lo: lowest hash
 * @hi: highest hash
 * @visit: called for each; may free the entry
 * @arg: passed to @visit
 *
 * Entries that are there when the walk begins are visited, each once; entries inserted
 * during the walk may be.
 *
 * Context: As @visit requires; under RCU read lock, unless nothing can be freed concurrently.
 * Return: 0, or the value with which @visit ended the walk.
 */
int trie_walk(const struct trie *t, u64 lo, u64 hi, snap_visit_fn visit, void *arg)
{
	/* The path to the current slot, so that the walk need not restart at the root. */
	const struct trie_node *path[TRIE_LEVELS] = { &t->root };
	unsigned int shift = TRIE_TOP, level = 0;
	u64 at = lo;
	void *p;
	int ret;

	for (;;) {
		/* Pairs with rcu_assign_pointer() in trie_insert(). */
		p = rcu_dereference_raw(path[level]->slots[trie_slot_of(at, shift)]);
		if (trie_is_node(p)) {
			path[++level] = to_node(p);
			shift -= TRIE_BITS;
			continue;
		}
		if (p && ((struct trie_item *)p)->snap.hash >= at) {
			if (((struct trie_item *)p)->snap.hash > hi)
				return 0;
			ret = trie_visit_chain(p, visit, arg);
			if (ret)
				return ret;
		}
		at = ((at >> shift) + 1) << shift;	/* after the slot; 0 after the last one */
		if (!at || at > hi)
			return 0;
		/* Go up if that was the last slot of its node. */
		for (; !trie_slot_of(at, shift); shift += TRIE_BITS)
			level--;
	}
}

/**
 * trie_reset - remove all entries
 * @t: the trie; no longer read by others
 *
 * Does not free the entries.
 *
 * Context: Any; the caller excludes others.
 */
void trie_reset(struct trie *t)
{
	arena_free(&t->nodes);
	memset(&t->root, 0, sizeof(t->root));
	WRITE_ONCE(t->count, 0);	/* pairs as in trie_insert() */
}
