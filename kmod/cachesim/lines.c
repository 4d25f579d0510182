// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bounded table of contended lines for each CPU, filled while the model observes a map.
 *
 * Each participating CPU has its own table, so that operations do not share one; all other CPUs
 * share one.  Readers merge what the CPUs have of the same line.  A line enters a CPU's table when
 * the CPU misses it because another CPU has written to it, or when a write of the CPU
 * invalidates another CPU's copy.  So both sides are recorded: the CPUs that miss, and those
 * that make them miss.
 *
 * A table consists of sets, as a cache does.  If a set is full, the line with the fewest misses
 * and invalidated copies is replaced, and its misses are counted as lost: a line with many stays.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "kmod/compat.h"
#include "kmod/memory.h"
#include "lines.h"
#include "access.h"

/* 20 KiB of entries for each CPU; of these a screenful is printed. */
#define LINES_SET_BITS	5
#define LINES_SETS	(1 << LINES_SET_BITS)
#define LINES_WAYS	8
#define LINES_PER_CPU	(LINES_SETS * LINES_WAYS)

/**
 * struct lines_cpu - the table of one CPU, or of all CPUs without one of their own
 * @lock: protects all that follows.  Taken for each access fed to the model, and by readers;
 *	raw, because accesses come with interrupts off
 * @lost: misses of lines that were replaced
 * @at: the lines of each CPU, set by set; @addr 0: free entry
 */
struct lines_cpu {
	raw_spinlock_t lock;	/* protects all that follows */
	u64 lost;
	struct mapstat_line_cpu at[LINES_PER_CPU];
};

/**
 * struct mapstat_lines - the tables of a map
 * @line_bytes: size of a line, bytes; constant while the map is observed
 * @others: the table of CPUs without one of their own; constant
 * @cpu: for each possible CPU its own table, or NULL.  Stored with release while the map is not
 *	observed, and then constant; read with acquire
 */
struct mapstat_lines {
	unsigned int line_bytes;
	struct lines_cpu *others;
	struct lines_cpu *cpu[];
};

static struct lines_cpu *table_of(const struct mapstat_lines *lines, int cpu)
{
	/* Pairs with mapstat_lines_make(): its lock is initialised. */
	return smp_load_acquire(&lines->cpu[cpu]);
}

static struct lines_cpu *table_alloc(int node)
{
	struct lines_cpu *c = kvzalloc_node(sizeof(*c), MAPSTAT_GFP, node);

	if (c)
		raw_spin_lock_init(&c->lock);
	return c;
}

/**
 * mapstat_lines_alloc - allocate a map's lines
 *
 * No CPU has a table of its own yet: see mapstat_lines_make().
 *
 * Context: Process; sleeps.
 * Return: the object, without lines; or NULL.
 */
struct mapstat_lines *mapstat_lines_alloc(void)
{
	struct mapstat_lines *lines = kvzalloc(struct_size(lines, cpu, nr_cpu_ids), MAPSTAT_GFP);

	if (!lines)
		return NULL;
	lines->line_bytes = SMP_CACHE_BYTES;
	lines->others = table_alloc(NUMA_NO_NODE);
	if (lines->others)
		return lines;
	kvfree(lines);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_alloc);

/**
 * mapstat_lines_make - allocate tables for the participating CPUs
 * @lines: the map is not observed; concurrent readers are allowed
 * @own: bitmap of those CPUs, nr_cpu_ids bits; a CPU that has a table keeps it
 *
 * Context: Process; sleeps.  The caller excludes concurrent calls.
 * Return: 0, or -ENOMEM (some CPUs may have got their table).
 */
int mapstat_lines_make(struct mapstat_lines *lines, const unsigned long *own)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct lines_cpu *c;

		if (!test_bit(cpu, own) || lines->cpu[cpu])
			continue;
		c = table_alloc(cpu_to_node(cpu));
		if (!c)
			return -ENOMEM;
		smp_store_release(&lines->cpu[cpu], c);	/* pairs with table_of() */
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_make);

static unsigned int tables(const struct mapstat_lines *lines)
{
	unsigned int n = 1;	/* lines->others */
	int cpu;

	for_each_possible_cpu(cpu)
		n += !!table_of(lines, cpu);
	return n;
}

/**
 * mapstat_lines_bytes - memory of a map's lines
 * @n: number of tables
 *
 * Context: Any.
 * Return: bytes.
 */
u64 mapstat_lines_bytes(unsigned int n)
{
	return n * mapstat_memory_taken(sizeof(struct lines_cpu)) +
	       mapstat_memory_taken(sizeof(struct mapstat_lines) +
				    nr_cpu_ids * sizeof(struct lines_cpu *));
}

