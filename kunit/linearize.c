// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks whether a history of operations on one key is linearizable.
 *
 * A configuration is the number of each thread's operations that have taken effect, and the
 * key's value.  From it, each thread's next operation may take effect next, unless another
 * operation that has not taken effect yet had returned before it was called.  The search is
 * depth first and enters no configuration twice.
 */
#include <linux/errno.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "linearize.h"

/**
 * struct lin_config - a configuration
 * @pos: operations of each thread that have taken effect
 * @value: the key's value then; 0 if absent
 * @search: the search that entered it; entries of earlier searches are free
 */
struct lin_config {
	u16 pos[LIN_THREADS];
	u32 value;
	u32 search;
};

/**
 * struct lin_checker - memory of one search; owned by its caller
 * @seen: hash table of the configurations entered, open addressing
 * @search: number of the current search, from 1
 * @entered: number of configurations it has entered
 * @at: the current configuration
 * @deepest: the configuration in which most operations had taken effect
 * @depth: operations that have taken effect in @at
 * @max_depth: the same in @deepest
 * @thread: the thread of the i-th operation
 * @before: the value before the i-th operation
 */
struct lin_checker {
	struct lin_config seen[LIN_CONFIGS];
	u32 search;
	unsigned int entered;
	struct lin_config at;
	struct lin_config deepest;
	unsigned int depth;
	unsigned int max_depth;
	u8 thread[LIN_OPS];
	u32 before[LIN_OPS];
};

static const char *const kind_names[LIN_NR_KINDS] = {
	[LIN_LOAD] = "load",
	[LIN_STORE] = "store",
	[LIN_LOAD_OR_STORE] = "load_or_store",
	[LIN_SWAP] = "swap",
	[LIN_COMPARE_AND_SWAP] = "compare_and_swap",
	[LIN_DELETE] = "delete",
	[LIN_LOAD_AND_DELETE] = "load_and_delete",
	[LIN_COMPARE_AND_DELETE] = "compare_and_delete",
};

struct lin_checker *lin_checker_alloc(void)
{
	return kvzalloc(sizeof(struct lin_checker), GFP_KERNEL);
}

void lin_checker_free(struct lin_checker *c)
{
	kvfree(c);
}

/* Operations of this kind may return -ENOMEM (guarantee D). */
static bool may_lack_memory(u8 kind)
{
	return kind == LIN_STORE || kind == LIN_LOAD_OR_STORE || kind == LIN_SWAP ||
	       kind == LIN_COMPARE_AND_SWAP;
}

/* A compare_and_*, which sets @new if the key had the expected value. */
static bool step_compare(const struct lin_op *op, u32 *value, u32 new)
{
	switch (op->result) {
	case 0:
		if (!*value || *value != op->expect)
			return false;
		*value = new;
		return true;
	case -EAGAIN:
		return *value && *value != op->expect;
	case -ENOENT:
		return !*value;
	default:
		return false;
	}
}

/* A load or delete, which leaves @new if the key is present. */
static bool step_present(const struct lin_op *op, u32 *value, u32 new)
{
	if (op->result == -ENOENT)
		return !*value;
	if (op->result || !*value)
		return false;
	if (op->kind != LIN_DELETE && op->out != *value)
		return false;
	*value = new;
	return true;
}

/* Apply @op to a sequential map. Return: false if its result is impossible with @value. */
static bool step(const struct lin_op *op, u32 *value)
{
	if (op->result == -ENOMEM)
		return may_lack_memory(op->kind);
	switch (op->kind) {
	case LIN_LOAD:
		return step_present(op, value, *value);
	case LIN_DELETE:
	case LIN_LOAD_AND_DELETE:
		return step_present(op, value, 0);
	case LIN_COMPARE_AND_SWAP:
		return step_compare(op, value, op->value);
	case LIN_COMPARE_AND_DELETE:
		return step_compare(op, value, 0);
	case LIN_LOAD_OR_STORE:
		if (op->result || op->out != *value)
			return false;
		*value = *value ?: op->value;
		return true;
	case LIN_SWAP:
		if (op->result || op->out != *value)
			return false;
		*value = op->value;
		return true;
	case LIN_STORE:
		if (op->result)
			return false;
		*value = op->value;
		return true;
	default:
		return false;
	}
}

