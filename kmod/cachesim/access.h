/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook for the memory accesses of operations: cmap_access() of kmod/designs/design.h, inline,
 * which costs a static branch while no map is observed; and for loads cmap_access_load(), which
 * then costs nothing.
 *
 * A design reports each distinct access to an object, in program order: the bucket, the key
 * that is compared, the value, a lock word, a sequence word, a counter; but not what it reads
 * again in the same step.  Sizes are in bytes; they are split into cache lines here.  Taking a
 * lock is an atomic access to its word, and releasing it is a write (or an atomic access, if the
 * release is one).
 *
 * The operation that an access belongs to is found by its struct mapstat_op, which the code that
 * runs the operation (the public calls, and the stress threads in the rounds of the model) has put
 * on its CPU's list.  It is looked up by thread and context, so that threads that share a CPU,
 * and softirqs, are not charged with each other's accesses.
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

/* Only the lock word that all its users write counts, whatever a debug kernel adds to the lock. */
#define MAPSTAT_LOCK_BYTES	4

/**
 * enum mapstat_access_kind - what an access does
 * @MAPSTAT_READ: a load
 * @MAPSTAT_WRITE: a store, or a plain load and store
 * @MAPSTAT_ATOMIC: a locked read-modify-write: a write that is counted separately as well
 */
enum mapstat_access_kind {
	MAPSTAT_READ,
	MAPSTAT_WRITE,
	MAPSTAT_ATOMIC,
	MAPSTAT_NR_ACCESSES
};

/**
 * enum mapstat_op_kind - the operation that an access belongs to
 * @MAPSTAT_OP_NONE: none: a map's worker, a clear
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
 * enum mapstat_l1 - the outcome of an access in the first-level cache
 * @MAPSTAT_L1_HIT: a hit
 * @MAPSTAT_L1_COLD: a miss: this CPU never had the line
 * @MAPSTAT_L1_CAPACITY: a miss that a fully associative cache of that size would have as well
 * @MAPSTAT_L1_CONFLICT: a miss that it would not have
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
 * struct mapstat_access_site - an access in the source code; one for each
 * @what: expression for the address
 * @func: its function
 * @next: the site that was registered before this one; constant once registered
 * @id: 0 until registered; written with interrupts off, read by anyone
 */
struct mapstat_access_site {
	const char *what;
	const char *func;
	struct mapstat_access_site *next;
	u16 id;
};

/**
 * struct mapstat_op - an operation in progress; on the stack of the code that runs it
 * @node: in its CPU's list; accessed by that CPU, interrupts off
 * @map: the map
 * @context: the thread, or the thread that a softirq has interrupted
 * @kind: kind of operation
 * @count: number of operations that it stands for: keys of a bulk load, else 1
 * @number: sequence number of the operation on this CPU, from 1
 * @misses: where it is recorded when it ends, or NULL
 * @log: where its accesses are kept for replay; NULL: they are fed at once
 * @accesses: lines accessed so far, by enum mapstat_access_kind; accessed as @node
 * @l1: the same, by enum mapstat_l1
 * @lines: distinct lines among them; a line that was evicted in between counts again
 * @tlb_misses: accesses whose page was not in the TLB
 * @invalidated: copies that it invalidated in other CPUs' caches
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
 * struct mapstat_observer - observer of a map's accesses
 * @map: the map
 * @model: the model that the accesses are fed to
 * @misses: where operations are recorded
 * @record: operations are recorded; false during warm-up.  Written by the owner, read by anyone
 */
struct mapstat_observer {
	struct cmap_stats *map;
	struct mapstat_model *model;
	struct mapstat_misses *misses;
	bool record;
};

/**
 * struct mapstat_access - an access, or the part of it that is in one line
 * @map: the map
 * @op: the operation that it belongs to, or NULL
 * @site: its place in the source code
 * @addr: first byte in the line
 * @size: bytes in the line
 * @access: kind of access
 * @cpu: the accessing CPU
 * @pid: the accessing thread
 * @l1: outcome in the first-level cache
 * @tlb_miss: its page was not in the TLB
 * @invalidated: copies of the line that it invalidated in other CPUs' caches
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
#define MAPSTAT_LOG_ACCESSES	8192	/* ample, except for copies of a table */

/**
 * struct mapstat_access_log - a thread's operations, to be fed to the model later
 * @cpu: the CPU they ran on
 * @pid: of the thread
 * @nr_ops: number of operations
 * @nr: number of accesses
 * @op: the operations
 * @end: for each operation, the number of accesses up to its end
 * @access: the accesses: site, address, bytes, enum mapstat_access_kind
 *
 * Used by its thread only, until it is replayed.
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

/* Macros, so that a site has its expression, and no argument is evaluated needlessly. */
#define MAPSTAT_ACCESS_AT(m, addr, size, access, expression)			\
do {										\
	static struct mapstat_access_site __site = {					\
		.what = (expression), .func = __func__,				\
	};									\
										\
	mapstat_access_at(&__site, m, addr, size, access);			\
} while (0)

/**
 * mapstat_access - as cmap_access(), for code that runs only while a map is observed
 * @m: the map
 * @addr: address
 * @size: bytes
 * @access: kind of access
 */
#define mapstat_access(m, addr, size, access)					\
	MAPSTAT_ACCESS_AT(m, addr, size, access, #addr)

#endif /* MAPSTAT_ACCESS_H */
