/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cache lines that CPUs contend for, in the manner of perf c2c: which lines, how often, and
 * which code reads and writes what in them.
 */
#ifndef MAPSTAT_LINES_H
#define MAPSTAT_LINES_H

#include <linux/types.h>

struct mapstat_lines;
struct mapstat_access;

#define MAPSTAT_LINE_PARTS	64	/* parts of a line, a bit each */
#define MAPSTAT_LINE_SITES	8	/* parts of a line whose last access is kept */

/**
 * struct mapstat_line_cpu - a line, as used by one CPU
 * @addr: its address
 * @misses: coherence misses of this CPU
 * @invalidated: copies that its writes invalidated in other CPUs' caches
 * @reads: accesses that only read
 * @writes: accesses that write
 * @read: bitmap of the parts covered by accesses that only read
 * @written: bitmap of the parts covered by accesses that write
 * @site: for each eighth of the line, the site of this CPU's last access:
 *	mapstat_access_site_id()
 * @cpu: the CPU
 *
 * All of it since the line is in the table, that is, since the first miss or invalidated copy.
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
 * struct mapstat_line - a line, as used by all CPUs
 * @misses: coherence misses
 * @invalidated: copies that writes invalidated
 * @is_true: true sharing: one CPU writes a part that another one uses, so that padding does
 *	not help; else false sharing
 * @first: array of its CPUs' entries, ordered by CPU number
 * @cpus: length of @first
 */
struct mapstat_line {
	u64 misses;
	u64 invalidated;
	bool is_true;
	const struct mapstat_line_cpu *first;
	unsigned int cpus;
};

/**
 * struct mapstat_lines_look - snapshot of the lines of a map
 * @line_bytes: size of a line, bytes
 * @lost: coherence misses of lines that were replaced by others, and are not here
 * @misses: all coherence misses, including @lost
 * @n: number of lines
 * @line: the lines, by descending number of misses
 * @cpu: the entries that @line points to
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
