/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation.  Sizes and alignment are the kernel's: size classes, powers of two naturally
 * aligned.  Implemented in shim/alloc.c.
 */
#ifndef _NATIVE_LINUX_SLAB_H
#define _NATIVE_LINUX_SLAB_H

#include <linux/mm.h>

void *kmalloc(size_t size, gfp_t gfp) __attribute__((__malloc__, __alloc_size__(1)));
void kfree(const void *p);
size_t kmalloc_size_roundup(size_t size);

#define KMALLOC_MAX_SIZE	(4UL << 20)

#define kvfree(p)	kfree(p)
#define kvmalloc(size, gfp)	kmalloc(size, gfp)

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kmalloc(bytes, gfp);
}

#define kvmalloc_array(n, size, gfp)	kmalloc_array(n, size, gfp)
#define kcalloc(n, size, gfp)		kmalloc_array(n, size, (gfp) | __GFP_ZERO)
#define kvcalloc(n, size, gfp)		kcalloc(n, size, gfp)
#define kzalloc(size, gfp)		kmalloc(size, (gfp) | __GFP_ZERO)
#define kvzalloc(size, gfp)		kmalloc(size, (gfp) | __GFP_ZERO)
#define kvzalloc_node(size, gfp, node)	((void)(node), kvzalloc(size, gfp))

#endif /* _NATIVE_LINUX_SLAB_H */
