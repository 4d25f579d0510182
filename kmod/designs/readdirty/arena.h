/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many small pieces of memory that are freed together: cut from pages, so that freeing
 * them walks the pages instead of the data structure built from them.
 */
#ifndef MAPSTAT_ARENA_H
#define MAPSTAT_ARENA_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Header of a page; a cache line, so that pieces are aligned to cache lines. */
union arena_page {
	union arena_page *next;
	u8 line[64];
};

/**
 * struct arena - a list of pages, the newest first
 * @pages: the pages; protected by the user's lock
 * @used: bytes of the newest page that are in use; protected by the user's lock
 * @bytes: of all pages; written under the user's lock, read by anyone
 */
struct arena {
	union arena_page *pages;
	unsigned int used;
	u64 bytes;
};

/**
 * arena_alloc - allocate a zeroed piece
 * @a: the arena
 * @size: a multiple of 64; the piece is 64-byte aligned
 * @gfp: for a new page, if the newest one is used up
 *
 * Context: As @gfp requires; the caller excludes others from the arena.
 * Return: the piece, or NULL.
 */
static inline void *arena_alloc(struct arena *a, unsigned int size, gfp_t gfp)
{
	void *piece;

	BUILD_BUG_ON(sizeof(union arena_page) != 64);
	if (!a->pages || a->used + size > PAGE_SIZE) {
		/* From the slab allocator, so that its debugging and kmemleak cover the page. */
		union arena_page *page = kmalloc(PAGE_SIZE, gfp);

		if (!page)
			return NULL;
		page->next = a->pages;
		a->pages = page;
		a->used = sizeof(*page);
		/* Pairs with the READ_ONCE() of memory reports; no ordering. */
		WRITE_ONCE(a->bytes, a->bytes + PAGE_SIZE);
	}
	piece = (void *)a->pages + a->used;
	a->used += size;
	return memset(piece, 0, size);
}

/**
 * arena_free - free all pieces
 * @a: the arena; empty afterwards, and ready for use
 *
 * Context: Any; the caller excludes others from the arena and from its pieces.
 */
static inline void arena_free(struct arena *a)
{
	while (a->pages) {
		union arena_page *page = a->pages;

		a->pages = page->next;
		kfree(page);
	}
	a->used = 0;
	WRITE_ONCE(a->bytes, 0);	/* pairs as in arena_alloc() */
}

#endif /* MAPSTAT_ARENA_H */
