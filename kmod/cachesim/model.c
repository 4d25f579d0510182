// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: a set-associative first-level data cache and TLB per CPU, LRU, no prefetcher.
 *
 * MESI by snooping: in a cache, a line is owned (no other cache has it), shared, or invalid.
 * Accesses that one cache can answer alone (a read that hits, a write that hits an owned line)
 * take only its own lock.  All others are transactions on one bus, one at a time, and snoop all
 * other caches: a write invalidates their copies, a read makes them shared.
 *
 * CAUSES OF MISSES.  Each cache has a shadow with the same number of lines, fully associative,
 * LRU.  A miss that hits in the shadow is a conflict miss or, if another CPU has written to the
 * line since, a coherence miss.  A miss that misses in the shadow as well is a capacity miss or,
 * if this CPU never had the line, a cold miss.  A Bloom filter of fixed size remembers the lines
 * that the CPU had: after 500 000 lines it takes about 1 in 70 cold misses for a capacity miss,
 * after a million about 1 in 20.
 *
 * COSTS.  For each participating CPU, while a model exists: 1 MiB for the filter, and slightly
 * more than 64 bytes per cache line.  A transaction takes a lock of every CPU that has used the
 * model.  All CPUs that do not participate share one cache, as if they were one CPU: a map's
 * worker may run there, or a CPU may come online later.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "kmod/compat.h"
#include "kmod/memory.h"
#include "model.h"

#define SEEN_BITS	23	/* log2 of the bits of the filter */
#define GOLDEN		0x9e3779b97f4a7c15ULL
#define NO_NODE		U32_MAX

enum line_state {
	LINE_INVALID,
	LINE_SHARED,
	LINE_OWNED,
};

/**
 * struct model_way - a line in the cache
 * @line: line number
 * @used: the CPU's clock at its last use
 * @op: number of the operation that used it last
 * @state: whether it is valid, and whether other caches may have it
 */
struct model_way {
	u64 line;
	u64 used;
	u64 op;
	enum line_state state;
};

/**
 * struct model_page - an entry of the TLB
 * @page: the page, see page_tag(); 0: empty
 * @used: the CPU's clock at its last use
 */
struct model_page {
	u64 page;
	u64 used;
};

/**
 * struct model_node - a line in the shadow
 * @line: line number
 * @chain: next node with the same hash
 * @newer: LRU list: the node used next after it
 * @older: LRU list: the node used last before it
 * @invalid: another CPU has written to it since
 */
struct model_node {
	u64 line;
	u32 chain;
	u32 newer;
	u32 older;
	bool invalid;
};

/**
 * struct model_cpu - the cache of a CPU, or of all CPUs that do not participate
 * @lock: protects all that follows, except @used
 * @clock: LRU clock, advanced by each use of a line or a page
 * @ways: the cache, set by set
 * @pages: the TLB, set by set
 * @nodes: the shadow; the node after the last is the LRU list's head
 * @heads: hash chains of the shadow
 * @seen: filter of the lines that it ever had
 * @used: it has had a line; protected by the model's @bus
 */
struct model_cpu {
	raw_spinlock_t lock;
	u64 clock;
	struct model_way *ways;
	struct model_page *pages;
	struct model_node *nodes;
	u32 *heads;
	unsigned long *seen;
	bool used;
} ____cacheline_aligned;

/**
 * struct mapstat_model - all CPUs' caches
 * @g: geometry, filled in; constant
 * @line_shift: log2 of bytes per line; constant
 * @set_mask: sets of a cache - 1; constant
 * @tlb_mask: sets of a TLB - 1; constant
 * @lines: lines of a cache; constant
 * @head_bits: log2 of the shadow's hash chains; constant
 * @caches: number of caches; constant
 * @bus: held for a transaction; taken before any CPU's lock.  A CPU's own lock is taken
 *	before another CPU's, and the latter only with the bus held
 * @cache: all caches; constant
 * @cpu: each CPU's cache; constant
 */
struct mapstat_model {
	struct mapstat_geometry g;
	unsigned int line_shift;
	unsigned int set_mask;
	unsigned int tlb_mask;
	unsigned int lines;
	unsigned int head_bits;
	unsigned int caches;
	raw_spinlock_t bus;
	struct model_cpu **cache;
	struct model_cpu *cpu[];
};

static u32 *shadow_chain(const struct mapstat_model *model, struct model_cpu *c, u64 line)
{
	return &c->heads[line * GOLDEN >> (64 - model->head_bits)];
}

static struct model_node *shadow_find(const struct mapstat_model *model, struct model_cpu *c,
				      u64 line)
{
	u32 i;

	for (i = *shadow_chain(model, c, line); i != NO_NODE; i = c->nodes[i].chain)
		if (c->nodes[i].line == line)
			return &c->nodes[i];
	return NULL;
}

