/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A range's steps, for both modes of "readdirty": the hashes are divided into segments, and
 * a step visits segments until the page is full.  The cursor is the lowest hash that was
 * not visited yet, which has the same meaning for tables of any size.
 */
#ifndef MAPSTAT_READDIRTY_RANGE_H
#define MAPSTAT_READDIRTY_RANGE_H

#include <linux/limits.h>
#include "kmod/designs/design.h"

/* Maximum segments in a step, so that a step through an empty table ends, too. */
#define RANGE_SEGMENTS	64

/* Visit all entries with a hash in lo..hi. */
typedef void (*range_segment_fn)(void *arg, u64 lo, u64 hi);

/* The last hash of the segment that contains @lo, with 1 << @bits segments. */
static inline u64 range_segment_end(u64 lo, unsigned int bits)
{
	return lo | (U64_MAX >> bits);
}

/**
 * range_fill - one step of a range
 * @page: the page; @segment adds to it
 * @bits: log2 of the number of segments, below 64; may differ from step to step
 * @segment: visits a segment
 * @arg: passed to @segment
 *
 * A segment that does not fit is left for the next step; if not even one fits, the page asks
 * for more room.
 *
 * Context: As @segment requires.
 */
static inline void range_fill(struct cmap_page *page, unsigned int bits,
			      range_segment_fn segment, void *arg)
{
	unsigned int i;

	for (i = 0; i < RANGE_SEGMENTS; i++) {
		const u64 end = range_segment_end(page->cursor, bits);
		const unsigned int before = page->count;

		segment(arg, page->cursor, end);
		if (page->count > page->room) {
			if (before)
				page->count = before;
			return;
		}
		if (end == U64_MAX) {
			page->done = true;
			return;
		}
		page->cursor = end + 1;
	}
}

#endif /* MAPSTAT_READDIRTY_RANGE_H */
