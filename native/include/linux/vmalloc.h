/* SPDX-License-Identifier: GPL-2.0-only */
/* Large allocations. */
#ifndef _NATIVE_LINUX_VMALLOC_H
#define _NATIVE_LINUX_VMALLOC_H

#include <linux/gfp.h>

void *vmalloc_huge(unsigned long size, gfp_t gfp);

#endif /* _NATIVE_LINUX_VMALLOC_H */
