/* SPDX-License-Identifier: GPL-2.0-only */
/* Bitmaps: arrays of longs. */
#ifndef _NATIVE_LINUX_BITMAP_H
#define _NATIVE_LINUX_BITMAP_H

#include <string.h>
#include <linux/bitops.h>

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	memset(map, 0, BITS_TO_LONGS(bits) * sizeof(*map));
}

#endif /* _NATIVE_LINUX_BITMAP_H */
