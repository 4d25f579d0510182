/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists that are read under RCU, as far as the maps use them. */
#ifndef _NATIVE_LINUX_RCULIST_H
#define _NATIVE_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

#define hlist_first_rcu(list)	((list)->first)

/* @held: lockdep condition for use outside of RCU read-side sections; optional, not checked. */
#define hlist_for_each_entry_rcu(pos, list, member, held...)			\
	for (pos = hlist_entry_or_null(rcu_dereference((list)->first),		\
				       __typeof__(*pos), member);		\
	     pos;								\
	     pos = hlist_entry_or_null(rcu_dereference(pos->member.next),	\
				       __typeof__(*pos), member))

static inline void hlist_add_head_rcu(struct hlist_node *node, struct hlist_head *list)
{
	struct hlist_node *first = list->first;

	node->next = first;
	node->pprev = &list->first;
	rcu_assign_pointer(list->first, node);
	if (first)
		first->pprev = &node->next;
}

static inline void hlist_replace_rcu(struct hlist_node *old, struct hlist_node *new)
{
	struct hlist_node *next = old->next;

	new->next = next;
	new->pprev = old->pprev;
	rcu_assign_pointer(*new->pprev, new);
	if (next)
		next->pprev = &new->next;
}

/*
 * A reader at @node can still follow its next pointer.  This is a release store, although the
 * kernel relies on the dependency: ThreadSanitizer does not know dependencies.
 */
static inline void hlist_del_rcu(struct hlist_node *node)
{
	struct hlist_node *next = node->next;

	/* Pairs with rcu_dereference(); publishes no new node. */
	rcu_assign_pointer(*node->pprev, next);
	if (next)
		next->pprev = node->pprev;
}

#endif /* _NATIVE_LINUX_RCULIST_H */
