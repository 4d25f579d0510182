/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's names of types.  The system's header of this name is included, because the C
 * library's headers need it.
 */
#ifndef _NATIVE_LINUX_TYPES_H
#define _NATIVE_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/compiler.h>

#define CONFIG_64BIT	1

/* Based on long long like the kernel's, so that %llu is right. */
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef unsigned int gfp_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

/* Same size as liburcu's, as which it is used (shim/rcu.c). */
struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

#endif /* _NATIVE_LINUX_TYPES_H */
