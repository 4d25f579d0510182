/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reasons for refused requests, as shown in the file last_error.
 */
#ifndef MAPSTAT_REFUSAL_H
#define MAPSTAT_REFUSAL_H

#include <linux/compiler.h>
#include <linux/types.h>

struct seq_file;

__printf(2, 3) int mapstat_refuse(int error, const char *fmt, ...);
__printf(2, 3) int mapstat_refuse_quietly(int error, const char *fmt, ...);
__printf(2, 3) int mapstat_refuse_memory(u64 wanted, const char *fmt, ...);
u64 mapstat_refusals(void);
void mapstat_refusal_since(u64 before, int error);
void mapstat_refusal_show(struct seq_file *m);

#endif /* MAPSTAT_REFUSAL_H */
