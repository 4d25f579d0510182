/* SPDX-License-Identifier: GPL-2.0-only */
/* Prefetching. */
#ifndef _NATIVE_LINUX_PREFETCH_H
#define _NATIVE_LINUX_PREFETCH_H

#define prefetch(p)	__builtin_prefetch(p)

#endif /* _NATIVE_LINUX_PREFETCH_H */
