/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages. */
#ifndef _NATIVE_LINUX_MM_H
#define _NATIVE_LINUX_MM_H

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_ALIGN(x)	ALIGN(x, PAGE_SIZE)

long si_mem_available(void);
/* No memory is reserved for other users. */
#define totalram_pages()	0L

#endif /* _NATIVE_LINUX_MM_H */
