// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocation like in a kernel.  Small allocations come from slabs of one size class, with a stock
 * of free ones per thread; powers of two are naturally aligned.  Slabs are in 2 MiB pages, like
 * the kernel's linear mapping.  Large allocations are separate mappings, in 4 KiB pages below
 * 2 MiB, in 2 MiB pages from there on, like vmalloc_huge()'s, and populated at once.  Under a
 * sanitizer, which must see each allocation, the C library is used.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "internal.h"

#define HUGE		(2UL << 20)
#define SLAB_SHIFT	16			/* bytes of a slab: 64 KiB */
#define SLAB		(1UL << SLAB_SHIFT)
#define REGION_MAX	(1UL << 38)		/* address space for slabs: 256 GiB */
#define REGION_MIN	(1UL << 30)
#define CLASSES		17
#define CHAIN		64			/* pieces that threads exchange at once */

/* The kernel's size classes; from 8 KiB on those of the page allocator. */
static const u32 class_size[CLASSES] = {
	8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, SLAB, 0,
};

static unsigned int class_of(size_t size)
{
	unsigned int c = 0;

	while (class_size[c] < size && class_size[c])
		c++;
	return c;
}

size_t kmalloc_size_roundup(size_t size)
{
	const u32 rounded = class_size[class_of(size)];

	return rounded ?: roundup_pow_of_two(size);
}

static __thread struct native_work done;

/* Counted by maps compiled with statistics; see linux/spinlock.h. */
__thread unsigned int native_locks_held;

/**
 * native_work_done - work of the calling thread so far
 *
 * Return: the counts; without statistics, those with a lock held are zero.
 */
const struct native_work *native_work_done(void)
{
	return &done;
}

static inline void count(size_t size, gfp_t gfp)
{
	if (gfp & __GFP_ZERO)
		done.bytes_cleared += size;
	if (native_locks_held) {
		done.allocs_locked++;
		done.bytes_locked += size;
	}
}