/**
 * mapstat_lines_held - memory of a map's lines at present
 * @lines: the map's lines
 *
 * Context: Any.
 * Return: bytes.
 */
u64 mapstat_lines_held(const struct mapstat_lines *lines)
{
	return mapstat_lines_bytes(tables(lines));
}

/**
 * mapstat_lines_free - free a map's lines
 * @lines: no longer in use; or NULL
 *
 * Context: Process; sleeps.
 */
void mapstat_lines_free(struct mapstat_lines *lines)
{
	int cpu;

	if (!lines)
		return;
	for_each_possible_cpu(cpu)
		kvfree(lines->cpu[cpu]);
	kvfree(lines->others);
	kvfree(lines);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_free);

/**
 * mapstat_lines_resize - set the size of a line
 * @lines: not observed, and empty unless the size is unchanged; concurrent readers are allowed
 * @line_bytes: size of a line, bytes; a power of two
 *
 * Context: Any.
 */
void mapstat_lines_resize(struct mapstat_lines *lines, unsigned int line_bytes)
{
	WRITE_ONCE(lines->line_bytes, line_bytes);	/* pairs with mapstat_lines_look() */
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_resize);

/**
 * mapstat_lines_reset_cpu - drop all lines of one CPU
 * @lines: concurrent accesses and readers are allowed
 * @cpu: the CPU
 *
 * Context: Any.
 */
void mapstat_lines_reset_cpu(struct mapstat_lines *lines, int cpu)
{
	struct lines_cpu *c = table_of(lines, cpu);
	unsigned long flags;

	/* The lines of CPUs without a table are dropped with the first of these CPUs. */
	c = c ?: lines->others;
	raw_spin_lock_irqsave(&c->lock, flags);
	c->lost = 0;
	memset(c->at, 0, sizeof(c->at));
	raw_spin_unlock_irqrestore(&c->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_reset_cpu);

/* The parts of a line that an access covers. */
static u64 parts_of(unsigned int line_bytes, const struct mapstat_access *t)
{
	const unsigned int bytes = max(line_bytes / MAPSTAT_LINE_PARTS, 1U);
	const unsigned int offset = (unsigned long)t->addr & (line_bytes - 1);
	const unsigned int first = offset / bytes;
	const unsigned int last = (offset + max(t->size, 1U) - 1) / bytes;

	return GENMASK_ULL(min(last, MAPSTAT_LINE_PARTS - 1U), first);
}

/* Record the site for each eighth of the line that the access covers. */
static void note_site(struct mapstat_line_cpu *line, u64 parts, u16 site)
{
	const unsigned int each = MAPSTAT_LINE_PARTS / MAPSTAT_LINE_SITES;
	unsigned int i;

	for (i = 0; i < MAPSTAT_LINE_SITES; i++)
		if (parts & GENMASK_ULL((i + 1) * each - 1, i * each))
			line->site[i] = site;
}

static void note(struct mapstat_line_cpu *line, u64 parts, const struct mapstat_access *t)
{
	line->misses += t->l1 == MAPSTAT_L1_COHERENCE;
	line->invalidated += t->invalidated;
	if (t->access == MAPSTAT_READ) {
		line->reads++;
		line->read |= parts;
	} else {
		line->writes++;
		line->written |= parts;
	}
	note_site(line, parts, mapstat_access_site_id(t->site));
}

/* Replace the entry with the fewest misses and invalidated copies. */
static struct mapstat_line_cpu *replace(struct lines_cpu *c, struct mapstat_line_cpu *set,
					unsigned long addr, int cpu)
{
	struct mapstat_line_cpu *least = set;
	unsigned int i;

	for (i = 1; i < LINES_WAYS && least->addr; i++)
		if (!set[i].addr || set[i].misses + set[i].invalidated <
				    least->misses + least->invalidated)
			least = &set[i];
	c->lost += least->misses;
	*least = (struct mapstat_line_cpu){ .addr = addr, .cpu = cpu };
	return least;
}

/* Return: the entry of an access; NULL if there is none, and no reason to add one. */
static struct mapstat_line_cpu *find(struct lines_cpu *c, unsigned long addr,
				     const struct mapstat_access *t)
{
	struct mapstat_line_cpu *set = &c->at[hash_long(addr, LINES_SET_BITS) * LINES_WAYS];
	unsigned int i;

	for (i = 0; i < LINES_WAYS; i++)
		if (set[i].addr == addr && set[i].cpu == t->cpu)
			return &set[i];
	if (t->l1 != MAPSTAT_L1_COHERENCE && !t->invalidated)
		return NULL;
	return replace(c, set, addr, t->cpu);
}

/**
 * mapstat_lines_access - record an access
 * @lines: the map's lines
 * @t: the access, within one line; its addr is not 0
 *
 * Context: Interrupts off.
 */
void mapstat_lines_access(struct mapstat_lines *lines, const struct mapstat_access *t)
{
	const unsigned long addr = (unsigned long)t->addr & ~(lines->line_bytes - 1UL);
	struct lines_cpu *c = table_of(lines, t->cpu) ?: lines->others;
	struct mapstat_line_cpu *line;

	raw_spin_lock(&c->lock);
	line = find(c, addr, t);
	if (line)
		note(line, parts_of(lines->line_bytes, t), t);
	raw_spin_unlock(&c->lock);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_access);

/* Append a table's entries to @look. */
static unsigned int copy_cpu(struct lines_cpu *c, struct mapstat_lines_look *look,
			     unsigned int n)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&c->lock, flags);
	look->lost += c->lost;
	for (i = 0; i < LINES_PER_CPU; i++)
		if (c->at[i].addr)
			look->cpu[n++] = c->at[i];
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return n;
}