/* The earliest return time of the operations that have not taken effect. */
static u64 earliest_return(const struct lin_history *h, const struct lin_config *at)
{
	u64 min = U64_MAX;
	unsigned int t;

	for (t = 0; t < h->threads; t++)
		if (at->pos[t] < h->n[t])
			min = min(min, h->op[t][at->pos[t]].ret);
	return min;
}

/* Return: 1 if the configuration is new, 0 if it was seen, -ENOSPC. */
static int remember(struct lin_checker *c, const struct lin_config *config)
{
	u32 i = jhash(config, sizeof(*config), 0);

	for (;; i++) {
		struct lin_config *slot = &c->seen[i % LIN_CONFIGS];

		if (slot->search != c->search) {
			if (c->entered >= LIN_CONFIGS / 4 * 3)
				return -ENOSPC;
			*slot = *config;
			c->entered++;
			return 1;
		}
		if (!memcmp(slot, config, sizeof(*config)))
			return 0;
	}
}

/* Let an operation of thread @first or a later one take effect. Return: as remember(). */
static int descend(struct lin_checker *c, const struct lin_history *h, unsigned int first)
{
	u64 limit = earliest_return(h, &c->at);
	unsigned int t;

	for (t = first; t < h->threads; t++) {
		const struct lin_op *op = &h->op[t][c->at.pos[t]];
		struct lin_config next = c->at;
		int ret;

		if (c->at.pos[t] == h->n[t] || op->call > limit || !step(op, &next.value))
			continue;
		next.pos[t]++;
		ret = remember(c, &next);
		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		c->thread[c->depth] = t;
		c->before[c->depth] = c->at.value;
		c->depth++;
		c->at = next;
		return 1;
	}
	return 0;
}

static unsigned int ascend(struct lin_checker *c)
{
	unsigned int t = c->thread[--c->depth];

	c->at.pos[t]--;
	c->at.value = c->before[c->depth];
	return t;
}

/**
 * lin_check - check a history
 * @c: of lin_checker_alloc(); discards its last search
 * @h: the history
 *
 * Context: Process; the time is bounded by LIN_CONFIGS.
 * Return: the verdict.
 */
enum lin_verdict lin_check(struct lin_checker *c, const struct lin_history *h)
{
	unsigned int t, total = 0, first = 0;

	for (t = 0; t < h->threads; t++)
		total += h->n[t];
	if (h->threads > LIN_THREADS || total > LIN_OPS)
		return LIN_UNDECIDED;
	c->search++;
	c->entered = 0;
	c->depth = 0;
	c->max_depth = 0;
	c->at = (struct lin_config){ .value = h->initial, .search = c->search };
	c->deepest = c->at;
	while (c->depth < total) {
		int ret = descend(c, h, first);

		if (ret < 0)
			return LIN_UNDECIDED;
		if (ret) {
			first = 0;
		} else {
			if (!c->depth)
				return LIN_ILLEGAL;
			first = ascend(c) + 1;
		}
		if (c->depth > c->max_depth) {
			c->max_depth = c->depth;
			c->deepest = c->at;
		}
	}
	return LIN_LEGAL;
}

/**
 * lin_explain - describe where the search for an order of an illegal history ended
 * @c: the checker that rejected it
 * @h: the history
 * @buf: output: the value at the deepest point, and each thread's next operation
 * @size: of @buf
 *
 * Context: Any.
 * Return: characters written.
 */
int lin_explain(const struct lin_checker *c, const struct lin_history *h, char *buf, int size)
{
	unsigned int t;
	int at;

	at = scnprintf(buf, size, "%u operations explained, then the value is %#x and",
		       c->max_depth, c->deepest.value);
	for (t = 0; t < h->threads; t++) {
		const struct lin_op *op = &h->op[t][c->deepest.pos[t]];

		if (c->deepest.pos[t] == h->n[t])
			continue;
		at += scnprintf(buf + at, size - at,
				"; thread %u [%llu,%llu] %s(value %#x, expect %#x) = %d, %#x",
				t, op->call, op->ret, kind_names[op->kind], op->value,
				op->expect, op->result, op->out);
	}
	return at;
}
