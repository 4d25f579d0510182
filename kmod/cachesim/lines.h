/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cache lines that CPUs take from each other, in the manner of perf c2c: which, how
 * often, and who reads and writes what on them.
 */
#ifndef MAPSTAT_LINES_H
#define MAPSTAT_LINES_H

#include <linux/types.h>

struct mapstat_lines;
struct mapstat_access;

#define MAPSTAT_LINE_PARTS	64	/* of a line, that are told apart: a bit each */
#define MAPSTAT_LINE_SITES	8	/* of a line, whose last access is known by its site */

/**
 * struct mapstat_line_cpu - a line, as one CPU has used it
 * @addr: where it begins
 * @misses: coherence misses of this CPU
 * @invalidated: copies in other CPUs' caches that its writes put an end to
 * @reads: accesses that only read
 * @writes: accesses that write
 * @read: parts that were only read, a bit each
 * @written: parts that were written
 * @site: of each eighth, where in the source the CPU has accessed it last:
 *	mapstat_access_site_id()
 * @cpu: which CPU
 *
 * All since the line is in the table: the first miss, or the first copy put an end to.
 */
struct mapstat_line_cpu {
	unsigned long addr;
	u64 misses;
	u64 invalidated;
	u64 reads;
	u64 writes;
	u64 read;
	u64 written;
	u16 site[MAPSTAT_LINE_SITES];
	int cpu;
};

/**
 * struct mapstat_line - a line, as all CPUs have used it
 * @misses: coherence misses
 * @invalidated: copies that writes put an end to
 * @is_true: some part that one CPU writes is used by another one, so that no padding helps;
 *	else the sharing is false
 * @first: its CPUs: @cpus of struct mapstat_line_cpu, by number
 * @cpus: see @first
 */
struct mapstat_line {
	u64 misses;
	u64 invalidated;
	bool is_true;
	const struct mapstat_line_cpu *first;
	unsigned int cpus;
};

/**
 * struct mapstat_lines_look - all lines of a table at one time
 * @line_bytes: bytes of a line
 * @lost: coherence misses of lines that had to make room for others, and are not here
 * @misses: all coherence misses, the lost ones too
 * @n: number of lines
 * @line: the lines; those with most misses first
 * @cpu: what they point to
 */
struct mapstat_lines_look {
	unsigned int line_bytes;
	u64 lost;
	u64 misses;
	unsigned int n;
	struct mapstat_line *line;
	struct mapstat_line_cpu *cpu;
};

struct mapstat_lines *mapstat_lines_alloc(void);
int mapstat_lines_make(struct mapstat_lines *lines, const unsigned long *own);
u64 mapstat_lines_bytes(unsigned int n);
u64 mapstat_lines_held(const struct mapstat_lines *lines);
void mapstat_lines_free(struct mapstat_lines *lines);
void mapstat_lines_resize(struct mapstat_lines *lines, unsigned int line_bytes);
void mapstat_lines_reset_cpu(struct mapstat_lines *lines, int cpu);
void mapstat_lines_access(struct mapstat_lines *lines, const struct mapstat_access *t);
struct mapstat_lines_look *mapstat_lines_look(struct mapstat_lines *lines);
void mapstat_lines_look_free(struct mapstat_lines_look *look);

#endif /* MAPSTAT_LINES_H */