static int by_address(const void *a, const void *b)
{
	const struct mapstat_line_cpu *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->cpu - y->cpu;
}

static int by_misses(const void *a, const void *b)
{
	const struct mapstat_line *x = a, *y = b;

	if (x->misses != y->misses)
		return x->misses < y->misses ? 1 : -1;
	return x->first->addr < y->first->addr ? -1 : 1;
}

/* Sum up the line whose entries begin at @first; @n entries are left. */
static struct mapstat_line sum_line(const struct mapstat_line_cpu *first, unsigned int n)
{
	struct mapstat_line line = { .first = first };
	const struct mapstat_line_cpu *c;
	u64 used = 0, written = 0;

	for (c = first; c < first + n && c->addr == first->addr; c++) {
		line.misses += c->misses;
		line.invalidated += c->invalidated;
		line.is_true |= c->written & used || (c->read | c->written) & written;
		used |= c->read | c->written;
		written |= c->written;
		line.cpus++;
	}
	return line;
}

static void put_together(struct mapstat_lines_look *look, unsigned int n)
{
	unsigned int i;

	sort(look->cpu, n, sizeof(*look->cpu), by_address, NULL);
	for (i = 0; i < n; i += look->line[look->n++].cpus) {
		look->line[look->n] = sum_line(&look->cpu[i], n - i);
		look->misses += look->line[look->n].misses;
	}
	look->misses += look->lost;
	sort(look->line, look->n, sizeof(*look->line), by_misses, NULL);
}

/**
 * mapstat_lines_look - take a snapshot of all lines
 * @lines: concurrent accesses are allowed
 *
 * Context: Process; sleeps.
 * Return: the lines, for mapstat_lines_look_free(); NULL if there is no memory.
 */
struct mapstat_lines_look *mapstat_lines_look(struct mapstat_lines *lines)
{
	struct mapstat_lines_look *look = kzalloc(sizeof(*look), GFP_KERNEL);
	struct lines_cpu *c;
	unsigned int n = 0;
	size_t room;
	int cpu;

	if (!look)
		return NULL;
	/* Pairs with mapstat_lines_resize(): no ordering. */
	look->line_bytes = READ_ONCE(lines->line_bytes);
	room = (size_t)tables(lines) * LINES_PER_CPU;
	look->line = kvcalloc(room, sizeof(*look->line), MAPSTAT_GFP);
	look->cpu = kvcalloc(room, sizeof(*look->cpu), MAPSTAT_GFP);
	if (!look->line || !look->cpu) {
		mapstat_lines_look_free(look);
		return NULL;
	}
	n = copy_cpu(lines->others, look, n);
	for_each_possible_cpu(cpu) {
		c = table_of(lines, cpu);
		/* There is no room for a table added since the count; it has hardly any lines. */
		if (c && n + LINES_PER_CPU <= room)
			n = copy_cpu(c, look, n);
	}
	put_together(look, n);
	return look;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_look);

/**
 * mapstat_lines_look_free - free a snapshot
 * @look: of mapstat_lines_look(), or NULL
 *
 * Context: Process; sleeps.
 */
void mapstat_lines_look_free(struct mapstat_lines_look *look)
{
	if (!look)
		return;
	kvfree(look->line);
	kvfree(look->cpu);
	kfree(look);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_lines_look_free);