static void list_out(struct model_cpu *c, const struct model_node *node)
{
	c->nodes[node->older].newer = node->newer;
	c->nodes[node->newer].older = node->older;
}

/* Append to the LRU list, as the newest. */
static void list_in(const struct mapstat_model *model, struct model_cpu *c,
		    struct model_node *node)
{
	struct model_node *head = &c->nodes[model->lines];
	const u32 i = node - c->nodes;

	node->newer = model->lines;
	node->older = head->older;
	c->nodes[node->older].newer = i;
	head->older = i;
}

/* Reuse the shadow's least recently used node for @line. */
static struct model_node *shadow_replace(const struct mapstat_model *model,
					 struct model_cpu *c, u64 line)
{
	const u32 i = c->nodes[model->lines].newer;
	struct model_node *node = &c->nodes[i];
	u32 *at = shadow_chain(model, c, node->line);

	/* A node that was never used is in no chain. */
	while (*at != NO_NODE && *at != i)
		at = &c->nodes[*at].chain;
	if (*at == i)
		*at = node->chain;
	node->line = line;
	at = shadow_chain(model, c, line);
	node->chain = *at;
	*at = i;
	return node;
}

static void shadow_use(const struct mapstat_model *model, struct model_cpu *c, u64 line)
{
	struct model_node *node = shadow_find(model, c, line) ?: shadow_replace(model, c, line);

	node->invalid = false;
	list_out(c, node);
	list_in(model, c, node);
}

/* Return: whether this CPU has had the line before; marks it as had. */
static bool seen_before(struct model_cpu *c, u64 line)
{
	const u64 hash = line * GOLDEN;
	const unsigned int a = hash >> (64 - SEEN_BITS);
	const unsigned int b = (hash ^ hash << 29) * GOLDEN >> (64 - SEEN_BITS);
	const bool seen = test_bit(a, c->seen) && test_bit(b, c->seen);

	__set_bit(a, c->seen);
	__set_bit(b, c->seen);
	return seen;
}

static struct model_way *set_of(const struct mapstat_model *model, struct model_cpu *c, u64 line)
{
	return &c->ways[(line & model->set_mask) * model->g.l1d_ways];
}

static struct model_way *way_find(const struct mapstat_model *model, struct model_cpu *c,
				  u64 line)
{
	struct model_way *set = set_of(model, c, line);
	unsigned int i;

	for (i = 0; i < model->g.l1d_ways; i++)
		if (set[i].line == line && set[i].state != LINE_INVALID)
			return &set[i];
	return NULL;
}

/* Return: a free way, else the least recently used. */
static struct model_way *way_victim(const struct mapstat_model *model, struct model_cpu *c,
				    u64 line)
{
	struct model_way *set = set_of(model, c, line), *victim = set;
	unsigned int i;

	for (i = 0; i < model->g.l1d_ways; i++) {
		if (set[i].state == LINE_INVALID)
			return &set[i];
		if (set[i].used < victim->used)
			victim = &set[i];
	}
	return victim;
}

/* Classify a miss. */
static enum mapstat_l1 classify(const struct mapstat_model *model, struct model_cpu *c, u64 line)
{
	const struct model_node *node = shadow_find(model, c, line);
	const bool seen = seen_before(c, line);

	if (node)
		return node->invalid ? MAPSTAT_L1_COHERENCE : MAPSTAT_L1_CONFLICT;
	return seen ? MAPSTAT_L1_CAPACITY : MAPSTAT_L1_COLD;
}

/* Record the use of a line that is in the cache. */
static void way_use(const struct mapstat_model *model, struct model_cpu *c,
		    struct model_way *way, struct mapstat_access *t)
{
	way->used = ++c->clock;
	if (t->op && way->op != t->op->number) {
		way->op = t->op->number;
		t->op->lines++;
	}
	shadow_use(model, c, way->line);
}

static bool may_write(const struct mapstat_access *t)
{
	return t->access != MAPSTAT_READ;
}

/* Handle what one cache can answer alone. Return: whether it did. */
static bool access_alone(struct mapstat_model *model, struct model_cpu *c, u64 line,
			 struct mapstat_access *t)
{
	struct model_way *way = way_find(model, c, line);

	if (!way || (may_write(t) && way->state != LINE_OWNED))
		return false;
	t->l1 = MAPSTAT_L1_HIT;
	way_use(model, c, way, t);
	return true;
}

