/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a history of operations on one key linearizable?  (Wing & Gong 1993; with a memory
 * of configurations seen, after Lowe 2017.)
 */
#ifndef MAPSTAT_KUNIT_LINEARIZE_H
#define MAPSTAT_KUNIT_LINEARIZE_H

#include <linux/types.h>

#define LIN_THREADS	4	/* more than two at once on one key is rare enough */
#define LIN_OPS		1024	/* of one history, all threads together */
#define LIN_CONFIGS	65536	/* remembered; 64 for each operation at LIN_OPS */

enum lin_kind {
	LIN_LOAD,
	LIN_STORE,
	LIN_LOAD_OR_STORE,
	LIN_SWAP,
	LIN_COMPARE_AND_SWAP,
	LIN_DELETE,
	LIN_LOAD_AND_DELETE,
	LIN_COMPARE_AND_DELETE,
	LIN_NR_KINDS
};

/**
 * struct lin_op - one operation, as seen from outside
 * @call: stamp taken before it was called
 * @ret: stamp taken after it returned; stamps of all threads are one order
 * @value: the value it brought, never 0; unique in the history
 * @expect: the value it compared with
 * @out: the value that came out of it; 0 where none did (for swap and load_or_store:
 *	where the key was absent)
 * @kind: which
 * @result: what it returned
 */
struct lin_op {
	u64 call;
	u64 ret;
	u32 value;
	u32 expect;
	u32 out;
	u8 kind;
	s16 result;
};

/**
 * struct lin_history - operations on one key
 * @initial: its value at the start, 0 where absent
 * @threads: how many of @op and @n are in use
 * @n: operations of each thread
 * @op: each thread's operations, in the order in which it did them
 */
struct lin_history {
	u32 initial;
	unsigned int threads;
	unsigned int n[LIN_THREADS];
	const struct lin_op *op[LIN_THREADS];
};

enum lin_verdict {
	LIN_LEGAL,	/* there is an order that explains it */
	LIN_ILLEGAL,	/* there is none */
	LIN_UNDECIDED,	/* too many operations, or too many at once, to tell */
};

struct lin_checker;

struct lin_checker *lin_checker_alloc(void);
void lin_checker_free(struct lin_checker *c);
enum lin_verdict lin_check(struct lin_checker *c, const struct lin_history *h);
int lin_explain(const struct lin_checker *c, const struct lin_history *h, char *buf, int size);

#endif /* MAPSTAT_KUNIT_LINEARIZE_H */
