/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers that are not C: a program that has maps of its own, spoken to a line at a time (see
 * go/main.go for the lines).  A process a design, so that one's heap is none of the others'
 * and its map lives from round to round.
 */
#ifndef MAPSTAT_BENCH_EXTERNAL_H
#define MAPSTAT_BENCH_EXTERNAL_H

#include "cell.h"

/**
 * struct external_result - what came of one cell, summed over its threads
 * @ops: operations
 * @ns: inside the timed loops
 * @wall_ns: from the start of all to the end of the last
 * @min_ops: of the thread that did least
 * @max_ops: of the thread that did most
 */
struct external_result {
	uint64_t ops;
	uint64_t ns;
	uint64_t wall_ns;
	uint64_t min_ops;
	uint64_t max_ops;
};

/**
 * external_start - have the program at hand
 * @program: its path
 *
 * Call it before the calling thread is pinned: the processes may run where it may now.
 *
 * Return: 0; -ENOENT or -EACCES where there is no such program; what starting it failed with.
 */
int external_start(const char *program);

/**
 * external_run - one cell
 * @design: the map; its entries are kept until another number of them or @seed is asked for
 * @cell: what to measure; of its keys only the number counts
 * @seed: of keys and draws
 * @result: what came of it (out)
 *
 * Return: 0; -EOPNOTSUPP: it has no such operation; -EINVAL: it refused; -EBADMSG: a value was
 * not what had been stored; -ETIMEDOUT, -EPIPE, -EPROTO: it was late, it died, it said what
 * nobody understands, and the process has been ended (the next call starts another).
 */
int external_run(const char *design, const struct cell *cell, uint64_t seed,
		 struct external_result *result);

/**
 * external_cell - external_run(), for native.tsv
 * @design: as above
 * @cell: as above
 * @seed: as above
 * @mops: of all threads, millions a second (out)
 * @ns_per_op: per thread (out)
 *
 * Return: as external_run().
 */
int external_cell(const char *design, const struct cell *cell, uint64_t seed, double *mops,
		  double *ns_per_op);

/**
 * external_bytes - what a design's heap grew by when it was filled
 * @design: the map
 * @n: entries
 * @seed: of the keys
 * @bytes: for all of them (out)
 *
 * Return: as external_run().
 */
int external_bytes(const char *design, uint64_t n, uint64_t seed, uint64_t *bytes);

/* One line: version and settings; "" before external_start(). */
const char *external_settings(void);

/* One line: why the last call failed. */
const char *external_error(void);

/* Ends the processes. */
void external_stop(void);

#endif /* MAPSTAT_BENCH_EXTERNAL_H */