/* Apply another CPU's transaction to this cache. Return: whether it has the line. */
static bool snoop(struct mapstat_model *model, struct model_cpu *c, u64 line,
		  struct mapstat_access *t)
{
	struct model_way *way = way_find(model, c, line);
	struct model_node *node = shadow_find(model, c, line);
	/* A line that is only in the shadow counts: the shadow must observe the next write. */
	const bool has = way || (node && !node->invalid);

	if (may_write(t)) {
		t->invalidated += !!way;
		if (way)
			way->state = LINE_INVALID;
		if (node)
			node->invalid = true;
	} else if (way) {
		way->state = LINE_SHARED;
	}
	return has;
}

static bool snoop_others(struct mapstat_model *model, const struct model_cpu *mine, u64 line,
			 struct mapstat_access *t)
{
	bool shared = false;
	unsigned int i;

	for (i = 0; i < model->caches; i++) {
		struct model_cpu *c = model->cache[i];

		if (c == mine || !c->used)
			continue;
		raw_spin_lock_nested(&c->lock, SINGLE_DEPTH_NESTING);
		shared |= snoop(model, c, line, t);
		raw_spin_unlock(&c->lock);
	}
	return shared;
}

/* An access that other caches must observe. */
static void access_by_bus(struct mapstat_model *model, struct model_cpu *c, u64 line,
			  struct mapstat_access *t)
{
	struct model_way *way;
	bool shared;

	raw_spin_lock(&model->bus);
	c->used = true;
	raw_spin_lock(&c->lock);
	shared = snoop_others(model, c, line, t);
	way = way_find(model, c, line);
	t->l1 = MAPSTAT_L1_HIT;
	if (!way) {
		t->l1 = classify(model, c, line);
		way = way_victim(model, c, line);
		way->line = line;
		way->op = 0;
	}
	way->state = shared && !may_write(t) ? LINE_SHARED : LINE_OWNED;
	way_use(model, c, way, t);
	raw_spin_unlock(&c->lock);
	raw_spin_unlock(&model->bus);
}

/* Pages of different sizes have different tags. */
static u64 page_tag(u64 page, unsigned int shift)
{
	return page << 6 | shift;
}

/* Return: whether the page was not in the TLB. */
static bool access_page(const struct mapstat_model *model, struct model_cpu *c, const void *addr)
{
	const unsigned int shift = model->g.page_kib ? order_base_2(model->g.page_kib) + 10 :
				   mapstat_page_shift(addr);
	const u64 page = (unsigned long)addr >> shift;
	struct model_page *set = &c->pages[(page & model->tlb_mask) * model->g.dtlb_ways];
	struct model_page *victim = set;
	unsigned int i;

	for (i = 0; i < model->g.dtlb_ways; i++) {
		if (set[i].page == page_tag(page, shift)) {
			set[i].used = ++c->clock;
			return false;
		}
		if (set[i].used < victim->used)
			victim = &set[i];
	}
	victim->page = page_tag(page, shift);
	victim->used = ++c->clock;
	return true;
}

/**
 * mapstat_model_access - feed an access to the model
 * @model: the model
 * @t: the access, within one line; @l1, @tlb_miss and @invalidated are filled in
 *
 * Context: Process, softirq or interrupts off, under any lock.
 */
void mapstat_model_access(struct mapstat_model *model, struct mapstat_access *t)
{
	struct model_cpu *c = model->cpu[t->cpu];
	const u64 line = (unsigned long)t->addr >> model->line_shift;
	unsigned long flags;
	bool done;

	t->invalidated = 0;
	local_irq_save(flags);
	raw_spin_lock(&c->lock);
	t->tlb_miss = access_page(model, c, t->addr);
	done = access_alone(model, c, line, t);
	raw_spin_unlock(&c->lock);
	if (!done)
		access_by_bus(model, c, line, t);
	local_irq_restore(flags);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_model_access);

/**
 * mapstat_model_line_bytes - size of the model's lines
 * @model: the model
 *
 * Context: Any.
 * Return: bytes.
 */
unsigned int mapstat_model_line_bytes(const struct mapstat_model *model)
{
	return model->g.line_bytes;
}

static void cpu_free(struct model_cpu *c)
{
	if (!c)
		return;
	kvfree(c->ways);
	kvfree(c->pages);
	kvfree(c->nodes);
	kvfree(c->heads);
	kvfree(c->seen);
	kvfree(c);
}

static void shadow_init(const struct mapstat_model *model, struct model_cpu *c)
{
	unsigned int i;

	memset(c->heads, 0xff, sizeof(*c->heads) << model->head_bits);
	/* A ring of all nodes and the head; unused nodes have no line. */
	for (i = 0; i <= model->lines; i++) {
		c->nodes[i].line = U64_MAX;
		c->nodes[i].chain = NO_NODE;
		c->nodes[i].newer = i == model->lines ? 0 : i + 1;
		c->nodes[i].older = i ? i - 1 : model->lines;
	}
}

