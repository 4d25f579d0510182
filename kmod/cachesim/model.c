// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: a set-associative first-level data cache and TLB per CPU, LRU, no prefetcher.
 *
 * MESI, by snooping: a line is in a cache owned (nobody else has it), shared, or not.
 * Accesses that a cache can answer alone (a read that hits, a write that hits an owned line)
 * need its own lock only.  All others are transactions on one bus, one at a time, and look
 * into all other caches: a write ends their copies, a read makes them shared.
 *
 * WHY IT MISSED.  Beside each cache is its shadow: as many lines, fully associative, LRU.
 * A miss that the shadow does not have is a conflict, or, where another CPU has written to
 * the line since, coherence.  A miss that the shadow has as well is capacity; or cold, where
 * this CPU never had the line, which a Bloom filter of fixed size remembers: after 500 000
 * lines it takes 1 in 70 cold misses for capacity, after a million 1 in 20.
 *
 * COSTS.  Per CPU that takes part 1 MiB for the filter and 64 bytes and a little for a line
 * of the cache, while a model is there; and a transaction takes a lock of every CPU that has
 * used the model.  All CPUs that do not take part share one cache, as if they were one: a map's
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
 * @line: its number
 * @used: the CPU's clock at its last use
 * @op: the operation that used it last
 * @state: whether it is there, and whether others may have it
 */
struct model_way {
	u64 line;
	u64 used;
	u64 op;
	enum line_state state;
};

/**
 * struct model_page - an entry of the TLB
 * @page: what it translates, see page_tag(); 0: nothing
 * @used: the CPU's clock at its last use
 */
struct model_page {
	u64 page;
	u64 used;
};

/**
 * struct model_node - a line in the shadow
 * @line: its number
 * @chain: the next one of the same hash
 * @newer: used after it
 * @older: used before it
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
 * struct model_cpu - a CPU's cache, or that of all CPUs that do not take part
 * @lock: protects all that follows, but for @used
 * @clock: accesses so far
 * @ways: of the cache, set by set
 * @pages: of the TLB, set by set
 * @nodes: of the shadow; the one behind the last is the list's head
 * @heads: of the chains of the shadow's hash
 * @seen: the filter of lines that it ever had
 * @used: it has had a line; under the model's @bus
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
 * @g: filled in; constant
 * @line_shift: log2 of bytes of a line; constant
 * @set_mask: sets of a cache - 1; constant
 * @tlb_mask: sets of a TLB - 1; constant
 * @lines: of a cache; constant
 * @head_bits: log2 of the shadow's chains; constant
 * @caches: number of them; constant
 * @bus: held for a transaction; taken before any CPU's lock.  A CPU's own lock is taken
 *	before another's, and then only with the bus
 * @cache: each; constant
 * @cpu: which of them each CPU has; constant
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

/* To the end of those used last. */
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

/* The shadow's least recently used node becomes that of @line. */
static struct model_node *shadow_replace(const struct mapstat_model *model,
					 struct model_cpu *c, u64 line)
{
	const u32 i = c->nodes[model->lines].newer;
	struct model_node *node = &c->nodes[i];
	u32 *at = shadow_chain(model, c, node->line);

	/* One that was never used is in no chain. */
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

/* Has this CPU had the line before? From now on it has. */
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

/* One that is free, or the least recently used. */
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

/* Why does the cache not have the line? */
static enum mapstat_l1 classify(const struct mapstat_model *model, struct model_cpu *c, u64 line)
{
	const struct model_node *node = shadow_find(model, c, line);
	const bool seen = seen_before(c, line);

	if (node)
		return node->invalid ? MAPSTAT_L1_COHERENCE : MAPSTAT_L1_CONFLICT;
	return seen ? MAPSTAT_L1_CAPACITY : MAPSTAT_L1_COLD;
}

/* A use of a line that is there. */
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

/* What one cache can answer alone. Return: whether it did. */
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

/* What another CPU's transaction does to this cache. Return: whether it has the line. */
static bool snoop(struct mapstat_model *model, struct model_cpu *c, u64 line,
		  struct mapstat_access *t)
{
	struct model_way *way = way_find(model, c, line);
	struct model_node *node = shadow_find(model, c, line);
	/* A shadow that has the line has a say: it must hear of the next write. */
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

/* An access that others have to hear of. */
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

/* Return: whether the page was not there. */
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
 * mapstat_model_access - an access
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
 * mapstat_model_line_bytes - how long its lines are
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
	/* A ring of all nodes and the head; what was never used is of no line. */
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
 * mapstat_model_bytes - what a model takes
 * @g: filled in and checked
 * @own: CPUs with a cache of their own
 *
 * Context: Any.
 * Return: bytes, the cache of all other CPUs included.
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

/* Let each CPU have its cache. Return: 0 or -ENOMEM. */
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
 * mapstat_model_alloc - make a model, all of whose caches are empty
 * @g: filled in and checked
 * @own: a bit for each CPU that has a cache of its own; all others share one.  Does not change
 *	until the call returns
 * @cpus: CPU numbers are below that
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
 * mapstat_model_free - end a model
 * @model: of mapstat_model_alloc(), or NULL; nobody uses it any more
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
