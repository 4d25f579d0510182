/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bench's modes, one per file.
 */
#ifndef MAPSTAT_BENCH_MODES_H
#define MAPSTAT_BENCH_MODES_H

#include "peers.h"

/* Each returns the program's exit status. */
int matrix_run(const struct bench_options *options, const struct peers *peers);
int grow_run(const struct bench_options *options, const struct peers *peers);
int oversubscribed_run(const struct bench_options *options, const struct peers *peers);
int count_run(const struct bench_options *options);
int record_run(const struct bench_options *options);
int plan_run(const struct bench_options *options, const struct peers *peers);

void comment_machine(FILE *out, const struct bench_options *options);

#endif /* MAPSTAT_BENCH_MODES_H */