static struct model_cpu *cpu_alloc(const struct mapstat_model *model)
{
	struct model_cpu *c = kvzalloc(sizeof(*c), MAPSTAT_GFP);

	if (!c)
		return NULL;
	raw_spin_lock_init(&c->lock);
	c->ways = kvcalloc(model->lines, sizeof(*c->ways), MAPSTAT_GFP);
	c->pages = kvcalloc(model->g.dtlb_entries, sizeof(*c->pages), MAPSTAT_GFP);
	c->nodes = kvcalloc(model->lines + 1, sizeof(*c->nodes), MAPSTAT_GFP);
	c->heads = kvzalloc(sizeof(*c->heads) << model->head_bits, MAPSTAT_GFP);
	c->seen = kvzalloc(BIT(SEEN_BITS) / BITS_PER_BYTE, MAPSTAT_GFP);
	if (c->ways && c->pages && c->nodes && c->heads && c->seen) {
		shadow_init(model, c);
		return c;
	}
	cpu_free(c);
	return NULL;
}

static unsigned int model_lines(const struct mapstat_geometry *g)
{
	return g->l1d_kib * 1024 / g->line_bytes;
}

static unsigned int model_head_bits(const struct mapstat_geometry *g)
{
	return order_base_2(model_lines(g)) + 1;
}

/**
 * mapstat_model_bytes - memory that a model takes
 * @g: geometry, filled in and checked
 * @own: number of CPUs with a cache of their own
 *
 * Context: Any.
 * Return: bytes, including the cache shared by all other CPUs.
 */
u64 mapstat_model_bytes(const struct mapstat_geometry *g, unsigned int own)
{
	const u64 lines = model_lines(g);
	const u64 each = mapstat_memory_taken(sizeof(struct model_cpu)) +
		mapstat_memory_taken(lines * sizeof(struct model_way)) +
		mapstat_memory_taken(g->dtlb_entries * sizeof(struct model_page)) +
		mapstat_memory_taken((lines + 1) * sizeof(struct model_node)) +
		mapstat_memory_taken((u64)sizeof(u32) << model_head_bits(g)) +
		BIT(SEEN_BITS) / BITS_PER_BYTE;

	return (own + 1) * each;
}

/* Allocate the caches. Return: 0 or -ENOMEM. */
static int caches_alloc(struct mapstat_model *model, const unsigned long *own,
			unsigned int cpus)
{
	struct model_cpu *others = NULL;
	unsigned int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		struct model_cpu *c = test_bit(cpu, own) ? NULL : others;

		if (!c) {
			c = cpu_alloc(model);
			if (!c)
				return -ENOMEM;
			model->cache[model->caches++] = c;
			if (!test_bit(cpu, own))
				others = c;
		}
		model->cpu[cpu] = c;
	}
	return 0;
}

/**
 * mapstat_model_alloc - allocate a model with empty caches
 * @g: geometry, filled in and checked
 * @own: bitmap of the CPUs with a cache of their own; all others share one.  Must not change
 *	during the call
 * @cpus: number of CPUs: an upper bound for CPU numbers
 *
 * Context: Process; sleeps.  Allocates with MAPSTAT_GFP.
 * Return: the model, or NULL.
 */
struct mapstat_model *mapstat_model_alloc(const struct mapstat_geometry *g,
					  const unsigned long *own, unsigned int cpus)
{
	struct mapstat_model *model = kvzalloc(struct_size(model, cpu, cpus), MAPSTAT_GFP);

	if (!model)
		return NULL;
	model->g = *g;
	model->line_shift = order_base_2(g->line_bytes);
	model->lines = model_lines(g);
	model->set_mask = model->lines / g->l1d_ways - 1;
	model->tlb_mask = g->dtlb_entries / g->dtlb_ways - 1;
	model->head_bits = model_head_bits(g);
	raw_spin_lock_init(&model->bus);
	model->cache = kvcalloc(cpus, sizeof(*model->cache), MAPSTAT_GFP);
	if (!model->cache || caches_alloc(model, own, cpus)) {
		mapstat_model_free(model);
		return NULL;
	}
	return model;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_model_alloc);

/**
 * mapstat_model_free - free a model
 * @model: of mapstat_model_alloc(), no longer in use; or NULL
 *
 * Context: Process; sleeps.
 */
void mapstat_model_free(struct mapstat_model *model)
{
	unsigned int i;

	if (!model)
		return;
	for (i = 0; i < model->caches; i++)
		cpu_free(model->cache[i]);
	kvfree(model->cache);
	kvfree(model);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_model_free);
