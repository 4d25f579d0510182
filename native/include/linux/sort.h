/* SPDX-License-Identifier: GPL-2.0-only */
/* Sorting; @swap is ignored. */
#ifndef _NATIVE_LINUX_SORT_H
#define _NATIVE_LINUX_SORT_H

#include <stdlib.h>

#define sort(base, n, size, compare, swap)	((void)(swap), qsort(base, n, size, compare))

#endif /* _NATIVE_LINUX_SORT_H */
