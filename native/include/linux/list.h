/* SPDX-License-Identifier: GPL-2.0-only */
/* Linked lists, as far as the maps use them. */
#ifndef _NATIVE_LINUX_LIST_H
#define _NATIVE_LINUX_LIST_H

#include <linux/kernel.h>

#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add(struct list_head *node, struct list_head *list)
{
	node->prev = list;
	node->next = list->next;
	list->next->prev = node;
	list->next = node;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	node->prev = list->prev;
	node->next = list;
	list->prev->next = node;
	list->prev = node;
}

static inline void list_del(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	INIT_LIST_HEAD(node);
}

#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define list_first_entry(list, type, member)	list_entry((list)->next, type, member)

#define list_for_each_entry(pos, list, member)					\
	for (pos = list_first_entry(list, __typeof__(*pos), member);		\
	     &pos->member != (list);						\
	     pos = list_first_entry(&pos->member, __typeof__(*pos), member))

static inline void INIT_HLIST_NODE(struct hlist_node *node)
{
	node->next = NULL;
	node->pprev = NULL;
}

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *list)
{
	node->next = list->first;
	if (node->next)
		node->next->pprev = &node->next;
	list->first = node;
	node->pprev = &list->first;
}

static inline void hlist_del(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
}

#define hlist_entry(ptr, type, member)	container_of(ptr, type, member)
#define hlist_entry_or_null(ptr, type, member)					\
({										\
	__typeof__(ptr) __node = (ptr);						\
										\
	__node ? container_of(__node, type, member) : NULL;			\
})

#define hlist_for_each_entry_safe(pos, after, list, member)			\
	for (pos = hlist_entry_or_null((list)->first, __typeof__(*pos), member);	\
	     pos && ((after = pos->member.next), true);				\
	     pos = hlist_entry_or_null(after, __typeof__(*pos), member))

#endif /* _NATIVE_LINUX_LIST_H */
