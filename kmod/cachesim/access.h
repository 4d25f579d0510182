/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What operations touch: one inline hook, cmap_access() of kmod/designs/design.h, which costs a static
 * branch while no map is observed; in loads, cmap_access_load(), which then costs nothing.
 *
 * A design says each distinct access of an object in the order in which it makes them:
 * the bucket, the key that is compared, the value, a lock word, a sequence word, a counter;
 * not what it reads a second time in the same step.  Sizes are in bytes; the lines that an
 * access covers are found here.  A lock is an atomic access of its word when it is taken,
 * and a write (or an atomic access, where giving it back is one) when it is released.
 *
 * Which operation an access belongs to is known by the struct mapstat_op that whoever runs
 * the operation has put on its CPU's list: the public calls, and the stress threads in the
 * rounds of the model.  The same thread, in the same context, finds it there again: so
 * threads that share a CPU, and softirqs, do not take each other's accesses for their own.
 */
#ifndef MAPSTAT_ACCESS_H
#define MAPSTAT_ACCESS_H

#include <linux/compiler.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/types.h>

struct cmap_stats;
struct mapstat_misses;
struct mapstat_model;
struct mapstat_access_log;

/* Of a lock only the word that all its users write counts, whatever a debug kernel adds. */
#define MAPSTAT_LOCK_BYTES	4

/**
 * enum mapstat_access_kind - what an access does
 * @MAPSTAT_READ: a load
 * @MAPSTAT_WRITE: a store, or a plain load and store
 * @MAPSTAT_ATOMIC: a locked read-modify-write: a write, counted apart as well
 */
enum mapstat_access_kind {
	MAPSTAT_READ,
	MAPSTAT_WRITE,
	MAPSTAT_ATOMIC,
	MAPSTAT_NR_ACCESSES
};

/**
 * enum mapstat_op_kind - what operation an access belongs to
 * @MAPSTAT_OP_NONE: to none: a map's worker, a clear
 * @MAPSTAT_OP_LOAD: cmap_load()
 * @MAPSTAT_OP_STORE: cmap_store()
 * @MAPSTAT_OP_DELETE: cmap_delete()
 * @MAPSTAT_OP_RMW: load_or_store, swap, load_and_delete, compare_and_*
 * @MAPSTAT_OP_RANGE: one step of cmap_range()
 * @MAPSTAT_OP_LOAD_MANY: one call of cmap_load_many()
 */
enum mapstat_op_kind {
	MAPSTAT_OP_NONE,
	MAPSTAT_OP_LOAD,
	MAPSTAT_OP_STORE,
	MAPSTAT_OP_DELETE,
	MAPSTAT_OP_RMW,
	MAPSTAT_OP_RANGE,
	MAPSTAT_OP_LOAD_MANY,
	MAPSTAT_NR_OP_KINDS
};

/**
 * enum mapstat_l1 - what became of a line's access in the first-level cache
 * @MAPSTAT_L1_HIT: it was there
 * @MAPSTAT_L1_COLD: a miss: this CPU never had the line
 * @MAPSTAT_L1_CAPACITY: a miss that a fully associative cache of that size has too
 * @MAPSTAT_L1_CONFLICT: a miss that it does not have
 * @MAPSTAT_L1_COHERENCE: a miss because another CPU has written to the line
 */
enum mapstat_l1 {
	MAPSTAT_L1_HIT,
	MAPSTAT_L1_COLD,
	MAPSTAT_L1_CAPACITY,
	MAPSTAT_L1_CONFLICT,
	MAPSTAT_L1_COHERENCE,
	MAPSTAT_NR_L1
};

/**
 * struct mapstat_access_site - a place in the source that touches; one for each
 * @what: what is touched there: an expression
 * @func: the function that it stands in
 * @next: the one that became known before; constant once it is known
 * @id: 0 until it is known; written with interrupts off, read by anyone
 */
struct mapstat_access_site {
	const char *what;
	const char *func;
	struct mapstat_access_site *next;
	u16 id;
};

/**
 * struct mapstat_op - an operation in progress; on the stack of whoever runs it
 * @node: in the list of its CPU; that CPU's, interrupts off
 * @map: what it operates on
 * @context: the thread, or the thread that a softirq has interrupted
 * @kind: what it is
 * @count: operations that it stands for: keys of a bulk load, else 1
 * @number: of the operation on this CPU, from 1
 * @misses: where it is to be recorded when it ends, or NULL
 * @log: where its accesses are kept until it is replayed, or NULL: they are fed at once
 * @accesses: lines accessed so far, by enum mapstat_access_kind; as @node
 * @l1: those, by what became of them
 * @lines: distinct lines of those; one that was evicted meanwhile counts anew
 * @tlb_misses: those whose page was not in the TLB
 * @invalidated: copies in other CPUs' caches that it put an end to
 */
