/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers that are not written in C: a program with maps of its own, controlled by lines of text
 * (see go/main.go for these).  There is one process per design, so that each has a heap of its
 * own, and its map lives from round to round.
 */
#ifndef MAPSTAT_BENCH_EXTERNAL_H
#define MAPSTAT_BENCH_EXTERNAL_H

#include "cell.h"

/**
 * struct external_result - the results of one cell, summed over its threads
 * @ops: operations
 * @ns: inside the timed loops
 * @wall_ns: from the common start to the end of the last thread
 * @min_ops: of the slowest thread
 * @max_ops: of the fastest thread
 */
struct external_result {
	uint64_t ops;
	uint64_t ns;
	uint64_t wall_ns;
	uint64_t min_ops;
	uint64_t max_ops;
};

/**
 * external_start - check that the program can be started
 * @program: its path
 *
 * Must be called before the calling thread is pinned: its present affinity is passed to the
 * processes.
 *
 * Return: 0; -ENOENT or -EACCES if there is no such program; else the error of starting it.
 */
int external_start(const char *program);

/**
 * external_run - measure one cell
 * @design: the map; its entries are kept until their number or @seed changes
 * @cell: what to measure; only the number of its keys is used
 * @seed: of keys and draws
 * @result: the results (out)
 *
 * Return: 0; -EOPNOTSUPP: no such operation; -EINVAL: the program refused; -EBADMSG: a value
 * differed from the one stored; -ETIMEDOUT, -EPIPE, -EPROTO: the answer was late, the process
 * died, or the answer is invalid, and the process has been ended (the next call starts another).
 */
int external_run(const char *design, const struct cell *cell, uint64_t seed,
		 struct external_result *result);

/**
 * external_cell - external_run(), for native.tsv
 * @design: as above
 * @cell: as above
 * @seed: as above
 * @mops: of all threads, in millions per second (out)
 * @ns_per_op: per thread (out)
 *
 * Return: as external_run().
 */
int external_cell(const char *design, const struct cell *cell, uint64_t seed, double *mops,
		  double *ns_per_op);

/**
 * external_bytes - growth of a design's heap when it was filled
 * @design: the map
 * @n: number of entries
 * @seed: of the keys
 * @bytes: of all entries together (out)
 *
 * Return: as external_run().
 */
int external_bytes(const char *design, uint64_t n, uint64_t seed, uint64_t *bytes);

/* One line: version and settings; "" before external_start(). */
const char *external_settings(void);

/* One line: why the last call failed. */
const char *external_error(void);

/* End the processes. */
void external_stop(void);

#endif /* MAPSTAT_BENCH_EXTERNAL_H */
