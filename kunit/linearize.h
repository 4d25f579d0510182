/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checker of the linearizability of a history of operations on one key (Wing & Gong 1993; with
 * a memory of configurations seen, after Lowe 2017).
 */
#ifndef MAPSTAT_KUNIT_LINEARIZE_H
#define MAPSTAT_KUNIT_LINEARIZE_H

#include <linux/types.h>

#define LIN_THREADS	4	/* more than two rarely operate on one key at once */
#define LIN_OPS		1024	/* of one history, all threads together */
#define LIN_CONFIGS	65536	/* remembered; 64 per operation at LIN_OPS */

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
 * struct lin_op - one operation, as seen by its caller
 * @call: timestamp taken before the call
 * @ret: timestamp taken after the return; all threads' timestamps form one order
 * @value: the value to store, never 0; unique in the history
 * @expect: the value to compare with
 * @out: the value returned; 0 if none (for swap and load_or_store: if the key was absent)
 * @kind: which operation
 * @result: its return value
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
 * @initial: the key's value at the start, 0 if absent
 * @threads: number of elements of @op and @n in use
 * @n: number of operations of each thread
 * @op: each thread's operations, in program order
 */
struct lin_history {
	u32 initial;
	unsigned int threads;
	unsigned int n[LIN_THREADS];
	const struct lin_op *op[LIN_THREADS];
};

enum lin_verdict {
	LIN_LEGAL,	/* some order explains it */
	LIN_ILLEGAL,	/* no order does */
	LIN_UNDECIDED,	/* too many operations, or too many at once, to decide */
};

struct lin_checker;

struct lin_checker *lin_checker_alloc(void);
void lin_checker_free(struct lin_checker *c);
enum lin_verdict lin_check(struct lin_checker *c, const struct lin_history *h);
int lin_explain(const struct lin_checker *c, const struct lin_history *h, char *buf, int size);

#endif /* MAPSTAT_KUNIT_LINEARIZE_H */