struct mapstat_op {
	struct list_head node;
	const struct cmap_stats *map;
	unsigned long context;
	enum mapstat_op_kind kind;
	unsigned int count;
	u64 number;
	struct mapstat_misses *misses;
	struct mapstat_access_log *log;
	unsigned int accesses[MAPSTAT_NR_ACCESSES];
	unsigned int l1[MAPSTAT_NR_L1];
	unsigned int lines;
	unsigned int tlb_misses;
	unsigned int invalidated;
};

/**
 * struct mapstat_observer - who wants to hear of a map's accesses
 * @map: the map
 * @model: the model that they are fed to
 * @misses: where its operations are recorded
 * @record: they are; until then it is a warm-up.  Written by the owner, read by anyone
 */
struct mapstat_observer {
	struct cmap_stats *map;
	struct mapstat_model *model;
	struct mapstat_misses *misses;
	bool record;
};

/**
 * struct mapstat_access - an access, as far as it is in one line
 * @map: the map
 * @op: the operation that it belongs to, or NULL
 * @site: where in the source
 * @addr: its first byte in the line
 * @size: bytes of it in the line
 * @access: what it does
 * @cpu: where
 * @pid: of the thread
 * @l1: what became of it in the first-level cache
 * @tlb_miss: its page was not in the TLB
 * @invalidated: copies of the line in other CPUs' caches that it put an end to
 */
struct mapstat_access {
	const struct cmap_stats *map;
	struct mapstat_op *op;
	struct mapstat_access_site *site;
	const void *addr;
	unsigned int size;
	enum mapstat_access_kind access;
	int cpu;
	pid_t pid;
	enum mapstat_l1 l1;
	bool tlb_miss;
	unsigned int invalidated;
};

#define MAPSTAT_LOG_OPS	64
#define MAPSTAT_LOG_ACCESSES	8192	/* far more than so many operations make, but for copies */

/**
 * struct mapstat_access_log - operations that a thread has done, to be fed to the model later
 * @cpu: where
 * @pid: of the thread
 * @nr_ops: operations
 * @nr: accesses
 * @op: the operations
 * @end: of each, the number of accesses up to its end
 * @touch: the accesses: site, address, bytes, enum mapstat_access_kind
 *
 * Its thread's own, until it is replayed.
 */
struct mapstat_access_log {
	int cpu;
	pid_t pid;
	unsigned int nr_ops;
	unsigned int nr;
	struct mapstat_op op[MAPSTAT_LOG_OPS];
	unsigned int end[MAPSTAT_LOG_OPS];
	struct {
		struct mapstat_access_site *site;
		const void *addr;
		u32 size;
		u32 access;
	} access[MAPSTAT_LOG_ACCESSES];
};

DECLARE_STATIC_KEY_FALSE(mapstat_observing);

int mapstat_access_init(void);
void mapstat_access_exit(void);
void mapstat_observe(struct mapstat_observer *l);
void mapstat_unobserve(void);
void mapstat_op_begin(struct mapstat_op *op, const struct cmap_stats *m, enum mapstat_op_kind kind,
		      struct mapstat_access_log *log);
void mapstat_op_end(struct mapstat_op *op);
void mapstat_replay_op(const struct mapstat_access_log *log, unsigned int i);
void mapstat_access_at(struct mapstat_access_site *site, const struct cmap_stats *m,
		       const void *addr, unsigned int size, enum mapstat_access_kind access);
void mapstat_access_result(const struct mapstat_access *t);
u16 mapstat_access_site_id(struct mapstat_access_site *site);
const struct mapstat_access_site *mapstat_access_sites(void);
const struct mapstat_access_site *mapstat_access_site_of(u16 id);

/* A macro each, so that a site knows its expression, and no argument is evaluated for nothing. */
#define MAPSTAT_ACCESS_AT(m, addr, size, access, expression)			\
do {										\
	static struct mapstat_access_site __site = {					\
		.what = (expression), .func = __func__,				\
	};									\
										\
	mapstat_access_at(&__site, m, addr, size, access);			\
} while (0)

/**
 * mapstat_access - as cmap_access(), where it is known that somebody listens
 * @m: the map
 * @addr: what
 * @size: bytes
 * @access: how
 */
#define mapstat_access(m, addr, size, access)					\
	MAPSTAT_ACCESS_AT(m, addr, size, access, #addr)

#endif /* MAPSTAT_ACCESS_H */