long si_mem_available(void)
{
	unsigned long kb = 0;
	FILE *f = fopen("/proc/meminfo", "r");
	char line[80];

	while (f && !kb && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu", &kb) != 1)
			kb = 0;
	if (f)
		fclose(f);
	/* Unknown: assume enough. */
	return kb ? kb >> (PAGE_SHIFT - 10) : ~0UL >> 1;
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)

/**
 * native_memory - describe the allocator
 *
 * Return: one line.
 */
const char *native_memory(void)
{
	return "the C library, for the sanitizer";
}

void alloc_end(void)
{
}

void *kmalloc(size_t size, gfp_t gfp)
{
	void *p;

	count(size, gfp);
	if (posix_memalign(&p, is_power_of_2(size) ? max(size, sizeof(void *)) : 64, size))
		return NULL;
	if (gfp & __GFP_ZERO)
		memset(p, 0, size);
	return p;
}

void kfree(const void *p)
{
	free((void *)p);
}

void *vmalloc_huge(unsigned long size, gfp_t gfp)
{
	void *p;

	count(size, gfp);
	if (posix_memalign(&p, PAGE_SIZE, size))
		return NULL;
	return gfp & __GFP_ZERO ? memset(p, 0, size) : p;
}

#else

/**
 * struct piece - a free piece
 * @next: the next one of its chain
 * @chain: in the first piece of a shared chain: the next chain
 */
struct piece {
	struct piece *next;
	struct piece *chain;
};

/**
 * struct rest - the unused rest of a thread's slab, stored at its beginning
 * @next: the next one
 * @end: end of the slab
 */
struct rest {
	struct rest *next;
	u8 *end;
};

/**
 * struct stock - a thread's free pieces of a size class
 * @first: a chain that pieces are freed to and allocated from
 * @n: number of freed pieces in it
 * @spare: NULL, or a chain of CHAIN pieces
 * @at: the next unused piece of a slab
 * @end: end of that slab
 */
struct stock {
	struct piece *first;
	unsigned int n;
	struct piece *spare;
	u8 *at;
	u8 *end;
};

/**
 * struct large - a large allocation
 * @next: the next one
 * @at: its address
 * @map: start of its mapping
 * @length: of the mapping
 */
struct large {
	struct large *next;
	void *at;
	void *map;
	size_t length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* protects all below */
static struct piece *shared[CLASSES];			/* chains */
static struct rest *rests[CLASSES];
static u8 *region;					/* constant once allocated */
static size_t region_size;				/* constant once allocated */
static size_t region_used;
static u8 slab_class[REGION_MAX >> SLAB_SHIFT];		/* constant once its slab is used */
static struct large *larges;

static __thread struct stock mine[CLASSES];

const char *native_memory(void)
{
	return "kmalloc: slabs with a stock for each thread, in 2 MiB pages (the kernel's linear mapping); "
	       "vmalloc: 2 MiB pages from 2 MiB on, else 4 KiB.";
}

static void *map_at(size_t length, size_t align, void **map, size_t *mapped)
{
	*mapped = length + align - PAGE_SIZE;
	*map = mmap(NULL, *mapped, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (*map == MAP_FAILED)
		return NULL;
	return (void *)ALIGN((unsigned long)*map, align);
}

/* Distance of two pieces in a slab: a free piece holds two pointers. */
static inline size_t stride(unsigned int c)
{
	return max_t(size_t, class_size[c], sizeof(struct piece));
}

/* With the lock held.  Some tools leave a program less address space.  Return: false: no memory. */
static bool region_ready(void)
{
	size_t size, mapped;
	void *map;

	for (size = REGION_MAX; !region && size >= REGION_MIN; size /= 2) {
		region = map_at(size, HUGE, &map, &mapped);
		region_size = size;
		if (region)
			madvise(region, size, MADV_HUGEPAGE);
	}
	return region;
}

/* Take the rest of a slab that a thread has left, otherwise an unused slab. */
static void slab_take(unsigned int c)
{
	struct rest *rest = rests[c];

	if (rest) {
		rests[c] = rest->next;
		mine[c].at = (u8 *)rest;
		mine[c].end = rest->end;
	} else if (region_ready() && region_used < region_size) {
		slab_class[region_used >> SLAB_SHIFT] = c;
		mine[c].at = region + region_used;
		mine[c].end = mine[c].at + SLAB / stride(c) * stride(c);
		region_used += SLAB;
	}
}

/* Take pieces that other threads have freed, otherwise a slab. */
static noinline void refill(unsigned int c)
{
	struct piece *chain;

	pthread_mutex_lock(&lock);
	chain = shared[c];
	if (chain) {
		shared[c] = chain->chain;
		mine[c].first = chain;
	} else {
		slab_take(c);
	}
	pthread_mutex_unlock(&lock);
}

static noinline void share(unsigned int c, struct piece *chain)
{
	pthread_mutex_lock(&lock);
	chain->chain = shared[c];
	shared[c] = chain;
	pthread_mutex_unlock(&lock);
}

/* The chain is full: begin a new one. */
static void chain_end(unsigned int c)
{
	if (mine[c].spare)
		share(c, mine[c].spare);
	mine[c].spare = mine[c].first;
	mine[c].first = NULL;
	mine[c].n = 0;
}

/* The thread stops allocating for now: let others use its free pieces. */
void alloc_end(void)
{
	unsigned int c;

	for (c = 0; c < CLASSES; c++) {
		struct rest *rest = (struct rest *)mine[c].at;

		if (mine[c].first)
			share(c, mine[c].first);
		if (mine[c].spare)
			share(c, mine[c].spare);
		if (mine[c].at < mine[c].end) {
			pthread_mutex_lock(&lock);
			rest->end = mine[c].end;
			rest->next = rests[c];
			rests[c] = rest;
			pthread_mutex_unlock(&lock);
		}
		mine[c] = (struct stock){ };
	}
}

static void *large_alloc(size_t size)
{
	const size_t align = size < HUGE ? PAGE_SIZE : HUGE;
	const size_t length = ALIGN(size, align);
	struct large *l = malloc(sizeof(*l));

	if (!l)
		return NULL;
	l->at = map_at(length, align, &l->map, &l->length);
	if (!l->at) {
		free(l);
		return NULL;
	}
	madvise(l->at, length, align == HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	/* The kernel populates and clears it before it returns. */
	memset(l->at, 0, length);
	pthread_mutex_lock(&lock);
	l->next = larges;
	larges = l;
	pthread_mutex_unlock(&lock);
	return l->at;
}

static void large_free(const void *p)
{
	struct large **link, *l;

	pthread_mutex_lock(&lock);
	for (link = &larges; *link && (*link)->at != p; link = &(*link)->next)
		;
	l = *link;
	if (WARN_ON_ONCE(!l))
		abort();
	*link = l->next;
	pthread_mutex_unlock(&lock);
	munmap(l->map, l->length);
	free(l);
}

static inline void *piece_take(struct stock *stock, unsigned int c)
{
	struct piece *p = stock->first;

	if (unlikely(!p)) {
		p = stock->spare;
		stock->spare = NULL;
		stock->n = p ? CHAIN : 0;
	}
	if (p) {
		stock->first = p->next;
		stock->n -= !!stock->n;
	} else if (stock->at < stock->end) {
		p = (struct piece *)stock->at;
		stock->at += stride(c);
	}
	return p;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	const unsigned int c = class_of(size);
	void *p;

	count(size, gfp);
	if (!class_size[c])
		return large_alloc(size);
	p = piece_take(&mine[c], c);
	if (unlikely(!p)) {
		refill(c);
		p = piece_take(&mine[c], c);
	}
	return p && gfp & __GFP_ZERO ? memset(p, 0, size) : p;
}

void kfree(const void *p)
{
	struct piece *piece = (void *)p;
	unsigned int c;

	if (!p)
		return;
	if ((size_t)((u8 *)p - region) >= region_size) {
		large_free(p);
		return;
	}
	c = slab_class[((u8 *)p - region) >> SLAB_SHIFT];
	piece->next = mine[c].first;
	mine[c].first = piece;
	if (unlikely(++mine[c].n >= CHAIN))
		chain_end(c);
}

void *vmalloc_huge(unsigned long size, gfp_t gfp)
{
	count(size, gfp);
	return large_alloc(size);
}

#endif
